//! Windows by the application floor: what is refused and by which kind, what a plan holds, of two rolls one wins.

use ktrdr_app::backtest::SignalsRequest;
use ktrdr_app::campaign::CampaignRequest;
use ktrdr_app::data::GenerateRequest;
use ktrdr_app::windows::RollRequest;
use ktrdr_app::{App, ErrorKind};
use ktrdr_domain::job::{BacktestSpec, Origin};
use ktrdr_domain::trial::Look;
use ktrdr_domain::{Sha256, Span, WindowKind};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Desk, request};

const SIGNALS: &[u8] =
    b"timestamp,target\n2020-01-07T00:00:00Z,1\n2020-03-24T00:00:00Z,0\n2020-04-21T00:00:00Z,1\n";

fn signals(more: &Value) -> SignalsRequest {
    let mut market = json!({ "symbol": "MINE", "timeframe": "1h" });
    market.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request(json!({ "market": market }))
}

async fn told(app: &App, more: &Value) -> BacktestSpec {
    let id = app.submit_signals(&signals(more), SIGNALS).await.unwrap().operation;
    BacktestSpec::deserialize(&app.operation(&id).await.unwrap().operation.spec).unwrap()
}

/// What a worker counts.
async fn look(app: &App, number: u32, span: Span) {
    let operation = format!("op_backtesting_20260101_000000_{number:08x}").parse().unwrap();
    let (symbol, timeframe) = ("MINE".parse().unwrap(), "1h".parse().unwrap());
    let sha256 = Sha256::of(b"");
    let look = Look {
        operation,
        campaign: "by-hand".parse().unwrap(),
        subject_sha256: sha256,
        content_sha256: None,
        subject: "signals".into(),
        symbol,
        timeframe,
        data_sha256: sha256,
        span,
        windows: vec![WindowKind::Gate],
        origin: Origin::Person,
        author: None,
    };
    app.ledger.begin(&look).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backtest_keeps_to_the_gate_and_says_why_where_it_does_not() {
    let Desk { app, folder: _folder, .. } = Desk::with_bars().await;
    let windows = app.windows(&"MINE".parse().unwrap()).await.unwrap().windows;
    assert_eq!(told(&app, &json!({})).await.window, windows.gate);
    let from = windows.dev.start.to_string();
    let spec = told(&app, &json!({ "stretch": { "start": from } })).await;
    assert_eq!((spec.window.end, spec.open_vault), (windows.vault.start, None));

    let end = windows.vault.end.to_string();
    let closed = signals(&json!({ "stretch": { "end": end } }));
    assert_eq!(app.submit_signals(&closed, SIGNALS).await.unwrap_err().kind, ErrorKind::VaultClosed);
    let needless =
        signals(&json!({ "stretch": { "start": from, "end": "2020-02-01" }, "open_vault": "no need" }));
    assert_eq!(app.submit_signals(&needless, SIGNALS).await.unwrap_err().kind, ErrorKind::InvalidRequest);

    let opened = told(&app, &json!({ "open_vault": "the one look" })).await;
    assert_eq!(opened.window, windows.vault);
    let word = opened.open_vault.unwrap();
    assert_eq!((word.reason.as_str(), &*word.by), ("the one look", "somebody@here"));
    let none: Result<CampaignRequest, _> =
        serde_json::from_value(json!({ "symbol": "MINE", "timeframe": "1h", "open_vault": "for research" }));
    assert!(none.unwrap_err().to_string().contains("open_vault"), "a campaign has no such thing");
}

#[tokio::test(flavor = "multi_thread")]
async fn research_on_a_burnt_gate_is_refused_and_of_two_rolls_one_gives_it_another() {
    let Desk { app, folder: _folder, .. } = Desk::with_bars().await;
    let symbol = "MINE".parse().unwrap();
    let gate = app.windows(&symbol).await.unwrap().windows.gate;
    let campaign: CampaignRequest = request(json!({ "symbol": "MINE", "timeframe": "1h" }));
    look(&app, 1, gate).await;
    assert!(app.start_campaign(&campaign).await.is_ok());
    look(&app, 2, gate).await;
    let burnt = app.start_campaign(&campaign).await.unwrap_err();
    assert_eq!(burnt.kind, ErrorKind::WindowBurnt);
    assert!(burnt.to_string().contains("ktrdr data roll-windows MINE"), "{burnt}");
    assert!(
        app.windows(&symbol).await.unwrap().burnt && app.list_data().await.unwrap()[0].burnt == Some(true)
    );

    let roll: RollRequest = request(json!({ "symbol": "MINE", "reason": "two looks are enough" }));
    let [first, second] =
        [app.plan_roll_windows(&roll).await.unwrap(), app.plan_roll_windows(&roll).await.unwrap()];
    assert_eq!((first.before.gate, first.looks), (gate, 2));
    let after = first.after;
    let rolled = app.roll_windows(first).await.unwrap();
    assert_eq!((rolled.windows, rolled.looks, rolled.burnt), (after, 0, false));
    let late = app.roll_windows(second).await.unwrap_err();
    assert_eq!(late.kind, ErrorKind::Conflict, "{late}");
    assert!(app.start_campaign(&campaign).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_was_looked_into_before_anybody_asked_why_gives_no_gate() {
    let Desk { app, folder: _folder, .. } = Desk::with_bars().await;
    look(&app, 1, app.windows(&"MINE".parse().unwrap()).await.unwrap().windows.vault).await;
    let roll: RollRequest = request(json!({ "symbol": "MINE", "reason": "spent" }));
    let refused = app.plan_roll_windows(&roll).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Refused, "{refused}");
    let absent: RollRequest = request(json!({ "symbol": "ABSENT", "reason": "spent" }));
    assert_eq!(app.plan_roll_windows(&absent).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn research_needs_bars_before_the_exam_and_within() {
    let Desk { app, folder, .. } = Desk::with_bars().await;
    let campaign: CampaignRequest = request(json!({ "symbol": "MINE", "timeframe": "1h" }));
    let bars = |symbol: &str, start: &str| {
        request::<GenerateRequest>(
            json!({ "symbol": symbol, "timeframe": "1h", "bars": 500, "start": start, "replace": true }),
        )
    };
    let file = |symbol: &str| folder.path().join(format!("data/{symbol}_1h.csv"));
    for (other, start) in [("EARLY", "2019-01-07"), ("LATE", "2021-01-04")] {
        let refused = app.generate_data(&bars("MINE", start)).await.unwrap_err();
        assert!(refused.to_string().contains("windows of MINE stay"), "{refused}");
        // Whoever replaces the file by hand is not asked.
        app.generate_data(&bars(other, start)).await.unwrap();
        std::fs::copy(file(other), file("MINE")).unwrap();
        let refused = app.start_campaign(&campaign).await.unwrap_err();
        assert_eq!(refused.kind, ErrorKind::InvalidInput, "{refused}");
        assert!(refused.to_string().contains("gate window of MINE"), "{refused}");
    }
}
