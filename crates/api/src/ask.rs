//! A request as the endpoints see it: who asks, and typed parts of what was sent.

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::Query;
use axum::http::{HeaderMap, Uri};
use ktrdr_app::access::Caller;
use ktrdr_app::reading::{read, refused};
use ktrdr_app::{App, AppError, ErrorKind, IdempotencyKey, Mark};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::service::Service;

/// What a request came as, before what does not fit of it.
const BODY: &str = "the body";

/// The same of what stands behind the `?`.
pub(crate) const QUERY: &str = "the query";

/// What its reader says before it comes to that.
const UNREAD: &str = "Failed to deserialize query string: ";

/// One request.
pub(crate) struct Ask {
    /// What is asked, under the name of who asks.
    pub(crate) app: App,
    pub(crate) service: Arc<Service>,
    pub(crate) caller: Caller,
    pub(crate) path: Vec<(String, String)>,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    /// What came as JSON; of a file it is null.
    pub(crate) json: Value,
    /// What came as a file.
    pub(crate) file: Vec<u8>,
    /// What makes it the same request when it comes again.
    pub(crate) key: Option<IdempotencyKey>,
    /// Of one that has a key: how far the store was when it came first.
    pub(crate) within: Option<Mark>,
}

impl Ask {
    /// A part of the path.
    pub(crate) fn path<T: FromStr<Err: std::fmt::Display>>(&self, name: &str) -> Result<T, AppError> {
        let text = self.path.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
        text.parse().map_err(|why| invalid(format!("{name} in the path: {why}")))
    }

    /// What stands behind the `?`; names that nobody knows are refused.
    pub(crate) fn query<T: DeserializeOwned>(&self) -> Result<T, AppError> {
        let read = Query::<T>::try_from_uri(&self.uri);
        read.map(|Query(read)| read).map_err(|why| {
            let why = why.body_text();
            refused(QUERY, why.strip_prefix(UNREAD).unwrap_or(&why))
        })
    }

    /// One word of the query, whatever else stands there.
    pub(crate) fn query_word(&self, name: &str) -> Option<String> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&self.uri).ok()?.0;
        pairs.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The body.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, AppError> {
        read(BODY, &self.json)
    }

    /// The body of a request that knows idempotency keys, with that of the header.
    pub(crate) fn keyed<T: DeserializeOwned>(&self) -> Result<T, AppError> {
        let mut body = self.json.clone();
        if let (Some(key), Value::Object(fields)) = (&self.key, &mut body) {
            fields.insert("idempotency_key".into(), key.to_string().into());
        }
        read(BODY, &body)
    }

    /// Takes a flag out of the body; false where it is not there.
    pub(crate) fn take_flag(&mut self, name: &str) -> Result<bool, AppError> {
        match self.json.as_object_mut().and_then(|fields| fields.remove(name)) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(invalid(format!("{BODY} does not fit at {name}: true or false is wanted"))),
        }
    }

    /// The body of a request that names who asks, with the caller's name.
    pub(crate) fn signed<T: DeserializeOwned>(&self, more: &[(&str, Value)]) -> Result<T, AppError> {
        let mut body = match &self.json {
            Value::Null => serde_json::Map::new(),
            Value::Object(fields) => fields.clone(),
            _ => return Err(invalid("the body is no JSON object".into())),
        };
        if body.insert("by".into(), self.caller.name.clone().into()).is_some() {
            return Err(invalid("who asks is known by the token: leave `by` out".into()));
        }
        body.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        read(BODY, &Value::Object(body))
    }
}

pub(crate) fn invalid(message: String) -> AppError {
    AppError::new(ErrorKind::InvalidRequest, message)
}
