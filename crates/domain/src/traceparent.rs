//! W3C's `traceparent`: one part of a trace, in the form in which it travels beside messages and requests.

use std::str::FromStr;

use crate::id::OperationId;
use crate::trace::{Sample, SpanId, TraceId};

/// A part of somebody's trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceParent {
    /// The trace.
    pub trace: TraceId,
    /// The part.
    pub span: SpanId,
}

/// Text that is no `traceparent`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a traceparent is 00-TRACE-SPAN-FLAGS, of 32, 16 and 2 lower-case hexadecimal digits")]
pub struct BadTraceParent;

impl FromStr for TraceParent {
    type Err = BadTraceParent;
    fn from_str(text: &str) -> Result<Self, BadTraceParent> {
        let mut parts = text.trim().split('-');
        let mut next = |digits: usize| parts.next().filter(|part| part.len() == digits).ok_or(BadTraceParent);
        let (version, trace, span, flags) = (next(2)?, next(32)?, next(16)?, next(2)?);
        let is_hex = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        // What newer versions add stands behind; this one has nothing there.
        let is_whole = version != "00" || parts.next().is_none();
        if version == "ff" || !is_hex(version) || !is_hex(flags) || !is_whole {
            return Err(BadTraceParent);
        }
        let read = Self {
            trace: trace.parse().map_err(|_| BadTraceParent)?,
            span: span.parse().map_err(|_| BadTraceParent)?,
        };
        // Zeros say that there is none.
        let is_there = read.trace.bytes().iter().any(|b| *b > 0) && read.span.bytes().iter().any(|b| *b > 0);
        if is_there { Ok(read) } else { Err(BadTraceParent) }
    }
}

/// An operation as the part of its trace that others go on from.
#[must_use]
pub fn traceparent(operation: &OperationId, sample: Sample) -> String {
    let (trace, span) = (TraceId::of(operation), SpanId::whole(operation));
    // Bit 0: it is told of. Bit 1: its last seven bytes are random.
    let flags = 2 | u8::from(sample.takes(trace));
    format!("00-{trace}-{span}-{flags:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "75b68721131e0e45da23e2839ccd6f68";

    #[test]
    fn what_is_written_is_read_and_is_the_same_in_every_version() {
        let operation: OperationId = "op_agent_research_20261121_025513_00000007".parse().unwrap();
        let written = traceparent(&operation, Sample::NONE);
        assert_eq!(written, format!("00-{TRACE}-a445948b7f20e165-02"));
        let expected = TraceParent { trace: TraceId::of(&operation), span: SpanId::whole(&operation) };
        assert_eq!(written.parse(), Ok(expected));
        let newer = format!("01-{TRACE}-a445948b7f20e165-01-what-comes");
        assert_eq!(newer.parse(), Ok(expected), "of a newer version the beginning is read");
    }

    #[test]
    fn what_others_wrote_is_read_or_refused() {
        let (zeros, span) = ("0".repeat(32), "a445948b7f20e165");
        for bad in [
            String::new(),
            "00".into(),
            format!("00-{TRACE}-{span}"),
            format!("00-{TRACE}-{span}-01-more"),
            format!("ff-{TRACE}-{span}-01"),
            format!("00-{zeros}-{span}-01"),
            format!("00-{TRACE}-{}-01", &zeros[..16]),
            format!("00-{}-{span}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{span}-é"),
            format!("00-{TRACE}-+445948b7f20e165-01"),
        ] {
            assert_eq!(bad.parse::<TraceParent>(), Err(BadTraceParent), "{bad}");
        }
    }
}
