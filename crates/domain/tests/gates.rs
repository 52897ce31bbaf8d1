//! Every message of every gate, in both profiles.

#![allow(clippy::unwrap_used, clippy::type_complexity, clippy::approx_constant)]

use ktrdr_domain::gate::{GatePolicy, GateProfile, GateVerdict};
use ktrdr_domain::job::Origin;
use ktrdr_domain::report::{
    BacktestSummary, DevBacktest, Evidence, Hashes, InSample, Learned, Metrics, ModelRef, NullRank,
    TestMetrics, TrainingReport,
};
use ktrdr_domain::trading::Account;
use ktrdr_domain::{Kind, OperationId, Sha256, Span, Timestamp};

fn policy(profile: GateProfile) -> GatePolicy {
    GatePolicy { profile, ..GatePolicy::default() }
}

fn span() -> Span {
    Span { start: Timestamp(0), end: Timestamp(86_400) }
}

fn model() -> ModelRef {
    ModelRef {
        strategy: "trend".parse().unwrap(),
        timeframe: "1h".parse().unwrap(),
        version: 1,
        sha256: Sha256::of(b"model"),
    }
}

/// A network that passes both training gates.
fn trained() -> TrainingReport {
    TrainingReport {
        model: model(),
        symbols: vec!["EURUSD".parse().unwrap()],
        window: span(),
        rows: [700, 150, 150],
        rows_purged: 0,
        feature_count: 6,
        parameter_count: 100,
        epochs_trained: 10,
        best_epoch: 10,
        initial_train_loss: Some(1.0),
        final_train_loss: Some(0.7),
        history: vec![],
        test: TestMetrics {
            rows: 150,
            accuracy: Some(0.55),
            loss: Some(0.75),
            baseline_loss: Some(0.80),
            baseline_accuracy: Some(0.4),
            precision: None,
            recall: None,
            f1: None,
            label_shares: [0.3, 0.4, 0.3],
            answer_shares: [0.3, 0.4, 0.3],
        },
        dev_positions: None,
        dev_backtest: Some(DevBacktest {
            blocks: 3,
            bars: 600,
            total_return_pct: Some(0.04),
            null_p: Some(0.03),
            null_draws: 99,
            total_trades: 80,
            ..DevBacktest::default()
        }),
        strategy_sha256: Sha256::of(b"strategy"),
        synthetic: true,
        warnings: vec![],
        training_seconds: 1.0,
        trained_on: "cpu".into(),
    }
}

/// A rank among a thousand draws.
fn ranked(p: f64) -> Option<NullRank> {
    Some(NullRank { p, draws: 1_000 })
}

