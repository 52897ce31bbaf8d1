//! What is seen of operations that are followed: one bar each while they run on a terminal, and one line when one
//! of several ends; few plain lines in a pipe.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use ktrdr_app::diagnosis::Reason;
use ktrdr_domain::{FailureReason, Kind, Operation, OperationSummary, Status};

use crate::cli::OutputForm;
use crate::describe::{self, brief};
use crate::screen::{Screen, harmless};

use super::waiting::Notice;

/// In a pipe, progress is said no sooner than this after the start: short jobs just end.
const QUIET: Duration = Duration::from_secs(2);

/// Longest reason beside what will be tried again.
const REASON_CHARACTERS: usize = 120;

/// Where operations are shown.
pub(super) struct View<'a> {
    screen: &'a Screen,
    /// How many are followed.
    count: usize,
    form: Form,
    started: Instant,
}

/// How they are shown; each form remembers what it showed of each, by its place among those followed.
enum Form {
    /// On a terminal.
    Live { bars: MultiProgress, shown: HashMap<usize, Bar> },
    /// In a pipe: what was said last.
    Plain(HashMap<usize, String>),
    /// One JSON line per change: the row last written.
    Stream(Option<Box<Operation>>),
    /// Only the end counts.
    Silent,
}

enum Bar {
    Running(ProgressBar),
    Ended,
}

impl<'a> View<'a> {
    pub(super) fn new(screen: &'a Screen, count: usize) -> Self {
        let form = match (screen.is_text(), screen.is_live()) {
            (true, true) => Form::Live { bars: MultiProgress::new(), shown: HashMap::new() },
            (true, false) => Form::Plain(HashMap::new()),
            (false, _) => Form::Silent,
        };
        Self { screen, count, form, started: Instant::now() }
    }

    pub(super) fn streaming(screen: &'a Screen) -> Self {
        let view = Self::new(screen, 1);
        if screen.form == OutputForm::Jsonl { Self { form: Form::Stream(None), ..view } } else { view }
    }

    /// Shows an operation as it is now; `child` is what a cycle waits for.
    pub(super) fn show(&mut self, index: usize, row: &Operation, child: Option<&OperationSummary>) {
        // Cycles wait in lanes by the hundred.
        if row.status == Status::Pending && self.count > 1 {
            return;
        }
        let several = self.count > 1;
        match &mut self.form {
            Form::Live { bars, shown } => {
                let name = name(index, self.count, row);
                let bar = shown.entry(index).or_insert_with(|| Bar::Running(bars.add(new_bar())));
                draw(bars, bar, name, several, row, child);
            }
            Form::Plain(said) => {
                let news = match several {
                    true => is_worth_a_line(row).then(|| ended(index, self.count, row)),
                    false => plain(row, child, self.started.elapsed() >= QUIET),
                };
                let Some((key, text)) = news else { return };
                if said.get(&index) != Some(&key) {
                    self.screen.note(text);
                    said.insert(index, key);
                }
            }
            Form::Stream(last) => {
                if last.as_deref() != Some(row) {
                    self.screen.event(row);
                    *last = Some(Box::new(row.clone()));
                }
            }
            Form::Silent => {}
        }
    }
}

impl View<'_> {
    /// Says why nothing happens.
    pub(super) fn notice(&self, notice: &Notice) {
        let line = |reason: &Reason| format!("waiting: {}; run `{}`", reason.message, reason.run);
        let text = notice.reasons.iter().map(line).collect::<Vec<_>>().join("\n");
        match &self.form {
            Form::Live { bars, .. } => {
                // Above the bars. A terminal that is gone needs no notice.
                let _ = bars.println(harmless(&text));
            }
            Form::Plain(_) | Form::Stream(_) | Form::Silent => self.screen.notice(notice, text),
        }
    }
}

/// Bars that are left when following stops must not stay behind.
impl Drop for View<'_> {
    fn drop(&mut self) {
        if let Form::Live { bars, .. } = &self.form {
            let _ = bars.clear();
        }
    }
}

