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
    mut view: View<'_>,
    detach: &CancellationToken,
) -> Result<Followed, CliError> {
    let mut changes = app.changes();
    let mut waiting = Waiting::new(app);
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        rows.push(app.row(id).await?);
    }
    loop {
        let mut children = Vec::with_capacity(rows.len());
        for (index, row) in rows.iter().enumerate() {
            let child = match &row.waiting {
                Some(child) if !row.status.is_terminal() => Some(app.row(child).await?),
                _ => None,
            };
            view.show(index, row, child.as_ref());
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
            changed = changed(&mut changes) => changed,
        };
        let concerned = |row: &Operation| match &changed {
            None => true,
            Some(ids) => {
                ids.contains(&row.id) || row.waiting.as_ref().is_some_and(|child| ids.contains(child))
            }
        };
        for row in rows.iter_mut().filter(|row| !row.status.is_terminal() && concerned(row)) {
            *row = app.row(&row.id).await?;
        }
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
