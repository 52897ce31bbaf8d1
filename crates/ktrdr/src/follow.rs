//! Following operations to their end. Reacts to the store's hints; a slow look covers hints that were lost.

mod close;
mod view;
mod waiting;

use std::collections::HashSet;
use std::time::Duration;

use ktrdr_domain::{Operation, OperationId};
use ktrdr_fabric::store::{OperationReader, StoreHint};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio_util::sync::CancellationToken;

use crate::exit::{CliError, Kind};
use crate::screen::Screen;
use crate::workspace::Workspace;
pub(crate) use close::to_the_close;
use view::View;
use waiting::Waiting;

/// A look at the rows when no hint came for this long.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How following ended.
pub(crate) enum Followed {
    /// Every operation ended; their rows, in the order asked for.
    Ended(Vec<Operation>),
    /// The user stopped following.
    Detached,
}

/// Follows operations until all have ended or `detach` fires: live bars on a terminal, plain lines in a pipe,
/// nothing in the JSON forms. Whoever waits for what stands still is told why, in every form.
pub(crate) async fn to_the_end(
    workspace: &Workspace,
    ids: &[OperationId],
    screen: &Screen,
    detach: &CancellationToken,
) -> Result<Followed, CliError> {
    follow(workspace, ids, View::new(screen, ids.len()), detach).await
}

/// The same for one operation, and `jsonl` gets a line for every change of its row.
pub(crate) async fn stream(
    workspace: &Workspace,
    id: &OperationId,
    screen: &Screen,
    detach: &CancellationToken,
) -> Result<Followed, CliError> {
    follow(workspace, std::slice::from_ref(id), View::streaming(screen), detach).await
}

async fn follow(
    workspace: &Workspace,
    ids: &[OperationId],
    mut view: View<'_>,
    detach: &CancellationToken,
) -> Result<Followed, CliError> {
    let store = &*workspace.app.store;
    let mut hints = store.hints();
    let mut waiting = Waiting::new(workspace);
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        rows.push(read(store, id).await?);
    }
    loop {
        let mut children = Vec::with_capacity(rows.len());
        for (index, row) in rows.iter().enumerate() {
            let child = match &row.waiting {
                Some(child) if !row.status.is_terminal() => store.get(child).await?,
                _ => None,
            };
            view.show(index, row, child.as_deref());
            children.push(child);
        }
        if let Some(notice) = waiting.look(&rows, &children).await? {
            view.notice(&notice);
        }
        if rows.iter().all(|row| row.status.is_terminal()) {
            return Ok(Followed::Ended(rows));
        }
        let changed = tokio::select! {
            () = detach.cancelled() => return Ok(Followed::Detached),
            () = tokio::time::sleep(LOOK_AGAIN) => None,
            changed = changed(&mut hints) => changed,
        };
        let concerned = |row: &Operation| match &changed {
            None => true,
            Some(ids) => {
                ids.contains(&row.id) || row.waiting.as_ref().is_some_and(|child| ids.contains(child))
            }
        };
        for row in rows.iter_mut().filter(|row| !row.status.is_terminal() && concerned(row)) {
            *row = read(store, &row.id).await?;
        }
    }
}

/// Waits for hints; those that came together are taken together. `None`: anything may have changed.
async fn changed(hints: &mut Receiver<StoreHint>) -> Option<HashSet<OperationId>> {
    let mut ids = HashSet::new();
    while ids.is_empty() {
        match hints.recv().await {
            Ok(StoreHint::Changed(id) | StoreHint::Cancel(id)) => ids.insert(id),
            Ok(StoreHint::Outbox | StoreHint::Control) => false,
            Ok(StoreHint::Unknown) | Err(RecvError::Lagged(_)) => return None,
            Err(RecvError::Closed) => return std::future::pending().await,
        };
    }
    loop {
        match hints.try_recv() {
            Ok(StoreHint::Changed(id) | StoreHint::Cancel(id)) => ids.insert(id),
            Ok(StoreHint::Outbox | StoreHint::Control) => false,
            Ok(StoreHint::Unknown) | Err(TryRecvError::Lagged(_)) => return None,
            Err(TryRecvError::Empty | TryRecvError::Closed) => return Some(ids),
        };
    }
}

async fn read(store: &dyn OperationReader, id: &OperationId) -> Result<Operation, CliError> {
    let row = store.get(id).await?;
    row.ok_or_else(|| CliError::new(Kind::NotFound, format!("there is no operation {id}")))
}
