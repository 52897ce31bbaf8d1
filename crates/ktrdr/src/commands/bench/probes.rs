//! Probes, as every measurement of an engine submits and counts them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ktrdr_app::{clock, ids};
use ktrdr_domain::job::ProbeSpec;
use ktrdr_domain::{JobSpec, Kind as OperationKind, OperationId, Priority, TRIES_MAX};
use ktrdr_fabric::store::{Filter, NewOperation, Store};

use crate::exit::{CliError, Kind, OrExit};
use crate::workspace::Workspace;

/// Time between looks at the lists. Each is work for the store that is being measured.
pub(super) const LOOK: Duration = Duration::from_millis(20);

/// Rows read at once.
const ROWS: usize = 128;

/// Distinct ids for many probes.
pub(super) fn ids(count: u32) -> Result<Vec<OperationId>, CliError> {
    let nonce = ids::nonce()?;
    let id = |i| OperationId::new(OperationKind::Probe, clock::now(), nonce.wrapping_add(i));
    Ok((0..count).map(id).collect())
}

/// Submits a probe that sleeps for so long.
pub(super) async fn submit(store: Arc<dyn Store>, id: OperationId, sleep_ms: u64) -> Result<(), CliError> {
    let spec = ProbeSpec { sleep_ms, ..ProbeSpec::default() };
    let new = NewOperation {
        id,
        kind: OperationKind::Probe,
        spec: JobSpec::Probe(spec).to_value().or_exit(Kind::Usage)?,
        tries_max: TRIES_MAX,
        priority: Priority::Normal,
        idempotency_key: None,
    };
    store.submit(new).await?;
    Ok(())
}

/// How many probes of anybody are pending or running.
pub(super) async fn active(workspace: &Workspace) -> Result<u64, CliError> {
    let filter = Filter { kinds: vec![OperationKind::Probe], active: true, limit: 1, ..Filter::default() };
    Ok(workspace.app.store.list(&filter).await?.total)
}

/// Waits until these operations have ended, whatever others do: when it was noticed. `others`: how many probes are there
/// for longer. While more than those have not ended, a count is enough; then each row is looked at.
pub(super) async fn all_ended(
    workspace: &Workspace,
    ids: &[OperationId],
    others: u64,
) -> Result<Instant, CliError> {
    let mut open = ids;
    loop {
        if active(workspace).await? <= others {
            let noticed = Instant::now();
            while let Some((chunk, later)) =
                open.split_at_checked(ROWS.min(open.len())).filter(|(c, _)| !c.is_empty())
            {
                if !have_ended(workspace, chunk).await? {
                    break;
                }
                open = later;
            }
            if open.is_empty() {
                return Ok(noticed);
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn have_ended(workspace: &Workspace, ids: &[OperationId]) -> Result<bool, CliError> {
    let rows = ids.iter().map(|id| workspace.app.store.get(id));
    let rows = futures_util::future::try_join_all(rows).await?;
    Ok(rows.iter().all(|row| row.as_ref().is_none_or(|row| row.status.is_terminal())))
}
