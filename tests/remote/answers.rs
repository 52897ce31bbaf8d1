//! What is answered: by way of a server and beside the store the same.

use serde_json::Value;

use super::elsewhere::Elsewhere;
use crate::api::client::Served;
use crate::differences::differences;
use crate::world::{Engine, World, on_each_engine};

on_each_engine!(
    every_command_answers_the_same_by_way_of_a_server,
    what_is_refused_is_refused_the_same,
    what_is_done_from_elsewhere_is_done_once_and_on_record,
);

/// Fields that tell how long ago something was.
const TIMES: [&str; 5] = ["heard_ms_ago", "for_ms", "oldest_pending_ms", "now", "duration_ms"];

/// Without what differs from one moment to the next.
fn lasting(mut document: Value) -> Value {
    forget_times(&mut document);
    document
}

fn forget_times(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !TIMES.contains(&name.as_str()));
            fields.values_mut().for_each(forget_times);
        }
        Value::Array(entries) => entries.iter_mut().for_each(forget_times),
        _ => {}
    }
}

fn words(command: &str) -> Vec<&str> {
    command.split_whitespace().collect()
}

/// A fleet lives on between two questions: what differs is a fault only where the first answer still stands after the second.
fn answered_the_same(elsewhere: &Elsewhere, world: &World, command: &str) {
    let ask = || lasting(elsewhere.json(&words(command)));
    let mut far = ask();
    for _ in 0..5 {
        let near = lasting(world.json(&words(command)));
        if far == near {
            return;
        }
        let again = ask();
        assert_ne!(far, again, "{command}: {:#?}", differences(&far, &near));
        far = again;
    }
    panic!("{command}: another answer each time");
}

/// A world that is served, with a training, an exam and a campaign that were all asked for from elsewhere.
fn researched(engine: Engine) -> (World, Served, Elsewhere) {
    let world = World::on(engine);
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    world.example_of_epochs("quick", 1);
    let api = Served::up(&world, &[]);
    let elsewhere = Elsewhere::asking(&format!("http://{}", api.address));
    (world, api, elsewhere)
}

fn every_command_answers_the_same_by_way_of_a_server(engine: Engine) {
    let (world, _api, elsewhere) = researched(engine);
    let trained = elsewhere.json(&words("training run --strategy quick --wait"));
    assert!(trained["model"].is_object(), "{trained}");
    let report = elsewhere.json(&words("backtest run --strategy quick -s EURUSD -t 1h --wait"));
    let backtest = report["operation"].as_str().unwrap().to_owned();
    let replay = elsewhere.json(&["replay", &backtest]);
    assert_eq!(replay["same"], true, "{replay}");
    let signals = world.write("signals.csv", "timestamp,target\n2015-06-02T00:00:00Z,1\n");
    let signals = signals.to_str().unwrap();
    let market = format!(
        "--signals {signals} -s EURUSD -t 1h --units 10 --start-date 2015-06-01 --end-date 2015-06-20"
    );
    let traded = elsewhere.json(&words(&format!("backtest signals {market}")));
    assert_eq!(
        traded,
        world.json(&words(&format!("backtest show {}", traded["operation"].as_str().unwrap())))
    );
    let imported = elsewhere
        .json(&words(&format!("data import {} -s COPY -t 1h", world.path("data/EURUSD_1h.csv").display())));
    assert_eq!(imported["data"]["symbol"], "COPY", "{imported}");
    let campaign = elsewhere.json(&words("research run -s EURUSD -t 1h --cycles 2 --campaign far --wait"));
    let cycle = campaign["cycles"][0]["id"].as_str().unwrap().to_owned();
    let schedule = "schedules create nightly --cron 30_1_*_*_* --tz Europe/London -s EURUSD -t 1h --cycles 200 --anyway test";
    let schedule: Vec<String> = words(schedule).iter().map(|word| word.replace('_', " ")).collect();
    let schedule: Vec<&str> = schedule.iter().map(String::as_str).collect();
    assert_eq!(elsewhere.json(&schedule)["name"], "nightly");
    world.json(&words("token create --scope viewer --name somebody"));

    for command in [
        "data list".to_owned(),
        "data check -s EURUSD -t 1h".into(),
        "data windows EURUSD".into(),
        "strategies list".into(),
        "strategies features quick".into(),
        "strategies validate quick".into(),
        "strategies migrate quick".into(),
        "operations list --type training".into(),
        format!("operations metrics {backtest}"),
        "operations list --active".into(),
        "operations list --filter status=completed&type!=agent_research&id~op --limit 2".into(),
        format!("operations status {backtest}"),
        format!("operations status {cycle}"),
        format!("operations events {backtest}"),
        format!("operations explain {cycle}"),
        format!("operations watch {backtest}"),
        format!("backtest show {backtest}"),
        "campaign list".into(),
        "campaign show far".into(),
        "campaign show far --limit 1".into(),
        "campaign plan -s EURUSD -t 1h --cycles 2 --anyway test".into(),
        "research status".into(),
        "agent status".into(),
        format!("agent status {cycle}"),
        "agent budget --days 2".into(),
        "agent approvals list".into(),
        "ledger trials".into(),
        "ledger trials --campaign far".into(),
        "ledger closings".into(),
        "ledger lessons".into(),
        "memory list --limit 1".into(),
        format!("memory show {cycle}"),
        "memory search quick --symbol EURUSD".into(),
        "memory hypotheses".into(),
        "queues list".into(),
        "workers list".into(),
        "schedules list".into(),
        "schedules show nightly".into(),
        "schedules next 3".into(),
        "schedules next 2 nightly".into(),
        "token list".into(),
        "dead-letters list".into(),
    ] {
        answered_the_same(&elsewhere, &world, &command);
    }
    for list in ["operations list --limit 1", "campaign show far --limit 1"] {
        let next = elsewhere.json(&words(list))["next"].as_u64().unwrap();
        answered_the_same(&elsewhere, &world, &format!("{list} --after {next}"));
    }
    for export in ["memory export".to_owned(), format!("backtest export {backtest} --trades")] {
        let export = words(&export);
        assert_eq!(elsewhere.run(&export).stdout, world.run(&export).stdout, "{export:?}");
    }
    let exported = |name: &str, export: &dyn Fn(&[&str]) -> Value| {
        let file = world.path(name);
        let to = ["--equity", "--format", "parquet", "--to", file.to_str().unwrap()];
        export(&[&["backtest", "export", &backtest], &to[..]].concat());
        std::fs::read(file).unwrap()
    };
    let far = exported("far.parquet", &|command| elsewhere.json(command));
    assert_eq!(far, exported("near.parquet", &|command| world.json(command)));
}

