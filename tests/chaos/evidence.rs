//! Gathers what the oracle looks at: rows, lists, marks, ledger, and what Redis' log holds.

use std::collections::BTreeMap;
use std::fs;

use ktrdr_domain::{Kind, Operation, OperationId, Status};
use ktrdr_fabric::ledger::LedgerReader;
use ktrdr_fabric::store::{Filter, OperationReader, Store};

use super::aof_log;
use super::arena::Arena;
use super::load::Answers;
use super::oracle::Evidence;
use super::plan::Plan;
use super::poison_messages::Foreign;

/// Rows in one part of a list.
const PAGE: u32 = 1000;

/// Everything there is to know once nothing moves any more.
pub(crate) async fn gather(
    arena: &Arena,
    plan: &Plan,
    cycles: Vec<OperationId>,
    answers: &Answers,
    foreign: Foreign,
    mut complaints: Vec<String>,
) -> Evidence {
    let (mut rows, mut listed) = (BTreeMap::new(), BTreeMap::<OperationId, Vec<Status>>::new());
    for status in Status::ALL {
        for row in everything(&arena.store, status).await {
            listed.entry(row.id.clone()).or_default().push(status);
            rows.insert(row.id.clone(), row);
        }
    }
    let mut histories = BTreeMap::new();
    for id in rows.keys() {
        histories.insert(id.clone(), arena.store.history(id).await.unwrap());
    }
    complaints.extend(answers.strange.clone());
    Evidence {
        jobs: plan.jobs.clone(),
        cycles,
        rows,
        listed,
        stories: aof_log::read(&arena.servers.redis_log(), &Arena::prefix()),
        histories,
        marks: marks(arena),
        cancels: answers.cancels.clone(),
        foreign,
        leftovers: leftovers(arena),
        trials: count(arena.store.trials(None).await.unwrap().into_iter().map(|trial| trial.look.operation)),
        lessons: count(arena.store.lessons(None, PAGE).await.unwrap().into_iter().map(|lesson| lesson.cycle)),
        complaints,
    }
}

async fn everything(store: &dyn Store, status: Status) -> Vec<Operation> {
    let mut rows: Vec<Operation> = Vec::new();
    loop {
        let filter =
            Filter { statuses: vec![status], offset: rows.len() as u64, limit: PAGE, ..Filter::default() };
        let page = store.list(&filter).await.unwrap();
        let is_last = page.operations.len() < PAGE as usize;
        let ids: Vec<OperationId> = page.operations.into_iter().map(|row| row.id).collect();
        rows.extend(store.get_all(&ids).await.unwrap());
        if is_last {
            return rows;
        }
    }
}

/// Attempts that came to their end, by operation: `probes/<operation>/<attempt>`.
fn marks(arena: &Arena) -> BTreeMap<OperationId, Vec<u64>> {
    let names = |folder: &std::path::Path| -> Vec<String> {
        let entries = fs::read_dir(folder).into_iter().flatten();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let folder = arena.workspace().join("probes");
    let of_operation = |name: String| {
        let attempts = names(&folder.join(&name));
        // What a killed process was writing has no number for a name.
        (name.parse().unwrap(), attempts.iter().filter_map(|attempt| attempt.parse().ok()).collect())
    };
    names(&folder).into_iter().map(of_operation).collect()
}

/// What must be empty.
pub(crate) fn leftovers(arena: &Arena) -> BTreeMap<&'static str, u64> {
    let size = |command: &str, key: &str| {
        let key = format!("{}{key}", Arena::prefix());
        arena.servers.redis_cli(&[command, &key]).parse::<u64>().unwrap()
    };
    let queues = ["leases", "delayed", "pending", "roots"].map(|key| (key, size("zcard", key)));
    let mut left: BTreeMap<_, _> = queues.into_iter().collect();
    left.insert("outbox", size("xlen", "outbox"));
    for hash in ["lanes", "paces"] {
        left.insert(hash, size("hlen", hash));
    }
    left.insert("queues of the broker", messages(arena));
    left
}

/// Messages of the fleet that the broker holds, delivered or not.
fn messages(arena: &Arena) -> u64 {
    let queues = arena.servers.queues("messages");
    queues.iter().filter(|(name, _)| *name != "ktrdr.dlq").map(|(_, count)| count).sum()
}

/// Consumers of each queue.
pub(crate) fn consumers(arena: &Arena) -> BTreeMap<String, u64> {
    arena.servers.queues("consumers")
}

/// Whether nothing is on its way.
pub(crate) fn is_empty(arena: &Arena) -> bool {
    leftovers(arena).values().all(|count| *count == 0)
}

fn count(ids: impl Iterator<Item = OperationId>) -> BTreeMap<OperationId, u32> {
    let mut counts = BTreeMap::new();
    ids.for_each(|id| *counts.entry(id).or_default() += 1);
    counts
}

/// Whether anything is pending or running.
pub(crate) async fn is_quiet(arena: &Arena) -> bool {
    let filter = Filter { kinds: vec![Kind::Probe], limit: 1, ..Filter::default() };
    arena.store.list(&filter).await.is_ok_and(|page| page.active == 0)
}
