//! Trace ids: what other tools follow an operation by, from process to process.
//!
//! A trace is a root operation with everything below it. Its id and those of its spans are hashes of operation ids and of
//! what a span is about, so that nobody has to hand them over: whoever holds a row, a message or a line of a log knows them,
//! on every machine, after every loss, and says the same.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::hash::Hex;
use crate::id::OperationId;

/// Between a root's id and the rest of a child's.
const BELOW: char = '.';

/// How many values the random part of an id takes by which samples are drawn, as W3C's level 2 has it: its last seven bytes.
const DRAWN_FROM: u64 = 1 << 56;

/// The trace of an operation: that of its root.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TraceId([u8; 16]);

/// One part of a trace.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId([u8; 8]);

/// Text that is no trace id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a trace id is 32 lower-case hexadecimal digits, that of a span 16")]
pub struct BadTraceId;

impl TraceId {
    /// The trace that an operation belongs to.
    #[must_use]
    pub fn of(operation: &OperationId) -> Self {
        let id = operation.as_str();
        let root = id.split_once(BELOW).map_or(id, |(root, _)| root);
        Self(hash(&["trace", root]))
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Where it stands among all ids, to draw samples by.
    fn drawn(self) -> u64 {
        self.0[9..].iter().fold(0, |n, b| n << 8 | u64::from(*b))
    }
}

impl SpanId {
    /// The part of an operation's trace that is about this.
    #[must_use]
    pub fn of(operation: &OperationId, about: &str) -> Self {
        Self(hash(&["span", operation.as_str(), about]))
    }

    /// An operation as a whole.
    #[must_use]
    pub fn whole(operation: &OperationId) -> Self {
        Self::of(operation, "operation")
    }

    /// One attempt of it.
    #[must_use]
    pub fn attempt(operation: &OperationId, fence: u64) -> Self {
        Self::of(operation, &format!("attempt/{fence}"))
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The beginning of a hash of words, of which none begins where another ends.
fn hash<const N: usize>(words: &[&str]) -> [u8; N] {
    let mut hash = Sha256::new();
    for word in words {
        hash.update(word.as_bytes());
        hash.update([0]);
    }
    let whole: [u8; 32] = hash.finalize().into();
    std::array::from_fn(|i| whole[i])
}

/// Which traces are told of: always the same ones, whoever is asked. None, unless somebody says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sample(u64);

impl Sample {
    /// No trace.
    pub const NONE: Self = Self(0);
    /// Every trace.
    pub const ALL: Self = Self(DRAWN_FROM);

    /// This share of all traces; `None` where that is no share.
    #[must_use]
    pub fn of(share: f64) -> Option<Self> {
        (0.0..=1.0).contains(&share).then_some(Self((share * DRAWN_FROM as f64) as u64))
    }

    /// Whether this trace is one of them.
    #[must_use]
    pub fn takes(self, trace: TraceId) -> bool {
        trace.drawn() >= DRAWN_FROM - self.0
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TraceId {
    type Err = BadTraceId;
    fn from_str(text: &str) -> Result<Self, BadTraceId> {
        Ok(Self(digits(text, 32)?.to_be_bytes()))
    }
}

impl FromStr for SpanId {
    type Err = BadTraceId;
    fn from_str(text: &str) -> Result<Self, BadTraceId> {
        let id = digits(text, 16)?;
        Ok(Self(u64::try_from(id).map_err(|_| BadTraceId)?.to_be_bytes()))
    }
}

/// The number that exactly so many digits are.
fn digits(text: &str, count: usize) -> Result<u128, BadTraceId> {
    let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if text.len() != count || !text.bytes().all(is_digit) {
        return Err(BadTraceId);
    }
    u128::from_str_radix(text, 16).map_err(|_| BadTraceId)
}

impl TryFrom<String> for TraceId {
    type Error = BadTraceId;
    fn try_from(text: String) -> Result<Self, BadTraceId> {
        text.parse()
    }
}

impl From<TraceId> for String {
    fn from(id: TraceId) -> String {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;

    fn operation(n: u32) -> OperationId {
        format!("op_agent_research_20261121_025513_{n:08x}").parse().unwrap()
    }

    #[test]
    fn a_cycle_and_its_jobs_share_one_trace_and_nothing_else_does() {
        let root = operation(7);
        let child = root.child(Kind::Training, 1);
        let trace = TraceId::of(&root);
        assert_eq!((TraceId::of(&child), trace.to_string().parse()), (trace, Ok(trace)));
        assert_ne!(trace, TraceId::of(&operation(8)));
        assert_ne!(SpanId::whole(&root), SpanId::whole(&child));
        assert_ne!(SpanId::attempt(&child, 1), SpanId::attempt(&child, 2));
    }

    /// Ids are for ever: a program of another version goes on with the same trace.
    #[test]
    fn ids_are_the_same_in_every_version() {
        assert_eq!(TraceId::of(&operation(7)).to_string(), "75b68721131e0e45da23e2839ccd6f68");
        assert_eq!(SpanId::whole(&operation(7)).to_string(), "a445948b7f20e165");
    }

    #[test]
    fn a_sample_is_a_share_of_all_traces_and_a_larger_one_holds_a_smaller() {
        let [none, some, half, all] = [0.0, 0.1, 0.5, 1.0].map(|share| Sample::of(share).unwrap());
        let taken = |sample: Sample| (0..2_000).filter(|n| sample.takes(TraceId::of(&operation(*n)))).count();
        assert_eq!((taken(none), taken(all)), (0, 2_000));
        assert!((900..1_100).contains(&taken(half)), "{}", taken(half));
        let held = |n| !some.takes(TraceId::of(&operation(n))) || half.takes(TraceId::of(&operation(n)));
        assert!((0..2_000).all(held));
        assert!([-0.1, 1.1, f64::NAN].into_iter().all(|share| Sample::of(share).is_none()));
    }

    #[test]
    fn what_others_wrote_is_a_trace_id_or_refused() {
        for bad in ["", "0", "XYZ", &"A".repeat(32), &"+".repeat(32), &"é".repeat(16)] {
            assert_eq!(bad.parse::<TraceId>(), Err(BadTraceId), "{bad}");
        }
    }
}
