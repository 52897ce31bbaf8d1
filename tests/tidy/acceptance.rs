//! The acceptance book is whole: every promise has a test, and a row for each engine that it was tried on.

use std::fs;

use super::root;
use crate::acceptance::plan::PROMISES;

/// Where a promise was tried: on each engine, or where it has to do with none.
const TRIED: [&[&str]; 2] = [&["embedded", "RabbitMQ + Redis"], &["both"]];

#[test]
fn every_promise_has_a_test_and_its_rows() {
    let tests: String = fs::read_dir(root().join("tests/acceptance"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let page = fs::read_to_string(root().join("docs/acceptance.md")).unwrap();
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|l| l.starts_with("| "))
        .map(|l| l.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    for promise in PROMISES {
        let id = promise.id;
        assert!(tests.contains(&format!("row(\"{id}\"")), "no test tries {id}");
        let of_it: Vec<&Vec<&str>> = rows.iter().filter(|row| row[0] == id).collect();
        let engines: Vec<&str> = of_it.iter().map(|row| row[2]).collect();
        assert!(TRIED.contains(&engines.as_slice()), "{id} was tried on {engines:?}: run scripts/acceptance");
        for row in of_it {
            assert_eq!((row[1], row[3]), (promise.purpose, promise.expected), "{id}: run scripts/acceptance");
            assert!(["yes", "missed"].contains(row.last().unwrap()), "{id} is broken: {row:?}");
        }
    }
}
