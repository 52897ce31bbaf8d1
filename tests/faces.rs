//! What people and programs see: help for every verb, one JSON document and nothing else, plain lines in a pipe,
//! exit codes by kind.

use ktrdr_domain::Kind;
use serde_json::{Value, json};

use crate::world::{World, shown, wait_for};

/// A strategy in the grammar before this one.
pub(crate) const GRAMMAR_2: &str = r#"
name: old_dip
description: Buys dips
version: "2.0"
training_data:
  symbols: {mode: single, list: [EURUSD]}
  timeframes: {mode: single, list: [1h], base_timeframe: 1h}
  history_required: 300
indicators:
  - {name: rsi, feature_id: rsi_fast, period: 9, source: close}
fuzzy_sets:
  rsi_fast:
    low: {type: triangular, parameters: [0, 0, 45]}
    mid: {type: triangular, parameters: [30, 50, 70]}
    high: {type: triangular, parameters: [55, 100, 100]}
model:
  type: mlp
  architecture: {hidden_layers: [8], activation: relu}
  features: {lookback_periods: 2}
  training: {learning_rate: 0.001, batch_size: 64, epochs: 5, optimizer: adam}
decisions: {output_format: classification, confidence_threshold: 0.5}
training:
  method: supervised
  labels: {source: zigzag, zigzag_threshold: 0.005, label_lookahead: 20}
  data_split: {train: 0.7, validation: 0.15, test: 0.15}
"#;

/// A world in which every command has something to say, and the commands.
fn every_command() -> (World, Vec<Vec<String>>) {
    let world = World::trained();
    let market = "-s EURUSD -t 1h";
    let backtest = world.json(&words(&format!("backtest run --local -S fx_pullback {market}")));
    let backtest = backtest["operation"].as_str().unwrap().to_owned();
    let cancelled = world.submit(&words("training run -S fx_pullback")).remove(0);
    world.json(&["operations", "cancel", &cancelled]);
    world.write("signals.csv", "timestamp,target\n2015-09-15T00:00:00Z,1\n");
    world.write("old.yaml", GRAMMAR_2);
    let path = |name: &str| world.path(name).display().to_string();
    let commands = [
        "demo --cycles 1".into(),
        format!("data import {} -s COPY -t 1h", path("data/EURUSD_1h.csv")),
        "data generate -s MADE -t 1h --bars 300 --replace".into(),
        format!("data check {market}"),
        "data list".into(),
        "data windows EURUSD".into(),
        "data roll-windows EURUSD --reason spent --yes".into(),
        "strategies validate fx_pullback".into(),
        format!("strategies migrate {}", path("old.yaml")),
        "strategies schema".into(),
        "strategies features fx_pullback".into(),
        "strategies list".into(),
        "training run -S fx_pullback".into(),
        "training run --local -S fx_pullback".into(),
        format!("backtest run --local -S fx_pullback {market}"),
        format!("backtest signals --local {market} --signals {}", path("signals.csv")),
        format!("backtest show {backtest}"),
        format!("replay {backtest}"),
        format!("research run {market}"),
        format!("research run --local {market} --cycles 2"),
        "research status".into(),
        "up --until-idle".into(),
        "operations list".into(),
        format!("operations status {backtest}"),
        format!("operations watch {backtest}"),
        format!("operations retry {cancelled}"),
        "dead-letters list".into(),
        format!("dead-letters show {backtest}"),
        "ledger trials".into(),
        "ledger lessons".into(),
        "bench simulate --bars 1000 --runs 1".into(),
        "bench queue --jobs 20 --runs 1".into(),
        "config show".into(),
        "completions bash".into(),
    ];
    (world, commands.iter().map(|c| words(c).iter().map(|w| (*w).to_owned()).collect()).collect())
}

fn words(command: &str) -> Vec<&str> {
    command.split_whitespace().collect()
}

