//! A store that was emptied, deleted or exchanged is noticed by whoever meets it, and by whoever has it open.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::redis::Redis;
use crate::world::{Engine, Running, World, shown, wait_for};

/// The exit code of whoever meets another store than the workspace remembers.
const STORE_LOST: i32 = 6;

/// The exit code of research on a gate that can not be an exam any more.
const WINDOW_BURNT: i32 = 7;

const RESEARCH: [&str; 6] = ["research", "run", "-s", "EURUSD", "-t", "1h"];
const TRAIN_LONG: [&str; 4] = ["training", "run", "--strategy", "long"];

/// What every command says: the epoch that is missing, and the two ways on.
const WAYS_ON: [&str; 3] = ["remembers epoch", "Restore the backup", "ktrdr store new-epoch --reason"];

/// Both engines have worked here: bars, a training, and so rows.
fn worked(engine: Engine) -> World {
    let world = World::on(engine);
    prepare(&world);
    world
}

fn prepare(world: &World) {
    world.generate("EURUSD", "planted-edge", 6_000, 3);
    world.example_of_epochs("long", 10_000);
    let id = world.submit(&TRAIN_LONG).remove(0);
    world.json(&["operations", "cancel", &id]);
}

/// A world on the fleet whose Redis is its own.
fn world_with(redis: &Redis) -> World {
    let world = World::on(Engine::Fleet).with_setting("KTRDR_REDIS_URL", &redis.url());
    prepare(&world);
    world
}

/// Whoever looks, submits or runs is refused, and nothing is written.
fn everyone_is_refused(world: &World, roles: &[&[&str]]) {
    for arguments in [&["operations", "list"][..], &RESEARCH, &["health"]].iter().chain(roles) {
        world.refused_with(STORE_LOST, arguments, &WAYS_ON);
    }
}

/// Begins a new epoch, which is recorded, shown, and enough to go on.
fn begin_anew(world: &World) {
    world.refused_with(2, &["store", "new-epoch", "--reason", " "], &["--reason"]);
    let begun = world.json(&["store", "new-epoch", "--reason", "the disk died"]);
    let epochs = world.json(&["store", "epochs"])["epochs"].clone();
    assert_eq!(epochs.as_array().unwrap().len(), 2, "{epochs}");
    assert_eq!(epochs[1], begun);
    assert_eq!((&begun["reason"], &begun["before"]), (&json!("the disk died"), &epochs[0]["epoch"]));
    assert!(begun["by"].as_str().unwrap().contains('@') && begun["since"] != Value::Null, "{begun}");
    assert_eq!(world.operations(), [] as [Value; 0]);
    // Nobody knows how often the gate was looked at, and so no verdict on it could pay for its looks.
    world.refused_with(
        WINDOW_BURNT,
        &RESEARCH,
        &["window_burnt", "the disk died", "ktrdr data roll-windows EURUSD"],
    );
    assert_eq!(world.json(&["data", "windows", "EURUSD"])["burnt"], true);
    world.json(&["data", "roll-windows", "EURUSD", "--reason", "looks were lost", "--yes"]);
    world.submit(&RESEARCH);
    world.refused_with(4, &["store", "new-epoch", "--reason", "again"], &["nothing to begin anew"]);
    let doctor = world.run(&["doctor", "--output", "json"]);
    let checks: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let epoch = checks["checks"].as_array().unwrap().iter().find(|check| check["what"] == "epoch").unwrap();
    assert!(epoch["found"].as_str().unwrap().contains("the disk died"), "{epoch}");
}

/// Ends by itself, and says why.
fn ends_with(process: Running, words: &[&str]) -> String {
    let output = process.end();
    let said = shown(&output);
    assert_eq!(output.status.code(), Some(STORE_LOST), "{said}");
    words.iter().for_each(|word| assert!(said.contains(word), "{word:?} is not in {said}"));
    said
}

/// A training is under way.
fn training(world: &World) -> String {
    let id = world.submit(&TRAIN_LONG).remove(0);
    wait_for("the training", || (world.operation(&id)["status"] == "running").then_some(()));
    id
}

fn remove_database(folder: &Path) {
    for name in ["ktrdr.db", "ktrdr.db-wal", "ktrdr.db-shm"] {
        let _ = fs::remove_file(folder.join(name));
    }
}

