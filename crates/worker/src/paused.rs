//! What operators asked for last, as the consumers see it.

use std::collections::BTreeSet;

use ktrdr_domain::Kind;
use tokio::sync::watch;

/// The kinds that are paused. Nothing is known until the store has answered once; until then nothing is taken.
#[derive(Debug, Clone)]
pub(crate) struct Paused(watch::Receiver<Option<BTreeSet<Kind>>>);

impl Paused {
    /// Nothing known yet, and where to say what is.
    pub(crate) fn unknown() -> (watch::Sender<Option<BTreeSet<Kind>>>, Self) {
        let (tell, known) = watch::channel(None);
        (tell, Self(known))
    }

    /// Until a kind may be taken.
    pub(crate) async fn until_free(&self, kind: Kind) {
        self.until(|paused| paused.as_ref().is_some_and(|paused| !paused.contains(&kind))).await;
    }

    /// Until a kind may not be taken.
    pub(crate) async fn until_held(&self, kind: Kind) {
        self.until(|paused| paused.as_ref().is_none_or(|paused| paused.contains(&kind))).await;
    }

    async fn until(&self, fact: impl FnMut(&Option<BTreeSet<Kind>>) -> bool) {
        if self.0.clone().wait_for(fact).await.is_err() {
            // Nobody will say any more: the worker is going.
            std::future::pending::<()>().await;
        }
    }
}
