//! Queues: what waits, runs and comes and goes, who takes it, and what stands in its way.

use askama::Template;
use ktrdr_app::AppError;
use ktrdr_app::flow::{Rates, per_minute};
use ktrdr_app::queues::QueueStatus;
use ktrdr_chart::Markup;
use ktrdr_domain::scope::Scope;

use crate::answer::Answer;
use crate::ask::Ask;
use crate::button::Button;
use crate::shell::{Section, Shell};
use crate::time::lasting;

/// Ended jobs whose median run time is that of the next ones.
const ENDED: u32 = 50;

/// A queue with how it went lately.
pub(crate) struct Queue {
    pub(crate) status: QueueStatus,
    rates: Option<Rates>,
    line: Option<Markup>,
    pub(crate) dead: u64,
    median_ms: Option<u64>,
    button: Option<Button>,
}

impl Queue {
    /// Every queue.
    pub(crate) async fn all(ask: &Ask) -> Result<Vec<Self>, AppError> {
        let mut all = Vec::new();
        for status in ask.app.queues().await? {
            let kind = status.kind;
            let took = match status.pending {
                0 => Vec::new(),
                _ => {
                    ask.app
                        .select(&format!("type={kind}&status=completed").parse()?, None, ENDED)
                        .await?
                        .operations
                }
            };
            let mut took: Vec<u64> = took.iter().filter_map(|row| row.took_ms).collect();
            took.sort_unstable();
            all.push(Self {
                rates: ask.desk.flow.rates(kind),
                line: ask.desk.flow.line(kind),
                dead: ask.app.count_dead(Some(kind)).await?,
                median_ms: took.get(took.len() / 2).copied(),
                button: ask.may(Scope::Operator).then(|| button(&status)),
                status,
            });
        }
        Ok(all)
    }

    pub(crate) fn waiting(&self) -> u64 {
        self.status.pending
    }

    /// Whether there is anything to say of it.
    pub(crate) fn is_used(&self) -> bool {
        let QueueStatus { pending, running, paused, .. } = self.status;
        pending + running > 0 || paused || self.rates.is_some_and(|rates| rates.goes + rates.comes > 0.0)
    }

    pub(crate) fn kind(&self) -> String {
        self.status.kind.to_string()
    }

    pub(crate) fn oldest(&self) -> String {
        self.status.oldest_pending_ms.map_or_else(|| "–".into(), lasting)
    }

    pub(crate) fn comes(&self) -> String {
        self.rates.map_or_else(|| "–".into(), |rates| per_minute(rates.comes))
    }

    pub(crate) fn goes(&self) -> String {
        self.rates.map_or_else(|| "–".into(), |rates| per_minute(rates.goes))
    }

    /// When what waits may be done: jobs that wait × their median run time / slots.
    pub(crate) fn eta(&self) -> String {
        match (self.status.pending, self.median_ms, u64::from(self.status.slots)) {
            (1.., Some(median), slots @ 1..) => {
                let ms = self.status.pending.saturating_mul(median) / slots;
                format!("≈ {}", lasting(i64::try_from(ms).unwrap_or(i64::MAX)))
            }
            _ => "–".into(),
        }
    }

    pub(crate) fn button(&self) -> String {
        self.button.as_ref().map(|button| button.html().into_string()).unwrap_or_default()
    }

    pub(crate) fn line(&self) -> String {
        self.line.clone().unwrap_or_default().into_string()
    }
}

fn button(status: &QueueStatus) -> Button {
    let kind = status.kind;
    match status.paused {
        true => {
            Button::new(format!("/queues/{kind}/resume"), "Resume", format!("ktrdr queues resume {kind}"))
                .about(format!("Take {kind} jobs again."))
                .back("/queues")
        }
        false => Button::new(format!("/queues/{kind}/pause"), "Pause", format!("ktrdr queues pause {kind}"))
            .about(format!("Nobody takes {kind} jobs until they are resumed; what runs goes on."))
            .back("/queues"),
    }
}

#[derive(Template)]
#[template(path = "queues.html")]
struct QueuesPage {
    shell: Shell,
    queues: Vec<Queue>,
}

pub(crate) async fn page(ask: &Ask) -> Result<Answer, AppError> {
    let shell = Shell::new(ask, Section::Queues, "Queues").live("operations queues");
    Answer::page(&QueuesPage { shell, queues: Queue::all(ask).await? })
}
