//! M6: a cycle is cancelled in each phase, while its job waits and while it runs.

use serde_json::{Value, json};

use super::book::{Chapter, Seen};
use super::cycle::PHASES;
use super::lab::Lab;
use super::{QUICK, write_quick};
use crate::claude;
use crate::world::{Engine, World, ms};

pub(super) fn row(chapter: &mut Chapter, engine: Engine) {
    let world = claude::open_gates(World::on(engine));
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    write_quick(&world);
    world.example_of_epochs("long", 10_000);
    let lab = Lab::up(&world);
    chapter.row("M6", |seen| in_every_phase(&lab, seen));
}

fn in_every_phase(lab: &Lab<'_>, seen: &mut Seen) {
    for (phase, kind) in PHASES {
        lab.order(&format!("/queues/{kind}/pause"));
        let strategy = (phase != "designing").then_some(QUICK);
        stopped(lab, phase, strategy, "pending", seen);
        lab.order(&format!("/queues/{kind}/resume"));
    }
    stopped(lab, "training", Some("long"), "running", seen);
    let status = lab.got("/agent/status");
    assert_eq!(status["status"], "idle", "{status}");
    let active = lab.got("/operations?status=pending,running");
    assert_eq!(active["operations"], json!([]), "nothing is orphaned");
    let (status, refused) = lab.delete("/agent/cancel");
    assert_eq!((status, refused["code"].as_str()), (404, Some("no_active_cycle")), "{refused}");
}

/// Triggers a cycle and cancels it once its job of a phase stands so.
fn stopped(lab: &Lab<'_>, phase: &str, strategy: Option<&str>, job: &str, seen: &mut Seen) {
    let mut wanted = json!({ "symbol": "EURUSD", "timeframe": "1h" });
    if let Some(name) = strategy {
        wanted["strategy"] = json!({ "name": name });
    }
    let id = lab.started("/agent/trigger", &wanted);
    let row = lab.followed(&id, |row| row["phase"] == phase || !row["finished_at"].is_null()).pop().unwrap();
    assert_eq!(row["phase"], phase, "{row}");
    let child = row["waiting"].as_str().unwrap().to_owned();
    lab.followed(&child, |row| row["status"] == job);
    let (status, told) = lab.delete("/agent/cancel?reason=enough");
    assert_eq!(
        (status, &told["operation"], &told["child"]),
        (200, &id.as_str().into(), &child.as_str().into()),
        "{told}"
    );
    let (root, child) = (lab.ended(&id), lab.ended(&child));
    assert_eq!(
        (&root["status"], &child["status"]),
        (&"cancelled".into(), &"cancelled".into()),
        "{root} {child}"
    );
    let took = [&root, &child].map(|row| ms(&row["finished_at"]) - asked_at(&root));
    assert!(took.iter().all(|ms| *ms <= 2_000), "{phase}: {took:?} ms");
    seen.note(format!("{phase}, its job {job}: {} ms", took.iter().max().unwrap()));
}

fn asked_at(row: &Value) -> i64 {
    ms(&row["cancel"]["at"])
}
