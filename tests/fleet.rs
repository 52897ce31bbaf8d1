//! The fleet as its operator sees it: one process per role, started, watched, paused, drained and lost.

use ktrdr_fabric::losses::LOSSES_PER_TRY;
use lapin::options::QueueBindOptions;
use lapin::types::FieldTable;
use serde_json::Value;

use crate::world::{Engine, Running, World, shown, wait_for};

/// A world on the fleet with bars and a strategy whose training takes minutes.
fn world() -> World {
    let world = World::on(Engine::Fleet);
    world.generate("EURUSD", "planted-edge", 20_000, 3);
    world.example("fx_pullback");
    world.example_of_epochs("long", 10_000);
    world
}

/// A worker process, once it was heard of.
fn worker(world: &World, kind: &str) -> Running {
    let process = world.start(&["worker", kind, "--slots", "1"]);
    wait_for("the worker", || boot(world, &process));
    process
}

/// A process's boot id, while it is listed.
fn boot(world: &World, process: &Running) -> Option<String> {
    let workers = world.json(&["workers", "list"])["workers"].clone();
    let boots = workers.as_array().unwrap().iter().map(|w| w["boot"].as_str().unwrap().to_owned());
    boots.into_iter().find(|boot| boot.contains(&format!("-{}-", process.pid())))
}

fn is_running(world: &World, id: &str) -> Option<()> {
    (world.operation(id)["status"] == "running").then_some(())
}

fn ended(world: &World, id: &str) -> Value {
    wait_for("the end", || Some(world.operation(id)).filter(|row| !row["finished_at"].is_null()))
}

fn queue(world: &World, kind: &str) -> Value {
    let queues = world.json(&["queues", "list"])["queues"].clone();
    queues.as_array().unwrap().iter().find(|q| q["type"] == kind).unwrap().clone()
}

/// Trainings that ask for these devices.
fn trainings_on(world: &World, devices: [&str; 3]) -> [String; 3] {
    devices.map(|device| world.submit(&[&TRAIN_SHORT[..], &["--device", device]].concat()).remove(0))
}

const TRAIN_LONG: [&str; 4] = ["training", "run", "--strategy", "long"];
const TRAIN_SHORT: [&str; 4] = ["training", "run", "--strategy", "fx_pullback"];

#[test]
fn cycles_go_through_processes_of_one_role_each() {
    let world = world();
    let roles = [vec!["serve"], vec!["orchestrator"], vec!["worker", "design"], vec!["worker", "assessment"]];
    let _roles: Vec<Running> = roles.iter().map(|role| world.start(role)).collect();
    let _workers = [worker(&world, "training"), worker(&world, "backtesting")];
    let run = ["research", "run", "-s", "EURUSD", "-t", "1h", "--cycles", "3", "--wait"];
    let cycles = world.json(&run)["cycles"].clone();
    for cycle in cycles.as_array().unwrap() {
        assert!(cycle["status"] == "completed" || cycle["reason"] == "gate", "{cycle}");
    }
    assert_eq!(cycles.as_array().unwrap().len(), 3);
    assert_eq!(world.operations().iter().filter(|o| o["finished_at"].is_null()).count(), 0);
}

#[test]
fn a_role_whose_queues_are_missing_does_not_start_and_says_which_command_makes_them() {
    let world = World::on_bare_fleet();
    for role in [&["serve"][..], &["orchestrator"], &["worker", "training"]] {
        world.refused_with(7, role, &["ktrdr topology apply"]);
    }
    let doctor = world.run(&["doctor", "--output", "json"]);
    assert_eq!(doctor.status.code(), Some(1), "{}", shown(&doctor));
    assert!(world.json(&["topology", "apply"])["done"].as_array().unwrap().len() > 10);
    assert_eq!(world.json(&["topology", "diff"])["differences"], serde_json::json!([]));
    assert!(world.run(&["doctor"]).status.success());
}

/// Binds a queue of the fleet to what it should not get, as a person might by hand.
fn bind_by_hand(world: &World) {
    world.at_the_broker(async |channel| {
        let (queue, exchange, key) = ("ktrdr.jobs.training".into(), "ktrdr.events".into(), "op.#".into());
        let (options, arguments) = (QueueBindOptions::default(), FieldTable::default());
        channel.queue_bind(queue, exchange, key, options, arguments).await.unwrap();
    });
}

