//! What became of each promise, on each engine: a row of `target/acceptance.md`, which grows with every test that ends.

use std::fmt::Write;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::plan::{PROMISES, promise};
use crate::world::Engine;

/// The rows of this run.
static BOOK: Mutex<Vec<Row>> = Mutex::new(Vec::new());

/// What became of one promise.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    id: &'static str,
    engine: &'static str,
    seen: String,
    took: Duration,
    verdict: Verdict,
}

/// Whether a promise is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Kept,
    /// A target of time or share was missed in this run, by less than would fail it.
    Missed,
    Broken,
}

/// What a check saw, in words with figures.
#[derive(Debug, Default)]
pub(super) struct Seen {
    words: Vec<String>,
    is_missed: bool,
}

impl Seen {
    pub(super) fn note(&mut self, words: impl Into<String>) {
        self.words.push(words.into());
    }

    /// Whether a target was met that a busy machine may miss.
    pub(super) fn target(&mut self, is_met: bool) {
        self.is_missed |= !is_met;
    }
}

/// The promises that one world is tried for: each has its own check, and one that is broken does not hide the next.
pub(super) struct Chapter {
    engine: &'static str,
    broken: Vec<&'static str>,
}

impl Chapter {
    pub(super) fn on(engine: Engine) -> Self {
        let engine = match engine {
            Engine::Embedded => "embedded",
            Engine::Fleet => "RabbitMQ + Redis",
        };
        Self { engine, broken: Vec::new() }
    }

    /// Of what has to do with no engine.
    pub(super) fn of_both() -> Self {
        Self { engine: "both", broken: Vec::new() }
    }

    /// Tries one promise and writes down what was seen.
    pub(super) fn row(&mut self, id: &'static str, check: impl FnOnce(&mut Seen)) {
        promise(id);
        let (mut seen, begun) = (Seen::default(), Instant::now());
        // A world that a broken promise leaves behind is good enough to try the next one on.
        let passed = catch_unwind(AssertUnwindSafe(|| check(&mut seen))).is_ok();
        let verdict = match (passed, seen.is_missed) {
            (true, false) => Verdict::Kept,
            (true, true) => Verdict::Missed,
            (false, _) => Verdict::Broken,
        };
        if verdict == Verdict::Broken {
            self.broken.push(id);
        }
        let row =
            Row { id, engine: self.engine, seen: seen.words.join("; "), took: begun.elapsed(), verdict };
        eprintln!("acceptance {id} on {}: {} ({})", row.engine, row.seen, word(verdict));
        keep(row);
    }

    /// Fails where a promise was broken.
    pub(super) fn end(self) {
        assert!(self.broken.is_empty(), "broken on {}: {:?}", self.engine, self.broken);
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Kept => "yes",
        Verdict::Missed => "missed",
        Verdict::Broken => "NO",
    }
}

fn keep(row: Row) {
    let mut rows = BOOK.lock().unwrap_or_else(PoisonError::into_inner);
    rows.retain(|other| (other.id, other.engine) != (row.id, row.engine));
    rows.push(row);
    let file = folder().join("acceptance.md");
    let part = file.with_extension("md.part");
    fs::write(&part, page(&rows)).and_then(|()| fs::rename(&part, &file)).expect("the book can be written");
}

/// The folder that builds and tests write to.
pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it lies in the target folder").to_owned()
}

/// Which program was tried.
fn build() -> &'static str {
    match std::env::var_os("KTRDR_TEST_PROGRAM") {
        None => "the unoptimised build that tests use",
        Some(_) => "the build that was named to the script",
    }
}

/// The whole page, in the order of the promises.
fn page(rows: &[Row]) -> String {
    let mut page = HEAD.replace("BUILD", build());
    for promise in PROMISES {
        for row in rows.iter().filter(|row| row.id == promise.id) {
            let Row { id, engine, seen, took, verdict } = row;
            let cells = [
                *id,
                promise.purpose,
                engine,
                promise.expected,
                seen,
                &format!("{:.1} s", took.as_secs_f64()),
                word(*verdict),
            ];
            let cells = cells.map(|cell| cell.replace('|', "\\|").replace('\n', " "));
            writeln!(page, "| {} |", cells.join(" | ")).expect("a text grows");
        }
    }
    page
}

const HEAD: &str = "# The acceptance book

Every promise of the plans that ktrdr began with, tried through the real binary and HTTP on both engines
([tests/acceptance](../tests/acceptance/mod.rs)). Written by `scripts/acceptance`, never by hand; any run of the tests leaves the
same page in `target/acceptance.md`. Times are those of BUILD, beside whatever else the machine did meanwhile. Figures are always
told; limits that a busy machine could break are asserted with room: such a target is `missed`, which is not broken.

| id | purpose | engine | expected | seen | time | pass |
|---|---|---|---|---|---:|---|
";

#[test]
fn a_broken_promise_is_told_and_hides_no_other() {
    let row =
        |id, verdict| Row { id, engine: "both", seen: "a | b".into(), took: Duration::from_secs(1), verdict };
    let page = page(&[row("B1.1", Verdict::Kept), row("M1", Verdict::Broken)]);
    let lines: Vec<&str> =
        page.lines().filter(|line| line.starts_with("| M1") || line.starts_with("| B1.1")).collect();
    assert!(lines[0].starts_with("| M1 | ") && lines[0].ends_with("a \\| b | 1.0 s | NO |"), "{page}");
    assert!(lines[1].ends_with("| yes |"), "{page}");
}
