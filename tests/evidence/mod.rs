//! Whether the verdict can be believed, measured from outside: price processes, edges, fills and random numbers written
//! here once more, thousands of commands of the real binary, and intervals for every rate.
//!
//! What is run stands in `plan` before it is run; docs/evidence.md says what each experiment is and holds the results.
//!
//! | file | idea |
//! |---|---|
//! | `plan`, `subject`, `strength` | which runs, with which seeds, until when; on what |
//! | `dice`, `calendar`, `series` | random numbers, when bars open, bars |
//! | `processes`, `resampled` | prices that nobody can time |
//! | `edges`, `oracle`, `fills` | prices that somebody can, and what that earns after costs |
//! | `laboratory`, `answers`, `build` | one run with the real binary |
//! | `record`, `crew` | the book of all runs, and those who fill it |
//! | `masking` | a language model that is told which market it is, against one that is not |
//! | `bound`, `table`, `page` | what power is possible, tables, and the page they go to |

mod answers;
mod bound;
mod build;
mod calendar;
mod crew;
mod dice;
mod edges;
mod fills;
mod laboratory;
mod masking;
mod oracle;
mod page;
mod plan;
mod processes;
mod record;
mod resampled;
mod series;
mod strength;
mod subject;
mod table;

use std::env;
use std::path::{Path, PathBuf};

use build::Build;
use crew::Outcome;
use laboratory::{Laboratory, Workspace};
use plan::{Experiment, Form, Task};
use record::Book;
use tempfile::TempDir;

const BOOK: &str = "runs.jsonl";
/// The book that was published.
const PUBLISHED: &str = "docs/evidence/runs.jsonl";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A book, open, and what was added to it.
struct Gathered {
    outcome: Outcome,
    build: Build,
    book: Book,
}

impl Gathered {
    /// Makes the missing runs of a program, in the build's own folder under `evidence`.
    fn with(program: &Path, evidence: &Path, tasks: &[Task], hands: usize) -> Self {
        let build = Build::of(program, evidence);
        let path = build.folder.join(BOOK);
        Book::take_over(&root().join(PUBLISHED), &path, &build.described);
        let mut book = Book::open(&path, &build.described);
        let laboratory = Laboratory { program: build.program.clone(), real_data: crate::world::real_data() };
        let outcome = crew::work(&laboratory, tasks, &mut book, hands);
        Self { outcome, build, book }
    }

    fn tables(&self, tasks: &[Task]) -> String {
        table::tables(&self.build.described, tasks, &self.book.records)
    }
}

#[test]
fn a_small_form_counts_everything_once_resumes_and_fills_its_tables() {
    let evidence = TempDir::with_prefix("ktrdr-evidence-").unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_ktrdr"));
    let tasks = plan::tasks(Form::Smoke);
    let (first, rest) = tasks.split_at(2);
    let begun = Gathered::with(program, evidence.path(), first, 2);
    assert_eq!(begun.outcome, Outcome { made: 2, known: 0, left_out: 0 });
    assert!(begun.tables(&tasks).contains("**Not complete**"));
    let path = begun.build.folder.join(BOOK);
    drop(begun);

    // Killed while it wrote: the half line goes, and that run is made again.
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &text[..text.len() - 20]).unwrap();
    let whole = Gathered::with(program, evidence.path(), &tasks, 2);
    assert_eq!(whole.outcome, Outcome { made: rest.len() + 1, known: 1, left_out: 0 });

    let records = &whole.book.records;
    assert_eq!(records.len(), tasks.len());
    for (record, task) in records.iter().map(|r| (r, tasks.iter().find(|t| t.key() == r.key).unwrap())) {
        assert_eq!(record.failed, None, "{record:?}");
        assert_eq!(record.campaigns + record.refused, task.cell.campaigns, "{record:?}");
        assert_eq!(record.cycles, record.campaigns * task.cell.cycles, "{record:?}");
        assert_eq!(record.ends.values().sum::<u32>(), record.cycles, "{record:?}");
        assert_eq!(record.oracle_sharpe.is_some(), task.cell.experiment == Experiment::Power);
    }
    let tables = whole.tables(&tasks);
    let head = format!("{} of {} runs", tasks.len(), tasks.len());
    for words in [&head, "**False accepts**", "**Sequences of campaigns**", "**Power**", "| walk | 2 |"] {
        assert!(tables.contains(words), "no {words:?} in:\n{tables}");
    }
    assert!(!tables.contains("**Not complete**"));
}

