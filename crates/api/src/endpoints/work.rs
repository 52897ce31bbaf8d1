//! Single jobs: trainings, backtests and their reports, replays.

use std::slice;

use ktrdr_app::AppError;
use ktrdr_app::backtest::{BacktestRequest, MarketRequest, SignalsRequest, StoredReport};
use ktrdr_app::cancel::{CancelAnswer, CancelOneRequest};
use ktrdr_app::operations::result_of;
use ktrdr_app::reading::read;
use ktrdr_app::replay::{ReplayComparison, ReplayRequest};
use ktrdr_app::reports::{Report, Subject};
use ktrdr_app::submit::SubmittedJob;
use ktrdr_app::training::TrainingRequest;
use ktrdr_domain::OperationId;
use ktrdr_domain::report::TrainingReport;
use ktrdr_domain::scope::Scope;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::schema;
use crate::ask::{Ask, QUERY, invalid};
use crate::endpoint::{Answered, Endpoint};
use crate::reply::Reply;

const SIGNALS: &[(&str, &str)] = &[
    ("symbol", "The instrument."),
    ("timeframe", "The bars that are traded."),
    ("start", "First date."),
    ("end", "Last date (exclusive)."),
    ("open_vault", "Why the vault may be looked into: needs the scope operator, and is counted for ever."),
    ("campaign", "Who this trial belongs to."),
    ("initial_capital", "Money at the start, in the quote currency."),
    ("units", "Always trade this many units."),
    ("fraction", "Trade this fraction of equity."),
    ("commission_rate", "Commission as a fraction of traded value, per side."),
    ("spread", "Full bid–ask spread in price units."),
    ("slippage_rate", "Slippage as a fraction of price, per side."),
    ("whole_units", "Round positions down to whole units."),
];

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
            .says("Trade target positions of any tool: CSV of `timestamp,target`. Dates and account are as configured unless said.")
            .query(SIGNALS)
            .file("text/csv")
            .starts(),
        Endpoint::post("/backtests/cancel", "cancel_backtest", Scope::Submit, cancel)
            .says("Ask a backtest to stop: the only one that waits or runs, unless one is named.")
            .json(
                schema::object(&[
                    ("operation", schema::text("Which.")),
                    ("reason", schema::text("Why; kept in the row.")),
                ]),
                json!({ "reason": "the wrong model" }),
            ),
        Endpoint::post("/backtests/{operation}/replay", "replay_backtest", Scope::Submit, replay)
            .says("Repeat a completed backtest from its hashes: the same look, not a new one.")
            .starts(),
        Endpoint::get("/backtests/{operation}/compare/{replay}", "compare_replay", compare)
            .says("Whether a replay made the same trades, to the last bit."),
        Endpoint::get("/reports/{operation}", "get_report", report).says("The whole report of a completed backtest."),
        Endpoint::get("/documents/{subjects}", "get_document", document)
            .says("A report to read, of a backtest, a training, a cycle or a campaign; of several with commas between, side by side.")
            .query(&[("format", "`html`: one page that needs nothing else; `markdown`; `json`: every figure. `html` by default.")]),
    ]
}

fn training_schema() -> Value {
    schema::object(&[
        ("strategy*", schema::strategy()),
        (
            "keep",
            schema::flag("Write the strategy into the workspace, under its name, before it is trained."),
        ),
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
        ("start", schema::text("Not before this, such as 2020-01-31.")),
        ("end", schema::text("Before this; a date without a time includes that day.")),
    ]);
    let stretch = schema::about(stretch, "When; the gate window unless said.");
    let fields = schema::object(&[
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
    ]);
    schema::about(fields, "What is traded, when, and with what money.")
}

fn submitted(job: &SubmittedJob) -> Answered<SubmittedJob> {
    let reply = Reply::accepted(&format!("/operations/{}", job.operation), job)?;
    Ok(reply.beginning(slice::from_ref(&job.operation)))
}

fn id(ask: &Ask) -> Result<OperationId, AppError> {
    ask.path("operation")
}

async fn train(ask: Ask) -> Answered<SubmittedJob> {
    submitted(&ask.app.submit_training(&ask.keyed::<TrainingRequest>()?).await?)
}

async fn performance(ask: Ask) -> Answered<TrainingReport> {
    Reply::ok(&result_of(&ask.app.row(&id(&ask)?).await?)?)
}

async fn backtest(ask: Ask) -> Answered<SubmittedJob> {
    submitted(&ask.app.submit_backtest(&ask.keyed::<BacktestRequest>()?).await?)
}

async fn cancel(ask: Ask) -> Answered<CancelAnswer> {
    Reply::ok(&ask.app.cancel_backtest(&ask.signed::<CancelOneRequest>(&[])?).await?)
}

/// A market as it stands in an address: dates and account beside the rest.
async fn signals(ask: Ask) -> Answered<SubmittedJob> {
    let (mut market, mut stretch, mut account) = (Map::new(), Map::new(), Map::new());
    for (name, text) in ask.query::<Vec<(String, String)>>()? {
        match name.as_str() {
            "symbol" | "timeframe" | "open_vault" | "campaign" => market.insert(name, text.into()),
            "start" | "end" => stretch.insert(name, text.into()),
            "whole_units" => account.insert(name, (text == "true").into()),
            _ => account.insert(name, text.parse::<f64>().map_or_else(|_| text.into(), Value::from)),
        };
    }
    market.insert("stretch".into(), stretch.into());
    market.insert("account".into(), account.into());
    let market: MarketRequest = read(QUERY, &Value::Object(market))?;
    let wanted = SignalsRequest { market, idempotency_key: ask.key.clone() };
    submitted(&ask.app.submit_signals(&wanted, &ask.file).await?)
}

async fn replay(ask: Ask) -> Answered<SubmittedJob> {
    let wanted = ReplayRequest { operation: id(&ask)?, idempotency_key: ask.key.clone() };
    submitted(&ask.app.submit_replay(&wanted).await?)
}

async fn compare(ask: Ask) -> Answered<ReplayComparison> {
    Reply::ok(&ask.app.compare_replay(&id(&ask)?, &ask.path("replay")?).await?)
}

async fn report(ask: Ask) -> Answered<StoredReport> {
    Reply::ok(&ask.app.report(&id(&ask)?).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    format: Format,
}

#[derive(Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Html,
    Markdown,
    Json,
}

/// A report to read.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "format", rename_all = "lowercase")]
enum Document {
    /// One page that needs nothing else.
    Html {
        /// The page.
        text: String,
    },
    /// Text with tables.
    Markdown {
        /// The text.
        text: String,
    },
    /// Every figure.
    Json {
        /// What the report says.
        report: Box<Report>,
    },
}

async fn document(ask: Ask) -> Answered<Document> {
    let Wanted { format } = ask.query()?;
    let subjects: String = ask.path("subjects")?;
    let subjects: Result<Vec<Subject>, String> = subjects.split(',').map(str::parse).collect();
    let report = ask.app.report_on(&subjects.map_err(invalid)?).await?;
    Reply::ok(&match format {
        Format::Html => Document::Html { text: report.html() },
        Format::Markdown => Document::Markdown { text: report.markdown() },
        Format::Json => Document::Json { report: Box::new(report) },
    })
}
