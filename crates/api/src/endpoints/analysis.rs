//! What strategies are made of, value by value: bars, indicators, fuzzy sets.

use std::collections::BTreeMap;

use ktrdr_app::inspect::{self, FuzzyRequest, InspectRequest, InspectedBars, ListedIndicator};
use ktrdr_app::reading::read;
use ktrdr_domain::scope::Scope;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::schema;
use crate::ask::{Ask, QUERY};
use crate::endpoint::{Answered, Endpoint};
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/data/{symbol}/{timeframe}", "get_bars", bars)
            .says("The latest bars of a series, or of a stretch of it, oldest first.")
            .query(&[
                ("start", "Not before this, such as 2020-01-31."),
                ("end", "Before this."),
                ("limit", "How many, 1 to 10000; 100 by default."),
            ]),
        Endpoint::get("/indicators", "list_indicators", indicators)
            .says("Every indicator that strategies may name, with its outputs and parameters."),
        Endpoint::post("/indicators/calculate", "calculate_indicators", Scope::Viewer, calculate)
            .says("Indicators of a series, computed over all of it; of the last bars that are asked for.")
            .json(calculation(), json!({ "symbol": "EURUSD", "timeframe": "1h", "limit": 5,
                "indicators": [{ "type": "rsi", "params": { "period": 14 } }] }))
            .harmless(),
        Endpoint::post("/fuzzy/evaluate", "evaluate_fuzzy", Scope::Viewer, evaluate)
            .says("How strongly values belong to fuzzy sets.")
            .json(
                schema::object(&[
                    ("members*", json!({ "type": "object", "description": "Membership functions by name." })),
                    ("values*", schema::list(&schema::number("A value."), "What the sets read.")),
                ]),
                json!({ "members": { "low": { "type": "triangular", "parameters": [0, 30, 45] } }, "values": [20, 30, 40] }),
            )
            .harmless(),
    ]
}

fn calculation() -> Value {
    let one = schema::object(&[
        ("type*", schema::text("An indicator of the list.")),
        ("source", schema::words("The field it reads.", &["open", "high", "low", "close", "volume"])),
        ("params", json!({ "type": "object", "description": "Numbers by name." })),
    ]);
    schema::object(&[
        ("symbol*", schema::symbol()),
        ("timeframe*", schema::timeframe()),
        ("start", schema::text("Not before this.")),
        ("end", schema::text("Before this; a date without a time includes that day.")),
        ("limit", schema::integer("How many bars.", 1, 10_000)),
        ("indicators", schema::list(&one, "At most 16.")),
    ])
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stretch {
    start: Option<String>,
    end: Option<String>,
    limit: Option<u32>,
}

async fn bars(ask: Ask) -> Answered<InspectedBars> {
    let Stretch { start, end, limit } = ask.query()?;
    let (symbol, timeframe): (String, String) = (ask.path("symbol")?, ask.path("timeframe")?);
    let wanted = json!({ "symbol": symbol, "timeframe": timeframe, "start": start, "end": end, "limit": limit.unwrap_or(100) });
    Reply::ok(&ask.app.inspect(&read::<InspectRequest>(QUERY, &wanted)?).await?)
}

/// What strategies may name.
#[derive(Serialize, JsonSchema)]
struct Indicators {
    /// Every indicator.
    indicators: Vec<ListedIndicator>,
}

async fn indicators(_: Ask) -> Answered<Indicators> {
    Reply::ok(&Indicators { indicators: inspect::indicators() })
}

async fn calculate(ask: Ask) -> Answered<InspectedBars> {
    Reply::ok(&ask.app.inspect(&ask.json::<InspectRequest>()?).await?)
}

/// How strongly values belong to fuzzy sets.
#[derive(Serialize, JsonSchema)]
struct Memberships {
    /// Of each set, by its name: what each value belongs to it by, from 0 to 1; null where that is no number.
    #[schemars(with = "BTreeMap<String, Vec<Option<f64>>>")]
    memberships: BTreeMap<String, Vec<f64>>,
}

async fn evaluate(ask: Ask) -> Answered<Memberships> {
    Reply::ok(&Memberships { memberships: inspect::memberships(&ask.json::<FuzzyRequest>()?)? })
}
