//! A long ledger is read part by part, and nothing of it is missed or doubled; one that older programs began is gone on with.

use ktrdr_domain::job::Origin;
use ktrdr_domain::trial::{Conclusion, Look, Trial};
use ktrdr_domain::{OperationId, Sha256, Span, Timestamp, WindowKind};
use ktrdr_fabric::ledger::{Ledger, LedgerReader};

use crate::server::RedisServer;
use crate::{id, store_at};

/// More than two parts of 500.
const LOOKS: i64 = 1201;

fn look(n: i64) -> Look {
    Look {
        operation: id(&format!("look_{n}")),
        campaign: "long".parse().unwrap(),
        subject_sha256: Sha256::of(b"subject"),
        content_sha256: None,
        subject: "subject".to_owned(),
        symbol: "EURUSD".parse().unwrap(),
        timeframe: "1h".parse().unwrap(),
        data_sha256: Sha256::of(b"EURUSD_1h.csv"),
        span: span(n * 10, n * 10 + 15),
        windows: vec![WindowKind::Gate],
        origin: Origin::Research,
        author: None,
    }
}

fn span(start: i64, end: i64) -> Span {
    Span { start: Timestamp(start), end: Timestamp(end) }
}

fn showed(n: i64) -> Conclusion {
    Conclusion {
        sharpe_daily: Some(0.1 / (n + 1) as f64),
        days: 250,
        apart: None,
        positions: None,
        correlated: vec![],
    }
}

fn names(trials: Vec<Trial>) -> Vec<OperationId> {
    trials.into_iter().map(|trial| trial.look.operation).collect()
}

#[tokio::test]
async fn every_look_comes_back_once_and_in_order() {
    let server = RedisServer::start(&[]);
    let store = store_at(&server).await;
    for n in 0..LOOKS {
        store.begin(&look(n)).await.unwrap();
        store.conclude(&look(n).operation, &showed(n)).await.unwrap();
    }
    let symbol = "EURUSD".parse().unwrap();
    let last = store.looks(&symbol, look(LOOKS - 1).span).await.unwrap();
    assert_eq!(last.len(), 2, "itself, and the one that overlaps it");
    let all = store.looks(&symbol, span(0, i64::MAX / 2)).await.unwrap();
    let sharpes: Vec<f64> = all.iter().filter_map(Trial::sharpe_daily).collect();
    let expected: Vec<f64> = (0..LOOKS).filter_map(|n| showed(n).sharpe_daily).collect();
    assert_eq!(sharpes, expected, "to the last bit");
    let expected: Vec<OperationId> = (0..LOOKS).map(|n| look(n).operation).collect();
    assert_eq!(names(all), expected);
    assert_eq!(names(store.trials(None).await.unwrap()), expected);
    assert_eq!(names(store.trials(Some(&"long".parse().unwrap())).await.unwrap()), expected);
}

#[tokio::test]
async fn looks_that_an_older_program_counted_by_file_are_looks_at_their_instrument() {
    let server = RedisServer::start(&[]);
    let store = store_at(&server).await;
    let prefix = ktrdr_fleet::redis::RedisOptions::new(server.url().parse().unwrap()).prefix;
    let key = |name: &str| format!("{}{name}", prefix.as_str());
    for (n, origin) in [(0, Origin::Research), (1, Origin::Replay)] {
        let earlier = Trial { look: Look { origin, ..look(n) }, conclusion: Some(showed(n)) };
        let (name, text) = (earlier.look.operation.to_string(), serde_json::to_string(&earlier).unwrap());
        let mut admin = server.admin();
        redis::pipe()
            .hset(key("trials"), &name, text)
            .rpush(key("trials:all"), &name)
            .rpush(key("trials:of:long"), &name)
            .exec(&mut admin)
            .unwrap();
    }
    store.begin(&Look { span: span(0, 50), ..look(2) }).await.unwrap();
    let looks = store.looks(&"EURUSD".parse().unwrap(), span(0, 15)).await.unwrap();
    let found: Vec<_> = looks.iter().map(Trial::sharpe_daily).collect();
    assert_eq!(found, [showed(0).sharpe_daily, None], "the replay is none, the new one showed nothing yet");
    assert_eq!(store.trials(None).await.unwrap().len(), 3);
}
