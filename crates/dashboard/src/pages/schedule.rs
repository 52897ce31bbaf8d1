//! One schedule: its rules, its nights, what comes next.

use askama::Template;
use ktrdr_app::AppError;
use ktrdr_app::schedules::{NextTick, ScheduleStatus};
use ktrdr_chart::Markup;
use ktrdr_domain::name::ScheduleName;
use ktrdr_domain::schedule::{Occurrence, OccurrenceState};
use ktrdr_domain::scope::Scope;
use serde_json::Value;

use super::cron;
use super::schedules::{NIGHTS, TO_COME, fate, strip};
use crate::answer::Answer;
use crate::ask::Ask;
use crate::button::Button;
use crate::markup;
use crate::shell::{Section, Shell};
use crate::time::lasting;

struct Night {
    class: &'static str,
    word: String,
    at: Markup,
    cause: String,
    campaign: Option<String>,
}

impl Night {
    fn of(night: &Occurrence, now_ms: i64) -> Self {
        let (class, word) = fate(night);
        let campaign = match &night.state {
            OccurrenceState::Running { campaign, .. } | OccurrenceState::Ran { campaign, .. } => {
                Some(campaign.to_string())
            }
            OccurrenceState::Waiting { .. } | OccurrenceState::Skipped { .. } => None,
        };
        let by = night.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        Self {
            class,
            word,
            at: markup::time(night.at_ms, now_ms),
            cause: format!("{}{by}", night.cause),
            campaign,
        }
    }
}

#[derive(Template)]
#[template(path = "schedule.html")]
struct SchedulePage {
    shell: Shell,
    status: ScheduleStatus,
    when: String,
    rules: Vec<(&'static str, String)>,
    strip: Markup,
    nights: Vec<Night>,
    ticks: Vec<NextTick>,
    work: String,
    buttons: Vec<String>,
}

impl SchedulePage {
    fn shown(&self, tick: &NextTick) -> String {
        markup::on_the_clock(&tick.shown)
    }

    fn at(&self, tick: &NextTick) -> Markup {
        markup::time(tick.at.0 * 1_000, self.shell.now_ms)
    }

    fn zone(&self) -> String {
        self.status.schedule.plan.cadence.zone().to_string()
    }
}

pub(crate) async fn page(ask: &Ask) -> Result<Answer, AppError> {
    let name: ScheduleName = ask.part(1)?;
    let status = ask.app.schedule(&name).await?;
    let nights = ask.app.occurrences(&name, None, NIGHTS).await?.occurrences;
    let shell = Shell::new(ask, Section::Schedules, format!("Schedule {name}")).live("operations");
    Answer::page(&SchedulePage {
        when: cron::words(status.schedule.plan.cadence.cron()),
        rules: rules(&status),
        strip: strip(&nights),
        nights: nights.iter().map(|night| Night::of(night, shell.now_ms)).collect(),
        ticks: ask.app.next_ticks(Some(&name), TO_COME).await?,
        work: serde_json::to_string_pretty(&said(&status.schedule.plan.work)).unwrap_or_default(),
        buttons: buttons(ask, &status),
        shell,
        status,
    })
}

/// What was said, without all that was left to the configuration.
fn said(work: &Value) -> Value {
    match work {
        Value::Object(fields) => {
            let said = fields.iter().map(|(name, value)| (name.clone(), said(value)));
            said.filter(|(_, value)| !value.is_null() && value.as_object().is_none_or(|of| !of.is_empty()))
                .collect()
        }
        other => other.clone(),
    }
}

fn rules(status: &ScheduleStatus) -> Vec<(&'static str, String)> {
    let rules = status.schedule.plan.rules;
    let long = |seconds: u64| lasting(i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX));
    let mut told = vec![
        ("While the night before goes on", rules.overlap.to_string()),
        ("Catches up", long(rules.catch_up_s)),
        ("At the latest", format!("{} after its tick", long(rules.max_lateness_s))),
    ];
    told.extend(rules.max_time_s.map(|seconds| ("Longest night", long(seconds))));
    told.extend(rules.max_machine_time_s.map(|seconds| ("Most machine time", long(seconds))));
    told.extend(rules.pause_on_failure.then(|| ("After a failure", "it is paused".to_owned())));
    told
}

fn buttons(ask: &Ask, status: &ScheduleStatus) -> Vec<String> {
    let name = &status.schedule.name;
    let place = format!("/schedules/{name}");
    let cli = |verb: &str| format!("ktrdr schedules {verb} {name}");
    let mut buttons = Vec::new();
    if ask.may(Scope::Submit) {
        let begin = Button::new(format!("{place}/trigger"), "Begin a night now", cli("trigger"));
        buttons.push(begin.about("Whether or not it is paused."));
    }
    if ask.may(Scope::Operator) {
        buttons.push(match status.schedule.paused {
            Some(_) => Button::new(format!("{place}/resume"), "Resume", cli("resume"))
                .about("It begins nights again."),
            None => Button::new(format!("{place}/pause"), "Pause", format!("{} --note …", cli("pause")))
                .about("Its ticks are skipped, and say so.")
                .needing_why(),
        });
        let delete = Button::new(format!("{place}/delete"), "Delete", cli("delete")).grave().asking_why();
        buttons.push(delete.about("Its records stay.").typed("name", format!("Type {name}")));
    }
    buttons.into_iter().map(|button| button.back(&place).html().into_string()).collect()
}
