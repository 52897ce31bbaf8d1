//! What is taken from outside: licences, reasons, and that nothing is taken in vain.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{crates, root};

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
