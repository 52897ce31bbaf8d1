//! Windows are fixed for an instrument by its first bars; the vault opens by a reason, counted; a gate that was looked at too
//! often is burnt, and moved on the record.

use std::fmt::Write;

use ktrdr_domain::{Kind, OperationId, Priority, Timestamp};
use ktrdr_fabric::store::{NewOperation, Store, Submitted};
use serde_json::{Value, json};

use crate::world::{Engine, World, on_each_engine, shown, wait_for};

on_each_engine!(
    a_longer_file_extends_the_vault_and_moves_no_window,
    the_vault_opens_by_a_reason_only_and_every_report_counts_it
);

const DAY_S: i64 = 86_400;

fn date(day: i64) -> String {
    Timestamp(1_262_304_000 + day * DAY_S).to_string()
}

/// A walk of so many days, in bars of so many.
fn walk(days: i64, each: i64) -> String {
    let mut text = "timestamp,open,high,low,close,volume\n".to_owned();
    let (mut state, mut price) = (5_u64, 100.0_f64);
    for first in (0..days).step_by(each as usize) {
        let (open, mut high, mut low) = (price, price, price);
        for _ in 0..each {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            price *= 1.0 + 0.02 * ((state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5);
            (high, low) = (high.max(price), low.min(price));
        }
        writeln!(text, "{},{open},{high},{low},{price},7", date(first)).unwrap();
    }
    text
}

/// A world with so many days of SHARE, imported.
fn with_days(world: World, days: i64) -> World {
    import(&world, days, &[]);
    let rhythm: String = (0..60).map(|turn| format!("{},{}\n", date(turn * 20), (turn + 1) % 2)).collect();
    world.write("signals.csv", format!("timestamp,target\n{rhythm}"));
    world
}

fn import(world: &World, days: i64, more: &[&str]) -> Value {
    let file = world.write("raw.csv", walk(days, 1));
    let share = ["data", "import", file.to_str().unwrap(), "-s", "SHARE", "-t", "1d"];
    world.json(&[&share[..], more].concat())
}

fn listed(world: &World) -> Value {
    world.json(&["data", "list"])["series"][0].clone()
}

fn told(world: &World) -> Value {
    world.json(&["data", "windows", "SHARE"])
}

fn span(from: i64, to: i64) -> Value {
    json!({ "start": date(from), "end": date(to) })
}

/// Trades the signals, by a person.
fn trade(world: &World, more: &[&str]) -> Vec<String> {
    let signals = world.path("signals.csv");
    let market = ["-s", "SHARE", "-t", "1d", "--signals", signals.to_str().unwrap()];
    let words = [&["backtest", "signals", "--local"], &market[..], more].concat();
    words.into_iter().map(str::to_owned).collect()
}

fn traded(world: &World, more: &[&str]) -> Value {
    let words = trade(world, more);
    world.json(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn refused(world: &World, more: &[&str], words: &[&str]) {
    let typed = trade(world, more);
    world.refused_with(7, &typed.iter().map(String::as_str).collect::<Vec<_>>(), words);
}

fn a_longer_file_extends_the_vault_and_moves_no_window(engine: Engine) {
    let world = with_days(World::on(engine), 1_000);
    let first = listed(&world);
    assert_eq!((&first["windows"]["gate"], &first["windows_fixed"]), (&span(600, 850), &json!(true)));
    let imported = import(&world, 1_600, &["--replace"]);
    assert_eq!(
        imported["windows"],
        json!({ "dev": span(0, 600), "gate": span(600, 850), "vault": span(850, 1_600) })
    );
    assert_eq!(listed(&world)["windows"], imported["windows"]);

    // Another timeframe keeps to the same dates, whatever is configured by then.
    let shares = [("KTRDR_WINDOWS__SHARES__DEV", "0.3"), ("KTRDR_WINDOWS__SHARES__GATE", "0.3")];
    let world = shares.into_iter().fold(world, |world, (name, share)| world.with_setting(name, share));
    let file = world.write("raw.csv", walk(1_200, 2));
    let slower = world.json(&["data", "import", file.to_str().unwrap(), "-s", "SHARE", "-t", "2d"]);
    assert_eq!(
        (&slower["windows"]["gate"], &slower["windows"]["vault"]),
        (&span(600, 850), &span(850, 1_200))
    );
    let report = traded(&world, &[]);
    assert_eq!((&report["window"], &report["window_kind"]), (&span(600, 850), &json!("gate")));
    assert_eq!(told(&world)["events"].as_array().unwrap().len(), 1, "fixed, and nothing since");
}

#[test]
fn bars_that_came_past_the_import_are_cut_at_their_first_use_or_before_they_are_replaced() {
    let used = World::new();
    used.write("data/SHARE_1d.csv", walk(1_000, 1));
    used.write("signals.csv", format!("timestamp,target\n{},1\n", date(600)));
    let before = listed(&used);
    assert_eq!((&before["windows"]["gate"], &before["windows_fixed"]), (&span(600, 850), &json!(false)));
    used.refused_with(3, &["data", "windows", "SHARE"], &["no windows of SHARE", "first bars"]);
    traded(&used, &[]);
    assert_eq!(listed(&used)["windows_fixed"], true);
    assert_eq!(told(&used)["events"][0]["occasion"], "first_use");
    used.write("data/SHARE_1d.csv", walk(2_000, 1));
    assert_eq!(told(&used)["windows"]["gate"], span(600, 850));

    let replaced = World::new();
    replaced.write("data/SHARE_1d.csv", walk(1_000, 1));
    import(&replaced, 2_000, &["--replace"]);
    assert_eq!(told(&replaced)["windows"]["gate"], span(600, 850));
}

fn the_vault_opens_by_a_reason_only_and_every_report_counts_it(engine: Engine) {
    let world = with_days(World::on(engine), 1_000);
    let closed = ["vault_closed", "vault window (2012-04-30", "--open-vault REASON"];
    refused(&world, &["--start-date", "2012-06-01"], &closed);
    refused(&world, &["--end-date", "2012-05-01"], &closed);
    assert_eq!(
        traded(&world, &["--start-date", "2010-06-01"])["window"]["end"],
        date(850),
        "up to the vault"
    );

    let why = ["--open-vault", "one look before trading"];
    let report = traded(&world, &why);
    assert_eq!((&report["window"], &report["window_kind"]), (&span(850, 1_000), &json!("vault")));
    assert_eq!(report["evidence"]["vault_openings"], 1);
    assert_eq!(
        traded(&world, &[&why[..], &["--start-date", "2010-01-01"]].concat())["window"],
        span(0, 1_000)
    );
    let gate = traded(&world, &[]);
    assert_eq!(gate["evidence"]["vault_openings"], 2, "on every report of the instrument");
    let card = shown(&world.run(&["backtest", "show", gate["operation"].as_str().unwrap()]));
    assert!(card.contains("vault opened 2 times"), "{card}");

    let again = world.json(&["replay", report["operation"].as_str().unwrap()]);
    assert_eq!(again["same"], true, "a replay shows nothing new");
    let found = told(&world);
    assert_eq!((&found["vault_openings"], &listed(&world)["vault_openings"]), (&json!(2), &json!(2)));
    let opening = &found["events"][1];
    assert_eq!((&opening["event"], &opening["span"]), (&json!("opened"), &span(850, 1_000)));
    assert_eq!(opening["word"]["reason"], "one look before trading");
    assert_eq!(opening["operation"], report["operation"]);
    assert!(opening["word"]["by"].as_str().unwrap().contains('@'), "{opening}");
}

#[test]
fn a_file_of_signals_that_goes_on_into_the_vault_is_read_up_to_it() {
    let world = with_days(World::new(), 1_000);
    let first = traded(&world, &[])["hashes"]["trades"].clone();
    let rows = std::fs::read_to_string(world.path("signals.csv")).unwrap();
    world.write("signals.csv", format!("{rows}{},1\n", date(1_190)));
    assert_eq!(traded(&world, &[])["hashes"]["trades"], first);
}

#[test]
fn a_reason_to_open_the_vault_says_something_and_the_run_needs_one() {
    let world = with_days(World::new(), 1_000);
    for nothing in ["", " ", "two\nlines"] {
        let typed = trade(&world, &["--open-vault", nothing]);
        world.refused_with(
            2,
            &typed.iter().map(String::as_str).collect::<Vec<_>>(),
            &["a reason is a sentence"],
        );
    }
    let typed = trade(&world, &["--end-date", "2011-01-01", "--open-vault", "why not"]);
    let typed: Vec<&str> = typed.iter().map(String::as_str).collect();
    world.refused_with(2, &typed, &["does not reach into the vault", "leave --open-vault out"]);
    world.refused(2, &["research", "run", "-s", "SHARE", "-t", "1d", "--open-vault", "why not"]);
    assert_eq!(told(&world)["vault_openings"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_opens_no_vault_for_a_job_that_says_no_reason_nor_for_research() {
    let world = with_days(World::new(), 1_000);
    let report = traded(&world, &["--open-vault", "an honest job, to be forged"]);
    let honest = world.operation(report["operation"].as_str().unwrap())["spec"].clone();
    let (mut silent, mut research) = (honest.clone(), honest.clone());
    silent.as_object_mut().unwrap().remove("open_vault");
    research["origin"] = json!("research");
    let jobs = [("vault_closed", "vault_closed", silent), ("refused", "gate window", research)];

    let store = ktrdr_embedded::Engine::open(world.folder(), ktrdr_embedded::Role::Client).unwrap().store;
    for (reason, why, spec) in jobs {
        let (id, kind) =
            (OperationId::new(Kind::Backtesting, Timestamp(0), reason.len() as u32), Kind::Backtesting);
        let new = NewOperation {
            id: id.clone(),
            kind,
            spec,
            tries_max: 1,
            priority: Priority::Normal,
            idempotency_key: None,
        };
        assert_eq!(store.submit(new).await.unwrap(), Submitted::Created);
        let engine = world.up(&[]);
        let ended = wait_for("the refusal", || {
            Some(world.operation(id.as_str())).filter(|row| row["status"] == "failed")
        });
        drop(engine);
        assert_eq!(ended["reason"], reason);
        assert!(ended["error"].as_str().unwrap().contains(why), "{ended}");
    }
    assert_eq!(told(&world)["vault_openings"], 1);
    assert_eq!(world.json(&["ledger", "trials"])["trials"].as_array().unwrap().len(), 1);
}

fn rolled(world: &World) -> std::process::Output {
    world.run(&["data", "roll-windows", "SHARE", "--reason", "spent", "--yes"])
}

#[test]
fn a_roll_turns_the_gate_into_dev_and_the_unseen_vault_into_the_gate_on_the_record() {
    let world = with_days(World::new(), 1_000);
    traded(&world, &[]);
    import(&world, 1_180, &["--replace"]);
    let seen = date(1_050);
    traded(&world, &["--start-date", &seen, "--open-vault", "the last months"]);
    world.refused_with(
        2,
        &["data", "roll-windows", "SHARE", "--reason", "spent"],
        &["--yes", "1 look spent"],
    );
    world.refused_with(2, &["data", "roll-windows", "SHARE", "--yes"], &["--reason"]);
    let done = rolled(&world);
    assert!(done.status.success(), "{}", shown(&done));

    let found = told(&world);
    assert_eq!(found["windows"]["dev"], span(0, 850), "the gate is dev");
    assert_eq!(found["windows"]["gate"], span(850, 1_050), "what was seen does not belong to the exam");
    assert_eq!(found["windows"]["vault"], span(1_050, 1_180));
    assert_eq!((&found["looks"], &found["vault_openings"]), (&json!(0), &json!(1)));
    let event = found["events"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&event["event"], &event["gate"]), (&json!("rolled"), &span(600, 850)));
    assert_eq!((&event["looks"], &event["reason"]), (&json!(1), &json!("spent")));

    let nothing_left = rolled(&world);
    assert_eq!(nothing_left.status.code(), Some(7));
    assert!(shown(&nothing_left).contains("half as long as the gate"), "{}", shown(&nothing_left));
    assert!(shown(&nothing_left).contains("Import newer bars"), "{}", shown(&nothing_left));
    import(&world, 1_400, &["--replace"]);
    assert!(rolled(&world).status.success());
    assert_eq!(told(&world)["windows"]["gate"], span(1_180, 1_380), "what was opened joined dev");
}

#[test]
fn of_rolls_at_the_same_time_one_wins() {
    let world = with_days(World::new(), 1_000);
    let look = traded(&world, &[]);
    let roll = ["data", "roll-windows", "SHARE", "--reason", "spent", "--yes"];
    let running: Vec<_> = (0..4).map(|_| world.start(&roll)).collect();
    let ends: Vec<_> = running.into_iter().map(super::running::Running::end).collect();
    let won = ends.iter().filter(|end| end.status.success()).count();
    assert_eq!(won, 1, "{}", ends.iter().map(shown).collect::<String>());
    let codes: Vec<Option<i32>> = ends.iter().map(|end| end.status.code()).collect();
    assert!(codes.iter().all(|code| [Some(0), Some(4), Some(7)].contains(code)), "{codes:?}");
    assert_eq!(told(&world)["events"].as_array().unwrap().len(), 2);
    let again = world.json(&["replay", look["operation"].as_str().unwrap()]);
    assert_eq!(again["same"], true, "what was seen under the windows of its day may be seen again");
}

#[test]
fn research_on_a_burnt_gate_is_refused_until_it_is_rolled_and_by_hand_it_goes_on() {
    let world = with_days(World::new().with_setting("KTRDR_RESEARCH__LOOKS_MAX", "2"), 1_000);
    traded(&world, &[]);
    assert_eq!((&listed(&world)["looks"], &listed(&world)["burnt"]), (&json!(1), &json!(false)));
    traded(&world, &[]);
    let research = ["research", "run", "--local", "-s", "SHARE", "-t", "1d"];
    let advice = "`ktrdr data roll-windows SHARE --reason TEXT`";
    world.refused_with(7, &research, &["window_burnt", "looked at 2 times", advice]);
    assert!(shown(&world.run(&["data", "list"])).contains("2 (burnt)"));
    assert!(shown(&world.run(&["data", "windows", "SHARE"])).contains("burnt, research on it has ended"));
    assert_eq!(traded(&world, &[])["evidence"]["looks_at_window"], 3, "a person may look, and is counted");

    assert!(rolled(&world).status.success());
    assert_eq!(listed(&world)["burnt"], false);
    let begun = world.run(&["research", "run", "-s", "SHARE", "-t", "1d"]);
    assert!(begun.status.success(), "{}", shown(&begun));
}

#[test]
fn bars_that_do_not_reach_a_window_say_so_where_they_come_and_wherever_they_are_listed() {
    let world = with_days(World::new(), 1_000);
    let file = world.write("fewer.csv", walk(700, 1));
    let fewer = ["data", "import", file.to_str().unwrap(), "-s", "SHARE", "-t", "1d", "--replace"];
    let vault = told(&world)["windows"]["vault"]["start"].as_str().unwrap()[..10].to_owned();
    for (command, words) in [
        (&fewer[..], format!("vault from {vault}, behind the last bar")),
        (&fewer[..], "has no bar".to_owned()),
        (&["data", "list"], format!("{vault} (no bar)")),
        (&["data", "windows", "SHARE"], format!("vault from {vault}, behind the last bar")),
        (&["data", "check", "-s", "SHARE", "-t", "1d"], "has no bar".to_owned()),
    ] {
        let said = shown(&world.run(command));
        assert!(said.contains(&words), "ktrdr {command:?} does not say {words:?}:\n{said}");
    }
}

const EVERY_TRAINING_PASSES: &str =
    "[gates]\nprofile = \"parity\"\naccuracy_min = 0\nloss_max = 1e9\nloss_decrease_min = -1e9\n";

#[test]
fn a_cycle_that_comes_to_its_exam_when_the_gate_is_burnt_is_refused_by_the_worker() {
    let world = World::new().with_setting("KTRDR_RESEARCH__LOOKS_MAX", "1");
    world.generate("SHARE", "planted-edge", 8_000, 3);
    world.write("ktrdr.toml", EVERY_TRAINING_PASSES);
    let campaign = ["-n", "4", "--campaign", "late", "--seed", "3"];
    world.json(&[&["research", "run", "-s", "SHARE", "-t", "1h"], &campaign[..]].concat());
    world.write("signals.csv", "timestamp,target\n2015-11-03T00:00:00Z,1\n");
    let signals = world.path("signals.csv");
    let market = ["-s", "SHARE", "-t", "1h", "--signals", signals.to_str().unwrap()];
    let _engine = world.up(&[]);
    let look = world.json(&[&["backtest", "signals"], &market[..]].concat());
    assert_eq!(look["evidence"]["vault_openings"], 0);
    let burnt = wait_for("the end of the campaign", || {
        let rows = world.operations();
        let cycles: Vec<&Value> = rows.iter().filter(|row| row["type"] == "agent_research").collect();
        let ended = |row: &&&Value| ["completed", "failed"].contains(&row["status"].as_str().unwrap());
        (cycles.iter().filter(ended).count() == 4)
            .then(|| rows.iter().filter(|row| row["reason"] == "window_burnt").count())
    });
    assert!(burnt > 0);
    assert!(shown(&world.run(&["campaign", "show", "late"])).contains("window_burnt"));
}

#[test]
fn a_damaged_record_is_refused_with_its_file_and_what_to_do() {
    let world = with_days(World::new(), 1_000);
    traded(&world, &["--open-vault", "for the second record"]);
    let (first, second) = ("data/SHARE.windows.json", "data/SHARE.windows/0001.json");
    let honest = [first, second].map(|name| std::fs::read_to_string(world.path(name)).unwrap());
    let huge = format!("[{}]", "0,".repeat(100_000));
    for (name, text) in [
        (first, "not JSON"),
        (first, "{}"),
        (first, &*huge),
        (first, &*honest[1]),
        (first, &*honest[0].replace(&date(600), &date(900))),
        (first, &*honest[0].replace(&date(600), "@99999999999999999")),
        (second, &*honest[0]),
        (second, "\u{1b}[2J"),
    ] {
        world.write(name, text);
        for command in [&["data", "windows", "SHARE"][..], &["research", "run", "-s", "SHARE", "-t", "1d"]] {
            let said = world.refused(8, command);
            assert!(said.contains("data/SHARE.windows") && said.contains("restore it"), "{text:.40}: {said}");
            assert!(!said.contains('\u{1b}'), "{said:?}");
        }
        let row = listed(&world);
        assert!(row["windows"].is_null() && row["error"].as_str().unwrap().contains("restore it"), "{row}");
        world.write(first, &honest[0]);
        world.write(second, &honest[1]);
    }
    std::fs::remove_file(world.path(first)).unwrap();
    world.refused_with(8, &["data", "windows", "SHARE"], &["data/SHARE.windows.json", "is missing"]);
    std::fs::create_dir(world.path(first)).unwrap();
    world.refused_with(8, &["data", "windows", "SHARE"], &["data/SHARE.windows.json", "restore it"]);
}
