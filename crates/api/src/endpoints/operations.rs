//! Operations: lists, one of them, its history, its end.

use std::slice;

use ktrdr_app::IdempotencyKey;
use ktrdr_app::cancel::{CancelAnswer, CancelPlan, CancelRequest, GroupCancelAnswer, GroupCancelRequest};
use ktrdr_app::explain::Explanation;
use ktrdr_app::metrics::OperationMetrics;
use ktrdr_app::operations::{History, OperationDetail, Returned, result_of};
use ktrdr_app::retry::{GroupRetryAnswer, GroupRetryRequest, RetryAnswer, RetryPlan, RetryRequest};
use ktrdr_app::selection::{SelectedPart, Selection};
use ktrdr_app::waiting::StandstillRequest;
use ktrdr_domain::instant::Instant;
use ktrdr_domain::scope::Scope;
use ktrdr_domain::{Operation, OperationId, OperationSummary};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fleet::Diagnosis;
use super::schema;
use crate::ask::{Ask, invalid};
use crate::endpoint::{Answered, Endpoint};
use crate::limits::ENTRIES;
use crate::page::{self, Cursor};
use crate::reply::Reply;
use crate::stepwise::Stepwise;

const LIST: &[(&str, &str)] = &[
    ("limit", "Entries of this part, 1 to 1000; 50 by default."),
    ("cursor", "What the part before answered as `next`."),
    ("status", "`status=failed,running`, `status!=completed`"),
    ("type", "`type=training`, `type!=probe`"),
    ("campaign", "Only this campaign: its cycles and their jobs."),
    ("root", "Only jobs of this cycle."),
    ("id", "`id~20260101`"),
    ("worker", "`worker~gpu-1`"),
    ("reason", "Why it failed, as a stable word."),
    ("error", "`error~timeout`, `error!~disk`"),
];

pub(super) fn endpoints() -> Vec<Endpoint> {
    let why = || schema::object(&[("reason", schema::text("Why; kept in the row."))]);
    vec![
        Endpoint::get("/operations", "list_operations", list)
            .says("Operations, newest first: filtered by any number of terms, all of which apply.")
            .query(LIST),
        Endpoint::get("/operations/begun", "get_begun", begun)
            .says("The operation that a request under an idempotency key began; null where none did.")
            .query(&[("key", "The key.")]),
        Endpoint::get("/operations/{operation}", "get_operation", one).says("Everything that is known of an operation."),
        Endpoint::get("/operations/{operation}/row", "get_row", row).says("Its row alone, as it is stored: for whoever follows it."),
        Endpoint::get("/operations/{operation}/children", "list_children", children).says("The jobs of a cycle."),
        Endpoint::get("/operations/{operation}/results", "get_results", results)
            .says("What a completed operation returned; 409 with its reason where it did not complete."),
        Endpoint::get("/operations/{operation}/metrics", "get_metrics", metrics)
            .says("What is measured of it, by its type: `epochs`, `bars`, `segments`; of anything else its `history`."),
        Endpoint::get("/operations/{operation}/history", "get_history", history).says("Every change of its row, oldest first."),
        Endpoint::get("/operations/{operation}/explain", "explain_operation", explain)
            .says("Why it does not run, since when, what to do about it, and when its turn may come."),
        Endpoint::post("/operations/standing-still", "explain_standstill", Scope::Viewer, standing_still)
            .says("Why several do not go on, each reason once: for whoever waits for them.")
            .json(
                schema::object(&[
                    ("operations*", schema::list(&schema::text("An operation."), "Which; at most a hundred are looked at.")),
                    ("long", schema::flag("Whether they do so for long: then nobody is left without any reason.")),
                ]),
                json!({ "operations": ["op_probe_20260101_000000_00000001"], "long": true }),
            )
            .harmless(),
        Endpoint::delete("/operations/{operation}", "delete_operation", Scope::Submit, stop)
            .says("Ask an operation to stop.")
            .query(&[("reason", "Why; kept in the row.")]),
        Endpoint::post("/operations/{operation}/cancel", "cancel_operation", Scope::Submit, cancel)
            .says("Ask an operation to stop; of a cycle its current job too.")
            .json(why(), json!({ "reason": "a better idea" })),
        Endpoint::post("/operations/{operation}/retry", "retry_operation", Scope::Submit, retry)
            .says("Submit again what has ended; a cycle that was cut short goes on from the job that did not complete.")
            .starts(),
        Endpoint::post("/operations/cancel", "cancel_group", Scope::Operator, cancel_group)
            .says("Ask a group to stop: those to which all of it applies.")
            .json(group(&[("confirm", schema::flag("Do it; otherwise only how many are meant is answered."))]),
                json!({ "campaign": "c-20260101", "reason": "wrong data", "confirm": false })),
        Endpoint::post("/operations/retry", "retry_group", Scope::Operator, retry_group)
            .says("Submit a group again: those to which all of it applies.")
            .json(
                schema::object(&[
                    ("campaign", schema::slug("Only of this campaign.")),
                    ("status", schema::words("Only what ended so.", &["failed", "cancelled"])),
                    ("reason", schema::text("Only what failed for this reason.")),
                    ("type", schema::text("Only this type.")),
                    ("dead", schema::flag("Only dead letters.")),
                    ("confirm", schema::flag("Do it; otherwise only what is meant is answered.")),
                ]),
                json!({ "status": "failed", "reason": "attempts_exhausted", "confirm": false }),
            ),
    ]
}

