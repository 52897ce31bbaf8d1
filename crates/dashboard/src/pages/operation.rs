//! One operation: where it stands and why, what it measured so far, what it went through, where it came from, what it was told
//! and what it returned.

use std::borrow::Borrow;

use askama::Template;
use ktrdr_app::AppError;
use ktrdr_app::explain::Explanation;
use ktrdr_app::metrics::Metrics;
use ktrdr_app::operations::Resumption;
use ktrdr_chart::Markup;
use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::scope::Scope;
use ktrdr_domain::{FailureReason, Measured, Operation, OperationId, Phase, Status};
use serde::Deserialize;
use serde_json::Value;

use super::curves;
use super::passage::{Attempt, Step, attempts, passage};
use super::rows::Row;
use crate::answer::Answer;
use crate::ask::Ask;
use crate::button::Button;
use crate::markup;
use crate::shell::{Section, Shell};
use crate::time::{Instant, lasting};

/// Longest JSON that a page shows, in characters: the API has all of it.
const JSON_CHARS_MAX: usize = 20_000;

#[derive(Template)]
#[template(path = "operation.html")]
struct OperationPage {
    shell: Shell,
    now_ms: i64,
    row: Operation,
    subject: String,
    why: Option<Explanation>,
    charts: Vec<Markup>,
    children: Vec<Row>,
    resumption: Resumption,
    passage: Vec<Step>,
    attempts: Vec<Attempt>,
    buttons: Vec<String>,
    spec: String,
    result: Option<String>,
    has_report: bool,
}

impl OperationPage {
    fn status(&self) -> Markup {
        markup::status(&self.row)
    }

    fn link(&self, id: &OperationId) -> Markup {
        markup::operation(id)
    }

    fn at(&self, at_ms: impl Borrow<i64>) -> Markup {
        markup::time(*at_ms.borrow(), self.now_ms)
    }

    fn time(&self, at_ms: impl Borrow<Option<i64>>) -> Markup {
        markup::time_if(*at_ms.borrow(), self.now_ms)
    }

    fn progress(&self) -> Option<Markup> {
        let progress = self.row.progress.as_ref().filter(|_| !self.row.status.is_terminal())?;
        Some(markup::progress(progress.percentage, self.row.id.as_str()))
    }

    fn took(&self) -> String {
        match (self.row.took_ms, self.row.started_at_ms, self.row.status.is_terminal()) {
            (Some(ms), _, true) => crate::time::took(ms),
            (_, Some(from), false) => lasting(self.now_ms - from),
            _ => "–".into(),
        }
    }

    fn eta(&self) -> Option<String> {
        let ms = self.why.as_ref()?.eta_ms?;
        Some(lasting(i64::try_from(ms).unwrap_or(i64::MAX)))
    }
}

pub(crate) async fn page(ask: &Ask) -> Result<Answer, AppError> {
    let id: OperationId = ask.part(1)?;
    let detail = ask.app.operation(&id).await?;
    let row = detail.operation;
    let history = ask.app.history(&id).await?.events;
    let why = if row.status.is_terminal() { None } else { Some(ask.app.explain(&id).await?) };
    // What ended may have been pruned, or be damaged: the rest of the page says enough.
    let charts = match ask.app.metrics(&id).await.map(|measured| measured.metrics) {
        Ok(Metrics::Epochs(readings)) => curves::of_training(&readings),
        Ok(Metrics::Bars(readings)) => curves::of_backtest(&readings),
        Ok(Metrics::Segments(_) | Metrics::History(_)) | Err(_) => Vec::new(),
    };
    let now_ms = Instant::now().0;
    let mut shell = Shell::new(ask, Section::Operations, format!("{} {}", row.kind, markup::short(&id)));
    shell = shell.live("operations");
    shell.watch = [Some(&id), row.root.as_ref(), row.waiting.as_ref()]
        .into_iter()
        .flatten()
        .map(OperationId::as_str)
        .collect::<Vec<_>>()
        .join(" ");
    let page = OperationPage {
        buttons: buttons(ask, &row),
        subject: row.subject.to_string(),
        children: Row::all(detail.children, now_ms),
        has_report: row.status.is_terminal() && has_report(&row),
        attempts: attempts(&history),
        passage: passage(history, now_ms),
        spec: json(&row.spec),
        result: row.result.as_ref().map(json),
        resumption: detail.resumption,
        shell,
        now_ms,
        why,
        charts,
        row,
    };
    Answer::page(&page)
}

