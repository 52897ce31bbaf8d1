//! A store full of finished no-op jobs, put there through its own doors: submitted, claimed and completed by nobody but us, and
//! no message travels. So a million rows, each with its history, take minutes on either engine.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use ktrdr_domain::OperationId;
use ktrdr_fabric::broker::Message;
use ktrdr_fabric::store::{BootId, Claim, Finish, OutboxEntry, Store};
use serde_json::Value;

use crate::commands::bench::probes;
use crate::exit::{CliError, Kind};

/// Jobs on their way at a time: so many share a commit.
const AT_ONCE: usize = 512;

/// Longer than a batch takes.
const LEASE: Duration = Duration::from_secs(600);

/// Outbox entries read at once.
const ENTRIES: u32 = 1000;

pub(super) async fn fill(store: &Arc<dyn Store>, jobs: u32) -> Result<(), CliError> {
    let (ids, boot) = (probes::ids(jobs)?, BootId::of_this_process());
    for batch in ids.chunks(AT_ONCE) {
        try_join_all(batch.iter().map(|id| finish(store, id, &boot))).await?;
        silence(&**store, &batch.iter().collect()).await?;
    }
    Ok(())
}

async fn finish(store: &Arc<dyn Store>, id: &OperationId, boot: &BootId) -> Result<(), CliError> {
    probes::submit(Arc::clone(store), id.clone(), 0).await?;
    let Claim::Run { attempt, .. } = store.claim(id, boot, LEASE).await? else {
        let message = format!("{id} was taken by somebody else: stop what runs on this store");
        return Err(CliError::new(Kind::Conflict, message));
    };
    store.finish(&attempt, Finish::Completed(Value::Null)).await?;
    Ok(())
}

/// Takes our messages out of the outbox; those of others stay.
async fn silence(store: &dyn Store, ours: &HashSet<&OperationId>) -> Result<(), CliError> {
    let is_ours = |entry: &OutboxEntry| match &entry.message {
        Message::Job { job, .. } => ours.contains(&job.operation),
        Message::Event(event) => ours.contains(&event.operation),
    };
    let mut after = None;
    loop {
        let entries = store.outbox(after, ENTRIES).await?;
        let Some(last) = entries.last() else { return Ok(()) };
        after = Some(last.sequence);
        let sequences: Vec<u64> = entries.iter().filter(|e| is_ours(e)).map(|e| e.sequence).collect();
        store.relayed(&sequences).await?;
    }
}
