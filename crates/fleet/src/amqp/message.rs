//! Messages as they travel: JSON of at most 64 KiB of specification, with properties that people and tools can read.
//!
//! Within one version readers are tolerant: unknown fields are skipped. A breaking change gets its own queue.

use ktrdr_domain::job::{MESSAGE_BYTES_MAX, SCHEMA};
use ktrdr_domain::trace::Sample;
use ktrdr_domain::traceparent::traceparent;
use ktrdr_domain::{Event, JobMessage, Kind, OperationId, Priority};
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use serde::de::DeserializeOwned;

use crate::topology::{EVENTS, JOBS};
use ktrdr_fabric::broker::{Message, Queue};
use ktrdr_fabric::clock;

/// A specification, and the few ids that stand around it.
const BODY_BYTES_MAX: usize = MESSAGE_BYTES_MAX + 1024;

/// Survives a restart of the broker.
pub(super) const PERSISTENT: u8 = 2;

const SCHEMA_HEADER: &str = "x-ktrdr-schema";
const FENCE_HEADER: &str = "x-ktrdr-fence-hint";
/// As W3C and the conventions for AMQP have it.
const TRACE_HEADER: &str = "traceparent";

/// A message ready for the wire.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parcel {
    pub(super) exchange: &'static str,
    pub(super) routing_key: String,
    pub(super) properties: BasicProperties,
    pub(super) body: Vec<u8>,
}

/// Why something that came out of a queue is no message of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{0} bytes: at most {BODY_BYTES_MAX} are read")]
    TooLarge(usize),
    #[error("schema {0}: this version reads up to {SCHEMA}")]
    Newer(u64),
    #[error("not readable: {0}")]
    Unreadable(String),
    #[error("a job of kind {0} in the queue of another")]
    WrongQueue(Kind),
}

/// Wraps a message. Its operation's part of a trace stands in it, for others: we know it from the operation.
///
/// # Errors
/// When it can not be written as JSON.
pub(super) fn wrap(message: &Message, traced: Sample) -> Result<Parcel, serde_json::Error> {
    match message {
        Message::Job { priority, job } => {
            let JobMessage { operation, root, kind, schema, .. } = job;
            let headers = headers(*schema, None, traceparent(operation, traced));
            let properties = properties(operation, root.as_ref(), *kind, *priority, *schema, headers);
            let routing_key = match message.queue() {
                Queue::Pinned(kind, class) => format!("{kind}.{class}"),
                Queue::Jobs(_) | Queue::OrchestratorEvents => kind.to_string(),
            };
            Ok(Parcel { exchange: JOBS, routing_key, properties, body: serde_json::to_vec(job)? })
        }
        Message::Event(event) => {
            let Event { operation, root, kind, fence, .. } = event;
            let headers = headers(SCHEMA, Some(*fence), traceparent(operation, traced));
            let properties = properties(operation, root.as_ref(), *kind, Priority::Normal, SCHEMA, headers);
            let routing_key = event.routing_key();
            Ok(Parcel { exchange: EVENTS, routing_key, properties, body: serde_json::to_vec(event)? })
        }
    }
}

fn headers(schema: u32, fence: Option<u64>, traceparent: String) -> FieldTable {
    let mut headers = FieldTable::default();
    headers.insert(SCHEMA_HEADER.into(), AMQPValue::LongInt(schema.cast_signed()));
    if let Some(fence) = fence {
        headers.insert(FENCE_HEADER.into(), AMQPValue::LongLongInt(fence.cast_signed()));
    }
    headers.insert(TRACE_HEADER.into(), AMQPValue::LongString(traceparent.into()));
    headers
}

fn properties(
    id: &OperationId,
    root: Option<&OperationId>,
    kind: Kind,
    priority: Priority,
    schema: u32,
    headers: FieldTable,
) -> BasicProperties {
    let properties = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_priority(priority.into())
        .with_message_id(id.as_str().into())
        .with_type(format!("ktrdr.{kind}.v{schema}").into())
        .with_content_type("application/json".into())
        .with_app_id(concat!("ktrdr/", env!("CARGO_PKG_VERSION")).into())
        .with_timestamp(now_s())
        .with_headers(headers);
    match root {
        Some(root) => properties.with_correlation_id(root.as_str().into()),
        None => properties,
    }
}

/// The wall clock, in Unix seconds.
pub(super) fn now_s() -> u64 {
    clock::since_1970().as_secs()
}

