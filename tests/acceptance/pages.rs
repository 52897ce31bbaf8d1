//! A11, A12: what there is to read, and how much of the code the tests cover.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::book::{Chapter, Seen, folder};

/// The share of lines that tests should cover, in percent.
const COVERED: f64 = 90.0;

/// What `scripts/coverage` leaves.
const COVERAGE: &str = "coverage/summary.json";

/// Kinds of documentation, with the page and a heading or word of it.
const PAGES: [(&str, &str, &str); 6] = [
    ("user guide", "README.md", "## Your own data"),
    ("API", "docs/api.md", "# The HTTP API"),
    ("CLI", "README.md", "ktrdr --help"),
    ("developer guide", "docs/architecture.md", "## Walkthrough: one job"),
    ("operations guide", "docs/operations.md", "## Run"),
    ("migration guide", "docs/migration.md", "## Paths"),
];

pub(super) fn rows(chapter: &mut Chapter) {
    chapter.row("A11", coverage);
    chapter.row("A12", pages);
}

fn coverage(seen: &mut Seen) {
    let Ok(text) = fs::read_to_string(folder().join(COVERAGE)) else {
        seen.note("not measured on this machine: `scripts/coverage`");
        return;
    };
    let summary: Value = serde_json::from_str(&text).unwrap();
    let share = summary.pointer("/data/0/totals/lines/percent").and_then(Value::as_f64).unwrap();
    seen.note(format!("{share:.1} % of lines"));
    seen.target(share >= COVERED);
}

fn pages(seen: &mut Seen) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (kind, page, word) in PAGES {
        let text = fs::read_to_string(root.join(page)).unwrap();
        assert!(text.contains(word), "{page} is no {kind}: it lacks {word:?}");
        seen.note(format!("{kind}: {page}"));
    }
}
