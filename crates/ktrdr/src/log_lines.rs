//! The lines of a log. One that names an operation, or comes from the thread of one, says its trace as well, so that other tools
//! find what belongs to it.

use std::fmt::{self, Debug};

use ktrdr_domain::{OperationId, TraceId};
use ktrdr_worker::current_operation;
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::{DefaultFields, Format, Json, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// What an operation is called in events and spans.
const OPERATION: &str = "operation";

/// What its trace is called.
const TRACE: &str = "trace";

/// Fields of events and spans for people.
pub(crate) struct TracedFields(DefaultFields);

/// Lines for programs: one JSON object each.
pub(crate) struct TracedLines(Format<Json>);

/// The operation that is named among fields.
#[derive(Default)]
struct Named(Option<OperationId>);

impl Visit for Named {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == OPERATION {
            self.0 = format!("{value:?}").parse().ok();
        }
    }
}

impl TracedFields {
    pub(crate) fn new() -> Self {
        Self(DefaultFields::new())
    }
}

impl<'writer> FormatFields<'writer> for TracedFields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut named = Named::default();
        fields.record(&mut named);
        self.0.format_fields(writer.by_ref(), fields)?;
        if let Some(named) = named.0 {
            return write!(writer, " {TRACE}={}", TraceId::of(&named));
        }
        match current_operation() {
            Some(current) => write!(writer, " {OPERATION}={current} {TRACE}={}", TraceId::of(&current)),
            None => Ok(()),
        }
    }
}

impl TracedLines {
    pub(crate) fn new() -> Self {
        Self(Format::default().json().with_ansi(false))
    }
}

impl<S, N> FormatEvent<S, N> for TracedLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        match traced(&line, current_operation()) {
            Some(traced) => writeln!(writer, "{traced}"),
            None => writer.write_str(&line),
        }
    }
}

/// The same line with operation and trace in one place: of the operation that it names, or else of the thread's.
fn traced(line: &str, current: Option<OperationId>) -> Option<Value> {
    if current.is_none() && !line.contains(OPERATION) {
        return None;
    }
    let mut line: Value = serde_json::from_str(line).ok()?;
    let named =
        line.pointer("/fields/operation").and_then(Value::as_str).and_then(|named| named.parse().ok());
    let operation: OperationId = named.or(current)?;
    line[TRACE] = TraceId::of(&operation).to_string().into();
    line[OPERATION] = operation.to_string().into();
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_about_an_operation_says_its_trace_in_one_place() {
        let id: OperationId = "op_training_20261121_025513_99cb0f94".parse().unwrap();
        let trace = TraceId::of(&id).to_string();
        let named = format!(r#"{{"fields":{{"message":"ended","operation":"{id}"}}}}"#);
        let plain = r#"{"fields":{"message":"ended"}}"#.to_owned();
        for (line, current) in [(named, None), (plain, Some(id.clone()))] {
            let told = traced(&line, current).unwrap();
            assert_eq!((&told["trace"], &told["operation"]), (&trace.as_str().into(), &id.as_str().into()));
            assert_eq!(told["fields"]["message"], "ended");
        }
        for other in
            ["", "operation", r#"{"fields":{"operation":"canary"}}"#, r#"{"fields":{"message":"operation"}}"#]
        {
            assert_eq!(traced(other, None), None, "{other}");
        }
    }
}
