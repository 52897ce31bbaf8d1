//! Queues, workers, dead letters.

use ktrdr_app::dead_letters::{DeadLetter, DeadLetterList, Dismissal, GivenUp};
use ktrdr_app::diagnosis::Reason;
use ktrdr_app::queues::{PauseAnswer, QueueStatus};
use ktrdr_app::workers::HeardWorker;
use ktrdr_domain::OperationId;
use ktrdr_domain::instant::Instant;
use ktrdr_domain::scope::Scope;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::schema;
use crate::ask::Ask;
use crate::endpoint::{Answered, Endpoint};
use crate::page::{self, Cursor, Page, told_list};
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

/// What stands in the way of work.
#[derive(Serialize, JsonSchema)]
pub(super) struct Diagnosis {
    /// Each thing, what is behind other things first.
    pub(super) reasons: Vec<Reason>,
}

async fn diagnosis(ask: Ask) -> Answered<Diagnosis> {
    Reply::ok(&Diagnosis { reasons: ask.app.obstacles().await? })
}

/// Every queue.
#[derive(Serialize, JsonSchema)]
struct Queues {
    /// Each, with what waits, what runs, and who takes it.
    queues: Vec<QueueStatus>,
}

async fn queues(ask: Ask) -> Answered<Queues> {
    Reply::ok(&Queues { queues: ask.app.queues().await? })
}

async fn pause(ask: Ask) -> Answered<PauseAnswer> {
    Reply::ok(&ask.app.pause(ask.path("type")?).await?)
}

async fn resume(ask: Ask) -> Answered<PauseAnswer> {
    Reply::ok(&ask.app.resume_queue(ask.path("type")?).await?)
}

told_list! {
    /// A part of the list of processes.
    struct WorkerPart {
        /// Processes that were heard of lately.
        workers: HeardWorker
    }
}

async fn workers(ask: Ask) -> Answered<WorkerPart> {
    let page: Page = ask.query()?;
    Reply::ok(&page.of(ask.app.workers().await?)?.into())
}

/// What a process was asked.
#[derive(Serialize, JsonSchema)]
struct Drain {
    /// The process.
    boot: String,
    /// It takes nothing new, and ends.
    draining: bool,
}

async fn drain(ask: Ask) -> Answered<Drain> {
    let boot: String = ask.path("boot")?;
    ask.app.drain_worker(&boot).await?;
    Reply::ok(&Drain { boot, draining: true })
}

/// A part of the list of what was given up, newest first.
#[derive(Serialize, JsonSchema)]
struct DeadLetterPart {
    /// Operations that used up their tries.
    dead_letters: Vec<GivenUp>,
    /// Where the next part begins, if there may be one: the `cursor` to ask for it with.
    next: Option<Cursor>,
    /// How many there are in all.
    total: u64,
    /// When this was so, by the store's clock, as the rows' times are.
    now: Instant,
}

async fn dead_letters(ask: Ask) -> Answered<DeadLetterPart> {
    let list = ask.app.dead_letters(ask.query::<Page>()?.behind()?).await?;
    let DeadLetterList { dead_letters, next, total, now_ms } = list;
    Reply::ok(&DeadLetterPart { dead_letters, next: next.map(Cursor), total, now: Instant(now_ms) })
}

/// What became of an entry of that list.
#[derive(Serialize, JsonSchema)]
struct Dismissed {
    /// The operation.
    operation: OperationId,
    /// Whether it was on the list.
    answer: Dismissal,
}

async fn dismiss(ask: Ask) -> Answered<Dismissed> {
    let operation = ask.path("operation")?;
    let answer = ask.app.dismiss(&operation).await?;
    Reply::ok(&Dismissed { operation, answer })
}

/// Messages that nobody could read.
#[derive(Serialize, JsonSchema)]
struct DeadMessages {
    /// The oldest; null where only the broker's administrator may look.
    messages: Option<Vec<DeadLetter>>,
}

async fn messages(ask: Ask) -> Answered<DeadMessages> {
    let Limit { limit } = ask.query()?;
    Reply::ok(&DeadMessages { messages: ask.app.dead_messages(limit).await? })
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

/// Messages that were dropped.
#[derive(Serialize, JsonSchema)]
struct DiscardedMessages {
    /// Which; null where only the broker's administrator may.
    discarded: Option<Vec<DeadLetter>>,
}

async fn discard(ask: Ask) -> Answered<DiscardedMessages> {
    let Ids { ids } = ask.json()?;
    Reply::ok(&DiscardedMessages { discarded: ask.app.discard_messages(&ids).await? })
}
