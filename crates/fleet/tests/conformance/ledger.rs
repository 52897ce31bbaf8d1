//! The ledger.

use ktrdr_domain::job::Origin;
use ktrdr_domain::lesson::{Lesson, Reached};
use ktrdr_domain::trial::Trial;
use ktrdr_domain::{Sha256, Span, Strategy, Timestamp, WindowKind};
use ktrdr_fabric::ledger::TrialCount;

use crate::world::{World, id};

const DAY: i64 = 86_400;

fn trial(name: &str, campaign: &str, days: std::ops::Range<i64>, sharpe_daily: Option<f64>) -> Trial {
    Trial {
        operation: id(name),
        campaign: campaign.parse().unwrap(),
        subject_sha256: Sha256::of(name.as_bytes()),
        subject: name.to_owned(),
        symbol: "EURUSD".parse().unwrap(),
        timeframe: "1h".parse().unwrap(),
        data_sha256: Sha256::of(b"EURUSD_1h.csv"),
        span: Span { start: Timestamp(days.start * DAY), end: Timestamp(days.end * DAY) },
        windows: vec![WindowKind::Gate],
        origin: Origin::Research,
        sharpe_daily,
        days: 250,
    }
}

fn lesson(name: &str, campaign: &str) -> Lesson {
    let strategy = include_str!("../../../../strategies/equity_swing.yaml");
    let strategy = Strategy::from_yaml(strategy).unwrap().strategy;
    Lesson {
        cycle: id(name),
        resumes: None,
        campaign: campaign.parse().unwrap(),
        index: 3,
        strategy_sha256: Sha256::of_json(&strategy).unwrap(),
        strategy,
        reached: Reached::Trained,
        stopped_by: Some("max_drawdown_above_threshold".into()),
        test: None,
        dev_backtest: None,
        known_until: Timestamp(1_700_000_000),
    }
}

pub(crate) async fn a_trial_counts_once_per_operation(w: World) {
    let first = trial("a", "fx", 0..10, Some(0.05));
    let counted = w.ledger.count(&first).await.unwrap();
    assert_eq!(counted, TrialCount { trials: 1, sharpes_daily: vec![0.05], looks_at_window: 1 });
    let second_attempt = Trial { sharpe_daily: Some(9.0), ..first.clone() };
    assert_eq!(w.ledger.count(&second_attempt).await.unwrap(), counted);
    assert_eq!(w.ledger.trials(None).await.unwrap(), [first], "the first count stands");
}

pub(crate) async fn trials_are_counted_per_campaign_and_looks_across_campaigns(w: World) {
    w.ledger.count(&trial("a", "fx", 0..10, Some(0.01))).await.unwrap();
    w.ledger.count(&trial("b", "other", 9..20, Some(0.02))).await.unwrap();
    w.ledger.count(&trial("c", "fx", 10..20, None)).await.unwrap();
    let other_file =
        Trial { data_sha256: Sha256::of(b"another file"), ..trial("d", "fx", 0..10, Some(0.03)) };
    assert_eq!(w.ledger.count(&other_file).await.unwrap().looks_at_window, 1);
    let counted = w.ledger.count(&trial("e", "fx", 9..10, Some(0.04))).await.unwrap();
    assert_eq!(counted.trials, 4);
    assert_eq!(
        counted.sharpes_daily,
        [0.01, 0.03, 0.04],
        "in the order of counting, without the undefined one"
    );
    assert_eq!(counted.looks_at_window, 3, "a, b and itself; c begins where this ends");
}

pub(crate) async fn a_replay_is_no_trial(w: World) {
    let first = w.ledger.count(&trial("a", "fx", 0..10, Some(0.01))).await.unwrap();
    let replay = Trial { origin: Origin::Replay, ..trial("b", "fx", 0..10, Some(0.01)) };
    assert_eq!(w.ledger.count(&replay).await.unwrap(), first);
    assert_eq!(w.ledger.trials(None).await.unwrap().len(), 2, "but it is on record");
}

pub(crate) async fn trials_come_back_oldest_first(w: World) {
    let trials =
        [trial("b", "fx", 0..1, None), trial("a", "other", 0..1, None), trial("c", "fx", 0..1, Some(-0.5))];
    for trial in &trials {
        w.ledger.count(trial).await.unwrap();
    }
    assert_eq!(w.ledger.trials(None).await.unwrap(), trials);
    let of_fx = w.ledger.trials(Some(&"fx".parse().unwrap())).await.unwrap();
    assert_eq!(of_fx, [trials[0].clone(), trials[2].clone()]);
}

pub(crate) async fn a_cycle_is_remembered_once(w: World) {
    let first = lesson("r1", "fx");
    w.ledger.remember(&first).await.unwrap();
    w.ledger.remember(&Lesson { reached: Reached::Examined, ..first.clone() }).await.unwrap();
    assert_eq!(w.ledger.lessons(None, 10).await.unwrap(), [first]);
}

pub(crate) async fn lessons_come_newest_first(w: World) {
    for (name, campaign) in [("r1", "fx"), ("r2", "other"), ("r3", "fx"), ("r4", "fx")] {
        w.ledger.remember(&lesson(name, campaign)).await.unwrap();
    }
    let cycles = |lessons: Vec<Lesson>| lessons.into_iter().map(|lesson| lesson.cycle).collect::<Vec<_>>();
    let of_fx = w.ledger.lessons(Some(&"fx".parse().unwrap()), 2).await.unwrap();
    assert_eq!(cycles(of_fx), [id("r4"), id("r3")]);
    assert_eq!(cycles(w.ledger.lessons(None, 3).await.unwrap()), [id("r4"), id("r3"), id("r2")]);
}

pub(crate) async fn every_trial_counts_however_many_there_are(w: World) {
    const TRIALS: u64 = 1_100;
    let counted: Vec<_> = (0..TRIALS)
        .map(|i| {
            let (ledger, trial) = (w.ledger.clone(), trial(&format!("t{i}"), "c", 0..10, Some(0.01)));
            tokio::spawn(async move { ledger.count(&trial).await.unwrap() })
        })
        .collect();
    for count in counted {
        count.await.unwrap();
    }
    let last = w.ledger.count(&trial("last", "c", 0..10, Some(0.01))).await.unwrap();
    assert_eq!(
        (last.trials, last.looks_at_window, last.sharpes_daily.len() as u64),
        (TRIALS + 1, TRIALS + 1, TRIALS + 1)
    );
    assert_eq!(w.ledger.trials(None).await.unwrap().len() as u64, TRIALS + 1);
}
