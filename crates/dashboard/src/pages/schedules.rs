//! Schedules: when each begins in plain words, how its nights went, and what comes next.

use askama::Template;
use ktrdr_app::AppError;
use ktrdr_app::schedules::{NextTick, ScheduleStatus};
use ktrdr_chart::{Element, Markup};
use ktrdr_domain::schedule::{Occurrence, OccurrenceState, Outcome};
use ktrdr_domain::scope::Scope;

use super::cron;
use crate::answer::Answer;
use crate::ask::Ask;
use crate::markup;
use crate::shell::{Section, Shell};
use crate::time::Instant;

/// Nights of a strip, and ticks to come.
pub(crate) const NIGHTS: u32 = 30;
pub(crate) const TO_COME: u32 = 10;

struct Listed {
    name: String,
    when: String,
    zone: String,
    paused: Option<String>,
    strip: Markup,
    next: Markup,
    shown: String,
}

#[derive(Template)]
#[template(path = "schedules.html")]
struct SchedulesPage {
    shell: Shell,
    schedules: Vec<Listed>,
    ticks: Vec<NextTick>,
    may_make: bool,
}

impl SchedulesPage {
    fn shown(&self, tick: &NextTick) -> String {
        markup::on_the_clock(&tick.shown)
    }

    fn at(&self, tick: &NextTick) -> Markup {
        markup::time(tick.at.0 * 1_000, self.shell.now_ms)
    }
}

pub(crate) async fn page(ask: &Ask) -> Result<Answer, AppError> {
    let mut schedules = Vec::new();
    for status in ask.app.list_schedules().await? {
        let nights = ask.app.occurrences(&status.schedule.name, None, NIGHTS).await?.occurrences;
        schedules.push(Listed::of(status, &nights));
    }
    Answer::page(&SchedulesPage {
        shell: Shell::new(ask, Section::Schedules, "Schedules").live("operations"),
        schedules,
        ticks: ask.app.next_ticks(None, TO_COME).await?,
        may_make: ask.may(Scope::Operator),
    })
}

impl Listed {
    fn of(status: ScheduleStatus, nights: &[Occurrence]) -> Self {
        let now_ms = Instant::now().0;
        let cadence = &status.schedule.plan.cadence;
        Self {
            when: cron::words(cadence.cron()),
            zone: cadence.zone().to_string(),
            paused: status.schedule.paused.as_ref().map(|pause| format!("{}: {}", pause.by, pause.note)),
            strip: strip(nights),
            next: markup::time_if(status.next.as_ref().map(|next| next.at.0 * 1_000), now_ms),
            shown: status.next.map(|next| markup::on_the_clock(&next.shown)).unwrap_or_default(),
            name: status.schedule.name.to_string(),
        }
    }
}

/// What became of the latest nights, the oldest first; each is said, too.
pub(crate) fn strip(nights: &[Occurrence]) -> Markup {
    let night = |night: &Occurrence| {
        let (class, word) = fate(night);
        Element::class("li", class)
            .with("title", format!("{} {word}", night.at()))
            .holding(Element::class("span", "unseen").text(format!("{} {word}", night.at())))
    };
    let strip = Element::class("ul", "strip").with("aria-label", "the latest nights");
    strip.holding(nights.iter().rev().map(night).collect::<Markup>()).into()
}

/// How it is drawn, and in a word.
pub(crate) fn fate(night: &Occurrence) -> (&'static str, String) {
    match &night.state {
        OccurrenceState::Waiting { .. } => ("pending", "waits".into()),
        OccurrenceState::Running { stopping: None, .. } => ("running", "runs".into()),
        OccurrenceState::Running { stopping: Some(why), .. } => ("running", format!("is stopped: {why}")),
        OccurrenceState::Ran { outcome: Outcome::Finished, .. } => ("completed", "finished".into()),
        OccurrenceState::Ran { outcome, .. } if outcome.is_trouble() => ("failed", outcome.to_string()),
        OccurrenceState::Ran { outcome, .. } => ("cancelled", outcome.to_string()),
        OccurrenceState::Skipped { reason, words } => ("skipped", format!("skipped ({reason}): {words}")),
    }
}
