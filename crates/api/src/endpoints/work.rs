//! Single jobs: trainings, backtests and their reports, replays.

use ktrdr_app::AppError;
use ktrdr_app::backtest::{BacktestRequest, MarketRequest, SignalsRequest};
use ktrdr_app::operations::result_of;
use ktrdr_app::replay::ReplayRequest;
use ktrdr_app::submit::SubmittedJob;
use ktrdr_app::training::TrainingRequest;
use ktrdr_domain::OperationId;
use ktrdr_domain::scope::Scope;
use serde::Deserialize;
use serde_json::{Value, json};

use super::schema;
use crate::ask::{Ask, invalid};
use crate::endpoint::{Answered, Endpoint};
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/trainings/start", "start_training", Scope::Submit, train)
            .says("Train a strategy's network on the dev window.")
            .json(training_schema(), json!({ "strategy": { "name": "fx_pullback" } }))
            .starts(),
        Endpoint::get("/trainings/{operation}/performance", "get_performance", performance)
            .says("What a completed training came to."),
        Endpoint::post("/backtests/start", "start_backtest", Scope::Submit, backtest)
            .says("Trade a trained strategy on the gate window. Every run is a counted look at data.")
            .json(
                schema::object(&[
                    ("strategy*", schema::slug("Whose model.")),
                    ("model_version", schema::integer("Its version; the newest otherwise.", 1, u32::MAX.into())),
                    ("market*", market_schema()),
                    ("idempotency_key", schema::key()),
                ]),
                json!({ "strategy": "fx_pullback", "market": { "symbol": "EURUSD", "timeframe": "1h" } }),
            )
            .starts(),
        Endpoint::post("/backtests/signals", "start_signals", Scope::Submit, signals)
            .says("Trade target positions of any tool: CSV of `timestamp,target`. Dates and account are as configured.")
            .query(&[("symbol", "The instrument."), ("timeframe", "The bars that are traded.")])
            .file("text/csv")
            .starts(),
        Endpoint::post("/backtests/{operation}/replay", "replay_backtest", Scope::Submit, replay)
            .says("Repeat a completed backtest from its hashes: the same look, not a new one.")
            .starts(),
        Endpoint::get("/backtests/{operation}/compare/{replay}", "compare_replay", compare)
            .says("Whether a replay made the same trades, to the last bit."),
        Endpoint::get("/reports/{operation}", "get_report", report).says("The whole report of a completed backtest."),
    ]
}

fn training_schema() -> Value {
    schema::object(&[
        ("strategy*", schema::strategy()),
        ("symbols", schema::list(&schema::symbol(), "Train on these instead of the strategy's own.")),
        ("start", schema::text("Start of the stretch, inside dev.")),
        ("end", schema::text("End of the stretch (exclusive), inside dev.")),
        (
            "open_vault",
            schema::text(
                "Why it may reach into the vault: needs the scope operator, and is counted for ever.",
            ),
        ),
        ("seed", schema::integer("Of weights, shuffling and dropout.", 0, u64::MAX)),
        ("device", schema::device()),
        ("idempotency_key", schema::key()),
    ])
}

fn market_schema() -> Value {
    let stretch = schema::object(&[
        ("start", schema::text("First date.")),
        ("end", schema::text("Last date (exclusive).")),
    ]);
    schema::object(&[
        ("symbol*", schema::symbol()),
        ("timeframe*", schema::timeframe()),
        ("stretch", stretch),
        (
            "open_vault",
            schema::text(
                "Why the vault may be looked into: needs the scope operator, and is counted for ever.",
            ),
        ),
        ("campaign", schema::slug("Who this trial belongs to.")),
        ("account", schema::account()),
    ])
}

fn submitted(job: &SubmittedJob) -> Answered {
    Reply::accepted(&format!("/operations/{}", job.operation), job)
}

fn id(ask: &Ask) -> Result<OperationId, AppError> {
    ask.path("operation")
}

async fn train(ask: Ask) -> Answered {
    submitted(&ask.app.submit_training(&ask.keyed::<TrainingRequest>()?).await?)
}

async fn performance(ask: Ask) -> Answered {
    Reply::ok(&result_of::<Value>(&ask.app.row(&id(&ask)?).await?)?)
}

async fn backtest(ask: Ask) -> Answered {
    submitted(&ask.app.submit_backtest(&ask.keyed::<BacktestRequest>()?).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Market {
    symbol: String,
    timeframe: String,
}

async fn signals(ask: Ask) -> Answered {
    let Market { symbol, timeframe } = ask.query()?;
    let market = MarketRequest::deserialize(json!({ "symbol": symbol, "timeframe": timeframe }));
    let market = market.map_err(|why| invalid(format!("the query does not fit: {why}")))?;
    let wanted = SignalsRequest { market, idempotency_key: ask.key.clone() };
    submitted(&ask.app.submit_signals(&wanted, &ask.file).await?)
}

async fn replay(ask: Ask) -> Answered {
    let wanted = ReplayRequest { operation: id(&ask)?, idempotency_key: ask.key.clone() };
    submitted(&ask.app.submit_replay(&wanted).await?)
}

async fn compare(ask: Ask) -> Answered {
    Reply::ok(&ask.app.compare_replay(&id(&ask)?, &ask.path("replay")?).await?)
}

async fn report(ask: Ask) -> Answered {
    Reply::ok(&ask.app.report(&id(&ask)?).await?)
}