/// Of trainings and backtests, and of cycles that came so far.
fn has_report(row: &Operation) -> bool {
    match row.kind.facts().measured {
        Measured::Epochs | Measured::Bars => row.result.is_some(),
        Measured::Segments | Measured::History => row.phase.is_some_and(|phase| phase > Phase::Training),
    }
}

/// What its reader may do with it.
fn buttons(ask: &Ask, row: &Operation) -> Vec<String> {
    let id = &row.id;
    let back = format!("/operations/{id}");
    let mut buttons = Vec::new();
    if ask.may(Scope::Submit) && !row.status.is_terminal() && !row.is_cancelling() {
        let cancel = Button::new(format!("{back}/cancel"), "Cancel", format!("ktrdr operations cancel {id}"));
        buttons
            .push(cancel.about("It is asked to stop; of a cycle its current job, too.").grave().asking_why());
    }
    if ask.may(Scope::Submit) && may_be_retried(row) {
        let retry = Button::new(format!("{back}/retry"), "Retry", format!("ktrdr operations retry {id}"));
        buttons.push(retry.about(
            "It is submitted again under a new id; a cycle goes on from the job that did not complete.",
        ));
    }
    if ask.may(Scope::Submit) {
        buttons.extend(again(row));
    }
    if ask.may(Scope::Operator) && is_dead(row) {
        let drop = Button::new(
            format!("/dead-letters/{id}/dismiss"),
            "Dismiss",
            format!("ktrdr dead-letters drop {id}"),
        );
        buttons.push(drop.about("It leaves the dead letters; its row stays.").grave().asking_why());
    }
    buttons.into_iter().map(|button| button.back(&back).html().into_string()).collect()
}

/// A job of its own, whatever became of it; a cycle, and its jobs, where it was cut short.
fn may_be_retried(row: &Operation) -> bool {
    let was_cut = row.status == Status::Cancelled
        || (row.status == Status::Failed && row.reason != Some(FailureReason::Gate));
    let is_alone = row.root.is_none() && !row.kind.is_root();
    row.status.is_terminal() && (is_alone || was_cut)
}

/// Another one like it, with what it was told filled in.
fn again(row: &Operation) -> Option<Button> {
    if let Ok(told) = ResearchSpec::deserialize(&row.spec) {
        let (symbol, timeframe) = (told.symbol.to_string(), told.timeframe.to_string());
        let cli = format!("ktrdr agent trigger --symbol {symbol} --timeframe {timeframe}");
        let another = Button::new("/cycles", "Start one like it", cli);
        let another =
            another.about("A cycle of its own, counted as any other.").filled("symbol", "Instrument", symbol);
        let another = another.filled("timeframe", "Bars", timeframe);
        return Some(another.filled("brief", "What to look for", told.brief.unwrap_or_default()));
    }
    let strategy = row.subject.strategy.as_ref().filter(|_| row.kind.facts().measured == Measured::Epochs)?;
    let seed = row.spec.get("seed").map(Value::to_string).unwrap_or_default();
    let another =
        Button::new("/trainings", "Train again", format!("ktrdr training run --strategy {strategy}"));
    let another =
        another.about("The strategy as it stands in the workspace now.").with("strategy", strategy.as_str());
    Some(another.filled("seed", "Seed", seed))
}

fn is_dead(row: &Operation) -> bool {
    row.reason == Some(FailureReason::AttemptsExhausted)
}

/// As people read it.
fn json(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    match text.char_indices().nth(JSON_CHARS_MAX) {
        Some((at, _)) => format!("{}\n… the rest has the API", &text[..at]),
        None => text,
    }
}
