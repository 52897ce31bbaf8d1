//! One research cycle at a time, and the budget.

use std::slice;

use ktrdr_app::budget::{BudgetRequest, BudgetStatement};
use ktrdr_app::cancel::CancelOneRequest;
use ktrdr_app::cycle::{CycleCancelAnswer, TriggerRequest, TriggeredCycle};
use ktrdr_app::cycle_status::{CycleStatus, CycleView};
use ktrdr_app::hypotheses::{DecisionRequest, StandingHypothesis};
use ktrdr_domain::Reason;
use ktrdr_domain::hypothesis::Answer;
use ktrdr_domain::scope::Scope;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::schema;
use crate::ask::Ask;
use crate::endpoint::{Answered, Endpoint};
use crate::reply::Reply;

const WHY: &[(&str, &str)] = &[("reason", "Why; kept in the row and in the audit log.")];

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/agent/trigger", "trigger_cycle", Scope::Submit, trigger)
            .says("Start one research cycle, within the limits on how many go on.")
            .json(
                trigger_schema(),
                json!({ "symbol": "EURUSD", "timeframe": "1h", "brief": "trends after quiet weeks" }),
            )
            .starts(),
        Endpoint::get("/agent/status", "cycle_status", status)
            .says("Triggered cycles that go on, and room for more."),
        Endpoint::get("/agent/cycles/{operation}", "get_cycle", cycle)
            .says("One research cycle at a glance."),
        Endpoint::delete("/agent/cancel", "cancel_only_cycle", Scope::Submit, cancel)
            .says("Stop the only triggered cycle that goes on.")
            .query(WHY),
        Endpoint::delete("/agent/cancel/{operation}", "cancel_cycle", Scope::Submit, cancel)
            .says("Stop a research cycle, and its current job with it.")
            .query(WHY),
        Endpoint::get("/agent/approvals", "list_approvals", approvals)
            .says("Ideas that wait for a person's word, the most urgent first."),
        Endpoint::post("/agent/approvals/{hypothesis}", "decide_hypothesis", Scope::Operator, decide)
            .says(
                "Say a person's word on an idea. The first word stands, and after the deadline none counts.",
            )
            .json(
                schema::object(&[
                    ("answer*", schema::words("The word.", &["approve", "reject"])),
                    ("reason", schema::text("Why; kept with it.")),
                ]),
                json!({ "answer": "approve", "reason": "worth a try" }),
            ),
        Endpoint::get("/agent/budget", "get_budget", budget)
            .says("What was spent, what is set aside and what is left, by day and by campaign.")
            .query(&[
                ("campaign", "Only this campaign, beside the days."),
                ("days", "How many days, today the first: 1 to 366."),
                ("campaigns", "How many of the latest campaigns, up to 100."),
            ]),
    ]
}

fn trigger_schema() -> Value {
    schema::object(&[
        ("symbol*", schema::symbol()),
        ("timeframe*", schema::timeframe()),
        ("agent", schema::slug("Who designs and assesses.")),
        ("batch", schema::flag("Ask the language model in batches: half the price, answers within a day.")),
        ("masked", schema::flag("Hide symbol, dates and price level from the language model.")),
        ("brief", schema::text("What to look for, in words.")),
        ("strategy", schema::strategy()),
        ("gates", schema::gates()),
        ("seed", schema::integer("Of everything random.", 0, u64::MAX)),
        ("device", schema::device()),
        ("account", schema::account()),
        ("budget", schema::text("What it may spend, such as $5.")),
        ("idempotency_key", schema::key()),
    ])
}

async fn trigger(ask: Ask) -> Answered<TriggeredCycle> {
    let cycle = ask.app.trigger_cycle(&ask.keyed::<TriggerRequest>()?).await?;
    let reply = Reply::accepted(&format!("/operations/{}", cycle.operation), &cycle)?;
    Ok(reply.beginning(slice::from_ref(&cycle.operation)))
}

async fn status(ask: Ask) -> Answered<CycleStatus> {
    Reply::ok(&ask.app.cycle_status().await?)
}

async fn cycle(ask: Ask) -> Answered<CycleView> {
    Reply::ok(&ask.app.cycle(&ask.path("operation")?).await?)
}

async fn cancel(ask: Ask) -> Answered<CycleCancelAnswer> {
    let operation = match ask.path.is_empty() {
        true => None,
        false => Some(ask.path("operation")?),
    };
    let (reason, by) = (ask.query_word("reason").unwrap_or_default(), ask.caller.name.clone());
    Reply::ok(&ask.app.cancel_cycle(&CancelOneRequest { operation, reason, by }).await?)
}

/// What waits for a person's word.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ApprovalList")]
struct Approvals {
    /// Ideas, the most urgent first.
    hypotheses: Vec<StandingHypothesis>,
}

async fn approvals(ask: Ask) -> Answered<Approvals> {
    Reply::ok(&Approvals { hypotheses: ask.app.approvals().await? })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Word {
    answer: Answer,
    #[serde(default)]
    reason: Option<Reason>,
}

async fn decide(ask: Ask) -> Answered<StandingHypothesis> {
    let Word { answer, reason } = ask.json()?;
    let word = DecisionRequest { hypothesis: ask.path("hypothesis")?, answer, reason };
    Reply::ok(&ask.app.decide(&word).await?)
}

async fn budget(ask: Ask) -> Answered<BudgetStatement> {
    Reply::ok(&ask.app.budget(&ask.query::<BudgetRequest>()?).await?)
}
