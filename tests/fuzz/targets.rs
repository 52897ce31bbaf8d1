//! What reads something from outside: each with inputs that it takes, and words that mean something to it.

use ktrdr_app::backtest::{BacktestRequest, SignalsRequest};
use ktrdr_app::budget::BudgetRequest;
use ktrdr_app::campaign::CampaignRequest;
use ktrdr_app::cancel::{CancelRequest, GroupCancelRequest};
use ktrdr_app::cycle::TriggerRequest;
use ktrdr_app::data::{GenerateRequest, ImportRequest};
use ktrdr_app::hypotheses::DecisionRequest;
use ktrdr_app::inspect::{FuzzyRequest, InspectRequest};
use ktrdr_app::memory::RecallRequest;
use ktrdr_app::operations::ListRequest;
use ktrdr_app::plan::PlanRequest;
use ktrdr_app::replay::ReplayRequest;
use ktrdr_app::retry::{GroupRetryRequest, RetryRequest};
use ktrdr_app::schedules::ScheduleRequest;
use ktrdr_app::selection::Selection;
use ktrdr_app::training::TrainingRequest;
use ktrdr_app::windows::RollRequest;
use ktrdr_catalog::models::Metadata;
use ktrdr_domain::job::{AssessmentSpec, BacktestSpec, DesignSpec, TrainingSpec};
use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::schedule::Cadence;
use ktrdr_domain::{Event, JobMessage, Strategy, Symbol, Timeframe, Timestamp};
use ktrdr_neural::{Network, NetworkShape};
use ktrdr_quant::data::csv::{self, ReadOptions};
use ktrdr_quant::data::import::{ImportOptions, import};
use ktrdr_quant::signals;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A decoder.
pub(super) struct Target {
    pub(super) name: &'static str,
    /// What it takes.
    pub(super) seeds: Vec<Vec<u8>>,
    /// What means something to it.
    pub(super) words: &'static [&'static str],
    /// Whether it takes these bytes.
    pub(super) decode: fn(&[u8]) -> bool,
}

pub(super) fn targets() -> Vec<Target> {
    vec![
        Target { name: "http-body", seeds: bodies(), words: &BODY_WORDS, decode: body },
        Target { name: "filter", seeds: lines(&FILTERS), words: &FILTER_WORDS, decode: filter },
        Target { name: "cron", seeds: lines(&CRONS), words: &CRON_WORDS, decode: cron },
        Target { name: "message", seeds: messages(), words: &BODY_WORDS, decode: message },
        Target { name: "strategy", seeds: strategies(), words: &YAML_WORDS, decode: strategy },
        Target { name: "csv", seeds: lines(&[BARS, SIGNALS]), words: &CSV_WORDS, decode: table },
        Target { name: "import", seeds: lines(&LAYOUTS), words: &CSV_WORDS, decode: imported },
        Target { name: "model", seeds: vec![weights()], words: &MODEL_WORDS, decode: model },
        Target { name: "manifest", seeds: vec![shape_document()], words: &BODY_WORDS, decode: manifest },
    ]
}

