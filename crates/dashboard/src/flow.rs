//! How queues went in the last minutes: looked at every few seconds while anybody looks at pages, so that a line can be drawn and
//! rates be told. However many look, the store is asked once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ktrdr_app::{App, AppError};
use ktrdr_chart::{Element, Markup};
use ktrdr_domain::Kind;

use crate::desk::Desk;
use crate::time::Instant;

/// How often they are looked at.
const EVERY: Duration = Duration::from_secs(5);

/// Looks that are kept: five minutes.
const LOOKS: usize = 60;

/// Over how long rates are told.
const RATE_MS: i64 = 60_000;

/// The width and the height of a line, in its own steps.
const SIZE: (f64, f64) = (120.0, 24.0);

/// One look at one queue.
#[derive(Debug, Clone, Copy)]
struct Look {
    at_ms: i64,
    /// What waits and runs.
    open: u64,
    /// What has ended, ever.
    ended: u64,
}

/// The looks at each queue.
#[derive(Default)]
pub(crate) struct Flow {
    looks: Mutex<BTreeMap<Kind, VecDeque<Look>>>,
}

/// Jobs per minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rates {
    pub(crate) comes: f64,
    pub(crate) goes: f64,
}

/// Looks at the queues for as long as anybody looks at pages.
pub(crate) async fn watch(app: App, desk: Arc<Desk>) {
    let mut every = tokio::time::interval(EVERY);
    loop {
        every.tick().await;
        if desk.is_visited()
            && let Err(why) = look(&app, &desk.flow).await
        {
            tracing::debug!(%why, "the queues could not be looked at");
        }
    }
}

async fn look(app: &App, flow: &Flow) -> Result<(), AppError> {
    for queue in app.queues().await? {
        let kind = queue.kind;
        let ended = format!("type={kind}&status=completed,failed,cancelled").parse()?;
        let ended = app.select(&ended, None, 1).await?.total.unwrap_or_default();
        flow.seen(kind, Look { at_ms: Instant::now().0, open: queue.pending + queue.running, ended });
    }
    Ok(())
}

impl Flow {
    fn seen(&self, kind: Kind, look: Look) {
        let mut all = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let looks = all.entry(kind).or_default();
        looks.push_back(look);
        if looks.len() > LOOKS {
            looks.pop_front();
        }
    }

    fn of(&self, kind: Kind) -> Vec<Look> {
        let all = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&kind).into_iter().flatten().copied().collect()
    }

    /// What came and went in the last minute; `None` before there was one look to compare with another.
    pub(crate) fn rates(&self, kind: Kind) -> Option<Rates> {
        rates(&self.of(kind))
    }

    /// What was open, as a line.
    pub(crate) fn line(&self, kind: Kind) -> Option<Markup> {
        let looks = self.of(kind);
        (looks.len() > 1).then(|| line(&looks.iter().map(|look| look.open as f64).collect::<Vec<_>>()))
    }
}

fn rates(looks: &[Look]) -> Option<Rates> {
    let last = looks.last()?;
    let first = looks.iter().find(|look| last.at_ms - look.at_ms <= RATE_MS)?;
    let minutes = (last.at_ms - first.at_ms) as f64 / 60_000.0;
    // What is pruned is no longer counted among what has ended.
    let goes = last.ended.saturating_sub(first.ended) as f64;
    let comes = (last.open as f64 - first.open as f64 + goes).max(0.0);
    (minutes > 0.0).then(|| Rates { comes: comes / minutes, goes: goes / minutes })
}

/// A small line from zero up.
pub(crate) fn line(values: &[f64]) -> Markup {
    let most = values.iter().fold(1.0_f64, |most, value| most.max(*value));
    let step = SIZE.0 / (values.len().max(2) - 1) as f64;
    let point = |(n, value): (usize, &f64)| {
        format!("{:.1},{:.1}", n as f64 * step, SIZE.1 - value / most * (SIZE.1 - 2.0) - 1.0)
    };
    let points: Vec<String> = values.iter().enumerate().map(point).collect();
    let last = values.last().copied().unwrap_or_default();
    let svg = Element::class("svg", "spark").with("viewBox", format!("0 0 {} {}", SIZE.0, SIZE.1));
    let svg = svg.with("preserveAspectRatio", "none").with("role", "img");
    let svg = svg.with(
        "aria-label",
        format!("waiting and running, the last five minutes: now {last}, at most {most}"),
    );
    svg.holding(Element::new("polyline").with("points", points.join(" "))).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_of_the_last_minute() {
        let look = |s: i64, open, ended| Look { at_ms: s * 1_000, open, ended };
        let looks = [look(0, 0, 0), look(40, 10, 5), look(100, 4, 17)];
        assert_eq!(rates(&looks), Some(Rates { comes: 6.0, goes: 12.0 }));
        assert_eq!(rates(&looks[..1]), None);
        assert_eq!(
            rates(&[look(0, 3, 100), look(60, 3, 10)]),
            Some(Rates { comes: 0.0, goes: 0.0 }),
            "some were pruned"
        );
    }
}
