//! The storage's errors in our words: what it said, what to do.

use object_store::Error;

use ktrdr_fabric::artifacts::{ArtifactError, Key};

/// Longest code of the S3 protocol, and longest text of another cause, in characters.
const CODE_MAX: usize = 64;
const CAUSE_MAX: usize = 300;

// Codes of the S3 protocol.
const NO_BUCKET: &str = "NoSuchBucket";
const TOO_SLOW: &str = "RequestTimeout";

/// Where the credentials of a machine's role are asked for.
const ROLE_OF_THE_MACHINE: &str = "/latest/api/token";

pub(super) fn explain(key: &Key, place: &str, error: &Error) -> ArtifactError {
    let (key, place, said) = (key.clone(), place.to_owned(), Answer::of(error));
    let next = match error {
        _ if said.code.as_deref() == Some(NO_BUCKET) => "create the bucket, or correct KTRDR_ARTIFACTS_URL",
        Error::NotFound { .. } => return ArtifactError::NotFound { key, place },
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, and that this user may read, write, remove and \
             list there"
        }
        _ if error.to_string().contains(ROLE_OF_THE_MACHINE) => {
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: without them this machine's role is asked for, which did \
             not answer"
        }
        _ if said.status.is_none() => "is the storage running, and AWS_ENDPOINT_URL_S3 right?",
        _ => "the storage's own log may say more",
    };
    ArtifactError::Io { key, place, what: format!("{}; {next}", said.words) }
}

/// Whether the same call may succeed a little later.
pub(super) fn may_pass(error: &Error) -> bool {
    let said = Answer::of(error);
    let passing = said.status.is_none_or(|status| status >= 500 || [408, 429].contains(&status));
    matches!(error, Error::Generic { .. }) && (passing || said.code.as_deref() == Some(TOO_SLOW))
}

/// What of an answer may be repeated. Servers quote the request, which may hold a session token: of what they say,
/// only status and code pass.
struct Answer {
    status: Option<u16>,
    code: Option<String>,
    words: String,
}

impl Answer {
    fn of(error: &Error) -> Self {
        let text = error.to_string();
        let status = between(&text, "status code: ", " ").and_then(|status| status.parse().ok());
        let plain = |code: &&str| code.len() <= CODE_MAX && code.bytes().all(|b| b.is_ascii_alphanumeric());
        let code = between(&text, "<Code>", "</Code>").filter(plain).map(str::to_owned);
        let words = match (status, &code) {
            (Some(status), Some(code)) => format!("it answered {status} {code}"),
            (Some(status), None) => format!("it answered {status}"),
            (None, _) => deepest_cause(error),
        };
        Self { status, code, words }
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    Some(text.split_once(before)?.1.split_once(after)?.0)
}

/// "Connection refused", not the five layers that passed it on.
pub(super) fn deepest_cause(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string().chars().take(CAUSE_MAX).collect()
}
