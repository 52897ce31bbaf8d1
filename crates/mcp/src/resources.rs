//! The same answers under addresses, for clients that read resources into a conversation.

use ktrdr_app::AppError;
use rmcp::ErrorData;
use rmcp::model::{JsonObject, ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use serde_json::{Value, json};

use crate::limits::ANSWER_BYTES_MAX;
use crate::server::{Server, brief, refused};
use crate::tools::{Answer, find};
use crate::view;

const SCHEME: &str = "ktrdr://";
const JSON: &str = "application/json";

/// An address without a parameter: its path, the tool that answers it, what it is.
const LISTS: &[(&str, &str, &str)] = &[
    ("status", "research_status", "Triggered cycles that go on, and how many more may."),
    ("operations", "list_operations", "The latest operations."),
    ("campaigns", "list_campaigns", "The latest campaigns."),
    ("budget", "get_budget", "What was spent, and what is left."),
    ("strategies", "list_strategies", "Strategies of the workspace."),
    ("data", "list_data", "Series of bars."),
    ("memory", "list_lessons", "The latest lessons."),
    ("ledger", "list_trials", "Counted looks at data, newest first."),
];

/// An address with a parameter: its path, the tool that answers it, that tool's argument, what it is.
const BY_NAME: &[(&str, &str, &str, &str)] = &[
    ("operations", "get_operation", "id", "One operation with its children."),
    ("campaigns", "get_campaign", "campaign", "One campaign with its cycles."),
    ("strategies", "get_strategy", "name", "One strategy with its features."),
    ("reports", "get_report", "id", "The report of a backtest, without figures of an exam."),
    ("memory", "get_lesson", "cycle", "One lesson with the strategy's text."),
];

pub(crate) fn listed() -> Vec<Resource> {
    let resource = |&(path, _, about): &(&str, &str, &str)| {
        Resource::new(format!("{SCHEME}{path}"), path).with_description(about).with_mime_type(JSON)
    };
    LISTS.iter().map(resource).collect()
}

pub(crate) fn templates() -> Vec<ResourceTemplate> {
    let template = |&(path, _, argument, about): &(&str, &str, &str, &str)| {
        let uri = format!("{SCHEME}{path}/{{{argument}}}");
        ResourceTemplate::new(uri, path).with_description(about).with_mime_type(JSON)
    };
    BY_NAME.iter().map(template).collect()
}

/// What lies at an address.
pub(crate) async fn read(server: &Server, uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let nothing = || ErrorData::resource_not_found(format!("there is nothing at {:?}", brief(uri)), None);
    let path = uri.strip_prefix(SCHEME).ok_or_else(nothing)?;
    let (tool, arguments) = asked(path).ok_or_else(nothing)?;
    let tool = find(tool, server.access).ok_or_else(nothing)?;
    let answer = (tool.run)(server, arguments).await.map_err(|error| not_there(&error))?;
    let (Answer::Said(value) | Answer::Started(_, value)) = answer;
    let text = value.to_string();
    if text.len() > ANSWER_BYTES_MAX {
        let message =
            format!("{} bytes lie there, at most {ANSWER_BYTES_MAX} are sent: use its tool", text.len());
        return Err(ErrorData::invalid_request(message, None));
    }
    Ok(ReadResourceResult::new(vec![ResourceContents::text(text, uri).with_mime_type(JSON)]))
}

/// The tool that answers a path, and its arguments.
fn asked(path: &str) -> Option<(&'static str, JsonObject)> {
    let (tool, arguments) = match path.split_once('/') {
        None => {
            let (_, tool, _) = LISTS.iter().find(|(list, ..)| *list == path)?;
            (*tool, json!({}))
        }
        Some((list, entry)) => {
            let (_, tool, argument, _) = BY_NAME.iter().find(|(of, ..)| *of == list)?;
            (*tool, json!({ *argument: entry }))
        }
    };
    match arguments {
        Value::Object(arguments) => Some((tool, arguments)),
        _ => None,
    }
}

fn not_there(error: &AppError) -> ErrorData {
    let mut data = refused(error).structured_content.unwrap_or_default();
    view::drop_nulls(&mut data);
    ErrorData::resource_not_found(error.message.clone(), Some(data))
}
