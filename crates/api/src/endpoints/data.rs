//! Bars and their windows.

use std::slice;

use ktrdr_app::data::{CheckedSeries, GenerateRequest, ImportRequest, ListedSeries};
use ktrdr_app::reading::read;
use ktrdr_app::resample::{ResampleRequest, ResampledSeries};
use ktrdr_app::submit::SubmittedJob;
use ktrdr_app::windows::{InstrumentWindows, RollPlan, RollRequest};
use ktrdr_app::{AppError, ErrorKind};
use ktrdr_domain::scope::Scope;
use ktrdr_domain::{DataRef, Reason, Windows};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::schema;
use crate::ask::{Ask, QUERY};
use crate::endpoint::{Answered, Endpoint};
use crate::page::{self, Page, told_list};
use crate::reply::Reply;
use crate::stepwise::Stepwise;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/data", "list_data", list)
            .says("Every series of bars, with its span and its dev, gate and vault windows.")
            .query(page::QUERY),
        Endpoint::get("/data/{symbol}/{timeframe}/health", "check_data", health)
            .says("Gaps by session, spikes, the data's own calendar, findings."),
        Endpoint::post("/data/import", "import_data", Scope::Operator, import)
            .says("Check every row of a CSV of bars, and store it as a series. Options are those of `ktrdr data import`.")
            .query(&[
                ("symbol", "The instrument."),
                ("timeframe", "The bar length."),
                ("time_zone", "The zone of the file's clock."),
                ("utc_offset_hours", "Hours that its clock is ahead of UTC."),
                ("sort", "Put the rows in order of time first."),
                ("replace", "Replace the series if there is one."),
                ("allow_negative_prices", "Take prices of zero and below."),
                ("volume_column", "The column that holds the volume."),
                ("date_order", "The order of the numbers in its dates, where none of them tells."),
                ("decimal", "The sign before the fraction of its numbers, where none of them tells."),
                ("stamp", "Which moment of a bar its times are."),
            ])
            .file("text/csv")
            .starts(),
        Endpoint::post("/data/generate", "generate_data", Scope::Operator, generate)
            .says("Make bars by a documented stochastic process; they are labelled as generated for ever.")
            .json(
                schema::object(&[
                    ("symbol*", schema::symbol()),
                    ("timeframe*", schema::timeframe()),
                    ("process", process()),
                    ("session", schema::words("When the market is open.", &["currency", "always", "shares"])),
                    ("bars*", schema::integer("How many.", 1, 10_000_000)),
                    ("start*", schema::text("First bar's open, such as 2015-01-01.")),
                    ("seed", schema::integer("Same seed, same bars.", 0, u64::MAX)),
                    ("replace", schema::flag("Replace the series if there is one.")),
                ]),
                json!({ "symbol": "DEMO", "timeframe": "1h", "process": "random-walk", "bars": 5000, "start": "2015-01-01" }),
            ),
        Endpoint::post("/data/resample", "resample_data", Scope::Operator, resample)
            .says("Make longer bars of stored ones, and store them as a series.")
            .json(
                schema::object(&[
                    ("symbol*", schema::symbol()),
                    ("timeframe*", schema::timeframe()),
                    ("from", schema::text("The bars that they are made of, such as 1h; the longest that fit otherwise.")),
                    ("replace", schema::flag("Replace the series if there is one.")),
                ]),
                json!({ "symbol": "DEMO", "timeframe": "4h" }),
            ),
        Endpoint::get("/windows/{symbol}", "get_windows", windows)
            .says("The windows of an instrument, what became of them, and how often its exam was looked at."),
        Endpoint::post("/windows/{symbol}/roll", "roll_windows", Scope::Operator, roll)
            .says("Move an instrument's windows to a fresh exam, on the record.")
            .json(
                schema::object(&[
                    ("reason*", schema::text("Why; kept for ever.")),
                    ("before", json!({ "type": "object", "description": "The windows as they were planned upon: refused where they are others now." })),
                    ("confirm", schema::flag("Do it; otherwise only what would be done is answered.")),
                ]),
                json!({ "reason": "the exam was looked at too often", "confirm": false }),
            ),
    ]
}

told_list! {
    /// A part of the list of series.
    struct SeriesPart {
        /// Series of bars.
        data: ListedSeries
    }
}

async fn list(ask: Ask) -> Answered<SeriesPart> {
    let page: Page = ask.query()?;
    Reply::ok(&page.of(ask.app.list_data().await?)?.into())
}

async fn health(ask: Ask) -> Answered<CheckedSeries> {
    Reply::ok(&ask.app.check_data(&ask.path("symbol")?, ask.path("timeframe")?).await?)
}

/// The options of an import as they stand in an address: text, but for flags and hours.
async fn import(ask: Ask) -> Answered<SubmittedJob> {
    let mut fields = Map::new();
    for (name, value) in ask.query::<Vec<(String, String)>>()? {
        let value = match (name.as_str(), value.as_str()) {
            ("sort" | "replace" | "allow_negative_prices", "true" | "false") => (value == "true").into(),
            ("utc_offset_hours", text) => {
                text.parse::<f64>().map_or_else(|_| value.clone().into(), Value::from)
            }
            _ => value.into(),
        };
        fields.insert(name, value);
    }
    if let Some(key) = &ask.key {
        fields.insert("idempotency_key".into(), key.to_string().into());
    }
    let wanted: ImportRequest = read(QUERY, &Value::Object(fields))?;
    let job = ask.app.import_data(&wanted, &ask.file).await?;
    let reply = Reply::accepted(&format!("/operations/{}", job.operation), &job)?;
    Ok(reply.beginning(slice::from_ref(&job.operation)))
}

/// A process by its name, or one with its strength.
fn process() -> Value {
    let named = schema::words("By its name.", &["random-walk", "regime-volatility"]);
    let planted = schema::object(&[("planted-edge*", schema::number("How strong the edge is."))]);
    json!({ "oneOf": [named, planted], "description": "What the bars are made by." })
}

async fn generate(ask: Ask) -> Answered<DataRef> {
    Reply::ok(&ask.app.generate_data(&ask.json::<GenerateRequest>()?).await?)
}

async fn resample(ask: Ask) -> Answered<ResampledSeries> {
    Reply::ok(&ask.app.resample_data(&ask.json::<ResampleRequest>()?).await?)
}

async fn windows(ask: Ask) -> Answered<InstrumentWindows> {
    Reply::ok(&ask.app.windows(&ask.path("symbol")?).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Roll {
    reason: Reason,
    #[serde(default)]
    before: Option<Windows>,
}

async fn roll(mut ask: Ask) -> Answered<Stepwise<RollPlan, InstrumentWindows>> {
    let is_confirmed = ask.take_flag("confirm")?;
    let symbol = ask.path("symbol")?;
    let Roll { reason, before } = ask.json()?;
    let plan = ask.app.plan_roll_windows(&RollRequest { symbol, reason }).await?;
    if before.is_some_and(|before| before != plan.before) {
        let message = format!(
            "the windows of {} are others than those that were planned upon: look again",
            plan.symbol
        );
        return Err(AppError::new(ErrorKind::Conflict, message));
    }
    match is_confirmed {
        false => Reply::ok(&Stepwise::Planned(plan)),
        true => Reply::ok(&Stepwise::Done(ask.app.roll_windows(plan).await?)),
    }
}
