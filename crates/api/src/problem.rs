//! The one shape of every error: problem details (RFC 9457) with a stable `code` for programs and a `hint` for people.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use ktrdr_app::{AppError, ErrorKind};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

/// The media type of every error.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// How long whoever was refused for a passing reason should wait, in seconds.
const RETRY_AFTER_S: &str = "2";

/// Why a request was not carried out.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(example = json!({
    "type": "urn:ktrdr:problem:not_found", "title": "Not Found", "status": 404, "code": "not_found",
    "detail": "there is no operation op_x in this workspace", "hint": "list what there is with a GET on the collection",
}))]
pub(crate) struct Problem {
    /// The code as a name that is unique everywhere.
    #[serde(rename = "type")]
    urn: Box<str>,
    /// The status in words.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// What is wrong, and where: for people.
    detail: Box<str>,
    /// A stable word for programs.
    pub(crate) code: Cow<'static, str>,
    /// What to do next.
    hint: &'static str,
    /// Who was refused, where that is known; for the audit log.
    #[serde(skip)]
    pub(crate) by: Option<Box<str>>,
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
        hint: &'static str,
    ) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        let code = code.into();
        let urn = format!("urn:ktrdr:problem:{code}").into();
        let detail = detail.into().into();
        Self { urn, title, status: status.as_u16(), detail, code, hint, by: None }
    }

    /// What came of a request that was refused, for the audit log.
    pub(crate) fn outcome(error: &AppError) -> String {
        let (status, code, _) = of(error);
        format!("{} {code}: {}", status.as_u16(), error.message)
    }

    /// The same, knowing who asked.
    pub(crate) fn asked_by(self, name: &str) -> Self {
        Self { by: Some(name.into()), ..self }
    }

    /// The status as a number.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        let (status, code, hint) = of(&error);
        Self::new(status, code, error.message, hint)
    }
}

/// Status, code and hint of an error.
fn of(error: &AppError) -> (StatusCode, Cow<'static, str>, &'static str) {
    let (status, code, hint) = translated(error.kind);
    let code = error.code.clone().unwrap_or(Cow::Borrowed(code));
    let status = match &*code {
        // As the draft on the header Idempotency-Key has it.
        "idempotency_key_reused" => StatusCode::UNPROCESSABLE_ENTITY,
        _ => status,
    };
    let hint = hint_of(&code).unwrap_or(hint);
    (status, code, hint)
}

/// Status, code and hint of each kind of error.
fn translated(kind: ErrorKind) -> (StatusCode, &'static str, &'static str) {
    match kind {
        ErrorKind::InvalidRequest => {
            (StatusCode::BAD_REQUEST, "invalid_request", "compare the request with /api/v1/openapi.json")
        }
        ErrorKind::InvalidInput => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_input",
            "mend what the detail names and send it again",
        ),
        ErrorKind::NotFound => {
            (StatusCode::NOT_FOUND, "not_found", "list what there is with a GET on the collection")
        }
        ErrorKind::Conflict => {
            (StatusCode::CONFLICT, "conflict", "look at the present state, then decide again")
        }
        ErrorKind::OperationFailed => (
            StatusCode::CONFLICT,
            "operation_failed",
            "the operation's own error says why; retry it when that is mended",
        ),
        ErrorKind::OperationCancelled => (
            StatusCode::CONFLICT,
            "operation_cancelled",
            "it was stopped on somebody's word; retry it if it is still wanted",
        ),
        ErrorKind::Refused => (StatusCode::FORBIDDEN, "refused", "a rule forbids it; the detail says which"),
        ErrorKind::VaultClosed => (
            StatusCode::FORBIDDEN,
            "vault_closed",
            "the vault is opened by a person, with a reason in open_vault",
        ),
        ErrorKind::WindowBurnt => (
            StatusCode::FORBIDDEN,
            "window_burnt",
            "move the windows to a fresh exam, or research another instrument",
        ),
        ErrorKind::Unreachable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "unreachable",
            "see /api/v1/health/ready; send the request again later",
        ),
        ErrorKind::StoreLost => (
            StatusCode::SERVICE_UNAVAILABLE,
            "store_lost",
            "an operator restores the store: see `ktrdr store epochs`",
        ),
        ErrorKind::Files => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "files",
            "an operator looks at the disk and the log of this process",
        ),
    }
}

/// The next step where a code tells more than its kind.
fn hint_of(code: &str) -> Option<&'static str> {
    Some(match code {
        "active_cycle_exists" | "at_capacity" => {
            "wait for the cycle, or stop it with DELETE /api/v1/agent/cancel/{operation}"
        }
        "budget_exhausted" => {
            "see GET /api/v1/agent/budget; it is renewed at midnight, or allow more in [budget]"
        }
        "nothing_to_find" => "plan fewer cycles, import more years, or say why in `anyway`",
        "agent_not_configured" => "give the workers the provider's key, or name another agent",
        "no_active_cycle" => "nothing goes on: there is nothing to stop",
        "several_active_cycles" => "name the one that is meant: DELETE /api/v1/agent/cancel/{operation}",
        "idempotency_key_reused" => {
            "send the request again as it was, or another one with a key of its own: a key stands for one request"
        }
        "not_cancellable" => "it has ended before: there is nothing to stop",
        _ => return None,
    })
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(serde_json::to_vec(&self).unwrap_or_default()));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self.status {
            401 => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"ktrdr\""));
            }
            429 | 503 => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S));
            }
            _ => {}
        }
        response.extensions_mut().insert(self);
        response
    }
}