#[test]
fn an_emptied_redis_is_not_filled_as_if_it_were_the_first_day() {
    let redis = Redis::start();
    let world = world_with(&redis);
    redis.ask(&["FLUSHALL"]);
    everyone_is_refused(&world, &[&["serve"], &["worker", "training"], &["up"]]);
    assert_eq!(redis.ask(&["DBSIZE"]), "0", "something was written");
    begin_anew(&world);
}

#[test]
fn a_deleted_database_is_not_made_anew_as_if_it_were_the_first_day() {
    let world = worked(Engine::Embedded);
    remove_database(world.folder());
    everyone_is_refused(&world, &[&["up", "--until-idle"]]);
    assert!(!world.path("ktrdr.db").exists(), "it was made anew");
    begin_anew(&world);
}

#[test]
fn a_database_cut_to_nothing_is_no_new_one_and_the_log_beside_it_stays() {
    let world = worked(Engine::Embedded);
    fs::write(world.path("ktrdr.db"), "").unwrap();
    fs::write(world.path("ktrdr.db-wal"), "perhaps the only copy").unwrap();
    everyone_is_refused(&world, &[&["up", "--until-idle"]]);
    assert_eq!(fs::read(world.path("ktrdr.db-wal")).unwrap(), b"perhaps the only copy");
    begin_anew(&world);
}

#[test]
fn another_store_is_refused_with_what_is_where() {
    let [here, there] = [Redis::start(), Redis::start()];
    let world = world_with(&here);
    let elsewhere = |name: &str, value: &str| {
        let mut list = world.command(&["operations", "list"]);
        let output = list.env(name, value).output().unwrap();
        assert_eq!(output.status.code(), Some(STORE_LOST), "{}", shown(&output));
        shown(&output)
    };
    assert!(elsewhere("KTRDR_PREFIX", "another").contains("is empty"));
    there.ask(&["SET", &format!("{{{}}}:epoch", prefix(&world)), "of-another-fleet"]);
    let said = elsewhere("KTRDR_REDIS_URL", &there.url());
    let places = [there.url().trim_start_matches("unix://").to_owned(), "epoch of-another-fleet".to_owned()];
    places
        .iter()
        .chain([&world.folder().display().to_string()])
        .for_each(|w| assert!(said.contains(w), "{said}"));

    // The same embedded: the database of another workspace.
    let [mine, other] = [worked(Engine::Embedded), worked(Engine::Embedded)];
    remove_database(mine.folder());
    fs::copy(other.path("ktrdr.db"), mine.path("ktrdr.db")).unwrap();
    let before = fs::read(mine.path("ktrdr.db")).unwrap();
    mine.refused_with(STORE_LOST, &["operations", "list"], &["holds another store"]);
    assert_eq!(fs::read(mine.path("ktrdr.db")).unwrap(), before);
}

fn prefix(world: &World) -> String {
    let shown = world.json(&["config", "show"]);
    shown.to_string().split("test-").nth(1).map(|rest| format!("test-{}", &rest[..16])).unwrap()
}

#[test]
fn a_shared_folder_of_another_fleet_is_refused() {
    let redis = Redis::start();
    let world = world_with(&redis);
    let others = worked(Engine::Fleet);
    let mut list = world.command(&["operations", "list"]);
    let url = format!("file://{}", others.folder().display());
    let output = list.env("KTRDR_ARTIFACTS_URL", url).output().unwrap();
    assert_eq!(output.status.code(), Some(STORE_LOST), "{}", shown(&output));
    assert!(shown(&output).contains("holds another store"), "{}", shown(&output));
}

#[test]
fn a_workspace_from_before_epochs_were_remembered_adopts_its_store() {
    for engine in [Engine::Embedded, Engine::Fleet] {
        let world = worked(engine);
        fs::remove_dir_all(world.path("epochs")).unwrap();
        assert_eq!(world.operations().len(), 1);
        let epochs = world.json(&["store", "epochs"])["epochs"].clone();
        assert_eq!((epochs.as_array().unwrap().len(), &epochs[0]["reason"]), (1, &Value::Null));
    }
}

