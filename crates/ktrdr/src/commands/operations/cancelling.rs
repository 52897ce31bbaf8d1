//! `ktrdr operations cancel`: one operation, or a group of them in batches. An interrupted group is gone on with by saying it
//! again; of a whole campaign by the next sweep.

use std::process::ExitCode;

use ktrdr_domain::{Kind as OperationKind, OperationId};
use ktrdr_fabric::store::{Cancelled, Filter, GroupCancel};
use serde_json::json;

use super::not_found;
use crate::cli::operations::{CancelArguments, CancelGroup};
use crate::commands::{Context, campaign};
use crate::confirm::confirm;
use crate::describe::thousands;
use crate::exit::{CliError, Kind};
use crate::workspace::Workspace;

/// Who asks, in the rows and their histories.
const BY: &str = "operator";

/// Operations of one batch: a few milliseconds of the store's time.
const BATCH: u32 = 250;

pub(super) async fn run(
    context: &Context<'_>,
    workspace: &Workspace,
    wanted: &CancelArguments,
) -> Result<ExitCode, CliError> {
    match &wanted.id {
        Some(id) => one(context, workspace, id, &wanted.reason).await,
        None if wanted.group.is_empty() => {
            let message = "name an operation, or say which group of them: --campaign, --type, --status";
            Err(CliError::new(Kind::Usage, message))
        }
        None => group(context, workspace, &wanted.group, &wanted.reason, wanted.yes).await,
    }
}

async fn one(
    context: &Context<'_>,
    workspace: &Workspace,
    id: &OperationId,
    reason: &str,
) -> Result<ExitCode, CliError> {
    let (word, text) = match workspace.store.cancel(id, BY, reason).await? {
        Cancelled::Done => ("cancelled", format!("{id} was pending and is cancelled")),
        Cancelled::Requested => {
            ("requested", format!("{id} was asked to stop; watch it with `ktrdr operations watch {id}`"))
        }
        Cancelled::TooLate(status) => ("too_late", format!("{id} had ended before ({status})")),
        Cancelled::Missing => return Err(not_found(id)),
    };
    let document = json!({ "operation": id, "answer": word });
    context.screen.answer(&document, |screen| screen.line(text))?;
    Ok(if word == "too_late" { ExitCode::from(Kind::Conflict as u8) } else { ExitCode::SUCCESS })
}

/// Everything that matches and has not ended, once somebody has said that it shall be done.
pub(crate) async fn group(
    context: &Context<'_>,
    workspace: &Workspace,
    wanted: &CancelGroup,
    reason: &str,
    yes: bool,
) -> Result<ExitCode, CliError> {
    if let Some(name) = &wanted.campaign {
        campaign::find(workspace, name).await?;
    }
    let group = GroupCancel {
        campaign: wanted.campaign.clone(),
        // A campaign is its cycles; what runs of them passes the request on.
        kind: wanted.kind.or(wanted.campaign.as_ref().map(|_| OperationKind::AgentResearch)),
        status: wanted.status,
        by: BY.to_owned(),
        reason: reason.to_owned(),
        upto: None,
        limit: BATCH,
    };
    let matched = count(workspace, &group).await?;
    // A campaign that has ended is not marked as cancelled.
    let (cancelled, asked) = match matched {
        0 => (0, 0),
        _ => {
            confirm(context.screen, &question(&group, matched), yes)?;
            cancel(workspace, group).await?
        }
    };
    let document = json!({ "matched": matched, "cancelled": cancelled, "asked": asked });
    context.screen.answer(&document, |screen| screen.line(outcome(matched, cancelled, asked)))?;
    Ok(ExitCode::SUCCESS)
}

fn outcome(matched: u64, cancelled: u64, asked: u64) -> String {
    if matched == 0 {
        return "nothing to cancel: all of them have ended".into();
    }
    let before = matched.saturating_sub(cancelled + asked);
    let mut said = format!(
        "cancelled while waiting: {} · running, asked to stop: {}",
        thousands(cancelled),
        thousands(asked)
    );
    if before > 0 {
        said += &format!(" · ended or asked before: {}", thousands(before));
    }
    said
}

/// How many match and have not ended, those included that were asked before.
async fn count(workspace: &Workspace, group: &GroupCancel) -> Result<u64, CliError> {
    let filter = Filter {
        campaign: group.campaign.clone(),
        kind: group.kind,
        status: group.status,
        active: true,
        limit: 1,
        ..Filter::default()
    };
    Ok(workspace.store.list(&filter).await?.total)
}

fn question(group: &GroupCancel, matched: u64) -> String {
    let what = match group.kind {
        Some(OperationKind::AgentResearch) if matched == 1 => "research cycle".to_owned(),
        Some(OperationKind::AgentResearch) => "research cycles".to_owned(),
        Some(kind) => format!("operations of type {kind}"),
        None => "operations".to_owned(),
    };
    let of = group.campaign.as_ref().map(|name| format!(" of campaign {name}")).unwrap_or_default();
    let that = group.status.map(|status| format!(" that are {status}")).unwrap_or_default();
    format!("this cancels {} {what}{of}{that}", thousands(matched))
}

/// Batch after batch; how many were cancelled where they waited, and how many asked while they run.
async fn cancel(workspace: &Workspace, mut group: GroupCancel) -> Result<(u64, u64), CliError> {
    let (mut cancelled, mut asked) = (0, 0);
    loop {
        let done = workspace.store.cancel_matching(&group).await?;
        cancelled += done.cancelled;
        asked += done.asked;
        if !done.more {
            return Ok((cancelled, asked));
        }
        group.upto = Some(done.upto);
    }
}
