//! A full disk, played by a database that may not grow: what does not fit is refused, and nothing else suffers.

use ktrdr_embedded::{Engine, Role, SqliteOptions};
use ktrdr_fabric::store::{Finish, NewOperation, OperationReader, Store, StoreError, Submitted};
use serde_json::json;

use crate::{claim, id, leaf, runner};

fn large(name: &str) -> NewOperation {
    NewOperation { spec: json!("x".repeat(60_000)), ..leaf(name) }
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_what_was_there_stays() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions { bytes_max: 400_000, ..SqliteOptions::default() };
    let engine = Engine::open_with(folder.path(), Role::Runner, options).unwrap();
    engine.store.submit(leaf("small")).await.unwrap();
    let refused = loop {
        let rows = engine.store.outbox(None, 1000).await.unwrap().len();
        match engine.store.submit(large(&format!("large_{rows}"))).await {
            Ok(submitted) => assert_eq!(submitted, Submitted::Created),
            Err(refused) => break refused,
        }
    };
    assert!(matches!(&refused, StoreError::Full(why) if why.contains("no room")), "{refused}");
    let rows = engine.store.outbox(None, 1000).await.unwrap();
    assert!(
        engine.store.get(&id(&format!("large_{}", rows.len()))).await.unwrap().is_none(),
        "not half written"
    );

    let attempt = claim(engine.store.as_ref(), &id("small"), "worker-1").await;
    engine.store.finish(&attempt, Finish::Completed(json!({}))).await.unwrap();
    drop(engine);
    let again = runner(folder.path());
    assert_eq!(again.store.submit(large("later")).await.unwrap(), Submitted::Created, "once there is room");
}

#[tokio::test]
async fn one_command_that_does_not_fit_fails_alone() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions { bytes_max: 400_000, ..SqliteOptions::default() };
    let engine = Engine::open_with(folder.path(), Role::Runner, options).unwrap();
    let submits: Vec<_> = (0..40)
        .map(|n| {
            let new = if n % 2 == 0 { large(&format!("large_{n}")) } else { leaf(&format!("small_{n}")) };
            let store = engine.store.clone();
            tokio::spawn(async move { (new.id.clone(), store.submit(new).await) })
        })
        .collect();
    let mut refused = 0;
    for submit in submits {
        let (id, answer) = submit.await.unwrap();
        let exists = engine.store.get(&id).await.unwrap().is_some();
        assert_eq!(answer.is_ok(), exists, "{id} was answered {answer:?}");
        refused += usize::from(answer.is_err());
    }
    assert!(refused > 0, "the database was never full");
}
