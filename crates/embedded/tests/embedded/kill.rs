//! Kill -9: a process that submits, claims and finishes is killed in the middle of it. What it was told is done, is done.
//!
//! The victim is this test binary again. It says on its standard output what was acknowledged to it, one line each.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use ktrdr_domain::{Operation, OperationId, Status};
use ktrdr_fabric::broker::Message;
use ktrdr_fabric::store::{Filter, Finish, Finished, OperationReader, OutboxEntry, Store};
use serde_json::json;

use crate::{claim, leaf, runner};

const FOLDER: &str = "KTRDR_TEST_VICTIM_FOLDER";
const ROUND: &str = "KTRDR_TEST_VICTIM_ROUND";

/// Tasks of the victim that work at once, so that commits are shared.
const TASKS: u32 = 6;

/// After how many acknowledgements each victim is killed: enough for commits, checkpoints and, as it works on while it
/// is killed, whatever the moment brings. Counted, not timed: a busy machine gives a victim no less to do.
const LIVES: [usize; 10] = [1, 3, 7, 11, 19, 31, 61, 127, 251, 509];

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut told = Acknowledged::default();
    for (round, life) in LIVES.into_iter().enumerate() {
        let (mut victim, said) = start_victim(folder.path(), round);
        let mut lines = said.lines().map(Result::unwrap);
        let mut heard = 0;
        while heard < life {
            let line = lines.next().expect("a victim works until it is killed");
            heard += usize::from(told.hear(&line));
        }
        victim.kill().unwrap();
        victim.wait().unwrap();
        for line in lines {
            told.hear(&line);
        }
        tokio::runtime::Runtime::new().unwrap().block_on(examine(folder.path(), &told));
    }
    assert!(told.finished.len() > 20, "the victims did something: {}", told.finished.len());
}

fn start_victim(folder: &Path, round: usize) -> (Child, BufReader<ChildStdout>) {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["kill::the_victim", "--exact", "--ignored", "--nocapture", "--quiet"])
        .env(FOLDER, folder)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let said = BufReader::new(victim.stdout.take().unwrap());
    (victim, said)
}

/// What victims were told, by operation.
#[derive(Default)]
struct Acknowledged {
    submitted: HashSet<String>,
    /// Highest fence.
    claimed: HashMap<String, u64>,
    /// The fence that completed it.
    finished: HashMap<String, u64>,
}

impl Acknowledged {
    /// Whether this was an acknowledgement: a line cut off by the kill was not given to anyone, and others are the test
    /// runner's.
    fn hear(&mut self, line: &str) -> bool {
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["submitted", id, "."] => {
                self.submitted.insert((*id).to_owned());
            }
            ["claimed", id, fence, "."] => {
                self.claimed.insert((*id).to_owned(), fence.parse().unwrap());
            }
            ["finished", id, fence, "."] => {
                self.finished.insert((*id).to_owned(), fence.parse().unwrap());
            }
            _ => return false,
        }
        true
    }
}

/// Opens the workspace as the next runner does, and looks at everything.
async fn examine(folder: &Path, told: &Acknowledged) {
    let engine = runner(folder);
    let rows = all_rows(engine.store.as_ref()).await;
    let outbox = engine.store.outbox(None, u32::MAX).await.unwrap();
    for id in &told.submitted {
        assert!(rows.contains_key(id), "{id} was submitted and is gone");
    }
    for (id, fence) in &told.claimed {
        assert!(rows[id].fence >= *fence, "{id} forgot the claim {fence}: {:?}", rows[id]);
    }
    for (id, fence) in &told.finished {
        let row = &rows[id];
        assert_eq!((row.status, row.fence), (Status::Completed, *fence), "{id} forgot its end");
    }
    for row in rows.values() {
        examine_row(row, &outbox);
    }
    let sound: String = rusqlite::Connection::open(folder.join("ktrdr.db"))
        .unwrap()
        .query_row("PRAGMA integrity_check", (), |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
}

/// The invariants of one row. Nothing is relayed here, so that every message ever written is still there.
fn examine_row(row: &Operation, outbox: &[OutboxEntry]) {
    let id = &row.id;
    let jobs = outbox
        .iter()
        .filter(|e| matches!(&e.message, Message::Job { job, .. } if job.operation == *id))
        .count();
    let events =
        outbox.iter().filter(|e| matches!(&e.message, Message::Event(ev) if ev.operation == *id)).count();
    assert!(jobs >= 1, "I1: {id} has no message");
    assert_eq!(events, usize::from(row.status.is_terminal()), "I4: {row:?}");
    assert_ne!(row.status, Status::Running, "nobody is alive to run {id}");
    if row.status == Status::Completed {
        assert_eq!(row.result.as_ref().unwrap()["fence"], row.fence, "I5: {row:?}");
    }
}

async fn all_rows(store: &dyn Store) -> HashMap<String, Operation> {
    let mut rows = HashMap::new();
    loop {
        let filter = Filter { offset: rows.len() as u64, limit: 1000, ..Filter::default() };
        let page = store.list(&filter).await.unwrap();
        if page.operations.is_empty() {
            return rows;
        }
        let ids: Vec<OperationId> = page.operations.into_iter().map(|row| row.id).collect();
        rows.extend(ids.iter().map(ToString::to_string).zip(store.get_all(&ids).await.unwrap()));
    }
}

/// No test of its own: works until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started, and killed, by the test above"]
async fn the_victim() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let round = std::env::var(ROUND).unwrap();
    let store = runner(Path::new(&folder)).store;
    let tasks: Vec<_> =
        (0..TASKS).map(|task| tokio::spawn(work(store.clone(), format!("{round}_{task}")))).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

async fn work(store: std::sync::Arc<ktrdr_embedded::SqliteStore>, name: String) {
    for n in 0.. {
        let new = leaf(&format!("{name}_{n}"));
        let id = new.id.clone();
        store.submit(new).await.unwrap();
        say(&format!("submitted {id} ."));
        let attempt = claim(store.as_ref(), &id, &name).await;
        say(&format!("claimed {id} {} .", attempt.fence));
        if n % 5 == 4 {
            // Left running: the next runner has to bring it back.
            continue;
        }
        let result = json!({"fence": attempt.fence});
        let finished = store.finish(&attempt, Finish::Completed(result)).await.unwrap();
        assert_eq!(finished, Finished::Recorded(Status::Completed));
        say(&format!("finished {id} {} .", attempt.fence));
    }
}

/// One write per line: a line is whole or was not said.
fn say(line: &str) {
    std::io::stdout().lock().write_all(format!("{line}\n").as_bytes()).unwrap();
}
