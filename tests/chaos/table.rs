//! What a run showed, fault by fault.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use ktrdr_domain::OperationId;

use super::aof_log::Story;
use super::fault::Fault;
use super::fault_record::FaultRecord;
use super::jobs::Expectation;
use super::oracle::Evidence;

/// A fault of the whole fleet that begins so soon after another is the same trouble.
const SAME_TROUBLE_MS: i64 = 1_000;

/// One fault's row.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) times: usize,
    touched: BTreeSet<OperationId>,
    lost: BTreeSet<OperationId>,
    /// The attempt that was met came to its end, and so did a later one. One of them counted.
    twice: BTreeSet<OperationId>,
    recovered: BTreeSet<OperationId>,
    /// How long each recovery took.
    pub(crate) recoveries_ms: Vec<i64>,
}

/// Rows by fault.
pub(crate) fn rows(evidence: &Evidence, records: &[FaultRecord]) -> BTreeMap<Fault, Row> {
    let claims = claims(evidence);
    let mut rows = BTreeMap::<Fault, Row>::new();
    for record in records {
        let row = rows.entry(record.fault).or_default();
        row.times += 1;
        for (id, fence) in &record.touched {
            row.touch(evidence, id, *fence);
            if record.fault.takes_a_worker() {
                row.recoveries_ms.extend(of_operation(evidence, record, id, *fence));
            }
        }
        // The whole fleet was hit: it is back when anybody takes up work again.
        if !record.fault.takes_a_worker() && !record.touched.is_empty() {
            let over_ms = over_with_others(record, records);
            row.recoveries_ms.extend(claims.range(over_ms..).next().map(|at| at - over_ms));
        }
    }
    rows
}

/// When this fault of the whole fleet was over, and every other one that began before that was over too.
fn over_with_others(record: &FaultRecord, records: &[FaultRecord]) -> i64 {
    let shared = records.iter().filter(|other| !other.fault.takes_a_worker());
    let mut others: Vec<&FaultRecord> = shared.filter(|other| other.at_ms >= record.at_ms).collect();
    others.sort_by_key(|other| other.at_ms);
    others.iter().fold(record.over_ms, |over, other| match other.at_ms <= over + SAME_TROUBLE_MS {
        true => over.max(other.over_ms),
        false => over,
    })
}

/// From the fault until the operation was claimed again, or ended.
fn of_operation(evidence: &Evidence, record: &FaultRecord, id: &OperationId, fence: u64) -> Option<i64> {
    let next = evidence.stories.get(id.as_str())?.next_step_ms(record.at_ms, fence)?;
    Some(next - record.at_ms)
}

/// When anything was claimed.
fn claims(evidence: &Evidence) -> BTreeSet<i64> {
    evidence.stories.values().flat_map(Story::claims).map(|(_, at_ms)| at_ms).collect()
}

impl Row {
    fn touch(&mut self, evidence: &Evidence, id: &OperationId, fence: u64) {
        self.touched.insert(id.clone());
        match evidence.rows.get(id).is_some_and(|row| row.status.is_terminal()) {
            true => self.recovered.insert(id.clone()),
            false => self.lost.insert(id.clone()),
        };
        let marks = evidence.marks.get(id).map(Vec::as_slice).unwrap_or_default();
        if marks.contains(&fence) && marks.iter().any(|mark| *mark > fence) {
            self.twice.insert(id.clone());
        }
    }

    /// How long the middle and the slowest recovery took.
    fn recovery(&self) -> [String; 2] {
        let mut sorted = self.recoveries_ms.clone();
        sorted.sort_unstable();
        let shown =
            |ms: Option<&i64>| ms.map_or("–".to_owned(), |ms| format!("{:.1} s", *ms as f64 / 1000.0));
        [shown(sorted.get(sorted.len() / 2)), shown(sorted.last())]
    }
}

/// As Markdown.
pub(crate) fn table(rows: &BTreeMap<Fault, Row>) -> String {
    let mut text = String::from(
        "| fault | times | operations touched | lost | run twice to the end | recovered | median | slowest recovery |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for (fault, row) in rows {
        let (times, touched, lost) = (row.times, row.touched.len(), row.lost.len());
        let (twice, recovered, [median, slowest]) = (row.twice.len(), row.recovered.len(), row.recovery());
        writeln!(
            text,
            "| {fault} | {times} | {touched} | {lost} | {twice} | {recovered} | {median} | {slowest} |"
        )
        .unwrap();
    }
    text
}

/// Faults that came with a job, as records of that job: a crash takes its worker at the end of its sleep, a cancel
/// happens when it is asked for.
pub(crate) fn of_jobs(evidence: &Evidence) -> Vec<FaultRecord> {
    let mut records = Vec::new();
    for job in &evidence.jobs {
        let Some(story) = evidence.stories.get(job.id.as_str()) else { continue };
        let sleep_ms = job.sleep.as_millis() as i64;
        let mut hurt = |fault, fence, at_ms| {
            let touched = BTreeMap::from([(job.id.clone(), fence)]);
            records.push(FaultRecord { fault, at_ms, over_ms: at_ms, touched });
        };
        let crashes = match job.expected {
            Expectation::Poison => Some((Fault::Poison, u64::MAX)),
            Expectation::CrashOnce => Some((Fault::CrashOnce, 1)),
            Expectation::Complete | Expectation::Fail | Expectation::Deaf => None,
        };
        if let Some((fault, until)) = crashes {
            let claims = story.claims().filter(|(fence, _)| *fence <= until);
            claims.for_each(|(fence, at_ms)| hurt(fault, fence, at_ms + sleep_ms));
        }
        let Some(row) = evidence.rows.get(&job.id) else { continue };
        if let Some(cancel) = &row.cancel {
            let fault = if job.expected == Expectation::Deaf { Fault::Deaf } else { Fault::Cancel };
            hurt(fault, row.fence, cancel.at_ms);
        }
    }
    records
}
