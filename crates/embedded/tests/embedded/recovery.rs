//! What a runner finds when it starts, and what it makes of it.

use ktrdr_domain::{Kind, OperationId, Phase, Status};
use ktrdr_fabric::broker::Message;
use ktrdr_fabric::store::{Advance, AdvanceTo, Finish, OperationReader, Pace, Store};
use rusqlite::Connection;
use serde_json::json;
use std::path::Path;

use crate::rows::{claim, id, leaf, relay, root};
use crate::runner;

fn jobs(messages: &[Message]) -> Vec<OperationId> {
    let jobs = messages.iter().filter_map(|message| match message {
        Message::Job { job, .. } => Some(job.operation.clone()),
        Message::Event(_) => None,
    });
    jobs.collect()
}

#[tokio::test]
async fn leases_of_the_dead_lapse_at_once_and_lost_messages_are_published_again() {
    let folder = tempfile::tempdir().unwrap();
    let first = runner(folder.path());
    for name in ["running", "pending", "done"] {
        first.store.submit(leaf(name)).await.unwrap();
    }
    claim(first.store.as_ref(), &id("running"), "dead-worker").await;
    let done = claim(first.store.as_ref(), &id("done"), "dead-worker").await;
    first.store.finish(&done, Finish::Completed(json!({}))).await.unwrap();
    relay(first.store.as_ref()).await;
    drop(first);

    let second = runner(folder.path());
    let rescued = second.store.get(&id("running")).await.unwrap().unwrap();
    assert_eq!((rescued.status, rescued.rescues, rescued.tries), (Status::Pending, 1, 0));
    assert!(rescued.summary.error.unwrap().contains("dead-worker"));
    let mut again = jobs(&relay(second.store.as_ref()).await);
    again.sort();
    assert_eq!(again, [id("pending"), id("running")]);
}

#[tokio::test]
async fn a_client_that_opens_leaves_the_leases_of_the_living_alone() {
    let folder = tempfile::tempdir().unwrap();
    let runner = runner(folder.path());
    runner.store.submit(leaf("a")).await.unwrap();
    claim(runner.store.as_ref(), &id("a"), "worker-1").await;
    drop(crate::client(folder.path()));
    assert_eq!(runner.store.get(&id("a")).await.unwrap().unwrap().status, Status::Running);
}

#[tokio::test]
async fn an_event_that_was_lost_is_announced_again() {
    let folder = tempfile::tempdir().unwrap();
    let first = runner(folder.path());
    first.store.submit_roots(vec![root("r", Phase::Designing)], Pace::free(1)).await.unwrap();
    let design = id("r").child(Kind::AgentDesign, 1);
    let attempt = claim(first.store.as_ref(), &design, "worker-1").await;
    first.store.finish(&attempt, Finish::Completed(json!({}))).await.unwrap();
    relay(first.store.as_ref()).await;
    drop(first);
    let second = runner(folder.path());
    let messages = relay(second.store.as_ref()).await;
    assert!(
        matches!(messages.as_slice(), [Message::Event(event)] if event.operation == design && event.again),
        "{messages:?}"
    );
}

/// No call of the store can stall a lane; an older version, or a hand in the file, could have.
fn stall(folder: &Path) {
    let db = Connection::open(folder.join("ktrdr.db")).unwrap();
    db.execute_batch(
        "UPDATE operations SET status = 'failed', finished_at_ms = 1, waiting = NULL WHERE id = 'op_r1';
         UPDATE operations SET status = 'failed', finished_at_ms = 1, published_at_ms = NULL WHERE root = 'op_r1';",
    )
    .unwrap();
}

#[tokio::test]
async fn a_stalled_lane_is_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let first = runner(folder.path());
    first
        .store
        .submit_roots(
            vec![root("r1", Phase::Designing), root("r2", Phase::Designing), root("r3", Phase::Designing)],
            Pace::free(1),
        )
        .await
        .unwrap();
    drop(first);
    stall(folder.path());
    let second = runner(folder.path());
    let status = async |name: &str| second.store.get(&id(name)).await.unwrap().unwrap().status;
    assert_eq!((status("r2").await, status("r3").await), (Status::Running, Status::Pending));
}

#[tokio::test]
async fn a_child_whose_id_is_taken_is_refused_and_nothing_moves() {
    let folder = tempfile::tempdir().unwrap();
    let engine = runner(folder.path());
    engine.store.submit_roots(vec![root("r", Phase::Designing)], Pace::free(1)).await.unwrap();
    let design = id("r").child(Kind::AgentDesign, 1);
    let attempt = claim(engine.store.as_ref(), &design, "worker-1").await;
    engine.store.finish(&attempt, Finish::Completed(json!({}))).await.unwrap();
    let to = AdvanceTo::Phase { phase: Phase::Training, child: root("r", Phase::Designing).first };
    let step = Advance { root: id("r"), finished: design, expected_phase: Phase::Designing, to };
    assert!(engine.store.advance(step).await.is_err());
    let row = engine.store.get(&id("r")).await.unwrap().unwrap();
    assert_eq!((row.status, row.phase), (Status::Running, Some(Phase::Designing)));
}
