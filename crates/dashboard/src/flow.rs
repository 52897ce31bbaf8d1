//! How queues went in the last minutes: looked at every few seconds while anybody looks at pages, so that a line can be drawn and
//! rates be told. However many look, the store is asked once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ktrdr_app::flow::{self, Look, Rates};
use ktrdr_app::{App, AppError};
use ktrdr_chart::{Element, Markup};
use ktrdr_domain::Kind;

use crate::desk::Desk;
use crate::time::Instant;

/// How often they are looked at.
const EVERY: Duration = Duration::from_secs(5);

/// The width and the height of a line, in its own steps.
const SIZE: (f64, f64) = (120.0, 24.0);

/// The looks at each queue.
#[derive(Default)]
pub(crate) struct Flow {
    looks: Mutex<BTreeMap<Kind, flow::Flow>>,
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
        flow.seen(queue.kind, Look::at(&queue, Instant::now().0));
    }
    Ok(())
}

impl Flow {
    fn seen(&self, kind: Kind, look: Look) {
        self.all().entry(kind).or_default().saw(look);
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Kind, flow::Flow>> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What came and went in the last minute; `None` before there was one look to compare with another.
    pub(crate) fn rates(&self, kind: Kind) -> Option<Rates> {
        self.all().get(&kind)?.rates()
    }

    /// What was open, as a line.
    pub(crate) fn line(&self, kind: Kind) -> Option<Markup> {
        let looks: Vec<f64> = self.all().get(&kind)?.open().map(|open| open as f64).collect();
        (looks.len() > 1).then(|| line(&looks))
    }
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
