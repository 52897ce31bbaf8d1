//! From a hash in Redis to an [`Operation`].

use std::collections::HashMap;
use std::error::Error;
use std::str::FromStr;

use ktrdr_domain::operation::CancelRequest;
use ktrdr_domain::{FailureReason, Operation, OperationSummary, Subject};
use redis::{FromRedisValue, Value};
use serde::de::DeserializeOwned;

use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::store::StoreError;

/// The fields of one row. A field is taken out when it is read.
struct Row(HashMap<String, String>);

/// The fields of a summary, in the order in which a list asks for them.
pub(super) const SUMMARY: &[&str] = &[
    "id",
    "kind",
    "subject",
    "status",
    "reason",
    "error",
    "caveat",
    "fence",
    "tries",
    "tries_max",
    "worker",
    "lease_until_ms",
    "cancel_at_ms",
    "cancel_by",
    "cancel_reason",
    "cancel_too_late",
    "progress",
    "waits_for",
    "campaign",
    "root",
    "phase",
    "waiting",
    "created_at_ms",
    "started_at_ms",
    "finished_at_ms",
    "took_ms",
    "rescues",
];

/// Reads a whole row; `None` when there is none.
pub(super) fn operation(value: Value) -> Result<Option<Operation>, StoreError> {
    let mut row = Row(HashMap::from_redis_value(value).map_err(corrupt)?);
    if row.0.is_empty() {
        return Ok(None);
    }
    Ok(Some(Operation {
        spec: row.json("spec")?.ok_or_else(|| missing("spec"))?,
        result: row.json("result")?,
        summary: summary_of(row)?,
    }))
}

/// Reads the fields of [`SUMMARY`]; `None` when there is no such row.
pub(super) fn summary(value: Value) -> Result<Option<OperationSummary>, StoreError> {
    let values = Vec::<Option<String>>::from_redis_value(value).map_err(corrupt)?;
    let named = SUMMARY.iter().zip(values).filter_map(|(name, value)| Some(((*name).to_owned(), value?)));
    let row = Row(named.collect());
    if row.0.is_empty() { Ok(None) } else { summary_of(row).map(Some) }
}

fn summary_of(mut row: Row) -> Result<OperationSummary, StoreError> {
    Ok(OperationSummary {
        cancel: row.cancel()?,
        id: row.needed("id")?,
        kind: row.needed("kind")?,
        subject: subject(&row.text("subject").unwrap_or_default()),
        status: row.needed("status")?,
        reason: row.text("reason").map(FailureReason::from),
        error: row.text("error"),
        caveat: row.text("caveat"),
        fence: row.needed("fence")?,
        tries: row.needed("tries")?,
        tries_max: row.needed("tries_max")?,
        worker: row.text("worker"),
        lease_until_ms: row.parsed("lease_until_ms")?,
        progress: row.json("progress")?,
        waits_for: row.text("waits_for"),
        campaign: row.parsed("campaign")?,
        root: row.parsed("root")?,
        phase: row.parsed("phase")?,
        waiting: row.parsed("waiting")?,
        created_at_ms: row.needed("created_at_ms")?,
        started_at_ms: row.parsed("started_at_ms")?,
        finished_at_ms: row.parsed("finished_at_ms")?,
        took_ms: row.parsed("took_ms")?,
        rescues: row.needed("rescues")?,
    })
}

/// As a row keeps what it is about: strategy, instrument and bars, a line each, empty where there is none.
pub(super) fn subject_lines(subject: &Subject) -> String {
    let line = |name: Option<String>| name.unwrap_or_default();
    let Subject { strategy, symbol, timeframe } = subject;
    let strategy = line(strategy.as_ref().map(ToString::to_string));
    let symbol = line(symbol.as_ref().map(ToString::to_string));
    format!("{strategy}\n{symbol}\n{}", line(timeframe.map(|timeframe| timeframe.to_string())))
}

fn subject(lines: &str) -> Subject {
    let mut lines = lines.split('\n');
    Subject::from_words(lines.next(), lines.next(), lines.next())
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
