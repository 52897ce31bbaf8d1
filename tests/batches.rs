//! A language model that is asked in batches: nobody works while one is under way, whatever dies meanwhile, and the price is half.

use ktrdr_fake::{Batch, BatchFault, BatchState, Fake, Mind};
use serde_json::Value;

use crate::claude::{fake, open_gates, world_of};
use crate::world::{Engine, World, on_each_engine, wait_for};

on_each_engine!(
    a_night_in_batches_survives_a_kill_at_half_the_price,
    what_waits_for_a_batch_is_cancelled_at_once_and_its_batch_with_it,
);

/// Designs and assessments at a time in one process.
const SLOTS: usize = 4;

/// A world that is impatient with batches, and whose gates let everything pass.
fn impatient(engine: Engine, fake: &Fake) -> World {
    open_gates(world_of(engine, fake))
        .with_setting("KTRDR_AGENT__BATCH_WAIT", "200ms")
        .with_setting("KTRDR_FLEET__SWEEP", "300ms")
}

/// So many cycles at a time, asked in batches.
fn night(world: &World, cycles: &str) -> Vec<String> {
    let run = [
        "research",
        "run",
        "-s",
        "EURUSD",
        "-t",
        "1h",
        "--agent",
        "claude",
        "--batch",
        "--campaign",
        "night",
    ];
    world.submit(&[&run[..], &["--cycles", cycles, "--in-flight", cycles, "--generation", cycles]].concat())
}

/// Until so many batches were looked at and are still under way.
fn under_way(fake: &Fake, batches: usize) -> Vec<Batch> {
    wait_for("batches under way", || {
        let all = fake.batches();
        let open = all.iter().filter(|batch| batch.state == BatchState::InProgress && batch.looks > 0);
        (open.count() >= batches).then_some(all)
    })
}

fn design(cycle: &str) -> String {
    format!("{cycle}.agent_design.1")
}

/// What the campaign has spent and reserved, in micro-dollars.
fn account(world: &World) -> (u64, u64) {
    let statement = world.json(&["agent", "budget", "--campaign", "night"]);
    let of = |what: &str| micro_dollars(&statement["campaigns"][0][what]["money"]);
    (of("spent"), of("reserved"))
}

fn micro_dollars(money: &Value) -> u64 {
    let dollars: f64 = money.as_str().unwrap().strip_prefix('$').unwrap().parse().unwrap();
    (dollars * 1e6).round() as u64
}

/// Half of what each answer costs at 2 and 10 dollars per million tokens, rounded up for each.
fn half_price(batches: &[Batch]) -> u64 {
    let price = |batch: &Batch| {
        let (input, output) = batch.tokens();
        (2 * input + 10 * output).div_ceil(2)
    };
    batches.iter().map(price).sum()
}

fn a_night_in_batches_survives_a_kill_at_half_the_price(engine: Engine) {
    let fake = fake(Mind::Good);
    fake.hold_batches(true);
    let world = impatient(engine, &fake);
    let up = world.up(&[]);
    // More than there are places for designs: each waits, and none of them in a place.
    let cycles = night(&world, "6");
    assert!(cycles.len() > SLOTS);
    under_way(&fake, cycles.len());
    let other = world.submit(&["research", "run", "-s", "EURUSD", "-t", "1h", "--agent", "local"]).remove(0);
    wait_for("a design beside those that wait", || {
        (world.operation(&design(&other))["status"] == "completed").then_some(())
    });
    for cycle in &cycles {
        let row = world.operation(&design(cycle));
        assert!(row["tries"] == 0 || row["status"] == "running", "waiting costs no try: {row}");
    }
    let (spent, reserved) = account(&world);
    assert!(spent == 0 && reserved > 0, "{spent} {reserved}");

    up.signal("KILL");
    up.end();
    fake.hold_batches(false);
    let up = world.up(&[]);
    let mut assessed = 0;
    for cycle in &cycles {
        let ended = wait_for("a cycle", || {
            let row = world.operation(cycle);
            (!row["finished_at"].is_null()).then_some(row)
        });
        let is_repetition = ended["error"].as_str().is_some_and(|said| said.contains("repetition"));
        assert!(ended["status"] == "completed" || is_repetition, "{ended:#}");
        assessed += usize::from(!is_repetition);
    }
    let batches = fake.batches();
    assert!(assessed > 1, "{assessed}");
    assert!(
        batches.len() >= 3 * cycles.len() + assessed,
        "three turns of each design, and an assessment of what was examined: {}",
        batches.len()
    );
    assert!(batches.iter().all(|batch| batch.reads == 1), "each answer is taken once: {batches:#?}");
    assert_eq!(account(&world), (half_price(&batches), 0));
    drop(up);
}

fn what_waits_for_a_batch_is_cancelled_at_once_and_its_batch_with_it(engine: Engine) {
    let fake = fake(Mind::Good);
    fake.hold_batches(true);
    let world = impatient(engine, &fake);
    let _up = world.up(&[]);
    let cycle = night(&world, "1").remove(0);
    under_way(&fake, 1);
    let waits = wait_for("the wait to be told", || {
        world.json(&["agent", "status", &cycle])["waits_for"].as_str().map(str::to_owned)
    });
    assert!(waits.starts_with("msgbatch_") && waits.ends_with("of claude-sonnet-5-5"), "{waits}");
    world.json(&["operations", "cancel", &cycle]);
    wait_for("the end of the cycle", || (world.operation(&cycle)["status"] == "cancelled").then_some(()));
    assert_eq!(world.operation(&design(&cycle))["status"], "cancelled");
    wait_for("the end of the batch", || (fake.batches()[0].state == BatchState::Ended).then_some(()));
    wait_for("the settlement", || (account(&world) == (0, 0)).then_some(()));
    assert_eq!(fake.batches().len(), 1);
}

#[test]
fn what_comes_to_nothing_is_asked_again_and_an_assessment_falls_back_on_the_rules() {
    let fake = fake(Mind::Good);
    fake.fail_next_batches([Some(BatchFault::Expired), None, None, None, Some(BatchFault::Expired)]);
    let world = impatient(Engine::Embedded, &fake);
    let run = ["agent", "trigger", "--local", "-s", "EURUSD", "-t", "1h", "--agent", "claude", "--batch"];
    let answer = world.json(&run);
    let cycle = &answer["cycles"][0];
    assert_eq!((cycle["status"].as_str(), fake.batches().len()), (Some("completed"), 5), "{answer:#}");
    let name = cycle["result"]["strategy"].as_str().unwrap();
    let path = world.path(&format!("strategies/{name}/assessment.json"));
    let judged: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let assessor = judged["assessor"].as_str().unwrap();
    assert!(assessor.starts_with("local, in place of") && assessor.contains("expired"), "{assessor}");
}

#[test]
fn whoever_asks_nobody_has_nothing_to_ask_in_batches() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 2_000, 1);
    let market = ["-s", "EURUSD", "-t", "1h", "--batch"];
    for command in [["research", "run"], ["agent", "trigger"]] {
        world.refused_with(2, &[&command[..], &market].concat(), &["leave --batch out", "--agent"]);
    }
    let odd = world.with_setting("KTRDR_AGENT__BATCH_WAIT", "1h");
    odd.refused_with(8, &["operations", "list"], &["agent.batch_wait must be from 100ms to 15m"]);
}
