//! Queues, workers, dead letters.

use ktrdr_domain::scope::Scope;
use serde_json::json;

use crate::ask::Ask;
use crate::endpoint::{Answered, Endpoint};
use crate::page::{self, Page, cursor_of};
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/queues", "list_queues", queues)
            .says("Every queue: what waits, runs, and who takes it."),
        Endpoint::post("/queues/{kind}/pause", "pause_queue", Scope::Operator, pause)
            .says("Nobody takes jobs of this kind until it is resumed; running ones go on."),
        Endpoint::post("/queues/{kind}/resume", "resume_queue", Scope::Operator, resume)
            .says("Take jobs of this kind again."),
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
            .for_scope(Scope::Operator),
    ]
}

async fn queues(ask: Ask) -> Answered {
    Reply::ok(&json!({ "queues": ask.app.queues(true).await? }))
}

async fn pause(ask: Ask) -> Answered {
    Reply::ok(&ask.app.pause(ask.path("kind")?).await?)
}

async fn resume(ask: Ask) -> Answered {
    Reply::ok(&ask.app.resume_queue(ask.path("kind")?).await?)
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
    Reply::ok(
        &json!({ "dead_letters": list.dead_letters, "next": cursor_of(list.next), "total": list.total }),
    )
}

async fn dismiss(ask: Ask) -> Answered {
    let operation = ask.path("operation")?;
    Reply::ok(&json!({ "operation": operation, "answer": ask.app.dismiss(&operation).await? }))
}

async fn messages(ask: Ask) -> Answered {
    Reply::ok(&json!({ "messages": ask.app.letters.letters(1000).await? }))
}
