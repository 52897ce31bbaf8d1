//! The one stream of events.

use ktrdr_app::feed::{FeedData, FeedTopic};
use ktrdr_app::{AppError, ErrorKind};
use ktrdr_domain::scope::Scope;
use serde::Deserialize;

use crate::ask::{Ask, invalid};
use crate::endpoint::{Answered, Endpoint};
use crate::reply::Reply;
use crate::stream;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/events", "follow_events", follow)
            .says(
                "What changes, as server-sent events, with resumption by Last-Event-ID. `operations`: a row without specification \
                 and result; `queues`: every queue; `logs`: lines of this process's log, for operators; `reset`: read again.",
            )
            .query(&[("topics", "`operations,queues,logs`; operations and queues by default.")]),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    topics: Option<String>,
}

async fn follow(ask: Ask) -> Answered<FeedData> {
    let Wanted { topics } = ask.query()?;
    let topics = topics.unwrap_or_else(|| "operations,queues".into());
    let topics = topics.split(',').map(topic).collect::<Result<Vec<_>, _>>()?;
    if topics.contains(&FeedTopic::Logs) && ask.caller.scope < Scope::Operator {
        let message = "lines of the log are for operators: leave `logs` out";
        return Err(AppError::new(ErrorKind::Refused, message).coded("scope_too_narrow"));
    }
    let since = ask.headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    Ok(Reply::events(stream::events(ask.service, ask.caller, topics, since.as_deref())))
}

fn topic(name: &str) -> Result<FeedTopic, AppError> {
    [FeedTopic::Operations, FeedTopic::Queues, FeedTopic::Logs]
        .into_iter()
        .find(|topic| topic.as_str() == name)
        .ok_or_else(|| invalid("topics are operations, queues and logs, with commas between them".into()))
}
