//! Is it working? One sentence with its cause, since when, and what to do; then what goes on and what ended last.

use std::borrow::Borrow;

use askama::Template;
use ktrdr_app::AppError;
use ktrdr_app::budget::BudgetRequest;
use ktrdr_app::diagnosis::Reason;
use ktrdr_app::operations::PartRequest;
use ktrdr_app::schedules::NextTick;
use ktrdr_app::workers::WorkerState;
use ktrdr_chart::Markup;
use ktrdr_domain::budget::Measure;
use ktrdr_domain::scope::Scope;

use super::campaigns::Listed;
use super::queues::Queue;
use super::rows::Row;
use crate::answer::Answer;
use crate::ask::Ask;
use crate::markup;
use crate::shell::{Section, Shell};

/// Rows of each list.
const ROWS: u32 = 8;

/// A figure that leads to the list which proves it.
struct Figure {
    value: String,
    name: &'static str,
    to: &'static str,
    is_grave: bool,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    shell: Shell,
    now_ms: i64,
    sentence: String,
    is_well: bool,
    reasons: Vec<Reason>,
    figures: Vec<Figure>,
    queues: Vec<Queue>,
    running: Vec<Row>,
    ended: Vec<Row>,
    campaigns: Vec<Listed>,
    nights: Vec<NextTick>,
    may_start: bool,
}

impl OverviewPage {
    fn time(&self, at_ms: impl Borrow<Option<i64>>) -> Markup {
        markup::time_if(*at_ms.borrow(), self.now_ms)
    }

    fn shown(&self, night: &NextTick) -> String {
        markup::on_the_clock(&night.shown)
    }

    fn at(&self, night: &NextTick) -> Markup {
        markup::time(night.at.0 * 1_000, self.now_ms)
    }
}

pub(crate) async fn page(ask: &Ask) -> Result<Answer, AppError> {
    let app = &ask.app;
    let readiness = app.readiness().await;
    let reasons: Vec<Reason> = readiness.checks.iter().flat_map(|look| look.reasons.clone()).collect();
    let part = PartRequest { limit: 5, after: None };
    let running = app.select(&"status=running".parse()?, None, ROWS).await?;
    let ended = app.select(&"status=completed,failed,cancelled".parse()?, None, ROWS).await?;
    let now_ms = running.now_ms;
    let queues = Queue::all(ask).await?;
    let (is_well, sentence) = sentence(&reasons, readiness.sound, running.total.unwrap_or_default(), &queues);
    let page = OverviewPage {
        shell: Shell::new(ask, Section::Overview, "Overview").live("operations queues"),
        now_ms,
        sentence,
        is_well,
        reasons,
        figures: figures(ask, running.total.unwrap_or_default(), &queues).await?,
        queues: queues.into_iter().filter(Queue::is_used).collect(),
        running: Row::all(running.operations, now_ms),
        ended: Row::all(ended.operations, now_ms),
        campaigns: Listed::all(app.campaigns(part).await?.campaigns, now_ms),
        nights: app.next_ticks(None, 3).await?,
        may_start: ask.may(Scope::Submit),
    };
    Answer::page(&page)
}

/// Whether it works, in a sentence.
fn sentence(reasons: &[Reason], is_sound: bool, running: u64, queues: &[Queue]) -> (bool, String) {
    let waiting: u64 = queues.iter().map(Queue::waiting).sum();
    match (reasons, is_sound) {
        ([], true) if running + waiting == 0 => (true, "Everything is there, and nothing waits.".into()),
        ([], true) => (true, format!("It is working: {running} running, {waiting} waiting.")),
        ([], false) => (false, "Something is not as it should be.".into()),
        ([first, ..], _) => (false, upper_first(&first.message)),
    }
}

fn upper_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

async fn figures(ask: &Ask, running: u64, queues: &[Queue]) -> Result<Vec<Figure>, AppError> {
    let figure = |value: String, name, to| Figure { value, name, to, is_grave: false };
    let dead = ask.app.count_dead(None).await?;
    let workers = ask.app.workers().await?;
    let alive = workers.iter().filter(|worker| worker.state != WorkerState::Silent).count();
    let budget = ask.app.budget(&BudgetRequest { campaign: None, days: 1, campaigns: 0 }).await?;
    let today = budget.days.first();
    let spent = today.map(|day| Measure::Money.words(day.spent.of(Measure::Money))).unwrap_or_default();
    let waiting: u64 = queues.iter().map(Queue::waiting).sum();
    Ok(vec![
        figure(running.to_string(), "running", "/operations?status=running"),
        figure(waiting.to_string(), "waiting", "/operations?status=pending"),
        Figure { is_grave: dead > 0, ..figure(dead.to_string(), "dead letters", "/dead-letters") },
        figure(alive.to_string(), "processes", "/workers"),
        figure(spent, "spent today", "/budget"),
    ])
}
