//! Campaigns of research cycles.

use ktrdr_app::budget::CampaignCosts;
use ktrdr_app::campaign::{Campaign, CampaignDetail, CampaignRequest, ListedCampaign, StartedCampaign};
use ktrdr_app::cancel::{GroupCancelAnswer, GroupCancelRequest};
use ktrdr_app::plan::{CampaignPlan, PlanRequest};
use ktrdr_domain::Operation;
use ktrdr_domain::closing::Closing;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::scope::Scope;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::schema;
use crate::ask::Ask;
use crate::endpoint::{Answered, Endpoint};
use crate::page::{self, Cursor, Cut, Page, told_list};
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/campaigns", "list_campaigns", list)
            .says("Campaigns, the latest first, counted by what became of their cycles.")
            .query(page::QUERY),
        Endpoint::post("/campaigns", "start_campaign", Scope::Submit, start)
            .says("Start research cycles that learn from each other. Each look at the gate is counted for ever.")
            .json(campaign_schema(), json!({ "symbol": "EURUSD", "timeframe": "1h", "cycles": 20 }))
            .starts(),
        Endpoint::post("/campaigns/plan", "plan_campaign", Scope::Viewer, plan)
            .says("What a campaign could find at all, and what it would cost. Starts nothing.")
            .json(
                schema::object(&[
                    ("symbol*", schema::symbol()),
                    ("timeframe*", schema::timeframe()),
                    ("cycles*", schema::integer("How many.", 1, 10_000)),
                    ("agent", schema::slug("Who designs and assesses.")),
                    ("gates", schema::gates()),
                    ("anyway", schema::text("Why it may be run although there is nothing to find.")),
                ]),
                json!({ "symbol": "EURUSD", "timeframe": "1h", "cycles": 200 }),
            )
            .harmless(),
        Endpoint::get("/campaigns/{campaign}", "get_campaign", one)
            .says("One campaign, what it came to, and a part of its cycles, the latest part first.")
            .query(page::QUERY),
        Endpoint::get("/campaigns/{campaign}/costs", "get_costs", costs).says("What a campaign cost, and what came of it for that."),
        Endpoint::post("/campaigns/{campaign}/cancel", "cancel_campaign", Scope::Submit, cancel)
            .says("Stop all cycles of a campaign that have not ended.")
            .json(schema::object(&[("reason", schema::text("Why; kept in the rows."))]), json!({ "reason": "wrong data" })),
    ]
}

pub(super) fn campaign_schema() -> Value {
    schema::object(&[
        ("symbol*", schema::symbol()),
        ("timeframe*", schema::timeframe()),
        ("cycles", schema::integer("How many.", 1, 10_000)),
        ("campaign", schema::slug("Whose lessons are shared; a new one otherwise.")),
        ("in_flight", schema::integer("Cycles at a time.", 1, 1000)),
        (
            "generation",
            schema::integer("Cycles that are designed from the same lessons.", 1, u32::MAX.into()),
        ),
        ("agent", schema::slug("Who designs and assesses.")),
        ("gates", schema::gates()),
        ("batch", schema::flag("Ask the language model in batches: half the price, answers within a day.")),
        ("masked", schema::flag("Hide symbol, dates and price level from the language model.")),
        (
            "mix",
            schema::text(
                "Another provider's share of the designs while a campaign that evolves breeds, such as claude:1/4.",
            ),
        ),
        ("brief", schema::text("What to look for, in words.")),
        ("seed", schema::integer("Of everything random.", 0, u64::MAX)),
        ("device", schema::device()),
        ("account", schema::account()),
        ("budget", schema::text("What all its cycles may spend together, such as $20.")),
        ("idempotency_key", schema::key()),
    ])
}

told_list! {
    /// A part of the list of campaigns.
    struct CampaignPart {
        /// Campaigns, the latest first.
        campaigns: ListedCampaign
    }
}

async fn list(ask: Ask) -> Answered<CampaignPart> {
    let list = ask.app.campaigns(ask.query::<Page>()?.behind()?).await?;
    Reply::ok(&Cut { entries: list.campaigns, next: list.next, total: list.total }.into())
}

async fn start(ask: Ask) -> Answered<StartedCampaign> {
    let started = ask.app.start_campaign(&ask.keyed::<CampaignRequest>()?).await?;
    let reply = Reply::accepted(&format!("/campaigns/{}", started.campaign), &started)?;
    Ok(reply.beginning(&started.cycles))
}

async fn plan(ask: Ask) -> Answered<CampaignPlan> {
    Reply::ok(&ask.app.plan_campaign(&ask.json::<PlanRequest>()?).await?)
}

/// One campaign, and a part of its cycles.
#[derive(Serialize, JsonSchema)]
struct OneCampaign {
    /// The campaign, counted.
    campaign: Campaign,
    /// What it came to, each time that it closed.
    closings: Vec<Closing>,
    /// Its cycles, the latest first.
    cycles: Vec<Operation>,
    /// Where the next part begins, if there may be one: the `cursor` to ask for it with.
    next: Option<Cursor>,
    /// How many cycles there are in all.
    total: u64,
}

async fn one(ask: Ask) -> Answered<OneCampaign> {
    let part = ask.query::<Page>()?.behind()?;
    let detail = ask.app.campaign(&ask.path("campaign")?, part).await?;
    let CampaignDetail { campaign, closings, cycles, next, total } = detail;
    Reply::ok(&OneCampaign { campaign, closings, cycles, next: next.map(Cursor), total })
}

async fn costs(ask: Ask) -> Answered<CampaignCosts> {
    let campaign = ask.app.campaign_counts(&ask.path("campaign")?).await?;
    Reply::ok(&ask.app.costs(&campaign).await?)
}

async fn cancel(ask: Ask) -> Answered<GroupCancelAnswer> {
    let campaign: CampaignName = ask.path("campaign")?;
    ask.app.campaign_counts(&campaign).await?;
    let named = ask.signed::<GroupCancelRequest>(&[("campaign", campaign.as_str().into())])?;
    let wanted = GroupCancelRequest { within: ask.within, ..named };
    let plan = ask.app.plan_cancel(&wanted).await?;
    Reply::ok(&ask.app.cancel_group(plan).await?)
}
