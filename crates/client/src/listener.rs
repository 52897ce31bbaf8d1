//! Hearing what changes: the stream of events as hints, resumed where it broke off. After every doubt comes [`StoreHint::Unknown`]:
//! whoever waits reads again what they wait for, and so learns whether the server is still there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ktrdr_app::changes::{Changes, StoreHint};
use ktrdr_domain::OperationId;
use serde::Deserialize;
use tokio::sync::broadcast::{self, Sender};
use tokio::task::AbortHandle;

use crate::events::{Event, Splitter};
use crate::exchange::Exchange;
use crate::request::Request;

/// Hints that wait for whoever reads them.
const HINTS_MAX: usize = 1024;

/// Silence after which a stream is given up: a server says every fifteen seconds that it is alive.
const SILENCE_MAX: Duration = Duration::from_secs(40);

/// The wait before a stream is asked for again: from the shortest to the longest, and from the shortest anew once one lasted.
const WAIT_MIN: Duration = Duration::from_millis(200);
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Ends with whoever follows.
struct Listener(AbortHandle);

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What changes at a server, from now on.
pub(crate) fn changes(exchange: &Arc<Exchange>) -> Changes {
    let (hints, heard) = broadcast::channel(HINTS_MAX);
    let listening = tokio::spawn(listen(Arc::clone(exchange), hints));
    Changes::of_listener(heard, Listener(listening.abort_handle()))
}

async fn listen(exchange: Arc<Exchange>, hints: Sender<StoreHint>) {
    let (mut last_id, mut wait) = (None, WAIT_MIN);
    loop {
        let begun = Instant::now();
        hear(&exchange, &hints, &mut last_id).await;
        tell(&hints, StoreHint::Unknown);
        wait = if begun.elapsed() > WAIT_MAX { WAIT_MIN } else { (wait * 2).min(WAIT_MAX) };
        tokio::time::sleep(wait).await;
    }
}

/// Hears one stream to its end.
async fn hear(exchange: &Exchange, hints: &Sender<StoreHint>, last_id: &mut Option<String>) {
    let request = Request::get(&["events"]).query("topics=operations");
    let opened = exchange.events(&request, last_id.as_deref()).await;
    let mut response = match opened {
        Ok(response) => response,
        Err(error) => return tracing::debug!(%error, "the events can not be followed"),
    };
    if last_id.is_none() {
        // What happened before the stream began is not told.
        tell(hints, StoreHint::Unknown);
    }
    let mut splitter = Splitter::default();
    while let Ok(Ok(Some(bytes))) = tokio::time::timeout(SILENCE_MAX, response.chunk()).await {
        let Ok(events) = splitter.take(&bytes) else { return };
        events.iter().for_each(|event| tell(hints, hint(event)));
        if let Some(id) = splitter.last_id() {
            *last_id = Some(id.to_owned());
        }
    }
}

/// Nobody may listen at the moment.
fn tell(hints: &Sender<StoreHint>, hint: StoreHint) {
    let _ = hints.send(hint);
}

#[derive(Deserialize)]
struct Changed {
    id: OperationId,
}

/// What an event says; of what can not be read, that something changed.
fn hint(event: &Event) -> StoreHint {
    match event.name.as_str() {
        "operations" => match serde_json::from_str::<Changed>(&event.data) {
            Ok(Changed { id }) => StoreHint::Changed(id),
            Err(_) => StoreHint::Unknown,
        },
        _ => StoreHint::Unknown,
    }
}