fn lines(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

const BODY_WORDS: [&str; 12] = [
    "\"symbol\"",
    "\"timeframe\"",
    "\"cycles\"",
    "\"seed\"",
    "\"budget\"",
    "\"spec\"",
    "\"kind\"",
    "\"training\"",
    "{}",
    "[]",
    "1h",
    "op_training_20260101_000000_00000001",
];

fn bodies() -> Vec<Vec<u8>> {
    let documents = [
        json!({ "symbol": "EURUSD", "timeframe": "1h" }),
        json!({ "symbol": "EURUSD", "timeframe": "1h", "cycles": 20, "seed": 7 }),
        json!({ "strategy": { "name": "fx_pullback" } }),
        json!({ "operation": "op_training_20260101_000000_00000001" }),
        json!({ "symbol": "MINE", "timeframe": "1h", "bars": 1000, "start": "2020-01-06" }),
        json!({ "days": 7, "campaigns": 10 }),
        json!({ "campaign": "nightly", "status": "failed", "dead": true }),
    ];
    documents.iter().map(|document| document.to_string().into_bytes()).collect()
}

/// As the API reads a body: JSON, then whatever the endpoint takes.
fn body(bytes: &[u8]) -> bool {
    let Ok(document) = serde_json::from_slice::<Value>(bytes) else { return false };
    fn fits<T: DeserializeOwned>(document: &Value) -> bool {
        T::deserialize(document).is_ok()
    }
    let fitting = [
        fits::<TrainingRequest>,
        fits::<BacktestRequest>,
        fits::<SignalsRequest>,
        fits::<BudgetRequest>,
        fits::<CampaignRequest>,
        fits::<CancelRequest>,
        fits::<GroupCancelRequest>,
        fits::<TriggerRequest>,
        fits::<GenerateRequest>,
        fits::<ImportRequest>,
        fits::<DecisionRequest>,
        fits::<InspectRequest>,
        fits::<FuzzyRequest>,
        fits::<RecallRequest>,
        fits::<ListRequest>,
        fits::<PlanRequest>,
        fits::<ReplayRequest>,
        fits::<RetryRequest>,
        fits::<GroupRetryRequest>,
        fits::<ScheduleRequest>,
        fits::<RollRequest>,
    ];
    // All of them, whichever takes it.
    fitting.iter().filter(|fits| fits(&document)).count() > 0
}

const FILTERS: [&str; 4] = [
    "status=failed,running&type!=probe&error~timeout",
    "campaign=nightly",
    "root=op_agent_research_20260101_000000_00000001",
    "worker!~box&reason=gate",
];

const FILTER_WORDS: [&str; 10] = ["status", "type", "error", "~", "!~", "!=", "=", "&", ",", "%"];

fn filter(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| text.parse::<Selection>().is_ok())
}

const CRONS: [&str; 4] = ["30 1 * * *", "0 */2 * * 1-5", "15,45 0-6/2 1 1,7 *", "0 0 29 2 *"];

const CRON_WORDS: [&str; 14] = ["*", "/", "-", ",", "L", "W", "#", "?", "MON", "JAN", "59", "60", "31", " "];

/// Also when it comes true, on the clock that turns oddly.
fn cron(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let read = Cadence::new(text, "Australia/Lord_Howe");
    read.is_ok_and(|cadence| {
        cadence.ticks_after(Timestamp(1_790_000_000)).take(3).for_each(drop);
        true
    })
}

fn messages() -> Vec<Vec<u8>> {
    let job = json!({
        "schema": 1, "operation": "op_probe_20260101_000000_00000001", "kind": "probe", "root": null, "spec": { "sleep_ms": 1 }
    });
    let event = json!({
        "operation": "op_probe_20260101_000000_00000001", "kind": "probe", "root": null, "status": "completed", "fence": 1
    });
    [job, event].iter().map(|document| document.to_string().into_bytes()).collect()
}

/// A message, and what it asks for, as whoever would run it reads it.
fn message(bytes: &[u8]) -> bool {
    let event = serde_json::from_slice::<Event>(bytes);
    let job = serde_json::from_slice::<JobMessage>(bytes);
    fn reads<T: DeserializeOwned>(spec: &Value) -> bool {
        T::deserialize(spec).is_ok()
    }
    let specs = [
        reads::<TrainingSpec>,
        reads::<BacktestSpec>,
        reads::<DesignSpec>,
        reads::<AssessmentSpec>,
        reads::<ResearchSpec>,
    ];
    if let Ok(job) = &job {
        let _ = specs.iter().filter(|reads| reads(&job.spec)).count();
    }
    event.is_ok() || job.is_ok()
}

const YAML_WORDS: [&str; 14] = [
    "  ",
    "- ",
    ": ",
    "&a ",
    "*a",
    "!!map ",
    "|\n",
    "? ",
    "---\n",
    "<<: ",
    ".inf",
    "version: 2\n",
    "nn_inputs: []\n",
    "#",
];

