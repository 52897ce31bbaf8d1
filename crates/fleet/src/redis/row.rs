//! From a hash in Redis to an [`Operation`].

use std::collections::HashMap;
use std::error::Error;
use std::str::FromStr;

use ktrdr_domain::operation::CancelRequest;
use ktrdr_domain::{FailureReason, Operation};
use redis::{FromRedisValue, Value};
use serde::de::DeserializeOwned;

use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::store::StoreError;

/// The fields of one row. A field is taken out when it is read.
struct Row(HashMap<String, String>);

/// Reads a whole row; `None` when there is none.
pub(super) fn operation(value: Value) -> Result<Option<Operation>, StoreError> {
    let fields = HashMap::from_redis_value(value).map_err(corrupt)?;
    let mut row = Row(fields);
    if row.0.is_empty() {
        return Ok(None);
    }
    Ok(Some(Operation {
        cancel: row.cancel()?,
        id: row.needed("id")?,
        kind: row.needed("kind")?,
        status: row.needed("status")?,
        reason: row.text("reason").map(FailureReason::from),
        error: row.text("error"),
        fence: row.needed("fence")?,
        tries: row.needed("tries")?,
        tries_max: row.needed("tries_max")?,
        worker: row.text("worker"),
        lease_until_ms: row.parsed("lease_until_ms")?,
        spec: row.json("spec")?.ok_or_else(|| missing("spec"))?,
        result: row.json("result")?,
        progress: row.json("progress")?,
        waits_for: row.text("waits_for"),
        root: row.parsed("root")?,
        phase: row.parsed("phase")?,
        waiting: row.parsed("waiting")?,
        created_at_ms: row.needed("created_at_ms")?,
        started_at_ms: row.parsed("started_at_ms")?,
        finished_at_ms: row.parsed("finished_at_ms")?,
        took_ms: row.parsed("took_ms")?,
        rescues: row.needed("rescues")?,
    }))
}

impl Row {
    fn text(&mut self, field: &str) -> Option<String> {
        self.0.remove(field)
    }

    fn parsed<T: FromStr<Err: Error + Send + Sync + 'static>>(
        &mut self,
        field: &str,
    ) -> Result<Option<T>, StoreError> {
        self.text(field).map(|text| text.parse()).transpose().map_err(corrupt)
    }

    fn needed<T: FromStr<Err: Error + Send + Sync + 'static>>(
        &mut self,
        field: &str,
    ) -> Result<T, StoreError> {
        self.parsed(field)?.ok_or_else(|| missing(field))
    }

    fn json<T: DeserializeOwned>(&mut self, field: &str) -> Result<Option<T>, StoreError> {
        self.text(field).map(|text| json(&text)).transpose()
    }

    fn cancel(&mut self) -> Result<Option<CancelRequest>, StoreError> {
        let Some(at_ms) = self.parsed("cancel_at_ms")? else { return Ok(None) };
        Ok(Some(CancelRequest {
            at_ms,
            by: self.text("cancel_by").unwrap_or_default(),
            reason: self.text("cancel_reason").unwrap_or_default(),
            too_late: self.text("cancel_too_late").is_some(),
        }))
    }
}

/// Reads JSON text.
pub(super) fn json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(corrupt)
}

fn corrupt(error: impl Error + Send + Sync + 'static) -> StoreError {
    StoreError::Corrupt(Cause::of(error))
}

fn missing(field: &str) -> StoreError {
    StoreError::Corrupt(format!("a row without {field}").into())
}
