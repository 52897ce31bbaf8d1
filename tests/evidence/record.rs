//! What one run came to, as a line of JSON; and the book of all runs of one build, which is only ever appended to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answers::Campaign;
use super::laboratory;
use super::plan::Task;
use super::subject::Subject;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Of its task: a run that is in the book is not made again.
    pub(super) key: String,
    pub(super) experiment: String,
    pub(super) subject: String,
    /// That was planted.
    pub(super) sharpe: Option<f64>,
    /// What the oracle trader had on the exam window of this very series.
    pub(super) oracle_sharpe: Option<f64>,
    pub(super) years: f64,
    pub(super) bars: usize,
    pub(super) seed: u64,
    pub(super) campaigns: u32,
    /// Campaigns that the program would not begin.
    pub(super) refused: u32,
    pub(super) cycles: u32,
    pub(super) survivors: Vec<Value>,
    /// Looks that the last verdict counted.
    pub(super) looks: u64,
    pub(super) ends: BTreeMap<String, u32>,
    /// What went wrong, if anything did.
    pub(super) failed: Option<String>,
    pub(super) took_ms: u64,
}

impl Record {
    pub(super) fn of(task: &Task, bars: usize) -> Self {
        let sharpe = match task.cell.subject {
            Subject::Edge { sharpe, .. } => Some(sharpe),
            Subject::Noise(_) | Subject::Real(_) => None,
        };
        Self {
            key: task.key(),
            experiment: task.cell.experiment.name().to_owned(),
            subject: task.cell.subject.name().to_owned(),
            sharpe,
            oracle_sharpe: None,
            years: task.cell.years,
            bars,
            seed: task.seed,
            campaigns: 0,
            refused: 0,
            cycles: 0,
            survivors: Vec::new(),
            looks: 0,
            ends: BTreeMap::new(),
            failed: None,
            took_ms: 0,
        }
    }

    pub(super) fn add(&mut self, campaign: Campaign) {
        self.campaigns += 1;
        self.cycles += campaign.cycles;
        self.survivors.extend(campaign.survivors);
        self.looks = self.looks.max(campaign.looks);
        laboratory::add(&mut self.ends, campaign.ends);
    }

    /// Something was accepted.
    pub(super) fn found(&self) -> bool {
        !self.survivors.is_empty()
    }
}

/// Lines of one build: the first says which, the others are [`Record`]s.
pub(super) struct Book {
    file: File,
    pub(super) records: Vec<Record>,
}

impl Book {
    /// Copies a published book of the same build to where there is none yet. What was said of the plan's commit may differ: which runs
    /// are made stands in their keys.
    pub(super) fn take_over(published: &Path, path: &Path, build: &Value) {
        let Ok(text) = std::fs::read_to_string(published) else { return };
        let head = text.lines().next().and_then(|line| serde_json::from_str::<Value>(line).ok());
        let same =
            |head: &Value| ["program_sha256", "configuration"].iter().all(|name| head[name] == build[name]);
        if !path.exists() && head.as_ref().is_some_and(same) {
            std::fs::write(path, text).expect("the book can be taken over");
        }
    }

    /// Opens or begins a book, for one writer at a time. A line that was cut off, because its writer was killed, is dropped.
    pub(super) fn open(path: &Path, build: &Value) -> Self {
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).open(path).expect("the book opens");
        file.try_lock().unwrap_or_else(|e| panic!("{}: somebody else is writing it ({e})", path.display()));
        let text = std::fs::read_to_string(path).expect("the book is text");
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64).expect("the book can be cut");
        file.seek(SeekFrom::End(0)).expect("the book has an end");
        let mut book = Self { file, records: Vec::new() };
        if whole == 0 {
            book.append(build);
        }
        let records = text[..whole].lines().skip(1);
        book.records = records.map(|line| serde_json::from_str(line).expect("a record")).collect();
        book
    }

    /// Keys of what was run.
    pub(super) fn keys(&self) -> BTreeSet<String> {
        self.records.iter().map(|record| record.key.clone()).collect()
    }

    /// Writes a record down, for good.
    pub(super) fn write(&mut self, record: Record) {
        self.append(&serde_json::to_value(&record).expect("a record is JSON"));
        self.records.push(record);
    }

    fn append(&mut self, line: &Value) {
        self.file.write_all(format!("{line}\n").as_bytes()).expect("the book can be written");
        self.file.sync_data().expect("the book reaches the disk");
    }
}

#[test]
fn a_published_book_is_taken_over_by_its_build_alone_and_covers_no_other() {
    let folder = tempfile::TempDir::with_prefix("ktrdr-evidence-").unwrap();
    let at = |name: &str| folder.path().join(name);
    let build =
        |program: &str| serde_json::json!({ "git": program, "program_sha256": program, "configuration": {} });
    let published = at("published.jsonl");
    drop(Book::open(&published, &build("one")));

    Book::take_over(&published, &at("another.jsonl"), &build("another"));
    assert!(!at("another.jsonl").exists());
    let same = serde_json::json!({ "git": "later", "program_sha256": "one", "configuration": {} });
    Book::take_over(&published, &at("same.jsonl"), &same);
    assert_eq!(std::fs::read(&published).unwrap(), std::fs::read(at("same.jsonl")).unwrap());
    std::fs::write(at("same.jsonl"), "mine").unwrap();
    Book::take_over(&published, &at("same.jsonl"), &same);
    assert_eq!(std::fs::read_to_string(at("same.jsonl")).unwrap(), "mine");
}

#[test]
fn one_book_has_one_writer_at_a_time() {
    let folder = tempfile::TempDir::with_prefix("ktrdr-evidence-").unwrap();
    let path = folder.path().join("book.jsonl");
    let open = || Book::open(&path, &serde_json::json!({ "version": "test" }));
    let first = open();
    assert!(std::panic::catch_unwind(open).is_err());
    drop(first);
    assert!(open().records.is_empty());
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
}