fn strategies() -> Vec<Vec<u8>> {
    lines(&[
        include_str!("../../strategies/fx_pullback.yaml"),
        include_str!("../../strategies/trend_cost_aware.yaml"),
        include_str!("../../strategies/equity_swing.yaml"),
    ])
}

fn strategy(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| Strategy::from_yaml(text).is_ok())
}

const BARS: &str = "timestamp,open,high,low,close,volume\n2020-01-06T00:00:00Z,1.1,1.2,1,1.15,10\n\
                    2020-01-06T01:00:00Z,1.15,1.2,1.1,1.2,0\n2020-01-06T02:00:00Z,1.2,1.3,1.15,1.25,7\n";

const SIGNALS: &str = "timestamp,target\n2020-01-06T00:00:00Z,1\n2020-01-06T02:00:00Z,-1\n";

const CSV_WORDS: [&str; 14] = [
    ";",
    "\t",
    "1e308",
    "0.0000001",
    "1,5",
    "1 000",
    "01/02/2020",
    "20200106",
    "24:00",
    "+05:30",
    "EST",
    "timestamp",
    "close",
    "#",
];

fn hourly() -> (Symbol, Timeframe) {
    ("MINE".parse().unwrap(), "1h".parse().unwrap())
}

/// Both layouts that are our own.
fn table(bytes: &[u8]) -> bool {
    let (symbol, timeframe) = hourly();
    csv::read(bytes, symbol, timeframe, &ReadOptions::default()).is_ok() | signals::read(bytes).is_ok()
}

const LAYOUTS: [&str; 4] = [
    BARS,
    "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n\
     2020.01.06\t00:00:00\t1.1\t1.2\t1.0\t1.15\t10\t0\t2\n2020.01.06\t01:00:00\t1.15\t1.2\t1.1\t1.2\t10\t0\t2\n",
    "Date,Open,High,Low,Close,Adj Close,Volume\n2020-01-06 00:00:00+00:00,1.1,1.2,1.0,1.15,1.15,10\n\
     2020-01-06 01:00:00+00:00,1.15,1.2,1.1,1.2,1.2,10\n",
    "time;open;high;low;close\n1578268800;1.1;1.2;1.0;1.15\n1578272400;1.15;1.2;1.1;1.2\n",
];

fn imported(bytes: &[u8]) -> bool {
    let (symbol, timeframe) = hourly();
    let zone = ktrdr_quant::data::import::FileClock::Ahead(0);
    let options = ImportOptions { clock: Some(zone), ..ImportOptions::default() };
    let sorted = ImportOptions { sort: true, ..options.clone() };
    import(bytes, symbol.clone(), timeframe, &options).is_ok()
        | import(bytes, symbol, timeframe, &sorted).is_ok()
}

const MODEL_WORDS: [&str; 8] = [
    "\"dtype\"",
    "\"F32\"",
    "\"shape\"",
    "\"data_offsets\"",
    "\"__metadata__\"",
    "[0,18446744073709551615]",
    "{}",
    "\u{1}\0\0\0\0\0\0\0",
];

fn shape() -> NetworkShape {
    let shape = json!({ "inputs": 3, "hidden_layers": [4], "activation": "relu", "dropout": 0.0, "output": "classification" });
    serde_json::from_value(shape).unwrap_or_else(|e| panic!("{e}"))
}

fn shape_document() -> Vec<u8> {
    serde_json::to_vec(&shape()).unwrap()
}

fn weights() -> Vec<u8> {
    Network::seeded(&shape(), 7).unwrap().to_safetensors().unwrap()
}

fn model(bytes: &[u8]) -> bool {
    Network::from_safetensors(bytes, &shape()).is_ok()
}

/// What stands beside the weights, and the shape in it.
fn manifest(bytes: &[u8]) -> bool {
    let shape = serde_json::from_slice::<NetworkShape>(bytes);
    let is_shape = shape.is_ok_and(|shape| {
        let _ = shape.parameter_count();
        true
    });
    is_shape | serde_json::from_slice::<Metadata>(bytes).is_ok()
}
