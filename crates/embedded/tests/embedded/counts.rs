//! Counts of rows in a file that is older than they are.

use ktrdr_domain::{Kind, Status};
use ktrdr_fabric::store::{Filter, OperationReader, Store};
use rusqlite::Connection;

use crate::{client, id};

/// As the last version without counts left it.
fn version_seventeen(folder: &std::path::Path) {
    let db = Connection::open(folder.join("ktrdr.db")).unwrap();
    for step in [
        include_str!("../../src/schema.sql"),
        include_str!("../../src/registry.sql"),
        include_str!("../../src/history.sql"),
        include_str!("../../src/dead_letters.sql"),
        include_str!("../../src/queues.sql"),
        include_str!("../../src/losses.sql"),
        include_str!("../../src/campaigns.sql"),
        include_str!("../../src/durations.sql"),
        include_str!("../../src/epoch.sql"),
        include_str!("../../src/terms.sql"),
        include_str!("../../src/lanes.sql"),
        include_str!("../../src/looks.sql"),
        include_str!("../../src/closings.sql"),
        include_str!("../../src/budget.sql"),
        include_str!("../../src/concurrency.sql"),
        include_str!("../../src/deferrals.sql"),
        include_str!("../../src/access.sql"),
        r#"
        INSERT INTO operations (id, kind, status, tries_max, priority, spec, created_at_ms, published_at_ms, finished_at_ms, campaign, reason)
        VALUES
          ('op_a', 'probe', 'pending', 3, 4, '{}', 7, 7, NULL, NULL, NULL),
          ('op_b', 'probe', 'pending', 3, 4, '{}', 7, 7, NULL, NULL, NULL),
          ('op_c', 'training', 'failed', 3, 4, '{}', 7, NULL, 8, 'c', 'attempts_exhausted'),
          ('op_d', 'training', 'failed', 3, 4, '{}', 7, NULL, 8, 'c', 'error'),
          ('op_e', 'training', 'completed', 3, 4, '{}', 7, NULL, 8, 'c', NULL);
        INSERT OR IGNORE INTO dead_letters SELECT seq FROM operations WHERE reason = 'attempts_exhausted';
        "#,
    ] {
        db.execute_batch(step).unwrap();
    }
    db.pragma_update(None, "application_id", 0x6b74_7264).unwrap();
    db.pragma_update(None, "user_version", 17).unwrap();
}

#[tokio::test]
async fn the_rows_of_an_older_file_are_counted_once_and_go_on_being_counted() {
    let folder = tempfile::tempdir().unwrap();
    version_seventeen(folder.path());
    let store = client(folder.path()).store;
    let of = |statuses: &[Status], kinds: &[Kind]| Filter {
        statuses: statuses.to_vec(),
        kinds: kinds.to_vec(),
        limit: 1,
        ..Filter::default()
    };
    let campaign = Some("c".parse().unwrap());
    let everything = Filter { limit: 1, ..Filter::default() };
    for (filter, total) in [
        (everything.clone(), 5),
        (of(&[Status::Pending], &[]), 2),
        (of(&[Status::Failed], &[Kind::Training]), 2),
        (of(&[Status::Failed, Status::Completed], &[Kind::Probe, Kind::Training]), 3),
        (of(&[Status::Running], &[]), 0),
        (Filter { campaign: campaign.clone(), ..everything.clone() }, 3),
        (Filter { dead: true, ..everything.clone() }, 1),
        (Filter { dead: true, campaign, ..everything.clone() }, 1),
        (Filter { active: true, ..everything }, 2),
    ] {
        assert_eq!(store.list(&filter).await.unwrap().total, total, "{filter:?}");
    }
    store.cancel(&id("a"), "me", "").await.unwrap();
    store.dismiss(&id("c"), "me").await.unwrap();
    let dead = Filter { dead: true, ..of(&[], &[]) };
    for (filter, total) in
        [(of(&[Status::Pending], &[]), 1), (of(&[Status::Cancelled], &[Kind::Probe]), 1), (dead, 0)]
    {
        assert_eq!(store.list(&filter).await.unwrap().total, total, "{filter:?}");
    }
}
