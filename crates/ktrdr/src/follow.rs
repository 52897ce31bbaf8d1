//! Following operations to their end: live bars on a terminal, plain lines in a pipe, nothing in the JSON forms.
//! Reacts to the store's hints; a slow look covers hints that were lost.

use std::collections::HashMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use ktrdr_domain::{Kind, Operation, OperationId, Progress, Status};
use ktrdr_fabric::store::{Filter, Store, StoreHint};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::exit::{CliError, Kind as ExitKind};
use crate::screen::{Screen, harmless};

/// A look at the rows when no hint came for this long.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How following ended.
pub(crate) enum Followed {
    /// Every operation ended; their rows, in the order asked for.
    Ended(Vec<Operation>),
    /// The user stopped following.
    Detached,
}

/// Follows operations (roots with their children) until all have ended or `detach` fires.
pub(crate) async fn to_the_end(
    store: &dyn Store,
    ids: &[OperationId],
    screen: &Screen,
    detach: &CancellationToken,
) -> Result<Followed, CliError> {
    let mut hints = store.hints();
    let mut view = View::new(screen);
    loop {
        let rows = read(store, ids).await?;
        view.show(store, &rows).await?;
        if rows.iter().all(|row| row.status.is_terminal()) {
            view.close();
            return Ok(Followed::Ended(rows));
        }
        tokio::select! {
            () = detach.cancelled() => {
                view.close();
                return Ok(Followed::Detached);
            }
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            () = concerns(&mut hints) => {}
        }
    }
}

/// Waits for a hint that a row changed. Those that follow within a moment are taken together.
async fn concerns(hints: &mut tokio::sync::broadcast::Receiver<StoreHint>) {
    loop {
        match hints.recv().await {
            Ok(StoreHint::Outbox) => {}
            Ok(StoreHint::Changed(_) | StoreHint::Cancel(_) | StoreHint::Unknown)
            | Err(RecvError::Lagged(_)) => break,
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
    while hints.try_recv().is_ok() {}
}

async fn read(store: &dyn Store, ids: &[OperationId]) -> Result<Vec<Operation>, CliError> {
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        let row = store.get(id).await?;
        rows.push(
            row.ok_or_else(|| CliError::new(ExitKind::NotFound, format!("there is no operation {id}")))?,
        );
    }
    Ok(rows)
}

/// What is on the screen.
struct View<'a> {
    screen: &'a Screen,
    bars: Option<MultiProgress>,
    lines: HashMap<OperationId, Line>,
}

/// One operation on the screen.
struct Line {
    bar: Option<ProgressBar>,
    said: Option<(Status, String)>,
}

impl<'a> View<'a> {
    fn new(screen: &'a Screen) -> Self {
        Self { screen, bars: screen.is_live().then(MultiProgress::new), lines: HashMap::new() }
    }

    async fn show(&mut self, store: &dyn Store, rows: &[Operation]) -> Result<(), CliError> {
        if !self.screen.is_text() {
            return Ok(());
        }
        for row in rows {
            if row.status == Status::Pending && row.kind.is_root() {
                continue;
            }
            self.show_one(row);
            if row.kind.is_root() && !self.is_settled(&row.id) {
                let filter = Filter { root: Some(row.id.clone()), limit: 20, ..Filter::default() };
                for child in store.list(&filter).await?.operations.iter().rev() {
                    self.show_one(child);
                }
            }
            if row.status.is_terminal() {
                self.settle(&row.id);
            }
        }
        Ok(())
    }

    fn is_settled(&self, id: &OperationId) -> bool {
        self.lines.get(id).and_then(|l| l.said.as_ref()).is_some_and(|(status, _)| status.is_terminal())
            && self.lines.get(id).is_some_and(|l| l.bar.is_none() && self.bars.is_some())
    }

    /// The ended operation's bar becomes a line above the bars.
    fn settle(&mut self, id: &OperationId) {
        let Some(bars) = &self.bars else { return };
        let Some(line) = self.lines.get_mut(id) else { return };
        if let Some(bar) = line.bar.take() {
            bar.finish_and_clear();
            if let Some((_, text)) = &line.said {
                let _ = bars.println(text);
            }
        }
    }