/// Reads what came out of a queue; anyone may have put it there.
pub(super) fn unwrap(queue: Queue, properties: &BasicProperties, body: &[u8]) -> Result<Message, Refusal> {
    if body.len() > BODY_BYTES_MAX {
        return Err(Refusal::TooLarge(body.len()));
    }
    let header = properties.headers().as_ref().and_then(|headers| headers.inner().get(SCHEMA_HEADER));
    refuse_newer(header.and_then(whole_number).unwrap_or_default())?;
    match queue {
        Queue::Jobs(kind) | Queue::Pinned(kind, _) => {
            let job: JobMessage = read(body)?;
            refuse_newer(job.schema.into())?;
            if job.kind != kind {
                return Err(Refusal::WrongQueue(job.kind));
            }
            let priority = properties.priority().map(Priority::from).unwrap_or_default();
            Ok(Message::Job { priority, job })
        }
        Queue::OrchestratorEvents => read::<Event>(body).map(Message::Event),
    }
}

/// JSON of at most 128 levels: the reader stops there, before its stack does.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|why| Refusal::Unreadable(why.to_string()))
}

fn refuse_newer(schema: u64) -> Result<(), Refusal> {
    if schema > u64::from(SCHEMA) { Err(Refusal::Newer(schema)) } else { Ok(()) }
}

/// Whatever sort of integer the sender's library chose.
fn whole_number(value: &AMQPValue) -> Option<u64> {
    match value {
        AMQPValue::ShortShortInt(n) => u64::try_from(*n).ok(),
        AMQPValue::ShortInt(n) => u64::try_from(*n).ok(),
        AMQPValue::LongInt(n) => u64::try_from(*n).ok(),
        AMQPValue::LongLongInt(n) => u64::try_from(*n).ok(),
        AMQPValue::ShortShortUInt(n) => Some(u64::from(*n)),
        AMQPValue::ShortUInt(n) => Some(u64::from(*n)),
        AMQPValue::LongUInt(n) => Some(u64::from(*n)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ktrdr_domain::{DeviceRequest, EndStatus};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn id() -> impl Strategy<Value = OperationId> {
        "[a-z0-9_]{1,60}".prop_map(|name| format!("op_{name}").parse().unwrap())
    }

    fn kind() -> impl Strategy<Value = Kind> {
        prop::sample::select(Kind::ALL.to_vec())
    }

    fn message() -> impl Strategy<Value = (Queue, Message)> {
        let priority = prop::sample::select(vec![Priority::Low, Priority::Normal, Priority::High]);
        let request = prop::sample::select(DeviceRequest::ALL.to_vec());
        let job = (id(), kind(), prop::option::of(id()), priority, any::<String>(), request).prop_map(
            |(operation, kind, root, priority, text, request)| {
                let spec = json!({ "text": text, "device": request });
                let message = Message::Job {
                    priority,
                    job: JobMessage { schema: SCHEMA, operation, kind, root, spec },
                };
                (message.queue(), message)
            },
        );
        let end = prop::sample::select(vec![EndStatus::Completed, EndStatus::Failed, EndStatus::Cancelled]);
        let event = (id(), kind(), prop::option::of(id()), end, 0..u64::MAX / 2, any::<bool>()).prop_map(
            |(operation, kind, root, status, fence, again)| {
                let event = Event { operation, kind, root, status, fence, again };
                (Queue::OrchestratorEvents, Message::Event(event))
            },
        );
        prop_oneof![job, event]
    }

    proptest! {
        #[test]
        fn what_was_wrapped_is_unwrapped_the_same((queue, message) in message()) {
            let parcel = wrap(&message, Sample::ALL).unwrap();
            let (Message::Job { job: JobMessage { operation, .. }, .. } | Message::Event(Event { operation, .. })) =
                &message;
            let headers = parcel.properties.headers().clone().unwrap_or_default();
            let told = AMQPValue::LongString(traceparent(operation, Sample::ALL).into());
            prop_assert_eq!(headers.inner().get(TRACE_HEADER), Some(&told));
            prop_assert_eq!(unwrap(queue, &parcel.properties, &parcel.body), Ok(message));
        }

        #[test]
        fn any_bytes_are_refused_with_words(body in prop::collection::vec(any::<u8>(), 0..300)) {
            for queue in [Queue::Jobs(Kind::Probe), Queue::OrchestratorEvents] {
                let refusal = unwrap(queue, &BasicProperties::default(), &body).unwrap_err();
                prop_assert!(!refusal.to_string().is_empty());
            }
        }
    }

    #[test]
    fn the_largest_specification_that_a_store_takes_travels() {
        let text = "x".repeat(MESSAGE_BYTES_MAX - r#"{"t":""}"#.len());
        let long: OperationId = format!("op_{}", "a".repeat(OperationId::LENGTH_MAX - 3)).parse().unwrap();
        let kind = Kind::AgentAssessment;
        let (operation, root) = (long.child(kind, u32::MAX), Some(long));
        let job = JobMessage { schema: SCHEMA, operation, kind, root, spec: json!({"t": text}) };
        let parcel = wrap(&Message::Job { priority: Priority::High, job }, Sample::NONE).unwrap();
        assert!(parcel.body.len() <= BODY_BYTES_MAX, "{}", parcel.body.len());
    }
}
