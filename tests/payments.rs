//! What a language model costs, to the micro-dollar, whatever goes wrong at whatever step of a cycle; and that nothing runs twice.

use ktrdr_agent::Usage;
use ktrdr_agent::models::{Lane, Model, Models};
use ktrdr_fake::{Fake, Fault, Mind};
use serde_json::Value;

use crate::claude::{fake, open_gates, world_of};
use crate::world::{Engine, World, on_each_engine, shown};

on_each_engine!(
    money_adds_up_with_faults_on_the_way_of_each_call,
    a_call_that_is_refused_ends_the_design_with_its_reason_and_costs_what_was_answered,
);

/// Calls of a design by the good mind; the fourth of a cycle is the assessment's.
const DESIGN_CALLS: usize = 3;

fn model() -> Model {
    Models::built_in().unwrap().get("claude-sonnet-5-5").unwrap().clone()
}

/// A world that keeps every reply, and in which machine time is free.
fn world(engine: Engine, fake: &Fake) -> World {
    open_gates(world_of(engine, fake))
        .with_setting("KTRDR_AGENT__REPLIES", "reuse")
        .with_setting("KTRDR_BUDGET__CPU_HOUR", "0usd")
}

fn cycle(world: &World) -> Value {
    let run = [
        "research",
        "run",
        "--local",
        "-s",
        "EURUSD",
        "-t",
        "1h",
        "--agent",
        "claude",
        "--campaign",
        "night",
    ];
    let output = world.run(&[&run[..], &["--output", "json"]].concat());
    let answer: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", shown(&output)));
    answer["cycles"][0].clone()
}

/// Micro-dollars and tokens of everything that was answered whole, by what the server counted.
fn answered(world: &World) -> (u64, u64) {
    let replies = world.files().into_iter().filter(|file| file.starts_with("replies/"));
    let costs = replies.map(|file| {
        let record: Value = serde_json::from_slice(&std::fs::read(world.path(&file)).unwrap()).unwrap();
        let usage: Usage = serde_json::from_value(record["reply"]["usage"].clone()).unwrap();
        let cost = model().cost(&usage, Lane::Direct);
        (cost.micro_dollars, cost.tokens)
    });
    costs.fold((0, 0), |(money, tokens), (m, t)| (money + m, tokens + t))
}

/// What a call whose answer was lost is counted as: the most that it can have cost.
fn worst_case(request: &Value) -> (u64, u64) {
    let output_max = request["max_tokens"].as_u64().unwrap();
    let cost = model().worst_case(request.to_string().len() as u64, output_max, false, Lane::Direct);
    (cost.micro_dollars, cost.tokens)
}

fn micro_dollars(shown: &Value) -> u64 {
    let dollars: f64 = shown.as_str().unwrap().strip_prefix('$').unwrap().parse().unwrap();
    (dollars * 1e6).round() as u64
}

/// The account of the campaign and that of the day say the same, and nothing is set aside any more.
fn expect_paid(world: &World, (money, tokens): (u64, u64)) {
    let statement = world.json(&["agent", "budget", "--campaign", "night", "--days", "1"]);
    for account in [&statement["campaigns"][0], &statement["days"][0]] {
        let paid = (micro_dollars(&account["spent"]["money"]), account["spent"]["tokens"].as_u64().unwrap());
        assert_eq!(paid, (money, tokens), "{statement:#}");
        assert_eq!(micro_dollars(&account["reserved"]["money"]), 0, "{statement:#}");
    }
}

fn expect_one_try_of_each(world: &World, jobs: usize) {
    let rows = world.operations();
    let tries: Vec<&Value> =
        rows.iter().filter(|row| row["type"] != "agent_research").map(|row| &row["tries"]).collect();
    assert_eq!(tries, vec![&Value::from(1); jobs]);
}

fn money_adds_up_with_faults_on_the_way_of_each_call(engine: Engine) {
    for call in 0..=DESIGN_CALLS {
        let fake = fake(Mind::Good);
        let world = world(engine, &fake);
        // One that is turned away at the door, and one whose answer is lost on the way.
        let faults = [Some(Fault::Status(529, Some(0.01))), Some(Fault::Cut(3))];
        fake.fail_next(std::iter::repeat_n(None, call).chain(faults));
        assert_eq!(cycle(&world)["status"], "completed");
        let seen = fake.seen();
        assert_eq!(
            seen.len(),
            DESIGN_CALLS + 3,
            "each call was made once, and the one with faults twice more"
        );
        let ((paid, tokens), (lost, lost_tokens)) = (answered(&world), worst_case(&seen[call + 1]));
        expect_paid(&world, (paid + lost, tokens + lost_tokens));
        expect_one_try_of_each(&world, 4);
    }
}

fn a_call_that_is_refused_ends_the_design_with_its_reason_and_costs_what_was_answered(engine: Engine) {
    for call in 0..DESIGN_CALLS {
        let fake = fake(Mind::Good);
        let world = world(engine, &fake);
        fake.fail_next(std::iter::repeat_n(None, call).chain([Some(Fault::Status(400, None))]));
        let cycle = cycle(&world);
        assert_eq!(
            (&cycle["status"], &cycle["reason"]),
            (&"failed".into(), &"bad_input".into()),
            "{cycle:#}"
        );
        let error = cycle["error"].as_str().unwrap();
        assert!(
            error.contains("claude-sonnet-5-5 gave no usable answer") && error.contains("400"),
            "{error}"
        );
        expect_paid(&world, answered(&world));
        expect_one_try_of_each(&world, 1);
    }
}
