//! One part of a trace, a span: from when to when what was done, and what there is to say of it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ktrdr_domain::{OperationId, SpanId, TraceId, TraceParent};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
pub(crate) use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};

/// Longest text that is told; an error may quote much.
const TEXT_BYTES_MAX: usize = 1_000;

/// Most events of a part.
const EVENTS_MAX: usize = 64;

/// Who did it: what is told is sorted by that.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    /// Whoever tells.
    Teller,
    /// A worker, by its boot id.
    Worker(String),
}

/// One part of a trace.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) by: By,
    pub(crate) span: Span,
}

/// Nanoseconds since 1970, as spans have them.
pub(crate) type Nanos = u64;

/// From the milliseconds of a store's clock.
pub(crate) fn nanos(ms: i64) -> Nanos {
    u64::try_from(ms).unwrap_or(0).saturating_mul(1_000_000)
}

/// From this machine's clock.
pub(crate) fn nanos_of(time: SystemTime) -> Nanos {
    let since: Duration = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// What can be said of a part.
pub(crate) trait Say {
    fn value(self) -> Value;
}

impl Say for &str {
    fn value(self) -> Value {
        Value::StringValue(self[..self.floor_char_boundary(TEXT_BYTES_MAX)].to_owned())
    }
}

impl Say for u64 {
    fn value(self) -> Value {
        Value::IntValue(i64::try_from(self).unwrap_or(i64::MAX))
    }
}

impl Say for f64 {
    fn value(self) -> Value {
        Value::DoubleValue(self)
    }
}

impl Say for bool {
    fn value(self) -> Value {
        Value::BoolValue(self)
    }
}

/// A pair as it travels.
pub(crate) fn pair(name: &str, value: impl Say) -> KeyValue {
    let value = Some(AnyValue { value: Some(value.value()) });
    KeyValue { key: name.to_owned(), value, ..KeyValue::default() }
}

impl Part {
    /// A part of an operation's trace. One that ends before it began, as clocks that were set have it, takes no time.
    pub(crate) fn new(operation: &OperationId, id: SpanId, name: String, from: Nanos, until: Nanos) -> Self {
        let span = Span {
            trace_id: TraceId::of(operation).bytes().to_vec(),
            span_id: id.bytes().to_vec(),
            name,
            kind: SpanKind::Internal.into(),
            start_time_unix_nano: from,
            end_time_unix_nano: until.max(from),
            ..Span::default()
        };
        Self { by: By::Teller, span }
    }

    pub(crate) fn by(self, by: By) -> Self {
        Self { by, ..self }
    }

    pub(crate) fn kind(mut self, kind: SpanKind) -> Self {
        self.span.kind = kind.into();
        self
    }

    pub(crate) fn within(mut self, parent: SpanId) -> Self {
        self.span.parent_span_id = parent.bytes().to_vec();
        self
    }

    /// It has to do with that part of another trace.
    pub(crate) fn leads_to(mut self, other: TraceParent) -> Self {
        let (trace_id, span_id) = (other.trace.bytes().to_vec(), other.span.bytes().to_vec());
        self.span.links.push(Link { trace_id, span_id, ..Link::default() });
        self
    }

    pub(crate) fn say(mut self, name: &str, value: impl Say) -> Self {
        self.span.attributes.push(pair(name, value));
        self
    }

    pub(crate) fn say_if(self, name: &str, value: Option<impl Say>) -> Self {
        match value {
            Some(value) => self.say(name, value),
            None => self,
        }
    }

    /// Something that happened meanwhile.
    pub(crate) fn event(mut self, at: Nanos, name: &str, said: Vec<KeyValue>) -> Self {
        if self.span.events.len() < EVENTS_MAX {
            let (name, attributes) = (name.to_owned(), said);
            let event = Event { time_unix_nano: at, name, attributes, ..Event::default() };
            self.span.events.push(event);
        } else {
            self.span.dropped_events_count += 1;
        }
        self
    }

    /// It went wrong.
    pub(crate) fn failed(mut self, words: &str) -> Self {
        let message = words[..words.floor_char_boundary(TEXT_BYTES_MAX)].to_owned();
        self.span.status = Some(Status { message, code: StatusCode::Error.into() });
        self
    }
}
