//! However much is done, and whatever users call things: a process tells the same series.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ktrdr_domain::trace::Sample;
use ktrdr_domain::{FailureReason, Kind, OperationId, Priority, Timestamp};
use ktrdr_embedded::{Durability, Engine, Role, SqliteOptions};
use ktrdr_fabric::store::{Attempt, BootId, Claim, Finish, NewOperation, Store};
use ktrdr_telemetry::Telemetry;
use serde_json::json;

const OPERATIONS: u32 = 10_000;

/// Most series of a process.
const SERIES_MAX: usize = 400;

const LEASE: Duration = Duration::from_secs(60);

/// What users, files and models might call things, to add series of their own or to make figures of text.
fn hostile(n: u32) -> String {
    match n % 4 {
        0 => format!("S{n}"),
        1 => format!("\"}} 1\n# EOF\nktrdr_ops_total{{kind=\"canary{n}\"}} 1\n"),
        2 => format!("ключ\u{202e}{n}\\"),
        _ => "x".repeat(n as usize % 300),
    }
}

async fn claimed(store: &dyn Store, kind: Kind, n: u32) -> Attempt {
    let id = OperationId::new(kind, Timestamp(1_700_000_000), n);
    let spec = json!({ "strategy": hostile(n), "symbol": hostile(n), "market": { "symbol": hostile(n) } });
    let priority = Priority::default();
    let new = NewOperation { id: id.clone(), kind, spec, tries_max: 1, priority, idempotency_key: None };
    store.submit(new).await.unwrap();
    match store.claim(&id, &BootId(hostile(n)), LEASE).await.unwrap() {
        Claim::Run { attempt, .. } => attempt,
        other => panic!("not ours: {other:?}"),
    }
}

fn ends(n: u32) -> Finish {
    match n % 5 {
        0 => Finish::Completed(json!({ hostile(n): hostile(n), "bars": hostile(n) })),
        1 => Finish::Failed { reason: FailureReason::of(&hostile(n)), error: hostile(n), result: None },
        2 => Finish::Failed { reason: FailureReason::BadInput, error: hostile(n), result: None },
        3 => Finish::Retry { error: hostile(n), delay: Duration::ZERO },
        _ => Finish::Cancelled,
    }
}

/// Names with labels, without what stands behind them.
fn series(text: &str) -> BTreeSet<String> {
    let told = text.lines().filter(|line| !line.starts_with('#'));
    let name = |line: &str| match line.find("} ") {
        Some(end) => line[..=end].to_owned(),
        None => line.split(' ').next().unwrap().to_owned(),
    };
    told.map(name).collect()
}

#[tokio::test]
async fn ten_thousand_operations_of_any_name_make_no_more_series_than_a_hundred() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions { durability: Durability::ProcessOnly, ..SqliteOptions::default() };
    let engine = Engine::open_with(folder.path(), Role::Runner, options).unwrap();
    let telemetry = Telemetry::new("9.9.9", Sample::ALL);
    let store = telemetry.store(Arc::clone(&engine.store) as _);
    let kinds: Vec<Kind> = Kind::with_jobs().collect();
    let mut after_some = BTreeSet::new();
    for n in 1..=OPERATIONS {
        let attempt = claimed(&*store, kinds[n as usize % kinds.len()], n).await;
        store.finish(&attempt, ends(n)).await.unwrap();
        if n == 100 {
            after_some = series(&telemetry.expose());
        }
    }
    let text = telemetry.expose();
    let told = series(&text);
    let new: Vec<_> = told.difference(&after_some).collect();
    assert!(new.is_empty(), "{new:#?}");
    assert!(told.len() <= SERIES_MAX, "{} series", told.len());
    let count: u32 = (text.lines())
        .filter(|line| line.starts_with("ktrdr_submitted_total{"))
        .map(|line| line.rsplit_once(' ').unwrap().1.parse::<u32>().unwrap())
        .sum();
    assert_eq!(count, OPERATIONS);
    assert!(!text.contains("canary") && text.matches("# EOF").count() == 1, "a name was told as it is");
}
