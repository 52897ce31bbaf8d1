//! Queues, workers, dead letters.

use ktrdr_domain::instant::Instant;
use ktrdr_domain::scope::Scope;
use serde::Deserialize;
use serde_json::json;

use super::schema;
use crate::ask::Ask;
use crate::endpoint::{Answered, Endpoint};
use crate::page::{self, Page, cursor_of};
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/diagnosis", "get_diagnosis", diagnosis).says(
            "What stands in the way of work, what is behind other things first, with what to run about it.",
        ),
        Endpoint::get("/queues", "list_queues", queues)
            .says("Every queue: what waits, runs, and who takes it."),
        Endpoint::post("/queues/{type}/pause", "pause_queue", Scope::Operator, pause)
            .says("Nobody takes jobs of this type until it is resumed; running ones go on."),
        Endpoint::post("/queues/{type}/resume", "resume_queue", Scope::Operator, resume)
            .says("Take jobs of this type again."),
        Endpoint::get("/workers", "list_workers", workers)
            .says("Processes that were heard of lately, and what they run.")
            .query(page::QUERY),
        Endpoint::post("/workers/{boot}/drain", "drain_worker", Scope::Operator, drain)
            .says("Ask a process to take nothing new and to end."),
        Endpoint::get("/dead-letters", "list_dead_letters", dead_letters)
            .says("Operations that used up their tries and were not dismissed, newest first.")
            .query(page::QUERY),
        Endpoint::delete("/dead-letters/{operation}", "dismiss_dead_letter", Scope::Operator, dismiss)
            .says("Take an operation off that list; its row stays.")
            .query(&[("reason", "Why; kept in the audit log.")]),
        Endpoint::get("/dead-letters/messages", "list_dead_messages", messages)
            .says("Messages that nobody could read; null where only the broker's administrator may look.")
            .query(&[("limit", "How many of the oldest, 1 to 1000; 1000 by default.")])
            .for_scope(Scope::Operator),
        Endpoint::post("/dead-letters/messages/discard", "discard_dead_messages", Scope::Operator, discard)
            .says("Drop messages that nobody could read, for good.")
            .json(
                schema::object(&[("ids*", schema::list(&schema::text("Its id, from the list."), "Which."))]),
                json!({ "ids": ["0123456789abcdef"] }),
            ),
    ]
}

async fn diagnosis(ask: Ask) -> Answered {
    Reply::ok(&json!({ "reasons": ask.app.obstacles().await? }))
}

async fn queues(ask: Ask) -> Answered {
    Reply::ok(&json!({ "queues": ask.app.queues().await? }))
}

async fn pause(ask: Ask) -> Answered {
    Reply::ok(&ask.app.pause(ask.path("type")?).await?)
}

async fn resume(ask: Ask) -> Answered {
    Reply::ok(&ask.app.resume_queue(ask.path("type")?).await?)
}

async fn workers(ask: Ask) -> Answered {
    let page: Page = ask.query()?;
    Reply::ok(&page.of("workers", &ask.app.workers().await?)?)
}

async fn drain(ask: Ask) -> Answered {
    let boot: String = ask.path("boot")?;
    ask.app.drain_worker(&boot).await?;
    Reply::ok(&json!({ "boot": boot, "draining": true }))
}

async fn dead_letters(ask: Ask) -> Answered {
    let list = ask.app.dead_letters(ask.query::<Page>()?.behind()?).await?;
    Reply::ok(&json!({
        "dead_letters": list.dead_letters,
        "next": cursor_of(list.next),
        "total": list.total,
        "now": Instant(list.now_ms),
    }))
}

async fn dismiss(ask: Ask) -> Answered {
    let operation = ask.path("operation")?;
    Reply::ok(&json!({ "operation": operation, "answer": ask.app.dismiss(&operation).await? }))
}

async fn messages(ask: Ask) -> Answered {
    let Limit { limit } = ask.query()?;
    Reply::ok(&json!({ "messages": ask.app.dead_messages(limit).await? }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    #[serde(default = "thousand")]
    limit: u32,
}

fn thousand() -> u32 {
    1000
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ids {
    ids: Vec<String>,
}

async fn discard(ask: Ask) -> Answered {
    let Ids { ids } = ask.json()?;
    Reply::ok(&json!({ "discarded": ask.app.discard_messages(&ids).await? }))
}
