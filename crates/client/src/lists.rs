//! Documents and lists: typed, and read part by part to their end.

use ktrdr_app::operations::PartRequest;
use ktrdr_app::{AppError, ErrorKind};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Client;
use crate::request::Request;

/// Entries of a part: as many as the API gives.
const AT_ONCE: usize = 1000;

/// Most entries that are read of one list.
const ENTRIES_MAX: usize = 1_000_000;

/// Longest cursor, in bytes.
const CURSOR_BYTES_MAX: usize = 64;

/// All there is of a list.
pub(crate) const ALL: usize = usize::MAX;

impl Client {
    /// The answer to a request.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, request: Request<'_>) -> Result<T, AppError> {
        let bytes = self.exchange.answer(&request).await?;
        serde_json::from_slice(&bytes).map_err(|why| self.unfit(&why))
    }

    /// One field of the answer to a request.
    pub(crate) async fn ask_for<T: DeserializeOwned>(
        &self,
        name: &str,
        request: Request<'_>,
    ) -> Result<T, AppError> {
        let mut document: Value = self.ask(request).await?;
        self.taken(&mut document, name)
    }

    /// Every entry of a list, or so many of the first.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        name: &str,
        path: &[&str],
        query: &str,
        entries_max: usize,
    ) -> Result<Vec<T>, AppError> {
        let (mut all, mut next) = (Vec::new(), None);
        loop {
            let wanted = AT_ONCE.min(entries_max.min(ENTRIES_MAX) - all.len());
            if wanted == 0 {
                return Ok(all);
            }
            let mut document = self.part(path, query, wanted, next.as_deref()).await?;
            let entries: Vec<T> = self.taken(&mut document, name)?;
            let is_empty = entries.is_empty();
            all.extend(entries);
            next = self.cursor(&document)?;
            if next.is_none() || is_empty {
                return Ok(all);
            }
        }
    }

    /// One part of a list that is read by position.
    pub(crate) async fn behind(
        &self,
        path: &[&str],
        query: &str,
        part: PartRequest,
    ) -> Result<Value, AppError> {
        let cursor = part.after.map(|position| format!("c{position:x}"));
        self.part(path, query, part.limit as usize, cursor.as_deref()).await
    }

    /// One part of a list: so many entries from this cursor on.
    async fn part(
        &self,
        path: &[&str],
        query: &str,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Value, AppError> {
        let limit = Some(format!("limit={limit}"));
        let cursor = cursor.map(|cursor| format!("cursor={cursor}"));
        let filter = Some(query.to_owned()).filter(|query| !query.is_empty());
        let query: Vec<String> = [filter, limit, cursor].into_iter().flatten().collect();
        self.ask(Request::get(path).query(query.join("&"))).await
    }

    /// Where the part behind this one begins, if there may be one.
    pub(crate) fn cursor(&self, part: &Value) -> Result<Option<String>, AppError> {
        match part.get("next") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(cursor)) if is_cursor(cursor) => Ok(Some(cursor.clone())),
            Some(_) => Err(self.unfit(&"`next` is no cursor")),
        }
    }

    /// The same as a number.
    pub(crate) fn position(&self, part: &Value) -> Result<Option<u64>, AppError> {
        let Some(cursor) = self.cursor(part)? else { return Ok(None) };
        let digits = cursor.strip_prefix('c').and_then(|digits| u64::from_str_radix(digits, 16).ok());
        digits.map(Some).ok_or_else(|| self.unfit(&"`next` is no cursor"))
    }

    /// A field of a document.
    pub(crate) fn taken<T: DeserializeOwned>(&self, document: &mut Value, name: &str) -> Result<T, AppError> {
        let field = document
            .get_mut(name)
            .map(Value::take)
            .ok_or_else(|| self.unfit(&format!("`{name}` is missing")))?;
        T::deserialize(field).map_err(|why| self.unfit(&why))
    }

    /// An answer that is not what was asked for: of another version, or of something else altogether.
    pub(crate) fn unfit(&self, why: &dyn std::fmt::Display) -> AppError {
        let message = format!(
            "the answer of {} is not what was asked for: {why}; is it a ktrdr of this version ({})?",
            self.place(),
            env!("CARGO_PKG_VERSION")
        );
        AppError::new(ErrorKind::InvalidInput, message)
    }
}

/// Whether a text can be sent back as a cursor.
fn is_cursor(text: &str) -> bool {
    (1..=CURSOR_BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}
