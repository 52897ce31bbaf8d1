//! A long ledger is read part by part, and nothing of it is missed or doubled.

use ktrdr_domain::job::Origin;
use ktrdr_domain::trial::Trial;
use ktrdr_domain::{OperationId, Sha256, Span, Timestamp, WindowKind};
use ktrdr_fabric::ledger::{Ledger, LedgerReader};

use crate::server::RedisServer;
use crate::{id, store_at};

/// More than two parts of 500.
const TRIALS: i64 = 1201;

fn trial(n: i64) -> Trial {
    Trial {
        operation: id(&format!("trial_{n}")),
        campaign: "long".parse().unwrap(),
        subject_sha256: Sha256::of(b"subject"),
        subject: "subject".to_owned(),
        symbol: "EURUSD".parse().unwrap(),
        timeframe: "1h".parse().unwrap(),
        data_sha256: Sha256::of(b"EURUSD_1h.csv"),
        span: Span { start: Timestamp(n * 10), end: Timestamp(n * 10 + 15) },
        windows: vec![WindowKind::Gate],
        origin: Origin::Research,
        sharpe_daily: Some(0.1 / (n + 1) as f64),
        days: 250,
    }
}

#[tokio::test]
async fn every_trial_comes_back_once_and_in_order() {
    let server = RedisServer::start(&[]);
    let store = store_at(&server).await;
    let mut last = None;
    for n in 0..TRIALS {
        last = Some(store.count(&trial(n)).await.unwrap());
    }
    let counted = last.unwrap();
    assert_eq!((counted.trials, counted.looks_at_window), (1201, 2), "itself, and the one that overlaps it");
    let sharpes: Vec<f64> = (0..TRIALS).filter_map(|n| trial(n).sharpe_daily).collect();
    assert_eq!(counted.sharpes_daily, sharpes, "to the last bit");
    let names =
        |trials: Vec<Trial>| trials.into_iter().map(|trial| trial.operation).collect::<Vec<OperationId>>();
    let expected = names((0..TRIALS).map(trial).collect());
    assert_eq!(names(store.trials(None).await.unwrap()), expected);
    assert_eq!(names(store.trials(Some(&"long".parse().unwrap())).await.unwrap()), expected);
}