#[test]
fn foreign_bindings_are_left_alone_with_the_command_that_removes_them() {
    let world = World::on_bare_fleet();
    world.json(&["topology", "apply"]);
    bind_by_hand(&world);
    let binding = "binding of ktrdr.jobs.training to ktrdr.events with \"op.#\"";
    let left = world.run(&["topology", "apply"]);
    let said = shown(&left);
    assert!(left.status.success() && said.contains(&format!("left alone: {binding}")), "{said}");
    assert!(said.contains("--remove-foreign-bindings"), "{said}");
    let removed = world.json(&["topology", "apply", "--remove-foreign-bindings"]);
    let done = removed["done"].as_array().unwrap();
    assert!(done.contains(&format!("removed {binding}").into()), "{removed}");
    assert_eq!((&removed["foreign"], &removed["to_allow"]), (&serde_json::json!([]), &Value::Null));
    assert_eq!(world.json(&["topology", "diff"])["differences"], serde_json::json!([]));
}

#[test]
fn a_virtual_host_of_another_fleet_is_refused_by_its_roles_and_by_apply() {
    let world = world();
    // Another workspace, another prefix, the same virtual host.
    let theirs = World::on_bare_fleet().on_the_broker_of(&world);
    for role in [&["serve"][..], &["worker", "training"], &["up"], &["topology", "apply"]] {
        theirs.refused_with(7, role, &["KTRDR_PREFIX", "virtual host for each"]);
    }
    let doctor = shown(&theirs.run(&["doctor"]));
    assert!(doctor.contains("belongs to") && doctor.contains("NOT sound"), "{doctor}");
}

