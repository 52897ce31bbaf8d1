//! The dashboard in a real browser: what an operator does with it, what a viewer may, and what no text can do to it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ktrdr_domain::priority::Priority;
use ktrdr_domain::{Kind, OperationId, Timestamp};
use ktrdr_embedded::{Engine, Role};
use ktrdr_fabric::store::{BootId, Claim, Finish, NewOperation, Store};
use serde_json::json;
use tempfile::TempDir;

use crate::api::client::{Served, block_on, free_address};
use crate::running::Running;
use crate::servers::Servers;
use crate::world::{World, shown, wait_for};

/// What would run, were it markup.
const HOSTILE: &str = "</script><img src=x onerror=alert(1)><svg onload=window.ran=1> \u{202e}'\"`{{7*7}}";

#[test]
fn a_browser_sees_and_does_what_the_command_line_does() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 4_000, 3);
    world.example("fx_pullback");
    let faulty = format!("name: faulty\ndescription: \"{}\"\n", HOSTILE.replace('"', ""));
    world.write("strategies/faulty.yaml", faulty);
    let research = ["research", "run", "-s", "EURUSD", "-t", "1h", "-n", "2", "--campaign", "first"];
    world.submit(&[&research[..], &["--brief", HOSTILE]].concat());
    world.submit(&["training", "run", "--strategy", "fx_pullback"]);
    assert!(world.run(&["up", "--until-idle"]).status.success());
    let hostile = given_up(&world, 1);
    given_up(&world, 2);
    let token =
        |scope| world.json(&["token", "create", "--scope", scope, "--name", HOSTILE])["token"].clone();
    let (admin, viewer) = (token("admin"), token("viewer"));

    let served = Served::up(&world, &["--require-token"]);
    let again = world.command(&["up", "--listen", &served.address, "--require-token"]);
    let again: Vec<&OsStr> = [again.get_program()].into_iter().chain(again.get_args()).collect();
    let plan = json!({
        "base": format!("http://{}", served.address),
        "admin": admin,
        "viewer": viewer,
        "campaign": "first",
        "hostile": hostile.as_str(),
        "pid": served.pid(),
        "again": again.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>(),
    });
    let output = in_browser("dashboard.mjs", &plan.to_string()).end();
    assert!(output.status.success(), "{}", shown(&output));
}

#[test]
fn a_browser_sees_a_fleet_lose_its_broker_and_drains_a_worker() {
    let folder = TempDir::with_prefix("ktrdr-servers-").unwrap();
    let servers = Servers::start(folder.path().join("servers"), 1);
    let world = World::on_fleet_of(&servers);
    world.generate("EURUSD", "random-walk", 400, 3);
    world.example("fx_pullback");
    let addresses = [free_address(), free_address()];
    let _coordinators = addresses.each_ref().map(|address| world.start(&["serve", "--listen", address]));
    let worker = world.start(&["worker", "backtesting"]);
    let boot = wait_for("all of them", || {
        let workers = world.json(&["workers", "list"])["workers"].as_array().unwrap().clone();
        let boots: Vec<_> =
            workers.iter().map(|worker| worker["boot"].as_str().unwrap().to_owned()).collect();
        let of_worker = format!("-{}-", worker.pid());
        boots.iter().find(|boot| boots.len() == 3 && boot.contains(&of_worker)).cloned()
    });
    let plan = json!({
        "base": format!("http://{}", addresses[0]),
        "other": format!("http://{}", addresses[1]),
        // Nobody trains.
        "waiting": world.submit(&["training", "run", "--strategy", "fx_pullback"])[0],
        "boot": boot,
        "stop": servers.command("stop", "rabbitmq"),
        "start": servers.command("start", "rabbitmq"),
    });
    let output = in_browser("fleet.mjs", &plan.to_string()).end();
    assert!(output.status.success(), "{}", shown(&output));
    assert!(worker.end().status.success());
}

/// A script that drives a browser.
fn in_browser(script: &str, plan: &str) -> Running {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let home = root.join("target/browser").canonicalize();
    let home = home.expect("no browser is installed: run scripts/test, or scripts/browser, first");
    let mut node = Command::new("node");
    node.arg(root.join("tests/browser").join(script)).env("BROWSER_HOME", home).env("PLAN", plan);
    Running::of(node.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
}

/// A job that used up its tries, with an error that is markup.
fn given_up(world: &World, nonce: u32) -> OperationId {
    let store = Engine::open(world.folder(), Role::Client).unwrap().store;
    let id = OperationId::new(Kind::Probe, Timestamp(1_767_225_600), nonce);
    let new = NewOperation {
        id: id.clone(),
        kind: Kind::Probe,
        spec: json!({ "sleep_ms": nonce, "fail": HOSTILE }),
        tries_max: 1,
        priority: Priority::default(),
        idempotency_key: None,
    };
    block_on(async {
        store.submit(new).await.unwrap();
        let boot = BootId(format!("{HOSTILE}-{nonce}"));
        let claimed = store.claim(&id, &boot, Duration::from_secs(60)).await.unwrap();
        let Claim::Run { attempt, .. } = claimed else { panic!("nobody else takes it") };
        let error = format!("worker {nonce} says {HOSTILE}");
        let failed = Finish::Retry { error, delay: Duration::ZERO };
        store.finish(&attempt, failed).await.unwrap();
    });
    id
}
