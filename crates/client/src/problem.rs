//! What a server says against a request (RFC 9457), as the error that an application floor here would have given: the same kind, code
//! and words, so that the same is done about it.

use ktrdr_app::{AppError, ErrorKind};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as Mismatch, StrDeserializer};

/// Longest code, in bytes.
const CODE_BYTES_MAX: usize = 64;

/// What is refused before an application floor is asked: its words do not say yet what to do.
const AT_THE_DOOR: [&str; 10] = [
    "scope_too_narrow",
    "too_many_requests",
    "too_large",
    "timeout",
    "unknown_host",
    "no_such_path",
    "method_not_allowed",
    "unsupported_media_type",
    "foreign_origin",
    "internal",
];

/// What to do about a token that is not in force, or was not shown.
const ABOUT_TOKENS: &str = "have one made with `ktrdr token create`, and put it into KTRDR_TOKEN, or a file that holds it into --token-file";

#[derive(Deserialize)]
struct Problem {
    code: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    hint: String,
}

/// The error that a status and a document stand for; `None` where the document is none of an API like ours.
pub(crate) fn refusal(status: u16, document: &[u8]) -> Option<AppError> {
    let Problem { code, detail, hint } = serde_json::from_slice(document).ok()?;
    if code.len() > CODE_BYTES_MAX {
        return None;
    }
    let message = match code.as_str() {
        "unauthorized" => format!("{detail}; {ABOUT_TOKENS}"),
        code if AT_THE_DOOR.contains(&code) => format!("{detail}; {hint}"),
        _ => detail,
    };
    Some(match kind_named(&code) {
        Some(kind) => AppError::new(kind, message),
        None => AppError::new(kind_of(status), message).coded(code),
    })
}

/// Where nothing more is known than the kind, the code is its name.
fn kind_named(code: &str) -> Option<ErrorKind> {
    let name: StrDeserializer<'_, Mismatch> = code.into_deserializer();
    ErrorKind::deserialize(name).ok()
}

fn kind_of(status: u16) -> ErrorKind {
    match status {
        401 | 403 => ErrorKind::Refused,
        404 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        413 | 422 => ErrorKind::InvalidInput,
        400 | 405 | 415 | 421 | 431 => ErrorKind::InvalidRequest,
        _ => ErrorKind::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(status: u16, code: &str) -> AppError {
        let document = json!({ "code": code, "detail": "what", "hint": "what next", "status": status });
        refusal(status, document.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_problem_becomes_the_error_it_was() {
        let seen = |status, code| {
            let error = read(status, code);
            (error.kind, error.code.map(|code| code.to_string()), error.message)
        };
        let coded = |code: &str| Some(code.to_owned());
        assert_eq!(seen(404, "not_found"), (ErrorKind::NotFound, None, "what".into()));
        assert_eq!(seen(403, "vault_closed"), (ErrorKind::VaultClosed, None, "what".into()));
        assert_eq!(seen(409, "operation_failed"), (ErrorKind::OperationFailed, None, "what".into()));
        assert_eq!(seen(409, "at_capacity"), (ErrorKind::Conflict, coded("at_capacity"), "what".into()));
        let narrow = seen(403, "scope_too_narrow");
        assert_eq!(narrow, (ErrorKind::Refused, coded("scope_too_narrow"), "what; what next".into()));
        assert!(read(401, "unauthorized").message.contains("--token-file"));
        assert_eq!(read(418, "teapot").kind, ErrorKind::Unreachable);
    }

    #[test]
    fn what_is_no_problem_is_none() {
        for odd in
            ["", "<html>", "{}", "[]", r#"{"code":1}"#, &format!(r#"{{"code":"{}"}}"#, "x".repeat(100))]
        {
            assert!(refusal(500, odd.as_bytes()).is_none(), "{odd}");
        }
    }
}
