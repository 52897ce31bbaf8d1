//! What the local assessor promises.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::BTreeMap;

use ktrdr_agent::LocalAssessor;
use ktrdr_domain::gate::GateVerdict;
use ktrdr_domain::job::{AssessmentSpec, Origin};
use ktrdr_domain::report::{
    AssessmentReport, BacktestSummary, Evidence, Hashes, Metrics, ModelRef, NullRank, TrainingReport, Verdict,
};
use ktrdr_domain::trading::Account;
use ktrdr_domain::{Kind, OperationId, Sha256, Span, Strategy, Timestamp};
use support::{Campaign, bars, lesson};

fn training(strategy: &Strategy) -> TrainingReport {
    let test = lesson(strategy.clone(), 1.0).test.unwrap();
    TrainingReport {
        model: ModelRef {
            strategy: strategy.name.clone(),
            timeframe: "1h".parse().unwrap(),
            version: 1,
            sha256: Sha256::of(b"model"),
        },
        symbols: strategy.training_data.symbols.clone(),
        window: Span { start: Timestamp(0), end: Timestamp(86_400) },
        rows: [20_000, 4_000, 3_000],
        rows_purged: 0,
        feature_count: 12,
        parameter_count: 150,
        epochs_trained: 20,
        best_epoch: 14,
        initial_train_loss: Some(1.1),
        final_train_loss: Some(1.0),
        history: Vec::new(),
        test,
        dev_backtest: None,
        dev_positions: None,
        strategy_sha256: strategy.sha256(),
        synthetic: true,
        warnings: Vec::new(),
        training_seconds: 1.0,
        trained_on: "cpu".into(),
    }
}

fn backtest(strategy: &Strategy, metrics: Metrics, evidence: Evidence) -> BacktestSummary {
    BacktestSummary {
        operation: OperationId::new(Kind::Backtesting, Timestamp(0), 1),
        subject: strategy.name.to_string(),
        model: None,
        symbol: "EURUSD".parse().unwrap(),
        timeframe: "1h".parse().unwrap(),
        window: Span { start: Timestamp(0), end: Timestamp(86_400) },
        window_kind: None,
        origin: Origin::Research,
        synthetic: true,
        bars: 18_000,
        account: Account::default(),
        metrics,
        undefined: BTreeMap::new(),
        evidence,
        conventions: BTreeMap::new(),
        hashes: Hashes {
            subject: strategy.sha256(),
            model: None,
            data: BTreeMap::new(),
            trades: Sha256::of(b""),
            code: "test".to_owned(),
        },
        warnings: Vec::new(),
        in_sample: None,
        quarantine: Vec::new(),
    }
}

/// A cycle that went well in every respect.
fn good() -> AssessmentSpec {
    let strategy = Campaign::new(vec![bars(1_500, 0.03, 1)], 1).design(0).unwrap().strategy;
    let metrics = Metrics {
        total_return_pct: Some(0.184),
        sharpe_ratio: Some(1.9),
        sharpe_standard_error: Some(0.6),
        max_drawdown_pct: Some(0.062),
        avg_holding_bars: Some(31.5),
        break_even_cost_bps: Some(6.2),
        total_trades: 240,
        days: 750,
        ..Metrics::default()
    };
    let evidence = Evidence {
        shifted_weeks: Some(NullRank { p: 0.02, draws: 155 }),
        random_entries: Some(NullRank { p: 0.01, draws: 1_000 }),
        deflated_sharpe: Some(0.971),
        trials: 7,
        leakage_proof: Some(true),
        ..Evidence::default()
    };
    AssessmentSpec {
        batch: false,
        agent: Default::default(),
        training: training(&strategy),
        backtest: backtest(&strategy, metrics, evidence),
        verdict: GateVerdict::Passed,
        strategy,
    }
}

