//! Saying something twice that is to be done once.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use ktrdr_domain::schedule::Occurrence;
use ktrdr_domain::{OperationId, Sha256, Timestamp};
use ktrdr_fabric::artifacts::{ArtifactError, Key};
use ktrdr_fabric::random::random;
pub use ktrdr_fabric::requests::{Begun, Mark};
use serde::{Deserialize, Serialize};

use crate::{App, AppError, ErrorKind, OrKind, clock, ids};

/// What tells a repeated request from a new one. Two requests with one key are one request: the second gets the answer of the
/// first, whether that had arrived or not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IdempotencyKey(String);

/// Longest key, in bytes.
const LENGTH_MAX: usize = 128;

/// How long a key stands for one request from outside, and its answer is kept. What it began is known by it for as long as
/// there is a row of it.
const KEY_LASTS: Duration = Duration::from_secs(24 * 3600);

/// How long it is known what was asked for under a key, for whoever asks for something else under it. No shorter than rows are kept
/// for their keys' sake.
const REQUEST_LASTS: Duration = Duration::from_secs(30 * 24 * 3600);

/// Text that is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to {LENGTH_MAX} printable ASCII characters, such as a UUID")]
pub struct BadIdempotencyKey;

impl FromStr for IdempotencyKey {
    type Err = BadIdempotencyKey;
    fn from_str(text: &str) -> Result<Self, BadIdempotencyKey> {
        let fine = (1..=LENGTH_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        fine.then(|| Self(text.to_owned())).ok_or(BadIdempotencyKey)
    }
}

impl TryFrom<String> for IdempotencyKey {
    type Error = BadIdempotencyKey;
    fn try_from(text: String) -> Result<Self, BadIdempotencyKey> {
        text.parse()
    }
}

impl From<IdempotencyKey> for String {
    fn from(key: IdempotencyKey) -> Self {
        key.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl IdempotencyKey {
    /// One that no other request has.
    #[must_use]
    pub fn fresh() -> Self {
        Self(format!("{:016x}{:016x}", random(), random()))
    }

    /// The one of a scheduled night. No request from outside can have it: it has a space.
    pub(crate) fn of_occurrence(occurrence: &Occurrence) -> Self {
        Self(format!("schedule {} {}", occurrence.schedule, occurrence.at_ms))
    }

    /// As the store keeps it, apart from keys of other origin.
    pub(crate) fn in_store(&self) -> String {
        format!("request {}", self.0)
    }
}

/// What the ids of many operations follow from, so that whoever submits them again gives the same ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seed {
    pub(crate) now: Timestamp,
    pub(crate) nonce: u32,
    /// Hash of the request that came with the key first.
    request: Sha256,
}

impl Seed {
    /// A seed that no other request has.
    pub(crate) fn fresh<T: Serialize>(request: &T) -> Result<Self, AppError> {
        let request = Sha256::of_json(request).or_kind(ErrorKind::InvalidRequest)?;
        Ok(Self { now: clock::now(), nonce: ids::nonce()?, request })
    }
}

impl App {
    /// The operation that a request under a key began, if one did.
    ///
    /// # Errors
    /// When the store can not be reached.
    pub async fn begun(&self, key: &IdempotencyKey) -> Result<Option<OperationId>, AppError> {
        Ok(self.store.keyed(&key.in_store()).await?)
    }

    /// Has a key stand for a request from outside, unless it does already. A key is its caller's own.
    ///
    /// # Errors
    /// When the store can not be reached.
    pub async fn begin_request(&self, key: &IdempotencyKey, request: &Sha256) -> Result<Begun, AppError> {
        Ok(self.requests.begin(&self.own(key, "answer"), request, KEY_LASTS).await?)
    }

    /// Keeps the answer to the request of a key; the first one, where others were faster.
    ///
    /// # Errors
    /// When the store can not be reached, or the answer is too large.
    pub async fn keep_answer(&self, key: &IdempotencyKey, answer: &str) -> Result<String, AppError> {
        Ok(self.requests.answered(&self.own(key, "answer"), answer).await?)
    }

    /// Refuses a key that came with another request before.
    pub(crate) async fn expect_same<T: Serialize>(
        &self,
        key: &IdempotencyKey,
        asked: &T,
    ) -> Result<(), AppError> {
        let asked = Sha256::of_json(asked).or_kind(ErrorKind::InvalidRequest)?;
        match self.requests.begin(&self.own(key, "request"), &asked, REQUEST_LASTS).await? {
            Begun::Taken => Err(reused(key)),
            Begun::Unanswered(_) | Begun::Answered(_) => Ok(()),
        }
    }

    /// What a caller's key stands for, apart from the same key of others.
    fn own(&self, key: &IdempotencyKey, what: &str) -> Sha256 {
        Sha256::of(format!("{}\n{key}\n{what}", self.by).as_bytes())
    }

    /// The seed that a key stands for: this one from now on, or the one that it got when its request came first. It is
    /// remembered before anything is submitted: a repetition after a crash goes on with it.
    pub(crate) async fn remembered(
        &self,
        key: Option<&IdempotencyKey>,
        seed: Seed,
    ) -> Result<Seed, AppError> {
        let Some(key) = key else { return Ok(seed) };
        let place = format!("requests/{}.json", Sha256::of(key.0.as_bytes()));
        let place: Key = place.parse().or_kind(ErrorKind::InvalidRequest)?;
        let record = serde_json::to_vec(&seed).or_kind(ErrorKind::InvalidRequest)?;
        match self.artifacts.create(&place, &record).await {
            Ok(()) => return Ok(seed),
            Err(ArtifactError::Exists(_)) => {}
            Err(other) => return Err(other.into()),
        }
        let earlier: Seed = serde_json::from_slice(&self.artifacts.get(&place).await?)
            .map_err(|why| AppError::new(ErrorKind::InvalidInput, format!("{place} is unreadable: {why}")))?;
        if earlier.request == seed.request {
            return Ok(earlier);
        }
        Err(reused(key))
    }
}

/// A key that stands for another request.
#[must_use]
pub fn reused(key: &IdempotencyKey) -> AppError {
    let message = format!(
        "the idempotency key {key} came with another request before, and a key stands for one: send that one again, or this one with \
         a new key"
    );
    AppError::new(ErrorKind::Conflict, message).coded("idempotency_key_reused")
}
