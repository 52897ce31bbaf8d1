//! Who may use whom, and who may say what.

use std::collections::BTreeMap;
use std::fs;

use super::{code, crates, root, sources};

/// The floors: crate, floor, the crates of ours that it may use.
const FLOORS: &[(&str, u8, &[&str])] = &[
    ("domain", 0, &[]),
    ("fabric", 1, &["domain"]),
    ("quant", 1, &["domain"]),
    ("neural", 1, &["domain"]),
    ("embedded", 2, &["domain", "fabric"]),
    ("fleet", 2, &["domain", "fabric"]),
    ("worker", 2, &["domain", "fabric"]),
    ("telemetry", 2, &["domain", "fabric"]),
    ("traces", 3, &["domain", "fabric", "agent"]),
    ("research", 2, &["domain", "fabric", "quant"]),
    ("agent", 2, &["domain", "quant"]),
    ("fake", 0, &[]),
    ("chart", 0, &[]),
    ("commit", 0, &[]),
    ("report", 1, &["domain", "chart"]),
    ("claude", 3, &["domain", "quant", "fabric", "agent"]),
    ("catalog", 2, &["domain", "fabric", "quant", "neural"]),
    ("jobs", 3, &["domain", "quant", "neural", "agent", "fabric", "catalog", "worker", "chart"]),
    ("app", 3, &["domain", "quant", "agent", "fabric", "embedded", "fleet", "catalog", "research", "report"]),
    ("mcp", 4, &["domain", "app"]),
    ("api", 4, &["domain", "app"]),
    ("client", 4, &["domain", "app"]),
    ("dashboard", 4, &["domain", "chart", "app"]),
    (
        "ktrdr",
        5,
        &[
            "domain",
            "quant",
            "neural",
            "agent",
            "fabric",
            "fleet",
            "catalog",
            "commit",
            "worker",
            "research",
            "jobs",
            "telemetry",
            "traces",
            "app",
            "mcp",
            "api",
            "client",
            "dashboard",
            "claude",
            "fake",
        ],
    ),
];

/// Words only one crate may say in its code, and why.
const ONLY_IN: &[(&str, &[&str], &str)] = &[
    ("rusqlite", &["embedded"], "only the embedded engine knows SQLite"),
    ("lapin", &["fleet"], "only the fleet's engine knows RabbitMQ"),
    (" redis::", &["fleet"], "only the fleet's engine knows Redis"),
    ("object_store", &["fleet"], "only the fleet's engine knows buckets"),
    ("ndarray", &["quant", "neural", "jobs"], "nouns, messages and the fleet hold no matrices"),
    ("rmcp", &["mcp"], "only its server speaks the Model Context Protocol"),
    ("axum", &["api"], "only the API speaks HTTP"),
    ("ratatui", &["ktrdr"], "only the program itself draws on a terminal"),
    ("prometheus_client", &["telemetry"], "what is counted, and under which names, stands in one place"),
    (
        "opentelemetry_proto",
        &["traces"],
        "what is told of a trace, and under which names, stands in one place",
    ),
    ("feature = \"torch\"", &["neural"], "scripts/test checks the code for GPUs in that crate alone"),
    (
        ".publish(",
        &["worker", "embedded", "fleet", "telemetry", "traces"],
        "only the relay publishes what the outbox holds; telemetry and traces pass it on",
    ),
];

/// Words the pure floors must not say in code.
const PURE: &[&str] = &["domain", "quant", "neural", "chart", "report"];

const IMPURE_WORDS: &[&str] = &[
    "tokio",
    "async fn",
    ".await",
    "std::fs",
    "SystemTime::now",
    "Instant::now",
    "Utc::now",
    "rand::rng",
    "thread_rng",
];

/// Words of the ways in, which the application floor must not say in code: it is asked the same by all of them.
const WORDS_OF_WAYS_IN: &[&str] = &[
    "clap",
    "axum",
    "indicatif",
    "std::env",
    "std::process",
    "env!(",
    "IsTerminal",
    "stdin(",
    "stdout(",
    "stderr(",
    "ExitCode",
];

/// The engines by their names in code, and the only files above them that may say one: where a workspace is opened, where
/// a fleet's servers are set up and measured, and where their addresses are read.
const ENGINES: &[&str] = &["ktrdr_embedded", "ktrdr_fleet"];

const ENGINES_ARE_NAMED_IN: &[&str] = &[
    "crates/app/src/engine/",
    "crates/ktrdr/src/settings",
    "crates/ktrdr/src/commands/topology.rs",
    "crates/ktrdr/src/commands/bench/fleet",
    "crates/ktrdr/src/logging.rs",
];

#[test]
fn arrows_point_down_only() {
    let table: BTreeMap<&str, (u8, &[&str])> = FLOORS.iter().map(|(n, f, uses)| (*n, (*f, *uses))).collect();
    assert_eq!(
        crates(),
        table.keys().map(|n| (*n).to_owned()).collect(),
        "the table of floors lists every crate"
    );
    for (name, (floor, allowed)) in &table {
        let manifest = fs::read_to_string(root().join("crates").join(name).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or("").split("\n[").next().unwrap();
        for used in dependencies.lines().filter_map(|l| l.strip_prefix("ktrdr-")) {
            let used = used.split(['.', ' ']).next().unwrap();
            assert!(allowed.contains(&used), "{name} uses {used}: its floor may not");
            assert!(table[used].0 < *floor, "{name} uses {used}, which is not below it");
        }
    }
}

#[test]
fn each_outside_name_is_said_by_its_owner_only() {
    for (word, owners, why) in ONLY_IN {
        for name in crates().iter().filter(|n| !owners.contains(&n.as_str())) {
            for (path, text) in sources(name) {
                assert!(!code(&text).contains(word), "{} says {word:?}: {why}", path.display());
            }
        }
    }
}

#[test]
fn the_pure_floors_have_no_io_no_clock_no_ambient_randomness() {
    for name in PURE {
        for (path, text) in sources(name) {
            for word in IMPURE_WORDS {
                assert!(!code(&text).contains(word), "{} says {word:?}", path.display());
            }
        }
    }
}

#[test]
fn the_application_floor_has_never_heard_of_a_way_in() {
    for (path, text) in sources("app") {
        for word in WORDS_OF_WAYS_IN {
            assert!(!code(&text).contains(word), "{} says {word:?}: ways in say it", path.display());
        }
    }
}

#[test]
fn above_the_opening_of_a_workspace_nobody_knows_which_engine_carries_it() {
    for (path, text) in
        ["app", "catalog", "jobs", "ktrdr", "research", "worker"].iter().flat_map(|name| sources(name))
    {
        let shown = path.display().to_string();
        if ENGINES_ARE_NAMED_IN.iter().any(|file| shown.contains(file)) {
            continue;
        }
        for engine in ENGINES {
            assert!(!code(&text).contains(engine), "{shown} says {engine:?}: seams are enough");
        }
    }
}

#[test]
fn the_numerics_have_never_heard_of_a_queue_nor_the_fabric_of_a_strategy_and_jobs_only_read_rows() {
    for (name, word) in [
        ("quant", "queue"),
        ("neural", "queue"),
        ("fabric", "fuzzy"),
        ("embedded", "fuzzy"),
        ("fleet", "fuzzy"),
        ("worker", "training_spec"),
        ("worker", "TrainingSpec"),
        ("jobs", "dyn Store"),
    ] {
        for (path, text) in sources(name) {
            assert!(
                !code(&text).to_lowercase().contains(&word.to_lowercase()),
                "{} says {word:?}",
                path.display()
            );
        }
    }
}
