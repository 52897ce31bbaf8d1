//! What the runs showed, as Markdown.

use std::collections::BTreeSet;
use std::fmt::Write;

use ktrdr_quant::statistics::proportion::clopper_pearson;
use serde_json::Value;

use super::bound::Exam;
use super::plan::{Experiment, Task};
use super::record::Record;

/// The gate's share of the data.
const EXAM_SHARE: f64 = 0.25;
/// 95 % intervals; and the one-sided 99.5 % bound by which a process is convicted.
const ALPHA: f64 = 0.05;
const CONVICTION: f64 = 0.01;

/// Runs of one row.
struct Sample<'a>(Vec<&'a Record>);

impl<'a> Sample<'a> {
    fn of(records: &[&'a Record], wanted: impl Fn(&Record) -> bool) -> Self {
        Self(records.iter().copied().filter(|record| wanted(record)).collect())
    }

    fn runs(&self) -> u64 {
        self.0.len() as u64
    }

    /// With something accepted.
    fn found(&self) -> u64 {
        self.0.iter().filter(|record| record.found()).count() as u64
    }

    fn failed(&self) -> u64 {
        self.0.iter().filter(|record| record.failed.is_some()).count() as u64
    }

    /// Accepted, or counted as such because the program failed.
    fn accepted(&self) -> u64 {
        self.0.iter().filter(|record| record.found() || record.failed.is_some()).count() as u64
    }

    fn sum(&self, of: impl Fn(&Record) -> u32) -> u32 {
        self.0.iter().map(|record| of(record)).sum()
    }

    fn median_looks(&self) -> u64 {
        let mut looks: Vec<u64> = self.0.iter().map(|record| record.looks).collect();
        looks.sort_unstable();
        looks.get(looks.len() / 2).copied().unwrap_or(0)
    }

    fn mean_oracle(&self) -> f64 {
        let oracles: Vec<f64> = self.0.iter().filter_map(|record| record.oracle_sharpe).collect();
        oracles.iter().sum::<f64>() / oracles.len() as f64
    }

    fn seconds(&self) -> f64 {
        self.0.iter().map(|record| record.took_ms as f64 / 1_000.0).sum::<f64>() / self.0.len() as f64
    }
}

/// All tables of a form: what was planned, and what of it was run.
pub(super) fn tables(described: &Value, tasks: &[Task], records: &[Record]) -> String {
    let planned: BTreeSet<String> = tasks.iter().map(Task::key).collect();
    let records: Vec<&Record> = records.iter().filter(|record| planned.contains(&record.key)).collect();
    let mut text = String::new();
    head(&mut text, described, planned.len(), &records);
    for experiment in Experiment::ALL {
        let of_it: Vec<&Record> =
            records.iter().copied().filter(|record| record.experiment == experiment.name()).collect();
        match experiment {
            _ if of_it.is_empty() => {}
            Experiment::FalseAccepts => noise(&mut text, "False accepts", "campaigns", &of_it),
            Experiment::Sequences => noise(&mut text, "Sequences of campaigns", "sequences", &of_it),
            Experiment::Power => power(&mut text, &of_it),
        }
    }
    text
}

fn head(text: &mut String, described: &Value, planned: usize, records: &[&Record]) {
    let shown = |name: &str| described[name].as_str().unwrap_or("unknown").to_owned();
    let sha256: String = shown("program_sha256").chars().take(16).collect();
    let (version, git, made) = (shown("version"), shown("git"), records.len());
    // What follows its name and number tells how it was built.
    let version = version.lines().next().unwrap_or_default();
    writeln!(
        text,
        "{version}, program `{sha256}…`, by the plan of git {git}: {made} of {planned} runs that are planned."
    )
    .unwrap();
    if made < planned {
        writeln!(text, "**Not complete**: these rates may still change, and are no result.").unwrap();
    }
}

/// In order of first appearance.
fn subjects(records: &[&Record]) -> Vec<String> {
    let mut found = Vec::new();
    for record in records {
        if !found.contains(&record.subject) {
            found.push(record.subject.clone());
        }
    }
    found
}

fn noise(text: &mut String, title: &str, what: &str, records: &[&Record]) {
    writeln!(
        text,
        "\n**{title}**\n\n\
         | process | {what} | with one accepted | failed | 95 % interval | 99.5 % lower bound | cycles | refused | median looks | seconds each |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    )
    .unwrap();
    let mut rows: Vec<(String, Sample)> = subjects(records)
        .into_iter()
        .map(|subject| {
            let sample = Sample::of(records, |record| record.subject == subject);
            (subject, sample)
        })
        .collect();
    rows.push(("*all*".to_owned(), Sample(records.to_vec())));
    for (subject, sample) in rows {
        let (runs, accepted) = (sample.runs(), sample.accepted());
        let (low, high) = clopper_pearson(accepted, runs, ALPHA);
        let (convicted, _) = clopper_pearson(accepted, runs, CONVICTION);
        writeln!(
            text,
            "| {subject} | {runs} | {} | {} | {}–{} | {} | {} | {} | {} | {:.1} |",
            sample.found(),
            sample.failed(),
            percent(low),
            percent(high),
            percent(convicted),
            sample.sum(|record| record.cycles),
            sample.sum(|record| record.refused),
            sample.median_looks(),
            sample.seconds(),
        )
        .unwrap();
    }
}

fn power(text: &mut String, records: &[&Record]) {
    writeln!(
        text,
        "\n**Power**\n\n\
         | planted Sharpe | years | mechanism | campaigns | found | failed | share | 95 % interval | oracle on the exam, mean | \
         median looks | bound | share of the bound |\n\
         |---:|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    )
    .unwrap();
    // Tenths, so that they have an order.
    let cell_of = |record: &Record| (tenths(record.years), tenths(record.sharpe.unwrap_or(0.0)));
    let cells: BTreeSet<(u64, u64)> = records.iter().map(|record| cell_of(record)).collect();
    for cell in cells {
        let cell = Sample::of(records, |record| cell_of(record) == cell).0;
        power_row(text, "*all*", &Sample(cell.clone()));
        for subject in subjects(&cell) {
            power_row(text, &subject, &Sample::of(&cell, |record| record.subject == subject));
        }
    }
}

fn tenths(x: f64) -> u64 {
    (x * 10.0).round() as u64
}

fn power_row(text: &mut String, mechanism: &str, sample: &Sample) {
    let Some(first) = sample.0.first() else { return };
    let (years, sharpe) = (first.years, first.sharpe.unwrap_or(0.0));
    let (runs, found) = (sample.runs(), sample.found());
    let (low, high) = clopper_pearson(found, runs, ALPHA);
    let looks = sample.median_looks();
    let bound = Exam::of_years(years * EXAM_SHARE, looks.max(1)).power(sharpe);
    let share = found as f64 / runs as f64;
    writeln!(
        text,
        "| {sharpe} | {years} | {mechanism} | {runs} | {found} | {} | {} | {}–{} | {:.2} | {looks} | {} | {} |",
        sample.failed(),
        percent(share),
        percent(low),
        percent(high),
        sample.mean_oracle(),
        percent(bound),
        percent(share / bound),
    )
    .unwrap();
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::plan::{self, Form};

    /// Two campaigns found something, one failed, the rest is fine.
    fn book() -> (Vec<Task>, Vec<Record>) {
        let tasks = plan::tasks(Form::Full);
        let noise: Vec<Task> =
            tasks.into_iter().filter(|task| task.cell.experiment == Experiment::FalseAccepts).collect();
        let records = noise.iter().enumerate().map(|(number, task)| {
            let mut record = Record::of(task, 0);
            record.survivors = vec![Value::Null; usize::from(number < 2)];
            record.failed = (number == 2).then(|| "lost".to_owned());
            record
        });
        let records = records.collect();
        (noise, records)
    }

    #[test]
    fn a_run_that_failed_counts_as_accepted() {
        let (tasks, records) = book();
        let text = tables(&Value::Null, &tasks, &records);
        let all = text.lines().find(|line| line.starts_with("| *all* |")).unwrap();
        let (_, high) = clopper_pearson(3, records.len() as u64, ALPHA);
        assert!(all.contains("| 2 | 1 |") && all.contains(&percent(high)), "{all}");
        assert!(!text.contains("Not complete"));
    }

    #[test]
    fn what_is_not_complete_says_so_and_other_runs_do_not_count() {
        let (tasks, records) = book();
        let text = tables(&Value::Null, &tasks, &records[..10]);
        assert!(text.contains("10 of 510 runs") && text.contains("**Not complete**"), "{text}");
        assert!(tables(&Value::Null, &tasks[10..], &records[..10]).contains("0 of 500 runs"));
    }
}