/// The oracle, traded by the program and by the fills here.
#[test]
fn two_programs_agree_on_the_oracle_to_the_cent() {
    let (mechanism, sharpe) = (edges::Mechanism::Aftermath, 2.0);
    let strength = strength::of(mechanism, sharpe);
    let (series, _) = mechanism.series(strength, 4.0, 5);
    let targets = oracle::targets(mechanism, strength, &series);
    let workspace = Workspace::new(Path::new(env!("CARGO_BIN_EXE_ktrdr")));
    workspace.import(&series, "1h").unwrap();
    let (start, end) = workspace.exam().unwrap();
    let report = workspace.signals(&series, &targets, start, end);

    let exam = series.cut(start, end);
    let account = fills::Account::trade(&exam, &targets[series.range(start, end)]);
    let trades: Vec<f64> =
        report["trades"].as_array().unwrap().iter().map(|t| t["net_pnl"].as_f64().unwrap()).collect();
    assert!(trades.len() > 20, "{}", trades.len());
    assert_eq!(trades.len(), account.trades.len());
    for (theirs, ours) in trades.iter().zip(&account.trades) {
        assert!((theirs - ours).abs() < 0.005, "{theirs} {ours}");
    }
    let equity = report["equity"].as_array().unwrap().last().unwrap()["equity"].as_f64().unwrap();
    assert!((equity - account.last()).abs() < 0.005, "{equity} {}", account.last());
    let theirs = report["metrics"]["sharpe_ratio"].as_f64().unwrap();
    let ours = oracle::realised(&targets, &series, start, end);
    assert!((theirs / ours - 1.0).abs() < 1e-3, "{theirs} {ours}");
}

/// A variable of the environment that is a number.
fn number(name: &str, otherwise: usize) -> usize {
    env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
#[ignore = "takes minutes or hours: scripts/evidence"]
fn the_evidence_is_gathered() {
    let form = match env::var("KTRDR_EVIDENCE_FORM").as_deref() {
        Ok("full") => Form::Full,
        Ok("smoke") => Form::Smoke,
        _ => Form::Quick,
    };
    let only = env::var("KTRDR_EVIDENCE_ONLY").ok();
    let wanted = |task: &Task| only.as_deref().is_none_or(|name| task.is_of(name));
    let tasks: Vec<Task> = plan::tasks(form).into_iter().filter(wanted).collect();
    assert!(!tasks.is_empty(), "{only:?} is neither an experiment, nor a process, nor a mechanism");
    let program = env::var_os("KTRDR_EVIDENCE_PROGRAM")
        .map_or_else(|| env!("CARGO_BIN_EXE_ktrdr").into(), PathBuf::from);
    let hands = number("KTRDR_EVIDENCE_JOBS", 1);
    let gathered = Gathered::with(&program, &root().join("target/evidence"), &tasks, hands);
    let folder = gathered.build.folder.display();
    eprintln!("{:?} in {folder}\n\n{}", gathered.outcome, gathered.tables(&tasks));
    if env::var_os("KTRDR_EVIDENCE_PUBLISH").is_some() {
        // Of the whole plan, whatever was asked for now: a part of it is no result.
        page::publish(&root().join("docs/evidence.md"), &gathered.tables(&plan::tasks(Form::Full)));
        page::exchange(&root().join(PUBLISHED), &std::fs::read(gathered.build.folder.join(BOOK)).unwrap());
    }
}

#[test]
#[ignore = "takes minutes: scripts/evidence --calibrate"]
fn strengths_are_measured() {
    eprintln!("{}", strength::measured());
}
