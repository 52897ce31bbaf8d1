//! B3: backtests in another process. On a fleet a coordinator and workers, one process each; on the embedded engine one that plays every
//! role for the others.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use super::book::{Chapter, Seen};
use super::course::Course;
use super::lab::{Lab, has_ended};
use super::{QUICK, generate_long, write_quick};
use crate::api::client::{Served, free_address};
use crate::running::{Running, wait_for};
use crate::world::{Engine, World, ms};

/// What the worker logs to, which tells its own view of its jobs.
const LOG: &str = "worker.log";

pub(super) fn rows(chapter: &mut Chapter, engine: Engine) {
    let world = World::on(engine)
        .with_setting("KTRDR_LOG", "info,ktrdr_worker=debug")
        .with_setting("KTRDR_LOG_FORMAT", "json");
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    generate_long(&world);
    write_quick(&world);
    let address = free_address();
    let worker = match engine {
        Engine::Embedded => None,
        Engine::Fleet => Some(logging(&world, &["worker", "backtesting"])),
    };
    let coordinator = match engine {
        Engine::Embedded => logging(&world, &["up", "--listen", &address]),
        Engine::Fleet => quiet(&world, &["serve", "--listen", &address]),
    };
    let pid = worker.as_ref().unwrap_or(&coordinator).pid();
    let lab = Lab::asking(Served::by(address, coordinator), &world);
    train(&lab, engine);
    let place = format!("-{pid}-");
    chapter.row("B3.1", |seen| on_its_own(&lab, &place, seen));
    chapter.row("B3.2", |seen| both_views(&lab, &place, seen));
    chapter.row("B3.3", |seen| progress(&lab, seen));
    chapter.row("B3.4", |seen| a_cancel(&lab, &place, seen));
}

/// A process whose log goes to the file.
fn logging(world: &World, arguments: &[&str]) -> Running {
    let log = File::create(world.path(LOG)).unwrap();
    Running::of(world.command(arguments).stdout(Stdio::null()).stderr(log).spawn().unwrap())
}

fn quiet(world: &World, arguments: &[&str]) -> Running {
    Running::of(world.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

/// The model, by a worker of that kind.
fn train(lab: &Lab<'_>, engine: Engine) {
    let _trainer = (engine == Engine::Fleet).then(|| quiet(lab.world, &["worker", "training"]));
    let row = lab.ended(&lab.started("/trainings/start", &json!({ "strategy": { "name": QUICK } })));
    assert_eq!(row["status"], "completed", "{}", row["error"]);
}

/// The worker as the coordinator lists it.
fn listed(lab: &Lab<'_>, place: &str) -> Value {
    let workers = lab.got("/workers")["workers"].clone();
    let is_it = |worker: &&Value| worker["boot"].as_str().unwrap().contains(place);
    workers.as_array().unwrap().iter().find(is_it).cloned().unwrap_or_else(|| panic!("{place}: {workers}"))
}

fn on_its_own(lab: &Lab<'_>, place: &str, seen: &mut Seen) {
    let worker = listed(lab, place);
    assert_eq!(worker["running"], json!([]), "{worker}");
    let row = lab.ended(&lab.backtest(QUICK, "EURUSD"));
    assert_eq!(row["status"], "completed", "{}", row["error"]);
    seen.note(format!("the process `{}` took it: {} ms", worker["role"].as_str().unwrap(), row["took_ms"]));
}

fn both_views(lab: &Lab<'_>, place: &str, seen: &mut Seen) {
    let id = lab.backtest(QUICK, "LONG");
    let rows = lab.followed(&id, |row| row["status"] == "running");
    assert!(rows.last().unwrap()["worker"].as_str().unwrap().contains(place), "{rows:?}");
    let row = lab.ended(&id);
    let other = lab.world.operation(&id);
    for field in ["id", "status", "progress", "took_ms", "fence", "result"] {
        assert_eq!(row[field], other[field], "{field}");
    }
    let said = said(lab.world, &id);
    assert!(said.iter().any(|line| line["message"] == "attempt ended"), "{said:?}");
    seen.note(format!("{id} at the coordinator, in the store and in the worker's log"));
}

/// What the worker's log says of an operation.
fn said(world: &World, id: &str) -> Vec<Value> {
    lines(&world.path(LOG)).into_iter().filter(|line| line["operation"] == id).collect()
}

fn lines(log: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(log).unwrap();
    let fields = |line: &str| Some(serde_json::from_str::<Value>(line).ok()?["fields"].clone());
    text.lines().filter_map(fields).collect()
}

fn progress(lab: &Lab<'_>, seen: &mut Seen) {
    let id = lab.backtest(QUICK, "LONG");
    let course = Course::of(&lab.followed(&id, has_ended));
    let told = course.is_sound_and_whole();
    let said: Vec<(f64, u64)> = said(lab.world, &id)
        .iter()
        .filter(|line| line["message"] == "progress")
        .map(|line| (line["percentage"].as_f64().unwrap(), line["items_done"].as_u64().unwrap()))
        .collect();
    for step in &course.0 {
        let is_it = |(percentage, items): &&(f64, u64)| {
            (percentage - step.percentage).abs() <= 1.0 && *items == step.items_done
        };
        assert!(said.iter().any(|pair| is_it(&pair)), "{step:?} is not among {said:?}");
    }
    assert_eq!(said.last().unwrap().0, 100.0, "{said:?}");
    seen.note(format!(
        "the worker said {}, the coordinator showed {told} of them: {}",
        said.len(),
        course.words()
    ));
}

fn a_cancel(lab: &Lab<'_>, place: &str, seen: &mut Seen) {
    let id = lab.backtest(QUICK, "LONG");
    lab.followed(&id, |row| row["progress"]["items_done"].as_u64().is_some_and(|done| done > 0));
    assert_eq!(lab.delete(&format!("/operations/{id}")).0, 200);
    let row = lab.ended(&id);
    assert_eq!(row["status"], "cancelled", "{row}");
    wait_for("the worker's word", || {
        said(lab.world, &id).iter().any(|line| line["message"] == "attempt ended").then_some(())
    });
    wait_for("a free worker", || (listed(lab, place)["running"] == json!([])).then_some(()));
    let next = lab.ended(&lab.backtest(QUICK, "EURUSD"));
    assert_eq!(next["status"], "completed", "{}", next["error"]);
    assert_eq!(lab.row(&id)["progress"], row["progress"], "it is stable");
    let active = lab.got("/operations?status=pending,running");
    assert_eq!(active["operations"], json!([]), "nothing is orphaned");
    let ms = ms(&row["finished_at"]) - ms(&row["cancel"]["at"]);
    seen.note(format!("{ms} ms from the request to the end; the worker took the next job"));
}
