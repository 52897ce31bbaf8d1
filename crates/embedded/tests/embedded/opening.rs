//! Opening a workspace.

use std::fs;

use ktrdr_domain::Kind;
use ktrdr_embedded::{Engine, OpenError, Role, holder};
use ktrdr_fabric::history::Change;
use ktrdr_fabric::registry::WorkerRegistry;
use ktrdr_fabric::store::{OperationReader, Store};
use rusqlite::Connection;

use crate::{claim, client, id, leaf, runner};

fn refusal(folder: &std::path::Path, role: Role) -> OpenError {
    Engine::open(folder, role).err().expect("this must not open")
}

#[test]
fn a_second_runner_is_told_who_holds_the_workspace() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(holder(folder.path()), None);
    let first = runner(folder.path());
    let OpenError::Held { holder: who, .. } = refusal(folder.path(), Role::Runner) else { panic!("held") };
    assert_eq!(who.pid, Some(std::process::id()));
    assert!(who.since.as_deref().unwrap().ends_with('Z') && who.host.is_some(), "{who:?}");
    assert_eq!(holder(folder.path()), Some(who));
    drop(first);
    assert_eq!(holder(folder.path()), None, "the lock goes with its holder");
    runner(folder.path());
}

#[tokio::test]
async fn what_one_process_wrote_the_next_one_reads() {
    let folder = tempfile::tempdir().unwrap();
    let first = runner(folder.path());
    first.store.submit(leaf("a")).await.unwrap();
    drop(first);
    let second = client(folder.path());
    assert!(second.store.get(&id("a")).await.unwrap().is_some());
}

#[test]
fn a_file_of_someone_else_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ktrdr.db");
    fs::write(&path, "this is a diary, not a database, and it is long enough to be one: ".repeat(100))
        .unwrap();
    let before = fs::read(&path).unwrap();
    assert!(matches!(refusal(folder.path(), Role::Runner), OpenError::Foreign { .. }));
    assert_eq!(fs::read(&path).unwrap(), before);

    fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE diary (entry TEXT)").unwrap();
    assert!(matches!(refusal(folder.path(), Role::Client), OpenError::Foreign { .. }));
    let tables: i64 = Connection::open(&path)
        .unwrap()
        .query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))
        .unwrap();
    assert_eq!(tables, 1);
}

#[test]
fn a_file_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(client(folder.path()));
    let db = Connection::open(folder.path().join("ktrdr.db")).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let refused = refusal(folder.path(), Role::Runner);
    assert!(matches!(refused, OpenError::Newer { found: 99, .. }), "{refused}");
    assert!(refused.to_string().contains("newer"), "{refused}");
}

/// As the first version left it, before registry and histories were kept in the file.
fn first_version(folder: &std::path::Path) {
    let db = Connection::open(folder.join("ktrdr.db")).unwrap();
    db.execute_batch(include_str!("../../src/schema.sql")).unwrap();
    db.pragma_update(None, "application_id", 0x6b74_7264).unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
    db.execute_batch(
        "INSERT INTO lessons (cycle, campaign, lesson) VALUES ('op_a', 'c', '{}');
         INSERT INTO operations (id, kind, status, tries_max, priority, spec, created_at_ms, published_at_ms)
         VALUES ('op_a', 'probe', 'pending', 3, 4, '{}', 7, 7)",
    )
    .unwrap();
}

#[tokio::test]
async fn a_file_of_an_older_version_is_brought_up_to_this_one_with_all_that_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    first_version(folder.path());
    let client = client(folder.path());
    assert!(client.store.pause(Kind::Probe).await.unwrap());
    drop(client);
    let db = Connection::open(folder.path().join("ktrdr.db")).unwrap();
    let found: (i64, i64) = db
        .query_row("SELECT (SELECT count(*) FROM lessons), (SELECT count(*) FROM paused_kinds)", (), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(found, (1, 1));
    let engine = runner(folder.path());
    claim(engine.store.as_ref(), &id("a"), "worker-1").await;
    let history = engine.store.history(&id("a")).await.unwrap();
    let told: Vec<_> = history.iter().map(|entry| entry.what).collect();
    assert_eq!((told, history[0].at_ms), (vec![Change::Created, Change::PublishedAgain, Change::Claimed], 7));
}

#[test]
fn a_damaged_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(client(folder.path()));
    let path = folder.path().join("ktrdr.db");
    let mut bytes = fs::read(&path).unwrap();
    bytes[100..4096].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let refused = refusal(folder.path(), Role::Runner);
    assert!(matches!(refused, OpenError::Corrupt { .. }), "{refused}");
}

#[test]
fn a_folder_that_can_not_be_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = refusal(&file.join("workspace"), Role::Runner);
    assert!(refused.to_string().contains("workspace"), "{refused}");

    let blocked = folder.path().join("blocked");
    fs::create_dir_all(blocked.join("ktrdr.db")).unwrap();
    let refused = refusal(&blocked, Role::Client);
    assert!(matches!(refused, OpenError::Unwritable { .. }), "{refused}");
}

#[test]
fn two_processes_may_create_a_workspace_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        std::thread::spawn({
            let folder = folder.path().to_owned();
            move || drop(client(&folder))
        })
    };
    let opening: Vec<_> = (0..8).map(|_| open()).collect();
    opening.into_iter().for_each(|thread| thread.join().unwrap());
}