    fn show_one(&mut self, row: &Operation) {
        let text = describe(row);
        let line = self.lines.entry(row.id.clone()).or_insert_with(|| Line { bar: None, said: None });
        match &self.bars {
            Some(bars) => {
                let ended_before = line.said.as_ref().is_some_and(|(s, _)| s.is_terminal());
                if line.bar.is_none() && !ended_before {
                    line.bar = Some(bars.add(ProgressBar::new(100).with_style(style())));
                }
                if let Some(bar) = &line.bar {
                    bar.set_prefix(label(row));
                    bar.set_position(percentage(row).round() as u64);
                    bar.set_message(progress_text(row));
                }
                let ended_child = row.status.is_terminal() && !row.kind.is_root();
                line.said = Some((row.status, text));
                if ended_child {
                    self.settle(&row.id);
                }
            }
            None => {
                let news = (row.status, step_of(row));
                if line.said.as_ref() != Some(&news) {
                    self.screen.note(text);
                    line.said = Some(news);
                }
            }
        }
    }

    fn close(&mut self) {
        if let Some(bars) = self.bars.take() {
            let _ = bars.clear();
        }
    }
}

/// In a pipe a line is worth printing when the status or the phase changes, or every tenth percent.
fn step_of(row: &Operation) -> String {
    let tenth = (percentage(row) / 10.0).floor();
    format!("{}{tenth}", row.phase.as_deref().unwrap_or(""))
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{prefix:<44} {bar:24.cyan/dim} {percent:>3}%  {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─")
}

fn label(row: &Operation) -> String {
    let indent = if row.root.is_some() { "  " } else { "" };
    let name = match row.kind {
        Kind::AgentResearch => short(&row.id),
        _ if row.root.is_some() => row.kind.to_string(),
        _ => short(&row.id),
    };
    format!("{indent}{name}")
}

/// An id without its `op_`, for narrow places.
fn short(id: &OperationId) -> String {
    id.as_str().trim_start_matches("op_").to_owned()
}

fn percentage(row: &Operation) -> f64 {
    match row.status {
        Status::Completed => 100.0,
        Status::Pending => 0.0,
        Status::Running | Status::Failed | Status::Cancelled => match (&row.progress, row.phase.as_deref()) {
            (Some(p), _) => p.percentage.clamp(0.0, 100.0),
            (None, Some("designing")) => 5.0,
            (None, Some("training")) => 20.0,
            (None, Some("backtesting")) => 65.0,
            (None, Some("assessing")) => 90.0,
            (None, _) => 0.0,
        },
    }
}

fn progress_text(row: &Operation) -> String {
    let said = match (&row.progress, &row.phase) {
        _ if row.is_cancelling() => "stopping …".to_owned(),
        (_, Some(phase)) if row.kind.is_root() => phase.clone(),
        (Some(p), _) => progress_figures(p),
        (None, _) => row.status.to_string(),
    };
    harmless(&said)
}

fn progress_figures(progress: &Progress) -> String {
    let figures = progress.figures.iter().map(|(name, value)| format!("{name} {}", figure(*value)));
    std::iter::once(progress.step.clone()).chain(figures).collect::<Vec<_>>().join(" · ")
}

/// Short enough for a line: four significant digits, or a whole number.
fn figure(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        format!("{value:.0}")
    } else if value.abs() >= 1000.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.4}")
    }
}

/// One line about an operation.
pub(crate) fn describe(row: &Operation) -> String {
    let indent = if row.root.is_some() { "  " } else { "" };
    let phase = row.phase.as_ref().filter(|_| row.status == Status::Running).map(|p| format!(" · {p}"));
    let progress = row
        .progress
        .as_ref()
        .filter(|_| row.status == Status::Running)
        .map(|p| format!(" · {:.0}% {}", p.percentage, progress_figures(p)));
    let error = row.error.as_ref().map(|e| format!(" · {e}"));
    harmless(&format!(
        "{indent}{} {}{}{}{}",
        row.id,
        row.status,
        phase.unwrap_or_default(),
        progress.unwrap_or_default(),
        error.unwrap_or_default()
    ))
}