fn what_is_refused_is_refused_the_same(engine: Engine) {
    let (world, _api, elsewhere) = researched(engine);
    world.write("strategies/broken.yaml", "name: broken\n");
    let ended = elsewhere.json(&words("training run --strategy quick --wait"))["operation"].clone();
    let ended =
        world.operations().iter().find(|row| ended.is_null() || row["id"] == ended).unwrap()["id"].clone();
    let ended = ended.as_str().unwrap();
    for (code, command) in [
        (3, "operations status op_probe_20260101_000000_00000001".to_owned()),
        (3, "campaign show nobody".into()),
        (3, "backtest run --strategy nobody -s EURUSD -t 1h".into()),
        (3, "training run --strategy nobody".into()),
        (3, "data check -s NOBODY -t 1h".into()),
        (3, "schedules show nobody".into()),
        (3, "workers drain nobody".into()),
        (3, "token revoke 0123456789abcdef".into()),
        (2, "operations list --filter colour=red".into()),
        (2, "backtest run --strategy quick -s EURUSD -t 5m".into()),
        (4, format!("operations cancel {ended}")),
        (4, "data generate -s EURUSD -t 1h --bars 300".into()),
        (7, "campaign plan -s EURUSD -t 1h --cycles 2".into()),
        (8, "training run --strategy broken".into()),
    ] {
        let command: Vec<&str> = words(&command).into_iter().chain(["--output", "json"]).collect();
        let (far, near) = (elsewhere.run(&command), world.run(&command));
        let told = |output: &std::process::Output| String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!((far.status.code(), told(&far)), (Some(code), told(&near)), "{command:?}");
        assert_eq!(far.stdout, near.stdout, "{command:?}");
        assert_eq!(near.status.code(), Some(code), "{command:?}");
    }
}

fn what_is_done_from_elsewhere_is_done_once_and_on_record(engine: Engine) {
    let (world, _api, elsewhere) = researched(engine);
    assert_eq!(elsewhere.json(&words("queues pause training"))["changed"], true);
    let submit = words("training run --strategy quick --idempotency-key once");
    let first = elsewhere.json(&submit)["submitted"].clone();
    assert_eq!(elsewhere.json(&submit)["submitted"], first, "the key goes along");
    let id = first[0].as_str().unwrap();
    let told = elsewhere.json(&["operations", "explain", id]);
    assert_eq!(told["reasons"][0]["why"], "paused", "{told}");
    let group = elsewhere.json(&words("operations cancel --type training --reason enough --yes"));
    assert_eq!((&group["matched"], &group["cancelled"]), (&1.into(), &1.into()), "{group}");
    assert_eq!(world.operation(id)["cancel"]["reason"], "enough");
    let again = elsewhere.json(&words("operations retry --type training --status cancelled --yes"));
    assert_eq!(again["retried"].as_array().unwrap().len(), 1, "{again}");
    assert_eq!(elsewhere.json(&words("queues resume training"))["changed"], true);
    let retried = again["retried"][0].as_str().unwrap();
    let ended = elsewhere.json(&["operations", "watch", retried]);
    assert_eq!(ended["status"], "completed", "{ended}");
    let rolled = elsewhere.run(&words("data roll-windows EURUSD --reason spent --yes --output json"));
    assert_eq!(
        rolled.status.code(),
        world.run(&words("data windows EURUSD")).status.code(),
        "{}",
        crate::world::shown(&rolled)
    );
}
