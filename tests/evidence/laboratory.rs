//! Makes one run: a series, a workspace of its own, the program's commands as anybody would type them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;

use super::answers::Campaign;
use super::calendar;
use super::oracle;
use super::plan::Task;
use super::record::Record;
use super::series::Series;
use super::strength;
use super::subject::Subject;

const SYMBOL: &str = "SERIES";
/// A cycle did not come to its end, and the answer says which.
const OPERATION_FAILED: i32 = 1;
/// The program refuses, as it does when a window is burnt.
const REFUSED: i32 = 7;

/// What runs are made with.
pub(super) struct Laboratory {
    pub(super) program: PathBuf,
    /// Real bars, where there are any.
    pub(super) real_data: Option<PathBuf>,
}

/// The program did not do what it was asked.
#[derive(Debug)]
pub(super) struct Failure {
    code: Option<i32>,
    said: String,
}

impl Laboratory {
    /// Whether a run needs nothing that is missing here.
    pub(super) fn can_make(&self, task: &Task) -> bool {
        self.real_data.is_some() || !matches!(task.cell.subject, Subject::Real(_))
    }

    pub(super) fn make(&self, task: &Task) -> Record {
        let begun = Instant::now();
        let (series, targets) = self.series(task);
        let mut record = Record::of(task, series.len());
        if let Err(failure) = self.research(task, &series, targets.as_deref(), &mut record) {
            record.failed = Some(format!("exit code {:?}: {}", failure.code, failure.said));
        }
        record.took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        record
    }

    /// The bars, and the oracle's targets where an edge is planted.
    fn series(&self, task: &Task) -> (Series, Option<Vec<i8>>) {
        let years = task.cell.years;
        match task.cell.subject {
            Subject::Noise(process) => (process.series(years, task.seed), None),
            Subject::Real(resampled) => {
                let folder = self.real_data.as_deref().expect("runs on real bars are left out without them");
                (resampled.series(folder, task.seed), None)
            }
            Subject::Edge { mechanism, sharpe } => {
                let strength = strength::of(mechanism, sharpe);
                let (series, _) = mechanism.series(strength, years, task.seed);
                let targets = oracle::targets(mechanism, strength, &series);
                (series, Some(targets))
            }
        }
    }

    fn research(
        &self,
        task: &Task,
        series: &Series,
        targets: Option<&[i8]>,
        record: &mut Record,
    ) -> Result<(), Failure> {
        let workspace = Workspace::new(&self.program);
        let timeframe = task.cell.subject.timeframe();
        workspace.import(series, timeframe)?;
        if let Some(targets) = targets {
            let (start, end) = workspace.exam()?;
            record.oracle_sharpe = Some(oracle::realised(targets, series, start, end));
        }
        for night in 0..task.cell.campaigns {
            let name = format!("night-{night}");
            match workspace.campaign(&name, timeframe, task.cell.cycles, task.campaign_seed(night)) {
                Ok(campaign) => record.add(campaign),
                Err(failure) if failure.code == Some(REFUSED) => record.refused += 1,
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }
}

/// A folder, and the program that works in it.
pub(super) struct Workspace {
    folder: TempDir,
    program: PathBuf,
}

impl Workspace {
    pub(super) fn new(program: &Path) -> Self {
        let folder = TempDir::with_prefix("ktrdr-evidence-").unwrap();
        Self { folder, program: program.to_owned() }
    }

    /// Runs the program, without anything of the outer environment's settings, and reads its one document.
    pub(super) fn ask(&self, arguments: &[&str]) -> Result<Value, Failure> {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KTRDR_")) {
            command.env_remove(name);
        }
        command.args(["--output", "json", "--workspace"]).arg(self.folder.path()).args(arguments);
        let output = command.stdin(Stdio::null()).output().unwrap();
        let answers = matches!(output.status.code(), Some(0 | OPERATION_FAILED));
        match serde_json::from_slice(&output.stdout) {
            Ok(document) if answers => Ok(document),
            _ => {
                let said = String::from_utf8_lossy(&output.stderr).chars().take(2_000).collect();
                Err(Failure { code: output.status.code(), said })
            }
        }
    }

    pub(super) fn write(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(super) fn import(&self, series: &Series, timeframe: &str) -> Result<Value, Failure> {
        let file = self.write("series.csv", &series.csv());
        self.ask(&["data", "import", &file, "--symbol", SYMBOL, "--timeframe", timeframe])
    }

    /// Start and end of the window that is examined on.
    pub(super) fn exam(&self) -> Result<(i64, i64), Failure> {
        let listed = self.ask(&["data", "list"])?;
        let gate = &listed["series"][0]["windows"]["gate"];
        let at = |end: &str| gate[end].as_str().and_then(calendar::parse);
        let missing = || Failure { code: None, said: format!("data list shows no gate window: {listed}") };
        at("start").zip(at("end")).ok_or_else(missing)
    }

    fn campaign(&self, name: &str, timeframe: &str, cycles: u32, seed: u64) -> Result<Campaign, Failure> {
        let (cycles, seed) = (cycles.to_string(), seed.to_string());
        let run = ["research", "run", "--local", "--symbol", SYMBOL, "--timeframe", timeframe];
        let which = ["--cycles", &cycles, "--seed", &seed, "--campaign", name, "--in-flight", "1"];
        self.ask(&[&run[..], &which].concat())?;
        Ok(Campaign::read(&self.ask(&["campaign", "show", name])?))
    }

    /// The report of target positions on a stretch of the series.
    pub(super) fn signals(&self, series: &Series, targets: &[i8], from: i64, to: i64) -> Value {
        let mut rows = String::from("timestamp,target\n");
        for (time, target) in series.time.iter().zip(targets).filter(|(t, _)| (from..to).contains(*t)) {
            rows += &format!("{},{target}\n", calendar::stamp(*time));
        }
        let file = self.write("signals.csv", &rows);
        let market = ["backtest", "signals", "--local", "--symbol", SYMBOL, "--timeframe", "1h"];
        let (from, to) = (calendar::stamp(from), calendar::stamp(to));
        let stretch = ["--signals", &file, "--start-date", &from, "--end-date", &to];
        self.ask(&[&market[..], &stretch].concat()).unwrap()
    }
}

/// What ended how often, of both.
pub(super) fn add(counts: &mut BTreeMap<String, u32>, more: BTreeMap<String, u32>) {
    for (end, times) in more {
        *counts.entry(end).or_default() += times;
    }
}
