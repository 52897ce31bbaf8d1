//! What holds of pages whatever results say.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use ktrdr_domain::gate::GatePolicy;
use ktrdr_domain::report::sheet::{
    AccountCurves, BacktestSheet, Histogram, InputCard, MonthReturn, NullShape, PriceChart, PriceColumn,
    RulesCard, SHEET_VERSION,
};
use ktrdr_domain::report::{BacktestSummary, Evidence, Metrics};
use ktrdr_domain::strategy::Membership;
use ktrdr_report::Report;
use ktrdr_report::backtest::Tearsheet;
use serde_json::json;

const HOSTILE: &str = "</style><script>alert(1)</script>\"' onload=x\u{202e}\u{7} [a](javascript:b) |c| `d`";

fn summary(word: &str) -> BacktestSummary {
    let hash = "0".repeat(64);
    serde_json::from_value(json!({
        "operation": "op_backtesting_20200101_000000_00000000",
        "subject": word,
        "model": null,
        "symbol": "EURUSD",
        "timeframe": "1h",
        "window": { "start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z" },
        "window_kind": "gate",
        "origin": "person",
        "synthetic": true,
        "bars": 8_000,
        "account": {},
        "metrics": Metrics::default(),
        "undefined": { word: word },
        "evidence": Evidence::default(),
        "conventions": { word: word },
        "hashes": { "subject": hash, "model": null, "data": { word: hash }, "trades": hash, "code": word },
        "warnings": [word],
    }))
    .unwrap()
}

fn sheet(word: &str) -> BacktestSheet {
    let curve = vec![(1_577_836_800, 1.0), (1_609_459_200, 2.0)];
    let spread = Histogram { from: -1.0, to: 1.0, counts: vec![1, 2, 3] };
    let column = PriceColumn { time: 1_577_836_800, low: 1.0, high: 2.0, close: 1.5 };
    let input = InputCard {
        name: word.into(),
        sets: vec![(word.into(), Membership::Gaussian([0.0, 1.0]))],
        density: spread.clone(),
        ablation: None,
    };
    BacktestSheet {
        version: SHEET_VERSION,
        account: AccountCurves {
            equity: curve.clone(),
            matched_market: Some(curve.clone()),
            drawdown: curve,
        },
        months: vec![MonthReturn { year: 2020, month: 1, total_return_pct: 0.01 }],
        rolling_sharpe: None,
        price: vec![PriceChart {
            name: word.into(),
            bars_per_column: 1,
            columns: vec![column],
            marks: Vec::new(),
        }],
        trades: None,
        nulls: vec![NullShape { name: word.into(), scores: spread, score: 0.1 }],
        stress: Vec::new(),
        rules: Some(RulesCard { inputs: vec![input], classes: Vec::new() }),
    }
}

fn report(summary: BacktestSummary, sheet: Option<BacktestSheet>) -> Report {
    let gates = GatePolicy::DEFAULT;
    let verdict = gates.backtest(&summary);
    Report::Backtest(Box::new(Tearsheet { summary, verdict, gates, finally: None, sheet }))
}

#[test]
fn no_text_becomes_markup() {
    let tags = |html: &str| html.matches('<').count();
    let hostile = report(summary(HOSTILE), Some(sheet(HOSTILE)));
    let harmless = report(summary("a"), Some(sheet("a")));
    assert_eq!(tags(&hostile.html()), tags(&harmless.html()));
    assert!(!hostile.html().contains("<script") && !hostile.html().contains('\u{202e}'));
    let marked = hostile.markdown();
    assert!(marked.contains("&lt;script&gt;") && !marked.contains("<script"));
    assert!(!marked.contains("[a]("));
}

#[test]
fn the_policy_names_the_one_style_sheet_there_is() {
    use base64::Engine;
    use sha2::Digest;
    let html = report(summary("a"), None).html();
    let style = html.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style));
    assert!(html.contains(&format!("style-src &#39;sha256-{hash}&#39;")), "{}", &html[..400]);
    assert_eq!(html.matches("<style>").count(), 1);
}

#[test]
fn what_was_not_computed_is_left_out_and_what_is_undefined_says_so() {
    let html = report(summary("a"), None).html();
    assert!(html.contains("Figures only") && !html.contains("<figure"));
    assert!(html.contains("undefined"));
}

#[test]
fn quarantined_figures_are_not_shown_as_if_somebody_had_earned_them() {
    let mut found = summary("a");
    found.quarantine = vec!["a Sharpe ratio of 40".into()];
    found.metrics.total_return_pct = Some(123.45);
    let report = report(found, Some(sheet("a")));
    let html = report.html();
    assert!(html.contains("QUARANTINED") && !html.contains("12,345") && !html.contains("The account"));
    assert!(serde_json::to_string(&report).unwrap().contains("123.45"), "who wants them has them in JSON");
}
