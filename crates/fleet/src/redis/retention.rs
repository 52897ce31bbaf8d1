//! Retention on Redis: one script looks, decides and removes.

use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::Kind;
use ktrdr_fabric::limits;
use ktrdr_fabric::retention::{KEYS_LIVE, PruneStep, PrunedSoFar, PrunedStep, Pruning};
use ktrdr_fabric::store::StoreError;

use super::query::words;
use super::store::{RedisStore, whole_ms};

#[async_trait]
impl Pruning for RedisStore {
    async fn prune(&self, step: &PruneStep) -> Result<PrunedStep, StoreError> {
        limits::check_page(step.limit)?;
        let kept = |time: Option<Duration>| time.map(|time| whole_ms(time).to_string()).unwrap_or_default();
        let retention = &step.retention;
        let call = self.session.call(&self.session.scripts.prune).arg(step.after).arg(step.limit);
        let call = call.arg(words(Kind::ALL.iter())).arg(kept(retention.operations));
        let call = call.arg(kept(retention.dead_letters)).arg(kept(retention.histories));
        let call = call.arg(kept(retention.shortest())).arg(whole_ms(KEYS_LIVE));
        let answer = call.arg(u8::from(step.dry_run)).answer().await?;
        let next: String = answer.at(2)?;
        Ok(PrunedStep {
            operations: answer.at(0)?,
            histories: answer.at(1)?,
            next: if next.is_empty() { None } else { Some(answer.parsed(2)?) },
        })
    }

    async fn pruned(&self) -> Result<PrunedSoFar, StoreError> {
        let answer = self.session.call(&self.session.scripts.pruned).answer().await?;
        let number = |at| Ok::<u64, StoreError>(answer.at::<Option<u64>>(at)?.unwrap_or_default());
        Ok(PrunedSoFar { operations: number(0)?, histories: number(1)?, at_ms: answer.at(2)? })
    }
}