/// The same after a backtest without profit.
fn bad() -> AssessmentSpec {
    let mut input = good();
    input.backtest.metrics.total_return_pct = Some(-0.052);
    input.backtest.metrics.sharpe_ratio = Some(-0.4);
    input.backtest.metrics.break_even_cost_bps = Some(0.9);
    input.backtest.evidence.random_entries = Some(NullRank { p: 0.69, draws: 1_000 });
    input.backtest.evidence.deflated_sharpe = Some(0.08);
    input.verdict =
        GateVerdict::Failed { code: "no_net_profit".to_owned(), figures: "-5.20% <= 0%".to_owned() };
    input
}

fn assess(input: &AssessmentSpec) -> AssessmentReport {
    LocalAssessor.judge(input)
}

#[test]
fn a_strategy_that_convinces_in_every_respect_is_promising() {
    let report = assess(&good());
    assert_eq!(report.verdict, Verdict::Promising);
    assert_eq!(report.strategy_sha256, good().strategy.sha256());
    assert_eq!(report.assessor, "local");
}

#[test]
fn one_thing_amiss_makes_it_mediocre() {
    let spoil: [fn(&mut AssessmentSpec); 4] = [
        |i| i.backtest.evidence.deflated_sharpe = Some(0.949),
        |i| i.backtest.evidence.deflated_sharpe = None,
        |i| i.backtest.metrics.max_drawdown_pct = Some(0.2),
        |i| i.backtest.metrics.total_trades = 50,
    ];
    for spoil in spoil {
        let mut input = good();
        spoil(&mut input);
        assert_eq!(assess(&input).verdict, Verdict::Mediocre);
    }
}

#[test]
fn a_failed_gate_is_poor_without_profit_and_mediocre_with_profit_and_timing() {
    assert_eq!(assess(&bad()).verdict, Verdict::Poor);
    let mut close = bad();
    close.backtest.metrics.total_return_pct = Some(0.03);
    close.backtest.evidence.random_entries = Some(NullRank { p: 0.07, draws: 1_000 });
    assert_eq!(assess(&close).verdict, Verdict::Mediocre);
    close.backtest.evidence.random_entries = Some(NullRank { p: 0.6, draws: 1_000 });
    assert_eq!(assess(&close).verdict, Verdict::Poor);
}

#[test]
fn every_list_holds_two_to_four_different_sentences() {
    let mut empty = bad();
    empty.backtest.metrics = Metrics::default();
    empty.backtest.evidence = Evidence::default();
    empty.training.test.loss = None;
    for input in [good(), bad(), empty] {
        let report = assess(&input);
        for list in [&report.strengths, &report.weaknesses, &report.suggestions] {
            assert!((2..=4).contains(&list.len()), "{list:?}");
            assert!(list.iter().all(|s| s.ends_with('.') && s.starts_with(char::is_uppercase)), "{list:?}");
            assert!(list.iter().enumerate().all(|(i, s)| !list[..i].contains(s)), "{list:?}");
        }
    }
}

#[test]
fn sentences_rest_on_figures_with_their_units() {
    let said = assess(&good()).strengths.join("\n");
    for figure in ["+18.40 % over 18000 bars", "0.971 after 7 counted trials", "1.0 % of 1000 random entries"]
    {
        assert!(said.contains(figure), "{figure} is missing: {said}");
    }
    let against = assess(&bad()).weaknesses.join("\n");
    assert!(against.contains("no_net_profit (-5.20% <= 0%)"), "{against}");
}

#[test]
fn too_few_trades_lead_to_looser_settings_only() {
    let mut input = bad();
    input.backtest.metrics.total_trades = 3;
    input.verdict = GateVerdict::Failed { code: "too_few_trades".to_owned(), figures: "3 < 30".to_owned() };
    let suggestions = assess(&input).suggestions.join("\n");
    assert!(suggestions.contains("Loosen the confidence threshold"), "{suggestions}");
    assert!(!suggestions.contains("Trade less"), "{suggestions}");
}

#[test]
fn a_broken_leakage_proof_comes_first_and_stopping_stops() {
    let mut input = good();
    input.backtest.evidence.leakage_proof = Some(false);
    assert!(assess(&input).weaknesses[0].contains("looks ahead"));
}