fn new_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} {bar:24.cyan/dim} {percent:>3}%  {wide_msg}");
    ProgressBar::new(100)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─"))
}

/// Moves the bar; once the operation has ended the bar goes, and one of several leaves a line above the others.
fn draw(
    bars: &MultiProgress,
    bar: &mut Bar,
    name: String,
    several: bool,
    row: &Operation,
    child: Option<&OperationSummary>,
) {
    let Bar::Running(running) = bar else { return };
    if !row.status.is_terminal() {
        running.set_prefix(name);
        running.set_position(describe::percentage(row, child).round() as u64);
        running.set_message(match row.status {
            Status::Pending => pending(row),
            _ => describe::doing(row, child),
        });
        return;
    }
    running.finish_and_clear();
    bars.remove(running);
    if several && is_worth_a_line(row) {
        let _ = bars.println(format!("{name} {}", outcome(row)));
    }
    *bar = Bar::Ended;
}

/// What stands between an operation and its next attempt.
fn pending(row: &Operation) -> String {
    match (&row.waits_for, &row.error) {
        (Some(what), _) => harmless(&format!("waits for {}", brief(what, REASON_CHARACTERS))),
        (None, Some(why)) => harmless(&format!("will be tried again: {}", brief(why, REASON_CHARACTERS))),
        (None, None) => "waiting for a worker".to_owned(),
    }
}

/// `cycle  3/20`, or what kind of operation it is.
fn name(index: usize, count: usize, row: &Operation) -> String {
    let noun = if row.kind == Kind::AgentResearch { "cycle" } else { row.kind.as_str() };
    if count == 1 {
        return noun.to_owned();
    }
    let width = count.to_string().len();
    format!("{noun} {:>width$}/{count}", index + 1)
}

/// What became of an operation, with the strategy where there is one. A gate's words say that it was a gate.
fn outcome(row: &Operation) -> String {
    let strategy = row.result.as_ref().and_then(|r| r.get("strategy")).and_then(|s| s.as_str());
    let status = match (row.status, &row.reason) {
        (Status::Completed, _) if row.kind.is_root() => Some("survived".to_owned()),
        (_, Some(FailureReason::Gate)) => None,
        (status, _) => Some(status.to_string()),
    };
    let words = [strategy.map(str::to_owned), status, row.error.clone()];
    harmless(&words.into_iter().flatten().collect::<Vec<_>>().join(" · "))
}

/// A cancelled campaign ends by the dozen; its table says it once.
fn is_worth_a_line(row: &Operation) -> bool {
    row.status.is_terminal() && row.status != Status::Cancelled
}

fn ended(index: usize, count: usize, row: &Operation) -> (String, String) {
    (row.status.to_string(), format!("{} {}", name(index, count, row), outcome(row)))
}

/// What a pipe is told of one operation: its status, its phase, every quarter of its way. The key says whether it
/// is news. An error is not told here: it is the answer.
fn plain(row: &Operation, child: Option<&OperationSummary>, takes_long: bool) -> Option<(String, String)> {
    let status = describe::status(row);
    if row.status == Status::Pending {
        // Only what failed before has an error while it waits.
        let again =
            |why: &String| format!("{} will be tried again: {}", row.id, brief(why, REASON_CHARACTERS));
        return row.error.as_ref().map(|why| (format!("{status} {}", row.fence), again(why)));
    }
    if row.status.is_terminal() || row.is_cancelling() {
        return Some((status.clone(), format!("{} {status}", row.id)));
    }
    let phase = row.phase.map_or_else(String::new, |p| format!(" · {p}"));
    let percentage = describe::percentage(row, child);
    if !takes_long || row.kind.is_root() {
        return Some((format!("{status}{phase}"), format!("{} {status}{phase}", row.id)));
    }
    let quarter = (percentage / 25.0).floor();
    let doing = describe::doing(row, child);
    let text = format!("{} {status} · {percentage:.0}% {doing}", row.id);
    Some((format!("{status} {quarter}"), text.trim_end().to_owned()))
}
