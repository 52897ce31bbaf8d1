//! Who was refused, and where: on record too. A flood can not fill the log, since of each address it has one entry a minute
//! that names what was tried, and at the minute's end one that says how often more.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::Method;
use ktrdr_app::App;
use tokio_util::sync::CancellationToken;

use crate::limits::REFUSED_ADDRESSES_MAX;
use crate::problem::Problem;

/// For how long refusals of one address are counted together.
const MINUTE: Duration = Duration::from_secs(60);

/// How the log calls addresses behind the first few of a minute, all of them together.
const OTHERS: &str = "other addresses";

/// What says that somebody may not ask at all, or not this.
const DENIED: [&str; 3] = ["unauthorized", "scope_too_narrow", "foreign_origin"];

/// The refusals of the present minute, by address: how many came after the one that is on record.
#[derive(Default)]
pub(crate) struct Refusals {
    more: Mutex<HashMap<String, u64>>,
}

/// A request that was refused.
pub(crate) struct Refused<'a> {
    pub(crate) peer: &'a str,
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) problem: &'a Problem,
}

impl Refusals {
    /// Has a refusal on record, alone or counted with others.
    pub(crate) async fn note(&self, app: &App, refused: Refused<'_>) {
        let Refused { peer, method, path, problem } = refused;
        if !DENIED.contains(&&*problem.code) || !self.is_first(peer) {
            return;
        }
        let target = format!("{method} {} from {peer}", path.chars().take(200).collect::<String>());
        let by = problem.by.as_deref().unwrap_or("unknown").to_owned();
        write(app, by, &target, &format!("{} {}", problem.status(), problem.code)).await;
    }

    fn is_first(&self, peer: &str) -> bool {
        let mut more = self.more.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = more.get_mut(peer) {
            *count += 1;
            return false;
        }
        if more.len() < REFUSED_ADDRESSES_MAX {
            return more.insert(peer.to_owned(), 0).is_none();
        }
        *more.entry(OTHERS.to_owned()).or_default() += 1;
        false
    }

    /// Ends minutes until told to stop.
    pub(crate) async fn keep_minutes(&self, app: &App, stop: &CancellationToken) {
        loop {
            let is_over = tokio::select! {
                () = stop.cancelled() => true,
                () = tokio::time::sleep(MINUTE) => false,
            };
            let ended = std::mem::take(&mut *self.more.lock().unwrap_or_else(PoisonError::into_inner));
            for (peer, more) in ended.into_iter().filter(|(_, more)| *more > 0) {
                write(
                    app,
                    "unknown".to_owned(),
                    &format!("from {peer}"),
                    &format!("{more} more in this minute"),
                )
                .await;
            }
            if is_over {
                return;
            }
        }
    }
}

/// What can not be written is logged: the request was refused all the same.
async fn write(app: &App, by: String, target: &str, outcome: &str) {
    let app = App { by, ..app.clone() };
    match app.note("api", "refused", target, "").await {
        Ok(noted) => app.note_outcome(noted, outcome).await,
        Err(why) => tracing::warn!(%why, target, outcome, "a refusal is not on record"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_address_one_is_on_record_and_of_a_flood_of_addresses_few() {
        let refusals = Refusals::default();
        assert!(refusals.is_first("a") && !refusals.is_first("a") && refusals.is_first("b"));
        let first = (0..10_000).filter(|n| refusals.is_first(&n.to_string())).count();
        assert_eq!(first, REFUSED_ADDRESSES_MAX - 2);
        let more = refusals.more.lock().unwrap();
        assert_eq!((more["a"], more["b"], more.len()), (1, 0, REFUSED_ADDRESSES_MAX + 1));
        assert_eq!(more[OTHERS], 10_000 - first as u64);
    }
}
