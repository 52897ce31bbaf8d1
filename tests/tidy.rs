//! House rules, held by tests: who may use whom, who may name what, and that each kind of job is complete.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ktrdr_domain::Kind;

/// The floors: crate, floor, the crates of ours that it may use.
const FLOORS: &[(&str, u8, &[&str])] = &[
    ("domain", 0, &[]),
    ("fabric", 1, &["domain"]),
    ("quant", 1, &["domain"]),
    ("neural", 1, &["domain"]),
    ("embedded", 2, &["domain", "fabric"]),
    ("fleet", 2, &["domain", "fabric"]),
    ("worker", 2, &["domain", "fabric"]),
    ("research", 2, &["domain", "fabric", "quant"]),
    ("agent", 2, &["domain", "quant"]),
    ("fake", 0, &[]),
    ("claude", 3, &["domain", "quant", "fabric", "agent"]),
    ("catalog", 2, &["domain", "fabric", "quant", "neural"]),
    ("jobs", 3, &["domain", "quant", "neural", "agent", "fabric", "catalog", "worker"]),
    ("app", 3, &["domain", "quant", "agent", "fabric", "embedded", "fleet", "catalog", "research"]),
    ("mcp", 4, &["domain", "app"]),
    (
        "ktrdr",
        5,
        &[
            "domain", "quant", "neural", "agent", "fabric", "fleet", "catalog", "worker", "research", "jobs",
            "app", "mcp", "claude", "fake",
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
    ("feature = \"torch\"", &["neural"], "scripts/test checks the code for GPUs in that crate alone"),
    (".publish(", &["worker", "embedded", "fleet"], "only the relay publishes what the outbox holds"),
];

/// Words the pure floors must not say in code.
const PURE: &[&str] = &["domain", "quant", "neural"];
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

/// Definitions that stand once in the whole code, however many crates go by them.
const SAID_ONCE: &[&str] = &[
    "enum Severity ",
    "struct Finding<",
    "const HIDDEN_LAYERS_MAX:",
    "const HUBER_DELTA:",
    "const HORIZON:",
    "const MEMBERSHIP_HEARD_MIN:",
    "const TRADES_ENOUGH:",
    "trades_min: 30",
];

/// Names that say nothing.
const GRAB_BAGS: &[&str] = &["common", "core", "util", "utils", "helpers", "misc"];

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every Rust source file of a crate's `src`.
fn sources(name: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("crates").join(name).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

/// A file without its comments and without what follows `#[cfg(test)]`.
fn code(text: &str) -> String {
    let lines =
        text.lines().take_while(|l| l.trim() != "#[cfg(test)]").filter(|l| !l.trim_start().starts_with("//"));
    lines.map(|l| l.split(" // ").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

fn crates() -> BTreeSet<String> {
    fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect()
}

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
fn shared_rules_are_said_once() {
    let all: Vec<(PathBuf, String)> = crates().iter().flat_map(|name| sources(name)).collect();
    for definition in SAID_ONCE {
        let places: Vec<&PathBuf> =
            all.iter().filter(|(_, text)| code(text).contains(definition)).map(|(path, _)| path).collect();
        assert_eq!(places.len(), 1, "{definition:?} stands in {places:?}");
    }
}

/// Its parts are read by `strategy::read`, which finds every fault in one pass; a default that serde would fill in
/// never acts, and says again what the table of fields says.
#[test]
fn no_part_of_a_strategy_has_a_default_of_its_own_for_serde() {
    for (path, text) in
        sources("domain").iter().filter(|(path, _)| path.to_string_lossy().contains("/strategy/"))
    {
        assert!(!code(text).contains("serde(default"), "{} has a default for serde", path.display());
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

#[test]
fn no_grab_bags_no_giants() {
    for name in crates() {
        assert!(!GRAB_BAGS.contains(&name.as_str()), "a crate called {name} says nothing");
        for (path, text) in sources(&name) {
            let stem = path.file_stem().unwrap().to_str().unwrap();
            assert!(!GRAB_BAGS.contains(&stem), "{} says nothing by its name", path.display());
            let lines = text.lines().take_while(|l| l.trim() != "#[cfg(test)]").count();
            assert!(lines <= FILE_LINES_MAX, "{} has {lines} lines: is it two ideas?", path.display());
            for (function, length) in function_lengths(&text) {
                assert!(length <= FUNCTION_LINES_MAX, "{}: {function} has {length} lines", path.display());
            }
        }
    }
}

/// Names and lengths of functions, by indentation: a scan, not a parser.
fn function_lengths(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let body = line.trim_start();
        let is_function = [
            "fn ",
            "pub fn ",
            "pub(crate) fn ",
            "pub(super) fn ",
            "async fn ",
            "pub async fn ",
            "pub(crate) async fn ",
            "const fn ",
            "pub const fn ",
        ]
        .iter()
        .any(|p| body.starts_with(p));
        if is_function && !body.ends_with(';') {
            let close = format!("{}}}", &line[..line.len() - body.len()]);
            if let Some(length) = lines[start..].iter().position(|l| *l == close) {
                found.push((body.to_owned(), length + 1));
            }
        }
    }
    found
}

#[test]
fn each_kind_of_job_has_its_queue_its_handler_and_its_row_in_the_docs() {
    let topology = fs::read_to_string(root().join("queues/topology.toml")).unwrap();
    let docs = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let handlers: String = sources("jobs").into_iter().map(|(_, text)| text).collect();
    for kind in Kind::ALL {
        let row = format!("| `{kind}` |");
        assert!(docs.contains(&row), "docs/architecture.md has no row {row}");
        let queue = format!("name = \"ktrdr.jobs.{kind}\"");
        if kind.is_root() {
            assert!(!topology.contains(&queue), "{kind} is a root: it has no queue");
            continue;
        }
        assert_eq!(topology.matches(&queue).count(), 1, "queues/topology.toml names {queue} once");
        assert_eq!(
            handlers.matches(&format!("Kind::{kind:?}\n")).count(),
            1,
            "jobs has one handler of {kind}"
        );
    }
}

/// Files that may name many kinds of job: the table, the specifications, the phases of a cycle, the handlers.
const LISTS_KINDS: &[&str] =
    &["domain/src/kind.rs", "domain/src/job.rs", "domain/src/phase.rs", "jobs/src/lib.rs"];

#[test]
fn a_new_kind_of_job_touches_the_table_its_specification_its_handler_the_handlers_and_its_queues() {
    for name in crates() {
        for (path, text) in sources(&name) {
            if LISTS_KINDS.iter().any(|file| path.ends_with(file)) {
                continue;
            }
            let code = code(&text);
            let named: Vec<_> = Kind::ALL
                .iter()
                .filter(|kind| {
                    let variant = format!("Kind::{kind:?}");
                    code.match_indices(&variant)
                        .any(|(at, _)| !code[at + variant.len()..].starts_with(|c: char| c.is_alphanumeric()))
                })
                .collect();
            assert!(named.len() <= 2, "{} names {named:?}: ask the table of kinds", path.display());
        }
    }
}

#[test]
fn the_project_speaks_of_itself_only_and_its_links_lead_somewhere() {
    for file in markdown() {
        let text = fs::read_to_string(&file).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap();
            let outside = target.is_empty() || target.contains("://");
            assert!(
                outside || file.parent().unwrap().join(target).exists(),
                "{}: {link} leads nowhere",
                file.display()
            );
        }
    }
}

fn markdown() -> Vec<PathBuf> {
    let listed = Command::new("git").args(["ls-files", "*.md"]).current_dir(root()).output();
    let Ok(listed) = listed.map(|o| String::from_utf8(o.stdout).unwrap()) else { return Vec::new() };
    listed.lines().map(|l| root().join(l)).filter(|p| p.exists()).collect()
}

/// The platform of this toolchain: only its dependencies were downloaded.
fn host() -> String {
    let version = Command::new("rustc").arg("-vV").output().unwrap().stdout;
    let version = String::from_utf8(version).unwrap();
    version.lines().find_map(|l| l.strip_prefix("host: ")).unwrap().to_owned()
}

#[test]
fn every_dependency_has_a_licence_we_accept_and_a_reason_in_the_docs() {
    let allowed = fs::read_to_string(root().join("deny.toml")).unwrap();
    // With those for GPUs wherever they were fetched, as scripts/test does.
    let metadata = metadata(&["--features", "ktrdr/torch"]).or_else(|| metadata(&[])).unwrap();
    for package in metadata["packages"].as_array().unwrap() {
        let expression = package["license"].as_str().unwrap_or("none");
        let accepted = expression.replace('/', " OR ").split(" OR ").any(|choice| {
            choice
                .split(" AND ")
                .all(|l| allowed.contains(&format!("\"{}\"", l.trim_matches(|c| "() ".contains(c)))))
        });
        assert!(accepted, "{} has licence {expression}", package["name"]);
    }
    let reasons = fs::read_to_string(root().join("docs/dependencies.md")).unwrap();
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let direct = manifest.split("[workspace.dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    for name in direct
        .lines()
        .filter_map(|l| l.split_once(" = "))
        .map(|(n, _)| n.trim())
        .filter(|n| !n.starts_with("ktrdr-"))
    {
        assert!(reasons.contains(&format!("| {name} |")), "docs/dependencies.md says nothing of {name}");
    }
}

fn metadata(features: &[&str]) -> Option<serde_json::Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", &host()])
        .args(features)
        .current_dir(root())
        .output()
        .unwrap();
    output.status.success().then(|| serde_json::from_slice(&output.stdout).unwrap())
}

/// Text of every Rust file below these folders of the project.
fn all_text(folders: &[PathBuf]) -> String {
    let (mut open, mut text) = (folders.to_vec(), String::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
            match entry.path() {
                path if path.is_dir() => open.push(path),
                path if path.extension().is_some_and(|e| e == "rs") => {
                    text.push_str(&fs::read_to_string(path).unwrap());
                }
                _ => {}
            }
        }
    }
    text
}

/// Names in the dependency tables of a manifest.
fn named_in(manifest: &str, tables: &[&str]) -> BTreeSet<String> {
    let mut table = "";
    let mut names = BTreeSet::new();
    for line in manifest.lines() {
        match line.strip_prefix('[') {
            Some(head) => table = head.split(']').next().unwrap(),
            None if tables.contains(&table) => {
                let name = line.split(['.', ' ', '=']).next().unwrap();
                names.extend((!name.is_empty() && !name.starts_with('#')).then(|| name.to_owned()));
            }
            None => {}
        }
    }
    names
}

#[test]
fn every_dependency_that_is_named_is_used() {
    let mut used = BTreeSet::new();
    for name in crates() {
        let home = root().join("crates").join(&name);
        let manifest = fs::read_to_string(home.join("Cargo.toml")).unwrap();
        let mut folders = ["src", "tests", "benches", "examples"].map(|f| home.join(f)).to_vec();
        folders.extend((name == "ktrdr").then(|| root().join("tests")));
        let build = fs::read_to_string(home.join("build.rs")).unwrap_or_default();
        let text = all_text(&folders) + &build;
        for dependency in named_in(&manifest, &["dependencies", "dev-dependencies", "build-dependencies"]) {
            assert!(
                text.contains(&dependency.replace('-', "_")),
                "{name} names {dependency} and does not use it"
            );
            used.insert(dependency);
        }
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let unused: Vec<_> =
        named_in(&manifest, &["workspace.dependencies"]).difference(&used).cloned().collect();
    assert!(unused.is_empty(), "no crate names {unused:?}");
}
