//! `ktrdr store …`: the epochs a workspace remembers, and beginning a new one.

use std::process::ExitCode;

use ktrdr_fabric::artifacts::ArtifactError;
use ktrdr_fabric::epochs::Epoch;

use super::Context;
use crate::cli::store::{StoreArguments, StoreVerb};
use crate::exit::{CliError, Kind};
use crate::identity::{Known, epochs, met};
use crate::screen::table;
use crate::workspace::{Workspace, artifacts};

/// Longest reason, in bytes: it is a sentence or two.
const REASON_BYTES_MAX: usize = 1000;

pub(crate) fn run(context: &Context<'_>, arguments: &StoreArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        match &arguments.verb {
            StoreVerb::Epochs => list(context).await,
            StoreVerb::NewEpoch { reason } => begin(context, reason).await,
        }
    })
}

/// Needs no store: also right when there is none.
async fn list(context: &Context<'_>) -> Result<ExitCode, CliError> {
    let artifacts = artifacts(&context.folder, &context.settings)?;
    let all = epochs(artifacts, context.settings.engine)?.all().await?;
    context.screen.list("epochs", &all, |screen| {
        if all.is_empty() {
            return screen.line("this workspace has met no store yet");
        }
        let cells = |e: &Epoch| {
            let why = e.reason.clone().unwrap_or_else(|| "the first".into());
            vec![e.since.clone(), e.epoch.clone(), e.by.clone(), e.store.clone(), why]
        };
        let rows: Vec<_> = all.iter().map(cells).collect();
        screen.line(table(&["SINCE", "EPOCH", "BY", "STORE", "WHY"], &rows));
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn begin(context: &Context<'_>, reason: &str) -> Result<ExitCode, CliError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.len() > REASON_BYTES_MAX {
        let message = format!("--reason needs a sentence of at most {REASON_BYTES_MAX} bytes");
        return Err(CliError::new(Kind::Usage, message));
    }
    let identity = Workspace::meet(&context.folder, &context.settings).await?;
    let before = match Known::of(&identity.epochs).await {
        Known::Remembered(epoch) => Some(epoch.epoch),
        // A damaged record is superseded by the new one.
        Known::Nothing | Known::Unreadable(ArtifactError::Unreadable { .. }) => None,
        Known::Unreadable(why) => return Err(why.into()),
    };
    let (epoch, place) = identity.names();
    if before.as_deref() == Some(epoch) {
        let message = format!(
            "{place} is the store that is remembered (epoch {epoch}): there is nothing to begin anew"
        );
        return Err(CliError::new(Kind::Conflict, message));
    }
    let begun = met(epoch, place, Some(reason.to_owned()), before);
    identity.epochs.add(&begun).await?;
    context.screen.answer(&begun, |screen| {
        screen.line(format!("epoch {} of {} is in force from now on", begun.epoch, begun.store));
        screen.note("say so beside figures: looks at data that were counted before are not in this store");
    })?;
    Ok(ExitCode::SUCCESS)
}
