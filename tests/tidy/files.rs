//! How files look: their names and lengths, what is said once, and what each kind of job has.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use ktrdr_domain::Kind;

use super::{code, crates, root, sources};

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