#[test]
fn a_database_deleted_under_a_running_engine_is_noticed_and_what_it_held_is_saved() {
    let world = worked(Engine::Embedded);
    let engine = world.up(&[]);
    let id = training(&world);
    remove_database(world.folder());
    ends_with(engine, &["deleted", "ktrdr.db.rescued-"]);
    let is_saved = |name: &String| name.starts_with("ktrdr.db.rescued-");
    let saved = world.files().into_iter().find(is_saved).unwrap();
    fs::rename(world.path(&saved), world.path("ktrdr.db")).unwrap();
    let row = world.operation(&id);
    assert_eq!((row["status"].as_str(), row["tries"].as_u64()), (Some("pending"), Some(0)), "{row}");
}

#[test]
fn a_database_exchanged_under_a_running_engine_is_noticed() {
    let world = worked(Engine::Embedded);
    let copy = world.path("copy");
    let engine = world.up(&[]);
    training(&world);
    fs::copy(world.path("ktrdr.db"), &copy).unwrap();
    fs::rename(&copy, world.path("ktrdr.db")).unwrap();
    ends_with(engine, &["ktrdr.db was replaced", "ktrdr.db.rescued-"]);
}

#[test]
fn a_workspace_deleted_under_a_running_engine_is_noticed() {
    for engine in [Engine::Embedded, Engine::Fleet] {
        let world = worked(engine);
        let running = world.up(&[]);
        training(&world);
        fs::remove_dir_all(world.folder()).unwrap();
        ends_with(running, &[world.folder().to_str().unwrap(), "was deleted or moved"]);
        assert!(!world.folder().exists(), "it was made anew");
        fs::create_dir(world.folder()).unwrap();
    }
}

#[test]
fn a_redis_emptied_under_running_roles_is_noticed_by_all_of_them_and_by_who_waits() {
    let redis = Redis::start();
    let world = world_with(&redis);
    let roles: Vec<Running> =
        [&["serve"][..], &["orchestrator"], &["worker", "training"]].map(|r| world.start(r)).into();
    let id = training(&world);
    let watching = world.start(&["operations", "watch", &id]);
    wait_for("the roles", || {
        (world.json(&["workers", "list"])["workers"].as_array().unwrap().len() == 3).then_some(())
    });
    redis.ask(&["FLUSHALL"]);
    // Whoever waits may have been about to open it just then.
    ends_with(watching, &["ktrdr store new-epoch"]);
    for process in roles {
        ends_with(
            process,
            &["not the one that was opened", "restore its backup first", "ktrdr store new-epoch"],
        );
    }
    assert_eq!(redis.ask(&["DBSIZE"]), "0", "something was written");
}

#[test]
fn what_stands_in_the_place_of_the_memory_lets_nobody_begin_a_store_beside_it() {
    let world = worked(Engine::Embedded);
    let (memory, aside) = (world.path("epochs"), world.path("aside"));
    fs::rename(&memory, &aside).unwrap();
    remove_database(world.folder());
    let everybody_is_told = |words: &str| {
        for command in [&RESEARCH[..], &["operations", "list"], &["up", "--until-idle"]] {
            world.refused_with(STORE_LOST, command, &[memory.to_str().unwrap(), words, "restore"]);
        }
        assert!(!world.path("ktrdr.db").exists(), "a store was begun");
    };
    fs::write(&memory, "").unwrap();
    everybody_is_told("is a file where a folder belongs");
    fs::remove_file(&memory).unwrap();
    std::os::unix::fs::symlink("/nowhere/epochs", &memory).unwrap();
    everybody_is_told("is a link that leads nowhere");
    fs::remove_file(&memory).unwrap();
    fs::rename(&aside, &memory).unwrap();
    everyone_is_refused(&world, &[]);
}

#[test]
fn a_damaged_memory_lets_nobody_begin_a_store_beside_it_and_is_superseded_on_a_persons_word() {
    let world = worked(Engine::Embedded);
    world.write("epochs/embedded/0001.json", "");
    fs::remove_file(world.path("ktrdr.db")).unwrap();
    for command in [&RESEARCH[..], &["operations", "list"], &["up", "--until-idle"]] {
        world.refused_with(
            STORE_LOST,
            command,
            &["is not the record of an epoch", "store new-epoch --reason"],
        );
    }
    assert!(!world.path("ktrdr.db").exists(), "a store was begun");
    world.json(&["store", "new-epoch", "--reason", "the disk was damaged"]);
    world.submit(&RESEARCH);
}
