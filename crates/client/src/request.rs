//! A request as this client makes it: where to, with what, and whether it may be said twice.

use ktrdr_app::{AppError, ErrorKind, IdempotencyKey};
use reqwest::Method;
use serde::Serialize;
use serde_json::{Map, Value};

/// Largest file that the API takes, in bytes.
const FILE_BYTES_MAX: usize = 64 << 20;

/// What goes along.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json(Value),
    /// A file of CSV.
    Csv(Vec<u8>),
}

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a [&'a str],
    pub(crate) query: String,
    pub(crate) body: Body,
    /// Makes its repetition the same one.
    pub(crate) key: Option<IdempotencyKey>,
    /// Whether it may be said again where nobody knows whether it was heard.
    pub(crate) is_repeatable: bool,
}

impl<'a> Request<'a> {
    /// Something to read.
    pub(crate) fn get(path: &'a [&'a str]) -> Self {
        let (query, body) = (String::new(), Body::None);
        Self { method: Method::GET, path, query, body, key: None, is_repeatable: true }
    }

    /// Something to do. It is not repeated unless that is allowed.
    pub(crate) fn post(path: &'a [&'a str]) -> Self {
        Self { method: Method::POST, is_repeatable: false, ..Self::get(path) }
    }

    /// Something to end.
    pub(crate) fn delete(path: &'a [&'a str]) -> Self {
        Self { method: Method::DELETE, is_repeatable: false, ..Self::get(path) }
    }

    /// With this behind the `?`.
    pub(crate) fn query(self, query: impl Into<String>) -> Self {
        Self { query: query.into(), ..self }
    }

    /// With a body.
    pub(crate) fn json(self, body: Value) -> Self {
        Self { body: Body::Json(body), ..self }
    }

    /// With a file.
    ///
    /// # Errors
    /// When it is larger than the API takes: the server would hang up in the middle of it.
    pub(crate) fn csv(self, file: &[u8]) -> Result<Self, AppError> {
        if file.len() > FILE_BYTES_MAX {
            let message = format!(
                "a server takes files of at most {} MiB, and this one is larger: import it where the workspace is",
                FILE_BYTES_MAX >> 20
            );
            return Err(AppError::new(ErrorKind::InvalidInput, message));
        }
        Ok(Self { body: Body::Csv(file.to_vec()), ..self })
    }

    /// It begins work once, however often it is said: under the caller's key, or a new one.
    pub(crate) fn once(self, key: Option<&IdempotencyKey>) -> Self {
        let key = Some(key.cloned().unwrap_or_else(IdempotencyKey::fresh));
        Self { key, is_repeatable: true, ..self }
    }

    /// Saying it twice does what saying it once does.
    pub(crate) fn repeatable(self) -> Self {
        Self { is_repeatable: true, ..self }
    }
}

/// A request of the application floor as the body that the API takes: without what stands elsewhere, and without who asks, which
/// the token tells.
pub(crate) fn body_of(request: &impl Serialize, elsewhere: &[&str]) -> Value {
    Value::Object(fields_of(request, elsewhere))
}

/// The same as pairs of an address. Values of inner objects stand there by their own names; what says nothing is left out.
pub(crate) fn query_of(request: &impl Serialize, elsewhere: &[&str]) -> String {
    let mut pairs = reqwest::Url::parse("query:").map(|url| (url, Vec::new()));
    if let Ok((url, said)) = &mut pairs {
        flatten(fields_of(request, elsewhere), said);
        url.query_pairs_mut().extend_pairs(said.iter());
    }
    pairs.ok().and_then(|(url, _)| url.query().map(str::to_owned)).unwrap_or_default()
}

fn fields_of(request: &impl Serialize, elsewhere: &[&str]) -> Map<String, Value> {
    // Requests are plain data: they can always be written.
    let mut fields = match serde_json::to_value(request) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    for name in elsewhere.iter().chain(&["idempotency_key", "by"]) {
        fields.remove(*name);
    }
    fields
}

fn flatten(fields: Map<String, Value>, into: &mut Vec<(String, String)>) {
    for (name, value) in fields {
        match value {
            Value::Null | Value::Bool(false) => {}
            Value::Object(inner) => flatten(inner, into),
            Value::String(text) => into.push((name, text)),
            other => into.push((name, other.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_becomes_a_body_or_pairs_of_an_address() {
        let request = json!({
            "symbol": "A&B", "limit": 3, "sort": false, "none": null, "by": "me", "idempotency_key": "k",
            "inner": { "start": "2020-01-01", "end": null, "whole_units": true },
        });
        assert_eq!(body_of(&json!({ "by": "me", "a": 1, "b": 2 }), &["b"]), json!({ "a": 1 }));
        assert_eq!(query_of(&request, &["limit"]), "symbol=A%26B&start=2020-01-01&whole_units=true");
        assert_eq!(query_of(&json!({}), &[]), "");
    }
}