fn refs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// Names in which a document would not speak the one language: a type that is called kind, a time that is a number.
fn foreign_names(document: &Value) -> Vec<&str> {
    let of = |name: &str, value: &Value| {
        let is_type = name == "kind" && value.as_str().is_some_and(|word| word.parse::<Kind>().is_ok());
        let is_time = name.strip_suffix("_ms").is_some_and(|what| {
            ["at", "since", "until", "now"]
                .iter()
                .any(|end| what == *end || what.ends_with(&format!("_{end}")))
        });
        is_type || is_time
    };
    match document {
        Value::Object(fields) => {
            let own = fields.iter().filter(|(name, value)| of(name, value)).map(|(name, _)| name.as_str());
            own.chain(fields.values().flat_map(foreign_names)).collect()
        }
        Value::Array(items) => items.iter().flat_map(foreign_names).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_command_answers_with_one_json_document_and_nothing_else() {
    let (world, commands) = every_command();
    for command in &commands {
        let output = world.run(&[&refs(command)[..], &["--output", "json"]].concat());
        assert!(output.status.success(), "{command:?} {}", shown(&output));
        let document: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{command:?} is not one document: {e}\n{}", shown(&output)));
        assert!(document.is_object(), "{command:?} {document}");
        assert_eq!(foreign_names(&document), [""; 0], "{command:?} {document}");
        assert!(output.stderr.is_empty(), "{command:?} {}", shown(&output));
    }
}

#[test]
fn every_command_answers_a_pipe_in_plain_lines() {
    let (world, commands) = every_command();
    for command in &commands {
        let output = world.run(&refs(command));
        assert!(output.status.success(), "{command:?} {}", shown(&output));
        for stream in [&output.stdout, &output.stderr] {
            let text = std::str::from_utf8(stream).unwrap();
            let is_control = |c: char| c.is_control() && c != '\n' && c != '\t';
            assert!(!text.contains(is_control), "{command:?} {}", shown(&output));
        }
        let chatter = String::from_utf8_lossy(&output.stderr).lines().count();
        assert!(chatter <= 12, "{command:?} is chatty: {}", shown(&output));
        assert!(!output.stdout.is_empty() || command[0] == "up", "{command:?} says nothing");
    }
}

#[test]
fn lists_are_one_document_per_line_in_jsonl() {
    let world = World::trained();
    for _ in 0..2 {
        world.submit(&["training", "run", "-S", "fx_pullback"]);
    }
    let output = world.run(&["operations", "list", "--output", "jsonl"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|r| r["type"] == "training"));
}

/// Subcommands that a help text lists, with what it says about each.
pub(crate) fn listed(help: &str) -> Vec<(String, String)> {
    let section = help.split("\nCommands:\n").nth(1).unwrap_or("").split("\n\n").next().unwrap();
    let entry =
        |line: &str| line.trim().split_once("  ").map(|(n, about)| (n.to_owned(), about.trim().to_owned()));
    section.lines().filter_map(entry).filter(|(name, _)| name != "help").collect()
}

#[test]
fn every_verb_of_every_noun_has_help_that_explains_it_and_its_options() {
    let world = World::new();
    let help = |path: &[String]| {
        let output = world.run(&[&refs(path)[..], &["--help"]].concat());
        assert!(output.status.success(), "{}", shown(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let mut open = vec![Vec::new()];
    let mut seen = 0;
    while let Some(path) = open.pop() {
        let text = help(&path);
        seen += 1;
        assert!(!text.lines().next().unwrap().starts_with("Usage"), "{path:?} has no line about it");
        let is_option =
            |line: &&str| line.trim_start().starts_with('-') && !line.trim_start().starts_with("- ");
        for line in text.lines().filter(is_option) {
            let indent = line.len() - line.trim_start().len();
            let next = text.lines().skip_while(|l| *l != line).nth(1).unwrap_or("");
            let below = next.len() - next.trim_start().len() > indent && !next.trim().is_empty();
            assert!(line.trim().contains("  ") || below, "{path:?} does not explain {line:?}");
        }
        for (name, about) in listed(&text) {
            assert!(!about.is_empty(), "{path:?} {name}");
            open.push([&path[..], &[name]].concat());
        }
    }
    assert!(seen > 30, "only {seen} commands were found");
}

#[test]
fn errors_have_the_exit_code_of_their_kind_and_the_form_that_was_asked_for() {
    let world = World::trained();
    let id = world.operations()[0]["id"].as_str().unwrap().to_owned();
    for (code, command) in [
        (2, "training run".to_owned()),
        (2, "no-such-noun".into()),
        (2, "data check -s EURUSD -t 7x".into()),
        (2, format!("replay {id}")),
        (3, "backtest run --local -S nope -s EURUSD -t 1h".into()),
        (3, "operations status op_training_20260101_000000_00000000".into()),
        (3, "--workspace /nowhere/at/all data list".into()),
        (7, "training run --local -S fx_pullback --end-date 2015-09-30".into()),
        (8, "strategies features ktrdr.db".into()),
        (4, "data generate -s EURUSD -t 1h --bars 300".into()),
    ] {
        let command = words(&command);
        let run = |form: &[&str]| {
            let mut process = std::process::Command::new(env!("CARGO_BIN_EXE_ktrdr"));
            process.current_dir(world.folder()).args(&command).args(form).output().unwrap()
        };
        let plain = run(&[]);
        assert_eq!(plain.status.code(), Some(code), "{command:?} {}", shown(&plain));
        assert!(String::from_utf8_lossy(&plain.stderr).contains("error: "), "{}", shown(&plain));
        let asked = run(&["--output", "json"]);
        assert_eq!(asked.status.code(), Some(code), "{command:?} {}", shown(&asked));
        let error: Value = serde_json::from_slice(&asked.stderr)
            .unwrap_or_else(|e| panic!("{command:?}: {e} {}", shown(&asked)));
        assert_eq!(error["error"]["exit_code"], code, "{error}");
        assert!(error["error"]["message"].as_str().is_some_and(|m| m.len() > 10), "{error}");
        assert!(asked.stdout.is_empty(), "{}", shown(&asked));
    }
}

#[test]
fn every_exit_code_in_use_stands_in_the_help() {
    let help = String::from_utf8(World::new().run(&["--help"]).stdout).unwrap().replace('\n', " ");
    for code in
        ["0 done", "1 the operation failed", "2 wrong usage", "3 not found", "4 conflict", "130 interrupted"]
    {
        assert!(help.contains(code), "{code}");
    }
    for code in [5, 7, 8, 9] {
        assert!(help.contains(&format!(" {code} ")), "{code}");
    }
}

#[test]
fn the_configuration_is_shown_as_it_is_in_force_and_faults_are_named() {
    let world = World::new();
    world.write("ktrdr.toml", "[fleet]\nlease = \"45s\"\n");
    let shown_as = |name: &str, value: &str| {
        let output = world.command(&["config", "show", "-o", "json"]).env(name, value).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap_or(Value::Null)
    };
    let settings = shown_as("KTRDR_RESEARCH__IN_FLIGHT", "7");
    assert_eq!((&settings["fleet"]["lease"], &settings["research"]["in_flight"]), (&json!("45s"), &json!(7)));
    for cut in ["KTRDR_GATES__TRADES_MIN", "KTRDR_RESEARCH__LOOKS_MAX", "KTRDR_API__REQUESTS_PER_S"] {
        assert_eq!(shown_as(cut, "1.5"), Value::Null, "{cut} is no fraction");
    }
    let text = String::from_utf8(world.run(&["config", "show"]).stdout).unwrap();
    assert!(text.contains("ktrdr.toml (read)") && text.contains("lease = \"45s\""), "{text}");
    for (fault, word) in [
        ("[fleet]\nleese = \"45s\"\n", "leese"),
        ("[fleet]\nlease = \"7s\"\nheartbeat = \"5s\"\n", "heartbeat"),
        ("[fleet]\nlease = \"soon\"\n", "line 2, column 9: lease: expected a duration such as 30s"),
        ("[account]\ninitial_capital = -5\n", "initial_capital"),
        ("[windows.shares]\ndev = 0.9\ngate = 0.5\n", "windows"),
        ("[gates]\nnull_p_max = nan\n", "gates.null_p_max is NaN: it must be over 0 and at most 1"),
        ("[gates]\nnull_p_max = 2.0\n", "gates.null_p_max is 2.0: it must be over 0"),
        ("[gates]\ndeflated_sharpe_min = -1.0\n", "gates.deflated_sharpe_min is -1.0: it must be over 0"),
        ("[gates]\naccuracy_min = 45\n", "gates.accuracy_min is 45.0: it must be from 0 to 1"),
        ("[gates]\nwin_rate_min = -0.1\n", "gates.win_rate_min is -0.1: it must be from 0 to 1"),
        ("[gates]\ndrawdown_max = 40\n", "gates.drawdown_max is 40.0: it must be from 0 to 1"),
        ("[gates]\nloss_max = -1\n", "gates.loss_max is -1.0: it must be a number from 0 on"),
        ("[gates]\nloss_decrease_min = 20\n", "gates.loss_decrease_min is 20.0: it must be a number up to 1"),
        ("[gates]\nsharpe_min = inf\n", "gates.sharpe_min is inf: it must be a number"),
        ("[gates]\ntrades_min = -3\n", "line 2, column 14: trades_min"),
        ("[research]\nplausible_sharpe = nan\n", "research.plausible_sharpe is NaN"),
        ("not toml at all", "ktrdr.toml"),
    ] {
        world.write("ktrdr.toml", fault);
        world.refused_with(8, &["config", "show"], &["ktrdr.toml", word]);
    }
}

#[test]
fn a_mistyped_variable_is_refused_and_one_of_somebody_else_is_mentioned_once() {
    let world = World::new();
    let with = |name: &str, value: &std::ffi::OsStr| {
        world.command(&["config", "show", "-o", "json"]).env(name, value).output().unwrap()
    };
    for (name, meant) in [
        ("KTRDR_ENGIN", "KTRDR_ENGINE"),
        ("KTRDR_FLEET_LEASE", "KTRDR_FLEET__LEASE"),
        ("KTRDR_FLEET__LEESE", "KTRDR_FLEET__LEESE"),
        ("KTRDR_WINDOWS__SHARE__DEV", "KTRDR_WINDOWS__SHARE__DEV"),
        ("KTRD_ENGINE", "KTRDR_ENGINE"),
        ("KTDR_REDIS_URL", "KTRDR_REDIS_URL"),
    ] {
        let output = with(name, "fleet".as_ref());
        assert_eq!(output.status.code(), Some(8), "{name} {}", shown(&output));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(name) && said.contains(meant), "{said}");
    }
    let no_text = std::os::unix::ffi::OsStrExt::from_bytes(b"\xff");
    for name in ["KTRDR_PREFIX", "KTRDR_LOG"] {
        let output = with(name, no_text);
        assert!(!output.status.success() && shown(&output).contains(name), "{}", shown(&output));
    }
    let output = with("KTRDR_SERVICE_HOST", "10.0.0.7".as_ref());
    assert!(output.status.success(), "{}", shown(&output));
    assert!(serde_json::from_slice::<Value>(&output.stdout).is_ok(), "{}", shown(&output));
    assert_eq!(String::from_utf8_lossy(&output.stderr).matches("KTRDR_SERVICE_HOST").count(), 1);
    let hostile = with("KTRDR_\u{202e}\u{1b}]0;x\u{9b}1m", "x".as_ref());
    let said = String::from_utf8_lossy(&hostile.stderr);
    assert!(hostile.status.success() && said.contains("KTRDR_\u{fffd}"), "{}", shown(&hostile));
    assert!(!said.contains(['\u{202e}', '\u{1b}', '\u{9b}']), "{said:?}");
    let choices = with("KTRDR_ENGINE", "Fleet".as_ref());
    assert!(shown(&choices).contains("KTRDR_ENGINE: expected `embedded` or `fleet`"), "{}", shown(&choices));
    let known = with("KTRDR_REAL_DATA", "/nowhere".as_ref());
    assert!(known.status.success() && known.stderr.is_empty(), "{}", shown(&known));
}

#[test]
fn a_kind_of_job_has_one_name_and_its_workers_short_word_is_read_as_well() {
    let world = World::new();
    for (word, kind) in [
        ("data", "data_load"),
        ("design", "agent_design"),
        ("assessment", "agent_assessment"),
        ("backtest", "backtesting"),
    ] {
        for word in [word, kind] {
            assert_eq!(world.json(&["queues", "pause", word])["type"], kind);
            assert_eq!(world.json(&["operations", "list", "--type", word])["total"], 0);
            assert_eq!(world.json(&["operations", "list", "--filter", &format!("type={word}")])["total"], 0);
        }
        let help = String::from_utf8(world.run(&["worker", "--help"]).stdout).unwrap();
        assert!(help.contains(&format!("- {kind}")) && !help.contains(&format!("- {word}:")), "{help}");
    }
    world.refused_with(2, &["queues", "pause", "all"], &["data_load"]);
}

#[test]
fn the_schema_is_a_json_schema_whose_references_all_resolve() {
    let schema = World::new().json(&["strategies", "schema"]);
    assert!(schema["$schema"].as_str().unwrap().starts_with("https://json-schema.org/draft/"));
    assert_eq!((&schema["type"], &schema["additionalProperties"]), (&json!("object"), &json!(false)));
    let text = schema.to_string();
    let references: Vec<&str> =
        text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(!references.is_empty());
    for pointer in references {
        assert!(schema.pointer(pointer).is_some(), "{pointer}");
    }
}

#[test]
fn an_older_strategy_migrates_into_one_that_validates_and_trains() {
    let world = World::new();
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    let old = world.write("old.yaml", GRAMMAR_2);
    let new = world.path("strategies/old_dip.yaml");
    world.write("strategies/README", "");
    let (old, new) = (old.to_str().unwrap(), new.to_str().unwrap());
    let checked = world.json(&["strategies", "validate", old]);
    assert!(checked["strategies"][0]["upgraded_from"].is_string(), "{checked}");
    let migrated = world.json(&["strategies", "migrate", old, "--to", new]);
    assert_eq!(migrated["written_to"], new);
    let checked = world.json(&["strategies", "validate", "old_dip"]);
    assert_eq!(
        (&checked["strategies"][0]["valid"], &checked["strategies"][0]["upgraded_from"]),
        (&json!(true), &Value::Null)
    );
    let of = |file: &str| world.json(&["strategies", "features", file])["features"].clone();
    assert_eq!(of(old), of("old_dip"), "the feature vector is the same");
    world.refused_with(9, &["strategies", "migrate", old, "--to", new], &[new, "exists"]);
    world.json(&["training", "run", "--local", "-S", "old_dip"]);
}

#[test]
fn series_are_listed_with_their_windows_and_checked() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 2_000, 3);
    let listed = world.json(&["data", "list"])["series"][0].clone();
    assert_eq!((&listed["file"], &listed["synthetic"]), (&json!("data/EURUSD_1h.csv"), &json!(true)));
    let at = |window: &str, edge: &str| listed["windows"][window][edge].as_str().unwrap().to_owned();
    assert_eq!((at("dev", "end"), at("gate", "end")), (at("gate", "start"), at("vault", "start")));
    let checked = world.json(&["data", "check", "-s", "EURUSD", "-t", "1h"]);
    assert_eq!((&checked["health"]["rows"], &checked["data"]["sha256"]), (&json!(2_000), &listed["sha256"]));
}

#[test]
fn a_watcher_sees_a_training_go_forward_only_from_its_start_to_its_end() {
    let world = World::trained();
    world.example_of_epochs("medium", 3_000);
    let engine = world.up(&[]);
    let id = world.submit(&["training", "run", "--strategy", "medium"]).remove(0);
    let output = world.run(&["operations", "watch", &id, "--output", "jsonl"]);
    assert!(output.status.success(), "{}", shown(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.last().unwrap()["status"], "completed");
    let seen: Vec<(f64, u64)> = rows
        .iter()
        .filter_map(|r| Some((r["progress"]["percentage"].as_f64()?, r["progress"]["items_done"].as_u64()?)))
        .collect();
    assert!(seen.len() >= 3, "{seen:?}");
    assert!(seen.windows(2).all(|w| w[0].0 <= w[1].0), "{seen:?}");
    let epochs: Vec<u64> = seen.iter().map(|s| s.1).filter(|n| *n > 0).collect();
    assert!(epochs.windows(2).all(|w| w[0] <= w[1]) && *epochs.last().unwrap() > epochs[0], "{seen:?}");
    wait_for("idleness", || {
        (world.json(&["operations", "list", "--active"])["operations"] == json!([])).then_some(())
    });
    engine.signal("TERM");
    assert!(engine.end().status.success());
}

#[test]
fn times_are_shown_as_somebody_wants_them_and_json_stays_as_it_is() {
    let world = World::trained();
    let id = world.operations()[0]["id"].as_str().unwrap().to_owned();
    let said = |arguments: &str, format: Option<&str>| {
        let mut command = world.command(&words(arguments));
        command.envs(format.map(|format| ("KTRDR_TIME_FORMAT", format)));
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let is_iso = |text: &str| text.split_whitespace().any(|word| word.len() >= 20 && word.ends_with('Z'));
    assert!(is_iso(&said("operations list --time-format iso", None)));
    assert!(!is_iso(&said("operations list", None)));
    let events = format!("operations events {id}");
    assert!(is_iso(&said(&events, None)));
    let relative = said(&format!("{events} --time-format relative"), None);
    assert!(relative.contains(" ago") || relative.contains("now"), "{relative}");
    assert_eq!(said(&format!("{events} --time-format iso"), Some("relative")), said(&events, Some("iso")));
    let json = |format| said("operations list --output json", Some(format));
    assert_eq!(json("relative"), json("iso"));
    world.refused(2, &["operations", "list", "--time-format", "lunar"]);
}
