//! The audit log.

use std::time::Duration;

use ktrdr_fabric::audit::{Action, AuditEntry};
use ktrdr_fabric::store::StoreError;

use crate::world::World;

fn action(target: &str) -> Action {
    let [by, via, what, reason] =
        ["somebody", "api", "cancel_operation", "a line\nand \"another\""].map(str::to_owned);
    Action { by, via, what, target: target.to_owned(), reason }
}

async fn log(w: &World, before: Option<u64>, limit: u32) -> Vec<AuditEntry> {
    w.audit.audit(before, limit).await.unwrap()
}

pub(crate) async fn what_is_asked_for_is_numbered_and_comes_back_newest_first(w: World) {
    assert!(log(&w, None, 10).await.is_empty());
    assert_eq!(w.audit.note(&action("a")).await.unwrap(), 1);
    w.pass(Duration::from_millis(1234));
    assert_eq!(w.audit.note(&action("b")).await.unwrap(), 2);
    let entries = log(&w, None, 10).await;
    assert_eq!(entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), [2, 1]);
    assert_eq!((&entries[0].action, &entries[1].action), (&action("b"), &action("a")));
    assert_eq!(entries[0].at_ms - entries[1].at_ms, 1234);
    let long = Action { reason: "x".repeat(5000), ..action("c") };
    assert!(matches!(w.audit.note(&long).await, Err(StoreError::Invalid(_))));
}

pub(crate) async fn an_outcome_is_written_once(w: World) {
    let number = w.audit.note(&action("a")).await.unwrap();
    assert_eq!(log(&w, None, 1).await[0].outcome, None);
    w.audit.note_outcome(number, "200").await.unwrap();
    w.audit.note_outcome(number, "500").await.unwrap();
    w.audit.note_outcome(99, "200").await.unwrap();
    assert_eq!(log(&w, None, 10).await.len(), 1);
    assert_eq!(log(&w, None, 1).await[0].outcome.as_deref(), Some("200"));
}

pub(crate) async fn parts_of_the_log_follow_each_other(w: World) {
    for target in ["a", "b", "c", "d", "e"] {
        w.audit.note(&action(target)).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let part = log(&w, before, 2).await;
        let Some(last) = part.last() else { break };
        before = Some(last.number);
        seen.extend(part.iter().map(|entry| entry.number));
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
    assert!(matches!(w.audit.audit(None, 0).await, Err(StoreError::Invalid(_))));
}
