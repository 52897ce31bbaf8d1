//! A cycle on generated EURUSD bars in the parity profile, and what well-behaved children return to it.

use ktrdr_domain::gate::{GatePolicy, GateProfile};
use ktrdr_domain::job::{DesignResult, Origin};
use ktrdr_domain::name::ProviderName;
use ktrdr_domain::report::{
    AssessmentReport, BacktestSummary, Evidence, Hashes, Metrics, ModelRef, TestMetrics, TrainingReport,
    Verdict,
};
use ktrdr_domain::research::{LessonScope, ResearchSpec};
use ktrdr_domain::trading::Account;
use ktrdr_domain::window::WindowPolicy;
use ktrdr_domain::{
    DataRef, DeviceRequest, Kind, OperationId, Sha256, Span, Strategy, Symbol, Timeframe, Timestamp,
};
use ktrdr_research::{Cycle, Stage};
use serde::Serialize;
use serde_json::{Value, json};

pub(crate) fn eurusd() -> Symbol {
    "EURUSD".parse().unwrap()
}

pub(crate) fn timeframe(text: &str) -> Timeframe {
    text.parse().unwrap()
}

pub(crate) fn day(n: i64) -> Timestamp {
    Timestamp(n * 86_400)
}

/// A thousand days: dev to day 600, gate to day 850, vault after that.
pub(crate) fn span() -> Span {
    Span { start: day(0), end: day(1000) }
}

fn data(text: &str) -> DataRef {
    let sha256 = Sha256::of(text.as_bytes());
    DataRef { symbol: eurusd(), timeframe: timeframe(text), sha256, span: span(), synthetic: true }
}

pub(crate) fn research() -> ResearchSpec {
    ResearchSpec {
        campaign: "night".parse().unwrap(),
        index: 0,
        symbol: eurusd(),
        timeframe: timeframe("1h"),
        data: vec![data("1h"), data("4h")],
        windows: WindowPolicy::default().split(span()).unwrap(),
        account: Account::default(),
        gates: GatePolicy { profile: GateProfile::Parity, ..GatePolicy::default() },
        generation: 4,
        campaign_seed: 7,
        agent: ProviderName::default(),
        batch: false,
        evolution: None,
        brief: None,
        device: DeviceRequest::Any,
        seed: 7,
        tries_max: 5,
        learns_from: LessonScope::Campaign,
        given: None,
        resumes: None,
    }
}

pub(crate) fn strategy(symbols: &[&str], timeframes: &[&str]) -> Strategy {
    serde_json::from_value(json!({
        "name": "trend",
        "version": "3.0",
        "training_data": {"symbols": symbols, "timeframes": timeframes},
        "indicators": {"rsi_14": {"type": "rsi", "period": 14}},
        "fuzzy_sets": {"momentum": {"indicator": "rsi_14", "low": [0, 0, 50], "high": [50, 100, 100]}},
        "nn_inputs": [{"fuzzy_set": "momentum", "timeframes": timeframes}],
        "model": {"type": "mlp", "architecture": {"hidden_layers": [8]}},
        "training": {"labels": {"source": "triple_barrier"}},
        "decisions": {"output_format": "classification"},
        "risk": {"position_sizing": {"fixed_fraction": 0.5}, "exits": {"stop_loss": 0.02}},
    }))
    .unwrap()
}

pub(crate) fn design() -> DesignResult {
    DesignResult {
        strategy: strategy(&["EURUSD"], &["1h", "4h"]),
        strategy_sha256: Sha256::of(b"trend"),
        designer: "local".into(),
        origin: "seeded".into(),
        champion: false,
    }
}

pub(crate) fn training() -> TrainingReport {
    let model = ModelRef {
        strategy: "trend".parse().unwrap(),
        timeframe: timeframe("1h"),
        version: 1,
        sha256: Sha256::of(b"model"),
    };
    TrainingReport {
        model,
        symbols: vec![eurusd()],
        window: span(),
        rows: [700, 150, 150],
        rows_purged: 0,
        feature_count: 6,
        parameter_count: 100,
        epochs_trained: 10,
        best_epoch: 10,
        initial_train_loss: Some(1.0),
        final_train_loss: Some(0.5),
        history: vec![],
        test: TestMetrics {
            rows: 150,
            accuracy: Some(0.55),
            loss: Some(0.7),
            baseline_loss: Some(0.9),
            baseline_accuracy: Some(0.4),
            precision: None,
            recall: None,
            f1: None,
            label_shares: [0.3, 0.4, 0.3],
            answer_shares: [0.3, 0.4, 0.3],
        },
        dev_backtest: None,
        dev_positions: None,
        strategy_sha256: Sha256::of(b"trend"),
        synthetic: true,
        warnings: vec![],
        training_seconds: 1.0,
        trained_on: "cpu".into(),
    }
}

pub(crate) fn untalented() -> TrainingReport {
    let mut training = training();
    training.test.accuracy = Some(0.423);
    training
}

pub(crate) fn backtest() -> BacktestSummary {
    BacktestSummary {
        operation: root().child(Kind::Backtesting, 1),
        subject: "trend".into(),
        model: Some(training().model),
        symbol: eurusd(),
        timeframe: timeframe("1h"),
        window: research().windows.gate,
        window_kind: None,
        origin: Origin::Research,
        synthetic: true,
        bars: 1000,
        account: Account::default(),
        metrics: Metrics {
            win_rate: Some(0.5),
            max_drawdown_pct: Some(0.2),
            sharpe_ratio: Some(1.0),
            total_trades: 60,
            ..Metrics::default()
        },
        undefined: [].into(),
        evidence: Evidence { leakage_proof: Some(true), trials: 1, ..Evidence::default() },
        conventions: [].into(),
        hashes: Hashes {
            subject: Sha256::of(b"trend"),
            model: None,
            data: [].into(),
            trades: Sha256::of(b"trades"),
            code: "test".into(),
        },
        warnings: vec![],
        in_sample: None,
        quarantine: vec![],
    }
}

pub(crate) fn losing() -> BacktestSummary {
    let mut backtest = backtest();
    backtest.metrics.max_drawdown_pct = Some(0.45);
    backtest
}

pub(crate) fn assessment() -> AssessmentReport {
    AssessmentReport {
        strategy: "trend".parse().unwrap(),
        strategy_sha256: Sha256::of(b"trend"),
        verdict: Verdict::Promising,
        strengths: vec!["it trades".into()],
        weaknesses: vec!["rarely".into()],
        suggestions: vec!["more".into()],
        hypotheses: Vec::new(),
        assessor: "local".into(),
    }
}

pub(crate) fn root() -> OperationId {
    OperationId::new(Kind::AgentResearch, Timestamp(0), 1)
}

/// A cycle in each phase, in order.
pub(crate) fn cycles() -> [Cycle; 4] {
    let (design, training, backtest) = (Box::new(design()), Box::new(training()), Box::new(backtest()));
    let stages = [
        Stage::Designing,
        Stage::Training(design.clone()),
        Stage::Backtesting(design.clone(), training.clone()),
        Stage::Assessing(design, training, backtest),
    ];
    stages.map(|stage| Cycle { id: root(), spec: research(), stage })
}

pub(crate) fn value(of: impl Serialize) -> Value {
    serde_json::to_value(of).unwrap()
}

/// What a well-behaved child returns in each phase, in order.
pub(crate) fn results() -> [Value; 4] {
    [value(design()), value(training()), value(backtest()), value(assessment())]
}
