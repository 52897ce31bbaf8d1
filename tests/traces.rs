//! What operations went through, as a collector of traces sees it.

use std::collections::{BTreeMap, BTreeSet};

use ktrdr_fake::Mind;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::client::{Served, answer, block_on};
use crate::claude;
use crate::collector::{Collector, Manner, Told};
use crate::world::{Engine, World, on_each_engine, shown, wait_for};

/// Where a collector is, to every program that tells one.
pub(crate) const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

on_each_engine!(
    a_cycle_is_one_trace_with_all_that_was_done_for_it,
    a_killed_worker_leaves_its_attempt_in_the_trace
);

fn a_cycle_is_one_trace_with_all_that_was_done_for_it(engine: Engine) {
    let (collector, fake) = (Collector::start(Manner::Takes), claude::fake(Mind::Good));
    let world = claude::open_gates(claude::world_of(engine, &fake)).with_setting(ENDPOINT, &collector.url());
    let cycle = claude::research(&world, "1").remove(0);
    assert_eq!(cycle["status"], "completed", "{cycle}");
    whole(&trace_of(&world, &collector, cycle["id"].as_str().unwrap()));
}

/// The trace of a cycle, once it was told of its end.
pub(crate) fn trace_of(world: &World, collector: &Collector, cycle: &str) -> Vec<Told> {
    let trace = world.json(&["operations", "status", cycle])["trace"].clone();
    collector.trace(trace.as_str().unwrap(), |span| span.name == "agent.research_cycle")
}

/// A cycle that was designed and assessed by a model and was in every phase: what there is of it, and in what.
pub(crate) fn whole(trace: &[Told]) {
    let ids: BTreeMap<&str, &Told> = trace.iter().map(|span| (span.id.as_str(), span)).collect();
    assert_eq!(ids.len(), trace.len(), "each is told once: {trace:#?}");
    let mut lines = BTreeMap::<Vec<&str>, usize>::new();
    for span in trace {
        assert!(span.times.0 <= span.times.1, "{span:?}");
        assert!(!format!("{span:?}").contains("canary"), "{span:?}");
        *lines.entry(line(&ids, span)).or_default() += 1;
    }
    let calls: usize =
        lines.iter().filter(|(line, _)| line[0].starts_with("chat ")).map(|(_, count)| count).sum();
    assert!(calls >= 2, "{lines:#?}");
    let phases = [
        ("agent.phase.design", "agent_design"),
        ("agent.phase.training", "training"),
        ("agent.phase.backtest", "backtesting"),
        ("agent.phase.assessment", "agent_assessment"),
    ];
    for (phase, kind) in phases {
        let above = [kind, phase, "agent.research_cycle"];
        assert_eq!(lines.get(&above[1..]), Some(&1), "{phase} {lines:#?}");
        let within = |part: &str| {
            let name = format!("{part} {kind}");
            let within: Vec<&str> = [name.as_str()].into_iter().chain(above).collect();
            lines.get(&within).copied().unwrap_or_default()
        };
        // A relay may publish twice, and then did so.
        assert!(within("publish") >= 1, "{kind} {lines:#?}");
        assert_eq!((within("wait"), within("process")), (1, 1), "{kind} {lines:#?}");
    }
    let one = |name: &str| trace.iter().find(|span| span.name == name).unwrap();
    assert_eq!(one("agent.research_cycle").said["outcome"], "completed");
    assert_eq!(
        (&one("agent.phase.training").said["gate.passed"], &one("training").said["operation.status"]),
        (&json!(true), &json!("completed"))
    );
    let process = one("process training");
    assert_eq!((process.service.as_str(), &process.said["ktrdr.attempt"]), ("ktrdr-worker", &json!(1)));
    assert_eq!(process.said["messaging.destination.name"], "ktrdr.jobs.training");
    assert_eq!(one("publish training").service, "ktrdr-coordinator");
    let chat = trace.iter().find(|span| span.name.starts_with("chat ")).unwrap();
    let tokens =
        ["tokens.input", "tokens.output", "tokens.total"].map(|name| chat.said[name].as_u64().unwrap());
    assert!(tokens[0] > 0 && tokens[0] + tokens[1] == tokens[2], "{chat:?}");
    assert!(chat.said["ktrdr.cost_dollars"].as_f64().unwrap() > 0.0, "{chat:?}");
}

/// The names from a span up to the beginning of its trace.
fn line<'a>(ids: &BTreeMap<&str, &'a Told>, span: &'a Told) -> Vec<&'a str> {
    let mut line = vec![span.name.as_str()];
    let mut within = span;
    while !within.parent.is_empty() {
        within = ids.get(within.parent.as_str()).unwrap_or_else(|| panic!("{line:?} is within nothing"));
        line.push(&within.name);
    }
    assert_eq!(within.name, "agent.research_cycle");
    line
}

