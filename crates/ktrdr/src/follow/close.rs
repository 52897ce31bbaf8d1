//! Following a campaign to its close: its last verdicts follow the end of its last cycle.

use std::time::{Duration, Instant};

use ktrdr_domain::name::CampaignName;
use tokio_util::sync::CancellationToken;

use super::{LOOK_AGAIN, changed};
use crate::exit::CliError;
use crate::screen::Screen;
use crate::workspace::Workspace;

/// How long the close may take before whoever waits is told who is missing.
const PATIENCE: Duration = Duration::from_secs(3);

/// Waits until a campaign whose cycles have ended is closed, or `detach` fires.
pub(crate) async fn to_the_close(
    workspace: &Workspace,
    name: &CampaignName,
    screen: &Screen,
    detach: &CancellationToken,
) -> Result<(), CliError> {
    let mut hints = workspace.app.store.hints();
    let (begun, mut is_told) = (Instant::now(), false);
    while workspace.app.is_closing(name).await? {
        if !is_told && begun.elapsed() > PATIENCE {
            screen.note(format!(
                "campaign {name} waits for an orchestrator to close it; see `ktrdr workers list`"
            ));
            is_told = true;
        }
        tokio::select! {
            () = detach.cancelled() => return Ok(()),
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            _ = changed(&mut hints) => {}
        }
    }
    Ok(())
}