fn group(more: &[(&str, Value)]) -> Value {
    let mut fields = vec![
        ("campaign", schema::slug("Only of this campaign: its cycles, unless a type is given.")),
        ("type", schema::text("Only this type.")),
        ("status", schema::words("Only pending, or only running ones.", &["pending", "running"])),
        ("reason", schema::text("Why; kept in the rows.")),
    ];
    fields.extend(more.iter().cloned());
    schema::object(&fields)
}

/// A part of the list, whose end is told as a cursor. Written as it stands: lists are what is asked for most.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OperationPart")]
struct Listed {
    /// The rows, without specifications and results.
    operations: Vec<OperationSummary>,
    /// Where the next part begins, if there may be one: the `cursor` to ask for it with.
    next: Option<Cursor>,
    /// How many match in all; null where that is not known without looking at each.
    total: Option<u64>,
    /// How many operations of any type are pending or running.
    active: u64,
    /// When this was so, by the store's clock, as the rows' times are.
    now: Instant,
}

/// The query is a filter but for the part that is wanted.
async fn list(ask: Ask) -> Answered<Listed> {
    let (mut limit, mut cursor, mut terms) = (ENTRIES, None, Vec::new());
    for term in ask.uri.query().unwrap_or_default().split('&') {
        match term.split_once('=') {
            Some(("limit", text)) => limit = text.parse().map_err(|why| invalid(format!("limit: {why}")))?,
            Some(("cursor", text)) => {
                let given = serde_json::Value::from(text);
                cursor = page::cursor(given).map_err(|why| invalid(why.to_string()))?;
            }
            _ => terms.push(term),
        }
    }
    let selection: Selection = terms.join("&").parse()?;
    let part = ask.app.select(&selection, cursor, limit).await?;
    let SelectedPart { operations, next, total, active, now_ms } = part;
    Reply::ok(&Listed { operations, next: next.map(Cursor), total, active, now: Instant(now_ms) })
}

fn id(ask: &Ask) -> Result<OperationId, ktrdr_app::AppError> {
    ask.path("operation")
}

async fn one(ask: Ask) -> Answered<OperationDetail> {
    Reply::ok(&ask.app.operation(&id(&ask)?).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keyed {
    key: IdempotencyKey,
}

/// What was begun under a key.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BegunOperation")]
struct Begun {
    /// The operation; null where nothing was.
    operation: Option<OperationId>,
}

async fn begun(ask: Ask) -> Answered<Begun> {
    let Keyed { key } = ask.query()?;
    Reply::ok(&Begun { operation: ask.app.begun(&key).await? })
}

async fn row(ask: Ask) -> Answered<Operation> {
    Reply::ok(&ask.app.row(&id(&ask)?).await?)
}

async fn standing_still(ask: Ask) -> Answered<Diagnosis> {
    Reply::ok(&Diagnosis { reasons: ask.app.why_standing_still(&ask.json::<StandstillRequest>()?).await? })
}

/// The jobs of a cycle.
#[derive(Serialize, JsonSchema)]
struct Children {
    /// Each without its specification and result, newest first.
    children: Vec<OperationSummary>,
}

async fn children(ask: Ask) -> Answered<Children> {
    Reply::ok(&Children { children: ask.app.operation(&id(&ask)?).await?.children })
}

async fn results(ask: Ask) -> Answered<Returned> {
    Reply::ok(&result_of(&ask.app.row(&id(&ask)?).await?)?)
}

async fn metrics(ask: Ask) -> Answered<OperationMetrics> {
    Reply::ok(&ask.app.metrics(&id(&ask)?).await?)
}

async fn history(ask: Ask) -> Answered<History> {
    Reply::ok(&ask.app.history(&id(&ask)?).await?)
}

async fn explain(ask: Ask) -> Answered<Explanation> {
    Reply::ok(&ask.app.explain(&id(&ask)?).await?)
}

async fn stop(ask: Ask) -> Answered<CancelAnswer> {
    let (operation, by) = (id(&ask)?, ask.caller.name.clone());
    let reason = ask.query_word("reason").unwrap_or_default();
    Reply::ok(&ask.app.cancel(&CancelRequest { operation, reason, by }).await?)
}

async fn cancel(ask: Ask) -> Answered<CancelAnswer> {
    let wanted: CancelRequest = ask.signed(&[("operation", id(&ask)?.as_str().into())])?;
    Reply::ok(&ask.app.cancel(&wanted).await?)
}

async fn retry(ask: Ask) -> Answered<RetryAnswer> {
    let wanted = RetryRequest { operation: id(&ask)?, idempotency_key: ask.key.clone() };
    let answer = ask.app.retry(&wanted).await?;
    let reply = Reply::accepted(&format!("/operations/{}", answer.operation), &answer)?;
    Ok(reply.beginning(slice::from_ref(&answer.operation)))
}

async fn cancel_group(mut ask: Ask) -> Answered<Stepwise<CancelPlan, GroupCancelAnswer>> {
    let is_confirmed = ask.take_flag("confirm")?;
    let wanted = GroupCancelRequest { within: ask.within, ..ask.signed(&[])? };
    let plan = ask.app.plan_cancel(&wanted).await?;
    match is_confirmed {
        false => Reply::ok(&Stepwise::Planned(plan)),
        true => Reply::ok(&Stepwise::Done(ask.app.cancel_group(plan).await?)),
    }
}

async fn retry_group(mut ask: Ask) -> Answered<Stepwise<RetryPlan, GroupRetryAnswer>> {
    let is_confirmed = ask.take_flag("confirm")?;
    let wanted = GroupRetryRequest { within: ask.within, ..ask.json()? };
    let plan = ask.app.plan_retry(&wanted).await?;
    match is_confirmed {
        false => Reply::ok(&Stepwise::Planned(plan)),
        true => Reply::ok(&Stepwise::Done(ask.app.retry_group(plan).await?)),
    }
}
