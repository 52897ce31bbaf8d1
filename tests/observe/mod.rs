//! What an operator's own tools see: real Prometheus scrapes a fleet of one process for each role, every panel has something to
//! show, alerts fire when something is broken and clear when it is mended, and nothing fires while all is well.

mod examples;
mod expressions;
mod faults;
mod fleet;
mod gpu;
mod lists;
mod outages;
mod prometheus;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

/// Files of a folder by their names, without what stands behind the dot.
fn files(folder: &str) -> Vec<(String, String)> {
    let mut files: Vec<_> = fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// Every dashboard.
fn dashboards() -> Vec<Value> {
    let read = |(name, text): (String, String)| {
        serde_json::from_str(&text).unwrap_or_else(|why| panic!("{name}: {why}"))
    };
    files("compose/grafana/dashboards").into_iter().map(read).collect()
}
