//! Campaigns in a file that is older than they are.

use ktrdr_domain::{FailureReason, Phase, Status};
use ktrdr_fabric::campaign::{Campaigns, Outcome};
use ktrdr_fabric::store::{Filter, OperationReader, Store};
use rusqlite::Connection;

use crate::{client, id};

/// As the last version without campaigns left it: six cycles in two lanes, with their children.
fn version_five(folder: &std::path::Path) {
    let db = Connection::open(folder.join("ktrdr.db")).unwrap();
    for step in [
        include_str!("../../src/schema.sql"),
        include_str!("../../src/registry.sql"),
        include_str!("../../src/history.sql"),
        include_str!("../../src/dead_letters.sql"),
        include_str!("../../src/queues.sql"),
        r#"
        INSERT INTO operations (id, kind, status, tries_max, priority, spec, phase, lane, created_at_ms, finished_at_ms, reason, error, waiting)
        VALUES
          ('op_r1', 'agent_research', 'completed', 0, 4, '{"campaign":"c"}', 'assessing', 1, 7, 8, NULL, NULL, NULL),
          ('op_r2', 'agent_research', 'failed', 0, 4, '{"campaign":"c"}', 'training', 1, 7, 8, 'gate', 'Training gate failed: no_skill (1.2 >= 1.1)', NULL),
          ('op_r3', 'agent_research', 'failed', 0, 4, '{"campaign":"c"}', 'designing', 1, 7, 8, 'attempts_exhausted', 'Design failed', NULL),
          ('op_r4', 'agent_research', 'running', 0, 4, '{"campaign":"c"}', 'designing', 1, 7, NULL, NULL, NULL, 'op_r4.agent_design.1'),
          ('op_r5', 'agent_research', 'pending', 0, 4, '{"campaign":"c"}', 'designing', 1, 7, NULL, NULL, NULL, NULL),
          ('op_r6', 'agent_research', 'cancelled', 0, 4, '{"campaign":"earlier"}', 'designing', 6, 5, 8, NULL, NULL, NULL);
        INSERT INTO operations (id, kind, status, tries_max, priority, spec, root, created_at_ms, published_at_ms)
        VALUES ('op_r4.agent_design.1', 'agent_design', 'pending', 3, 4, '{}', 'op_r4', 7, 7);
        INSERT INTO operations (id, kind, status, tries_max, priority, spec, created_at_ms, published_at_ms)
        VALUES ('op_a', 'probe', 'pending', 3, 4, '{}', 7, 7);
        "#,
    ] {
        db.execute_batch(step).unwrap();
    }
    db.pragma_update(None, "application_id", 0x6b74_7264).unwrap();
    db.pragma_update(None, "user_version", 5).unwrap();
}

fn fate(status: Status, failed: Option<(Phase, FailureReason, &str)>) -> Outcome {
    let (phase, reason, stopped_by) = failed.map_or((None, None, None), |(phase, reason, stopped_by)| {
        (Some(phase), Some(reason), Some(stopped_by.to_owned()))
    });
    Outcome { status, phase, reason, stopped_by, cycles: 1 }
}

#[tokio::test]
async fn the_cycles_of_an_older_file_are_listed_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    version_five(folder.path());
    let store = client(folder.path()).store;
    let campaign = store.campaign(&"c".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((campaign.cycles, campaign.begun_at_ms), (5, 7));
    let expected = [
        fate(Status::Pending, None),
        fate(Status::Running, None),
        fate(Status::Completed, None),
        fate(
            Status::Failed,
            Some((Phase::Designing, FailureReason::AttemptsExhausted, "attempts_exhausted")),
        ),
        fate(Status::Failed, Some((Phase::Training, FailureReason::Gate, "no_skill"))),
    ];
    assert_eq!(campaign.outcomes, expected);
    let of_it = Filter { campaign: Some("c".parse().unwrap()), limit: 100, ..Filter::default() };
    assert_eq!(store.list(&of_it).await.unwrap().total, 6, "five cycles and the design of one");
    assert_eq!(store.campaigns(None, 10).await.unwrap().total, 2);
    // And they go on being counted.
    store.cancel(&id("r5"), "me", "").await.unwrap();
    let campaign = store.campaign(&"c".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((campaign.with_status(Status::Pending), campaign.with_status(Status::Cancelled)), (0, 1));
}