#[test]
fn a_file_of_passwords_with_an_unknown_user_is_refused_with_those_there_are() {
    let world = world();
    let file = world.write("passwords.json", r#"{"ktrdr-worker-trainings": "canary"}"#);
    for verb in [&["topology", "apply", "--passwords"][..], &["topology", "show", "--passwords"]] {
        let said = world.refused(8, &[verb, &[file.to_str().unwrap()]].concat());
        assert!(said.contains("no user ktrdr-worker-trainings") && said.contains("ktrdr-monitor"), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
}

#[test]
fn doctor_sees_who_is_there_and_that_a_store_has_never_heard_of_them() {
    let world = world();
    let finding = |doctor: &mut std::process::Command| {
        let output = doctor.output().unwrap();
        let document: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}: {}", shown(&output)));
        let checks = document["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|check| check["what"] == "processes").unwrap()
    };
    let mut doctor = world.command(&["doctor", "--output", "json"]);
    assert_eq!(finding(&mut doctor)["state"], "warning", "nobody is there");
    let _worker = worker(&world, "probe");
    assert_eq!(finding(&mut doctor)["state"], "ok");
    // What an emptied server looks like: nothing of what was there.
    let emptied = finding(doctor.env("KTRDR_PREFIX", "emptied"));
    assert_eq!(emptied["state"], "fault", "{emptied}");
    assert!(emptied["found"].as_str().unwrap().contains("2 consumers"), "{emptied}");
}

#[test]
fn what_is_paused_is_not_taken_until_it_is_resumed() {
    let world = world();
    let _coordinator = world.start(&["serve"]);
    let _worker = worker(&world, "training");
    assert_eq!(world.json(&["queues", "pause", "training"])["changed"], true);
    assert_eq!(world.json(&["queues", "pause", "training"])["changed"], false);
    let waiting = world.submit(&TRAIN_SHORT).remove(0);
    // A job of another kind that is submitted later goes through: messages flow, and training was passed over.
    let _backtests = worker(&world, "probe");
    assert_eq!(queue(&world, "training")["paused"], true);
    assert_eq!(queue(&world, "training")["pending"], 1);
    assert_eq!(world.operation(&waiting)["status"], "pending");
    assert_eq!(world.json(&["queues", "resume", "training"])["changed"], true);
    assert_eq!(ended(&world, &waiting)["status"], "completed");
}

#[test]
fn a_worker_that_an_operator_drains_gives_its_job_back_without_spending_a_try_and_ends() {
    let world = world();
    let _coordinator = world.start(&["serve"]);
    let first = worker(&world, "training");
    let id = world.submit(&TRAIN_LONG).remove(0);
    wait_for("the training", || is_running(&world, &id));
    world.json(&["workers", "drain", &boot(&world, &first).unwrap()]);
    assert!(first.end().status.success());
    let row = world.operation(&id);
    assert_eq!((row["status"].as_str(), row["tries"].as_u64()), (Some("pending"), Some(0)), "{row}");
    let _second = worker(&world, "training");
    wait_for("the training elsewhere", || is_running(&world, &id));
    assert_eq!(world.json(&["operations", "cancel", &id])["answer"], "requested");
    assert_eq!(ended(&world, &id)["status"], "cancelled");
    world.refused_with(3, &["workers", "drain", "nobody"], &["ktrdr workers list"]);
}

#[test]
fn sigterm_gives_a_long_training_back() {
    let world = world();
    let _coordinator = world.start(&["serve"]);
    let first = worker(&world, "training");
    let id = world.submit(&TRAIN_LONG).remove(0);
    wait_for("the training", || is_running(&world, &id));
    let gone = boot(&world, &first).unwrap();
    first.signal("TERM");
    let output = first.end();
    assert!(output.status.success(), "{}", shown(&output));
    let row = world.operation(&id);
    assert_eq!((row["status"].as_str(), row["tries"].as_u64()), (Some("pending"), Some(0)), "{row}");
    assert!(!world.json(&["workers", "list"]).to_string().contains(&gone));
}

#[test]
fn the_job_of_a_killed_worker_runs_elsewhere_long_before_its_lease_lapses() {
    // Whatever happens within the test happens without a lapsed lease and without a sweep that was due.
    let settings = ["KTRDR_FLEET__LEASE", "KTRDR_FLEET__SWEEP", "KTRDR_FLEET__REPUBLISH_AFTER"];
    let world = settings.into_iter().fold(world(), |world, setting| world.with_setting(setting, "1h"));
    let _coordinator = world.start(&["serve"]);
    let first = worker(&world, "training");
    let id = world.submit(&TRAIN_LONG).remove(0);
    wait_for("the training", || is_running(&world, &id));
    first.signal("KILL");
    first.end();
    let second = worker(&world, "training");
    let boot = boot(&world, &second).unwrap();
    let row = wait_for("the training elsewhere", || {
        Some(world.operation(&id)).filter(|row| row["worker"] == boot.as_str())
    });
    assert_eq!(row["fence"], 2, "{row}");
    let told = world.json(&["operations", "events", &id]).to_string();
    assert!(told.contains("suspected"), "{told}");
    world.json(&["operations", "cancel", &id]);
    assert_eq!(ended(&world, &id)["status"], "cancelled");
}

#[test]
fn the_embedded_engine_has_no_single_roles_and_says_what_to_do() {
    let world = World::new();
    world.refused_with(2, &["worker", "training"], &["KTRDR_ENGINE=fleet", "ktrdr up"]);
}

#[test]
fn operators_are_answered_when_no_worker_is_alive() {
    let world = world();
    let id = world.submit(&TRAIN_SHORT).remove(0);
    assert_eq!(world.operations().len(), 1);
    assert_eq!(queue(&world, "training")["pending"], 1);
    assert_eq!(queue(&world, "training")["workers"], 0);
    assert_eq!(world.json(&["dead-letters", "list"])["dead_letters"], serde_json::json!([]));
    assert_eq!(world.json(&["operations", "cancel", &id])["answer"], "cancelled");
}

#[test]
fn a_job_that_asks_for_a_gpu_waits_for_one_while_others_pass() {
    let world = world();
    let _coordinator = world.start(&["serve"]);
    let [gpu, cpu, any] = trainings_on(&world, ["gpu", "cpu", "any"]);
    let _worker = world.start(&["worker", "training", "--device", "cpu"]);
    assert_eq!(ended(&world, &cpu)["status"], "completed");
    assert_eq!(ended(&world, &cpu)["result"]["trained_on"], "cpu");
    assert_eq!(ended(&world, &any)["status"], "completed");
    assert_eq!(world.operation(&gpu)["status"], "pending");
    let training = queue(&world, "training");
    assert_eq!((&training["pending"], &training["workers"]), (&1.into(), &1.into()));
    let nobody = serde_json::json!([{"device": "gpu", "pending": 1, "workers": 0, "slots": 0}]);
    assert_eq!(training["pinned"], nobody);
    assert_eq!(world.json(&["operations", "cancel", &gpu])["answer"], "cancelled");
    assert_eq!(queue(&world, "training")["pinned"], serde_json::json!([]));
}

#[test]
fn a_worker_never_computes_on_another_device_than_it_was_told() {
    let world = world();
    // Neither the number that no machine has, nor a kind that asks for none.
    world.refused_with(7, &["worker", "training", "--device", "cuda:255"], &["--device cpu"]);
    world.refused_with(2, &["worker", "backtesting", "--device", "cuda:0"], &["compute on the CPU"]);
    let submit = [&TRAIN_SHORT[..], &["--device", "gpu"]].concat();
    World::new().refused_with(7, &submit, &["ktrdr up --device cuda:0", "fleet with a GPU worker"]);
    // No machine has so many, whatever it is: neither for one command nor for the engine.
    World::new().refused_with(7, &["up", "--device", "cuda:255"], &["cuda:255", "--device cpu"]);
}

/// For machines with a GPU, and a build with the feature torch.
#[test]
#[ignore = "needs a GPU"]
fn a_gpu_worker_trains_what_asks_for_a_gpu_and_what_asks_for_nothing() {
    let world = world();
    let _coordinator = world.start(&["serve"]);
    let [gpu, cpu, any] = trainings_on(&world, ["gpu", "cpu", "any"]);
    let _worker = world.start(&["worker", "training", "--device", "cuda:0"]);
    for id in [&gpu, &any] {
        let row = ended(&world, id);
        assert_eq!(row["status"], "completed", "{row}");
        assert!(row["result"]["trained_on"].as_str().unwrap().starts_with("cuda:0"), "{row}");
    }
    assert_eq!(world.operation(&cpu)["status"], "pending");
    world.refused_with(2, &["worker", "training", "--device", "cuda:0", "--slots", "2"], &["--slots 1"]);
}

#[test]
fn a_coordinator_is_listed_healthy_and_can_be_drained_as_well() {
    let world = world();
    world.refused_with(5, &["health"], &["ktrdr workers list"]);
    let coordinator = world.start(&["serve"]);
    let boot = wait_for("the coordinator", || boot(&world, &coordinator));
    assert_eq!(world.json(&["health"])["processes"], serde_json::json!([boot]));
    assert_eq!(world.json(&["workers", "list"])["workers"][0]["role"], "coordinator");
    world.json(&["workers", "drain", &boot]);
    assert!(coordinator.end().status.success());
}

#[test]
fn an_operation_tells_what_it_went_through() {
    let world = world();
    let _coordinator = world.start(&["serve"]);
    let first = worker(&world, "training");
    let id = world.submit(&TRAIN_LONG).remove(0);
    wait_for("the training", || is_running(&world, &id));
    first.signal("TERM");
    first.end();
    let _second = worker(&world, "training");
    wait_for("the training elsewhere", || is_running(&world, &id));
    world.json(&["operations", "cancel", &id, "--reason", "enough"]);
    ended(&world, &id);
    let events = world.json(&["operations", "events", &id])["events"].clone();
    let told: Vec<&str> = events.as_array().unwrap().iter().map(|e| e["what"].as_str().unwrap()).collect();
    assert_eq!(told, ["created", "claimed", "released", "claimed", "cancel_requested", "cancelled"]);
}

#[test]
fn dead_letters_are_listed_by_error_and_dropped() {
    let world = world().with_setting("KTRDR_FLEET__TRIES_MAX", "1").with_setting("KTRDR_FLEET__LEASE", "6s");
    let world = world.with_setting("KTRDR_FLEET__HEARTBEAT", "1s").with_setting("KTRDR_FLEET__SWEEP", "1s");
    let _coordinator = world.start(&["serve"]);
    let dead: Vec<String> = (0..2)
        .map(|_| {
            let id = world.submit(&TRAIN_LONG).remove(0);
            for attempt in 1..=LOSSES_PER_TRY {
                let doomed = worker(&world, "training");
                wait_for("the training", || (world.operation(&id)["fence"] == attempt).then_some(()));
                doomed.signal("KILL");
                doomed.end();
            }
            assert_eq!(ended(&world, &id)["reason"], "attempts_exhausted");
            id
        })
        .collect();
    let listed = || world.json(&["dead-letters", "list"])["dead_letters"].as_array().unwrap().len();
    assert_eq!(listed(), 2);
    // Lost by six workers of six names, they came to grief in one way.
    let text = shown(&world.run(&["dead-letters", "list"]));
    assert!(text.contains("2 × its worker … was lost") && text.contains("ago · long"), "{text}");
    world.refused_with(
        2,
        &["dead-letters", "retry", "ffffffffffffffff"],
        &["no operation", "dead-letters show", "drop"],
    );
    world.refused_with(7, &["dead-letters", "drop", &dead[0], &dead[1]], &["2 dead letters", "--yes"]);
    assert_eq!(world.json(&["dead-letters", "drop", &dead[0]])["dropped"][0], dead[0].as_str());
    assert_eq!(listed(), 1);
    assert_eq!(world.operation(&dead[0])["status"], "failed");
    world.refused_with(3, &["dead-letters", "drop", "ffffffffffffffff"], &["dead-letters list"]);
    let again = world.json(&["dead-letters", "retry", &dead[1]])["operation"].clone();
    assert_eq!(world.operation(again.as_str().unwrap())["status"], "pending");
    let marked = world.json(&["dead-letters", "list"])["dead_letters"][0].clone();
    assert_eq!((&marked["id"], &marked["retried_as"]), (&dead[1].as_str().into(), &again), "{marked}");
}