/// A backtest that passes both backtest gates.
fn traded() -> BacktestSummary {
    BacktestSummary {
        operation: OperationId::new(Kind::Backtesting, Timestamp(0), 1),
        subject: "trend".into(),
        model: Some(model()),
        symbol: "EURUSD".parse().unwrap(),
        timeframe: "1h".parse().unwrap(),
        window: span(),
        window_kind: None,
        origin: Origin::Research,
        synthetic: true,
        bars: 1000,
        account: Account::default(),
        metrics: Metrics {
            total_return_pct: Some(0.10),
            max_drawdown_pct: Some(0.20),
            win_rate: Some(0.50),
            sharpe_ratio: Some(1.0),
            total_trades: 60,
            ..Metrics::default()
        },
        undefined: [("deflated_sharpe".to_string(), "fewer than two daily returns".to_string())].into(),
        evidence: Evidence {
            shifted_weeks: ranked(0.02),
            random_entries: ranked(0.01),
            deflated_sharpe: Some(0.97),
            leakage_proof: Some(true),
            ..Evidence::default()
        },
        conventions: [].into(),
        hashes: Hashes {
            subject: Sha256::of(b"strategy"),
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

fn training_says(profile: GateProfile, change: impl FnOnce(&mut TrainingReport)) -> String {
    let mut report = trained();
    change(&mut report);
    policy(profile).training(&report).to_string()
}

fn backtest_says(profile: GateProfile, change: impl FnOnce(&mut BacktestSummary)) -> String {
    let mut summary = traded();
    change(&mut summary);
    policy(profile).backtest(&summary).to_string()
}

use GateProfile::{Honest, Parity};

#[test]
fn parity_messages_are_those_of_the_original_plan() {
    let training = |change: fn(&mut TrainingReport)| training_says(Parity, change);
    assert_eq!(training(|_| ()), "passed");
    assert_eq!(training(|r| r.test.accuracy = Some(0.423)), "accuracy_below_threshold (42.30% < 45%)");
    assert_eq!(training(|r| r.test.loss = Some(0.912)), "loss_too_high (0.912 > 0.8)");
    assert_eq!(training(|r| r.final_train_loss = Some(0.9)), "insufficient_loss_decrease (10.0% < 20%)");

    let backtest = |change: fn(&mut BacktestSummary)| backtest_says(Parity, change);
    assert_eq!(backtest(|_| ()), "passed");
    assert_eq!(backtest(|s| s.metrics.win_rate = Some(0.40)), "win_rate_too_low (40.0% < 45%)");
    assert_eq!(backtest(|s| s.metrics.max_drawdown_pct = Some(0.45)), "drawdown_too_high (45.0% > 40%)");
    assert_eq!(backtest(|s| s.metrics.sharpe_ratio = Some(-0.8)), "sharpe_too_low (-0.80 < -0.5)");
}

#[test]
fn parity_reports_the_first_failure_in_the_order_of_the_plan() {
    let everything_is_bad = |r: &mut TrainingReport| {
        (r.test.accuracy, r.test.loss, r.final_train_loss) = (Some(0.1), Some(2.0), Some(1.0));
    };
    assert_eq!(training_says(Parity, everything_is_bad), "accuracy_below_threshold (10.00% < 45%)");
    let two_are_bad = |s: &mut BacktestSummary| {
        (s.metrics.max_drawdown_pct, s.metrics.sharpe_ratio) = (Some(0.9), Some(-3.0));
    };
    assert_eq!(backtest_says(Parity, two_are_bad), "drawdown_too_high (90.0% > 40%)");
}

#[test]
fn parity_lets_missing_figures_and_equality_pass() {
    for missing in [None, Some(f64::NAN)] {
        let training = training_says(Parity, |r| {
            (r.test.accuracy, r.test.loss, r.initial_train_loss) = (missing, missing, missing);
        });
        let backtest = backtest_says(Parity, |s| {
            (s.metrics.win_rate, s.metrics.max_drawdown_pct, s.metrics.sharpe_ratio) =
                (missing, missing, missing);
        });
        assert_eq!((training.as_str(), backtest.as_str()), ("passed", "passed"));
    }
    let training = training_says(Parity, |r| {
        (r.test.accuracy, r.test.loss) = (Some(0.45), Some(0.8));
        (r.initial_train_loss, r.final_train_loss) = (Some(1.0), Some(0.8));
    });
    assert_eq!(training, "passed");
    let backtest = backtest_says(Parity, |s| {
        (s.metrics.win_rate, s.metrics.max_drawdown_pct, s.metrics.sharpe_ratio) =
            (Some(0.45), Some(0.40), Some(-0.5));
    });
    assert_eq!(backtest, "passed");
}

#[test]
fn thresholds_are_printed_as_configured() {
    let strict = GatePolicy { accuracy_min: 0.575, ..policy(Parity) };
    assert_eq!(strict.training(&trained()).to_string(), "accuracy_below_threshold (55.00% < 57.5%)");
}

#[test]
fn the_honest_training_gate_asks_for_skill_beyond_the_baseline() {
    let says = |change: fn(&mut TrainingReport)| training_says(Honest, change);
    assert_eq!(says(|_| ()), "passed");
    assert_eq!(
        says(|r| (r.test.loss, r.test.baseline_loss) = (Some(1.0931), Some(1.0921))),
        "no_skill (1.0931 >= 1.0921)"
    );
    assert_eq!(says(|r| r.test.baseline_loss = r.test.loss), "no_skill (0.7500 >= 0.7500)");
    assert_eq!(
        says(|r| (r.test.loss, r.test.baseline_loss) = (Some(1.23456e-6), Some(1.23442e-6))),
        "no_skill (1.235e-6 >= 1.234e-6)"
    );
    assert_eq!(
        says(|r| (r.test.loss, r.test.baseline_loss) = (Some(0.693_147), Some(0.693_132))),
        "no_skill (0.69315 >= 0.69313)"
    );
    assert_eq!(says(|r| r.test.answer_shares = [0.0, 1.0, 0.0]), "collapsed_answers (HOLD 100.0%)");
    assert_eq!(says(|r| r.test.rows = 29), "too_few_test_rows (29 < 30)");
    assert_eq!(says(|r| r.test.rows = 30), "passed");
}

#[test]
fn only_what_earned_on_dev_more_than_chance_does_looks_at_the_exam() {
    let says = |change: fn(&mut DevBacktest)| {
        training_says(Honest, |report| report.dev_backtest.iter_mut().for_each(change))
    };
    assert_eq!(says(|_| ()), "passed");
    assert_eq!(says(|dev| dev.total_return_pct = Some(-0.031)), "no_dev_profit (-3.10% <= 0%)");
    assert_eq!(says(|dev| dev.null_p = Some(0.34)), "within_dev_null (0.340 > 0.2)");
    assert_eq!(says(|dev| dev.null_p = Some(0.2)), "passed");
    let missing = "metric_missing (dev_return: nothing was traded on dev)";
    assert_eq!(says(|dev| dev.total_trades = 0), missing);
    assert_eq!(training_says(Honest, |report| report.dev_backtest = None), missing);
    assert_eq!(says(|dev| dev.null_p = None), "metric_missing (dev_null_p: nothing was traded on dev)");
    assert_eq!(training_says(Parity, |report| report.dev_backtest = None), "passed");
}

#[test]
fn the_honest_backtest_gate_names_the_first_thing_that_is_wrong() {
    let says = |change: fn(&mut BacktestSummary)| backtest_says(Honest, change);
    assert_eq!(says(|_| ()), "passed");
    assert_eq!(
        says(|s| s.evidence.leakage_proof = Some(false)),
        "leakage (decisions changed when the future was changed)"
    );
    assert_eq!(says(|s| s.metrics.total_trades = 12), "too_few_trades (12 < 30)");
    assert_eq!(says(|s| s.metrics.total_return_pct = Some(-0.012)), "no_net_profit (-1.20% <= 0%)");
    assert_eq!(says(|s| s.metrics.total_return_pct = Some(0.0)), "no_net_profit (0.00% <= 0%)");
    assert_eq!(says(|s| s.metrics.max_drawdown_pct = Some(0.45)), "drawdown_too_high (45.0% > 40%)");
    assert_eq!(
        says(|s| s.evidence.random_entries = ranked(0.2)),
        "within_null (p 0.200 > 0.05 of 1000 random entries)"
    );
    assert_eq!(
        says(|s| s.evidence.shifted_weeks = ranked(0.06)),
        "within_null (p 0.060 > 0.05 of 1000 shifts by weeks)"
    );
    assert_eq!(
        says(|s| s.evidence.shifted_weeks = None),
        "passed",
        "a window of few weeks has no shifts to beat"
    );
    assert_eq!(says(|s| s.evidence.deflated_sharpe = Some(0.412)), "deflated_sharpe_too_low (0.412 < 0.95)");
    let all_equal = says(|s| {
        s.metrics.total_trades = 30;
        s.metrics.max_drawdown_pct = Some(0.40);
        (s.evidence.shifted_weeks, s.evidence.random_entries) = (ranked(0.05), ranked(0.05));
        s.evidence.deflated_sharpe = Some(0.95);
    });
    assert_eq!(all_equal, "passed");
}

#[test]
fn what_is_no_result_passes_no_profile() {
    for profile in [Honest, Parity] {
        let remembered = backtest_says(profile, |s| {
            let learned = Learned { symbol: s.symbol.clone(), timeframe: s.timeframe, span: span() };
            s.in_sample = Some(InSample { learned, exam: span() });
        });
        assert!(remembered.starts_with("in_sample (the model learned from EURUSD 1h "), "{remembered}");
        let implausible = backtest_says(profile, |s| s.quarantine = vec!["Sharpe 18.18".into()]);
        assert_eq!(implausible, "implausible (Sharpe 18.18)");
    }
}

#[test]
fn the_honest_gates_fail_closed() {
    for missing in [None, Some(f64::NAN), Some(f64::INFINITY)] {
        assert_eq!(
            training_says(Honest, |r| r.test.loss = missing),
            "metric_missing (test_loss: no finite loss on the test rows)"
        );
        assert_eq!(
            training_says(Honest, |r| r.test.baseline_loss = missing),
            "metric_missing (baseline_loss: no finite loss of the baseline)"
        );
        let figures: [(&str, fn(&mut BacktestSummary, Option<f64>), &str); 3] = [
            ("total_return_pct", |s, v| s.metrics.total_return_pct = v, "undefined"),
            ("max_drawdown_pct", |s, v| s.metrics.max_drawdown_pct = v, "undefined"),
            ("deflated_sharpe", |s, v| s.evidence.deflated_sharpe = v, "fewer than two daily returns"),
        ];
        for (name, set, why) in figures {
            assert_eq!(backtest_says(Honest, |s| set(s, missing)), format!("metric_missing ({name}: {why})"));
        }
    }
    assert_eq!(
        backtest_says(Honest, |s| s.evidence.random_entries = None),
        "metric_missing (random_entries: undefined)"
    );
    for p in [f64::NAN, f64::INFINITY] {
        let said = backtest_says(Honest, |s| s.evidence.random_entries = ranked(p));
        assert_eq!(said, "metric_missing (null_p: not a number)");
    }
    assert_eq!(
        training_says(Honest, |r| r.test.answer_shares = [f64::NAN; 3]),
        "metric_missing (answer_shares: not a number)"
    );
}

#[test]
fn only_signals_may_come_without_a_leakage_proof() {
    let unproven = |s: &mut BacktestSummary| s.evidence.leakage_proof = None;
    assert_eq!(backtest_says(Honest, unproven), "metric_missing (leakage_proof: the model was not examined)");
    let signals = |s: &mut BacktestSummary| (s.evidence.leakage_proof, s.model) = (None, None);
    assert_eq!(backtest_says(Honest, signals), "passed");
}

#[test]
fn a_verdict_carries_its_code_apart_from_its_figures() {
    let mut report = trained();
    report.test.accuracy = Some(0.423);
    assert_eq!(
        policy(Parity).training(&report),
        GateVerdict::Failed { code: "accuracy_below_threshold".into(), figures: "42.30% < 45%".into() }
    );
}
