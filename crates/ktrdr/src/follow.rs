//! Following operations to their end. Reacts to hints; where some may be lost, a slow look covers them.

mod close;
mod view;
mod waiting;

use std::collections::HashSet;
use std::time::Duration;

use ktrdr_app::UseCases;
use ktrdr_app::changes::Changes;
use ktrdr_domain::{Operation, OperationId};
use tokio_util::sync::CancellationToken;

use crate::exit::CliError;
use crate::screen::Screen;
pub(crate) use close::to_the_close;
use view::View;
use waiting::Waiting;

/// A look when no hint came for this long.
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
    app: &dyn UseCases,
    ids: &[OperationId],
    screen: &Screen,
    detach: &CancellationToken,
) -> Result<Followed, CliError> {
    follow(app, ids, View::new(screen, ids.len()), detach).await
}

/// The same for one operation, and `jsonl` gets a line for every change of its row.
pub(crate) async fn stream(
    app: &dyn UseCases,
    id: &OperationId,
    screen: &Screen,
    detach: &CancellationToken,
) -> Result<Followed, CliError> {
    follow(app, std::slice::from_ref(id), View::streaming(screen), detach).await
}

async fn follow(
    app: &dyn UseCases,
    ids: &[OperationId],
    view: View<'_>,
    detach: &CancellationToken,
) -> Result<Followed, CliError> {
    tokio::select! {
        () = detach.cancelled() => Ok(Followed::Detached),
        ended = until_all_ended(app, ids, view) => ended.map(Followed::Ended),
    }
}

async fn until_all_ended(
    app: &dyn UseCases,
    ids: &[OperationId],
    mut view: View<'_>,
) -> Result<Vec<Operation>, CliError> {
    let mut changes = app.changes();
    let mut waiting = Waiting::new(app);
    let mut rows = Vec::with_capacity(ids.len());
    let mut children = Vec::with_capacity(ids.len());
    for id in ids {
        let row = app.row(id).await?;
        children.push(child(app, &row).await?);
        rows.push(row);
    }
    loop {
        rows.iter()
            .zip(&children)
            .enumerate()
            .for_each(|(i, (row, child))| view.show(i, row, child.as_deref()));
        if let Some(notice) = waiting.look(&rows, &children).await? {
            view.notice(&notice);
        }
        if rows.iter().all(|row| row.status.is_terminal()) {
            return Ok(rows);
        }
        let changed = changed(&mut changes).await;
        let concerned = |row: &Operation| match &changed {
            None => true,
            Some(ids) => {
                ids.contains(&row.id) || row.waiting.as_ref().is_some_and(|child| ids.contains(child))
            }
        };
        let open = rows.iter_mut().zip(&mut children).filter(|(row, _)| !row.status.is_terminal());
        for (row, its_child) in open.filter(|(row, _)| concerned(row)) {
            *row = app.row(&row.id).await?;
            *its_child = child(app, row).await?;
        }
    }
}

/// What a cycle that goes on waits for.
async fn child(app: &dyn UseCases, row: &Operation) -> Result<Option<Operation>, CliError> {
    match &row.waiting {
        Some(child) if !row.status.is_terminal() => Ok(Some(app.row(child).await?)),
        _ => Ok(None),
    }
}

/// Waits until operations change, but no longer than until somebody has to look. `None`: anything may have changed.
async fn changed(changes: &mut Changes) -> Option<HashSet<OperationId>> {
    match tokio::time::timeout(LOOK_AGAIN, changes.next()).await {
        Ok(changed) => changed,
        // Time for a look at what waits; rows are as they were where nothing is missed.
        Err(_) => changes.is_complete().then(HashSet::new),
    }
}
