//! Probes, as every measurement of an engine submits and counts them.

use std::sync::Arc;
use std::time::Duration;

use ktrdr_domain::job::ProbeSpec;
use ktrdr_domain::{JobSpec, Kind as OperationKind, OperationId, TRIES_MAX};
use ktrdr_fabric::store::{Filter, NewOperation, Store};

use crate::exit::{CliError, Kind, OrExit};
use crate::workspace::{Workspace, now};

/// Time between looks at the lists. Each is work for the store that is being measured.
pub(super) const LOOK: Duration = Duration::from_millis(20);

/// Distinct ids for many probes.
pub(super) fn ids(count: u32) -> Vec<OperationId> {
    let salt = crate::workspace::nonce();
    (0..count).map(|i| OperationId::new(OperationKind::Probe, now(), salt.wrapping_add(i))).collect()
}

/// Submits a probe that sleeps for so long.
pub(super) async fn submit(store: Arc<dyn Store>, id: OperationId, sleep_ms: u64) -> Result<(), CliError> {
    let spec = ProbeSpec { sleep_ms, ..ProbeSpec::default() };
    let new = NewOperation {
        id,
        kind: OperationKind::Probe,
        spec: JobSpec::Probe(spec).to_value().or_exit(Kind::Usage)?,
        tries_max: TRIES_MAX,
        priority: 4,
        idempotency_key: None,
    };
    store.submit(new).await?;
    Ok(())
}

/// How many operations are pending or running.
pub(super) async fn active(workspace: &Workspace) -> Result<u64, CliError> {
    Ok(workspace.store.list(&Filter { limit: 1, ..Filter::default() }).await?.active)
}