fn a_killed_worker_leaves_its_attempt_in_the_trace(engine: Engine) {
    let collector = Collector::start(Manner::Takes);
    // Whoever is killed is missed sooner than usual.
    let pace =
        [("KTRDR_FLEET__LEASE", "10s"), ("KTRDR_FLEET__HEARTBEAT", "1s"), ("KTRDR_FLEET__SWEEP", "1s")];
    let world =
        pace.into_iter().fold(World::on(engine), |world, (name, value)| world.with_setting(name, value));
    let world = world.with_setting(ENDPOINT, &collector.url());
    // Enough for a training that takes a while.
    world.generate("EURUSD", "planted-edge", 30_000, 3);
    let cycle = world.submit(&["research", "run", "-s", "EURUSD", "-t", "1h", "--seed", "5"]).remove(0);
    let training = format!("{cycle}.training.1");
    let engine = world.up(&[]);
    wait_for("the training to run", || {
        let row = world.json(&["operations", "list", "--type", "training"])["operations"][0].clone();
        assert!(row["finished_at"].is_null(), "over before it could be killed: {row}");
        (row["status"] == "running").then_some(())
    });
    engine.signal("KILL");
    engine.end();
    assert!(world.run(&["up", "--until-idle"]).status.success());
    let trace = trace_of(&world, &collector, &cycle);
    let attempts: Vec<&Told> = trace.iter().filter(|span| span.name == "process training").collect();
    let said = |name: &str| attempts.iter().map(|attempt| attempt.said[name].clone()).collect::<Vec<Value>>();
    assert_eq!(said("outcome"), [json!("lost"), json!("completed")], "{trace:#?}");
    assert_eq!(said("ktrdr.attempt"), [json!(1), json!(2)]);
    assert_eq!(said("operation.id"), [json!(training), json!(training)]);
    assert_eq!(said("worker.id").into_iter().map(|boot| boot.to_string()).collect::<BTreeSet<_>>().len(), 2);
    assert!(attempts[0].error.as_deref().unwrap().contains("lost") && attempts[1].error.is_none());
    assert!(attempts[0].parent == attempts[1].parent && attempts[0].times.1 <= attempts[1].times.0);
    let waits =
        trace.iter().filter(|span| span.name == "wait training").map(|span| &span.said["ktrdr.wait.for"]);
    assert_eq!(waits.collect::<Vec<_>>(), ["queue", "lost"]);
}

#[test]
fn who_asks_by_http_within_a_trace_of_their_own_is_led_to() {
    let collector = Collector::start(Manner::Takes);
    let world = World::new().with_setting(ENDPOINT, &collector.url());
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    world.example_of_epochs("brief", 2);
    let api = Served::up(&world, &[]);
    let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let begun = |traceparent: String| {
        let asked = json!({ "strategy": { "name": "brief" } });
        let request = api.request(Method::POST, "/trainings/start").json(&asked);
        let (status, begun) = block_on(async {
            answer(request.header("traceparent", traceparent).send().await.unwrap()).await
        });
        assert_eq!(status, 202, "{begun}");
        let operation = world.json(&["operations", "status", begun["operation"].as_str().unwrap()]);
        let whole = |told: &Told| told.name == "training";
        collector.trace(operation["trace"].as_str().unwrap(), whole)
    };
    let told = begun(format!("00-{trace}-{span}-01"));
    let request = told.iter().find(|told| told.name == "request").unwrap();
    assert_eq!(request.links, [(trace.to_owned(), span.to_owned())]);
    assert_eq!(request.parent, told.iter().find(|told| told.name == "training").unwrap().id);
    // What can not be read is no trace, and no reason to refuse anything.
    let told = begun("00-canary".to_owned());
    assert!(told.iter().all(|told| told.name != "request" && told.links.is_empty()), "{told:#?}");
}

#[test]
fn a_collector_that_is_down_or_mad_harms_nothing() {
    let world = World::new();
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    world.example_of_epochs("brief", 2);
    let started = [Manner::Silent, Manner::Babbles, Manner::Mumbles, Manner::Refuses].map(Collector::start);
    let down = "http://127.0.0.1:9".to_owned();
    for url in started.iter().map(Collector::url).chain([down]) {
        let run = ["training", "run", "--local", "--strategy", "brief", "--output", "json"];
        let output = world.command(&run).env(ENDPOINT, &url).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{}", shown(&output));
    }
}

#[test]
fn what_a_collector_is_shown_stands_in_no_log() {
    let collector = Collector::start(Manner::Takes);
    let world = World::new().with_setting("KTRDR_LOG", "trace").with_setting(ENDPOINT, &collector.url());
    let world = world.with_setting("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20canary-7f");
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    world.example_of_epochs("brief", 2);
    let output = world.run(&["training", "run", "--local", "--strategy", "brief"]);
    assert!(output.status.success(), "{}", shown(&output));
    let heads = collector.heads();
    assert!(heads.iter().any(|head| head.contains("authorization: Bearer canary-7f")), "{heads:?}");
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(log.contains("TRACE") && !log.contains("canary"), "{log}");
    // The file of a workspace may come from anybody: what the environment holds does not go where it says.
    world.write("ktrdr.toml", format!("[traces]\nendpoint = \"{}\"\n", collector.url()));
    let mut of_file = world.command(&["training", "run", "--local", "--strategy", "brief"]);
    assert!(of_file.env_remove(ENDPOINT).output().unwrap().status.success());
    let later = collector.heads().split_off(heads.len());
    assert!(!later.is_empty() && !later.concat().contains("canary"), "{later:?}");
}
