//! Following a campaign to its close: its last verdicts follow the end of its last cycle.

use std::time::{Duration, Instant};

use ktrdr_app::UseCases;
use ktrdr_domain::name::CampaignName;
use tokio_util::sync::CancellationToken;

use super::changed;
use crate::exit::CliError;
use crate::screen::Screen;

/// How long the close may take before whoever waits is told who is missing.
const PATIENCE: Duration = Duration::from_secs(3);

/// Waits until a campaign whose cycles have ended is closed, or `detach` fires.
pub(crate) async fn to_the_close(
    app: &dyn UseCases,
    name: &CampaignName,
    screen: &Screen,
    detach: &CancellationToken,
) -> Result<(), CliError> {
    let mut changes = app.changes();
    let (begun, mut is_told) = (Instant::now(), false);
    let mut is_closing = app.is_closing(name).await?;
    while is_closing {
        if !is_told && begun.elapsed() > PATIENCE {
            screen.note(format!(
                "campaign {name} waits for an orchestrator to close it; see `ktrdr workers list`"
            ));
            is_told = true;
        }
        tokio::select! {
            () = detach.cancelled() => return Ok(()),
            heard = changed(&mut changes) => {
                // Its close is told as a change of its last cycle.
                if heard.is_none_or(|ids| !ids.is_empty()) {
                    is_closing = app.is_closing(name).await?;
                }
            }
        }
    }
    Ok(())
}
