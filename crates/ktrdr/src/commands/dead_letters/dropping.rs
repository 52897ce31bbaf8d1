//! Dropping dead letters: an operation leaves the list and keeps its row, a message is gone for good.

use ktrdr_domain::{Operation, OperationId};
use ktrdr_fabric::store::Dismissed;

use super::{dead_operations, letter_box, not_found};
use crate::commands::Context;
use crate::connect;
use crate::exit::{CliError, Kind};
use crate::workspace::Workspace;

/// Who dropped it, in the operation's history.
const BY: &str = "operator";

/// Operations read at once.
const PAGE: u32 = 1000;

/// Every operation whose error begins with these words.
pub(super) async fn by_error(
    context: &Context<'_>,
    workspace: &Workspace,
    error: &str,
    yes: bool,
) -> Result<(), CliError> {
    let found = all_with(workspace, error).await?;
    confirmed(found.len(), yes)?;
    let mut dropped = Vec::new();
    for id in found {
        workspace.store.dismiss(&id, BY).await?;
        dropped.push(id.to_string());
    }
    answer(context, &dropped)
}

/// All of them, however many there are.
async fn all_with(workspace: &Workspace, error: &str) -> Result<Vec<OperationId>, CliError> {
    let (mut found, mut offset) = (Vec::new(), 0);
    loop {
        let page = dead_operations(workspace, offset, PAGE).await?;
        offset += page.operations.len() as u64;
        let is_last = page.operations.is_empty() || offset >= page.total;
        let has_it = |o: &Operation| o.error.as_deref().is_some_and(|e| e.starts_with(error));
        found.extend(page.operations.into_iter().filter(has_it).map(|o| o.id));
        if is_last {
            return Ok(found);
        }
    }
}

/// Operations and messages by id.
pub(super) async fn these(
    context: &Context<'_>,
    workspace: &Workspace,
    ids: &[String],
    yes: bool,
) -> Result<(), CliError> {
    confirmed(ids.len(), yes)?;
    let (mut dropped, mut others) = (Vec::new(), Vec::new());
    for id in ids {
        match dismiss(workspace, id).await? {
            true => dropped.push(id.clone()),
            false => others.push(id.clone()),
        }
    }
    if let Some(first) = others.first() {
        let broker = letter_box(context).await?.ok_or_else(|| not_found(first))?;
        let letters = broker.drop_dead_letters(&others).await.map_err(|why| connect::explain(&why))?;
        if let Some(missing) = others.iter().find(|id| !letters.iter().any(|letter| letter.id == **id)) {
            return Err(not_found(missing));
        }
        dropped.extend(others);
    }
    answer(context, &dropped)
}

/// Whether it was an operation.
async fn dismiss(workspace: &Workspace, id: &str) -> Result<bool, CliError> {
    let Ok(id) = id.parse::<OperationId>() else { return Ok(false) };
    match workspace.store.dismiss(&id, BY).await? {
        Dismissed::Done | Dismissed::Before => Ok(true),
        Dismissed::Missing => Ok(false),
        Dismissed::NotDead(status) => {
            let message = format!("{id} is {status} and did not use up its tries: it is no dead letter");
            Err(CliError::new(Kind::Conflict, message))
        }
    }
}

fn confirmed(count: usize, yes: bool) -> Result<(), CliError> {
    if yes || count < 2 {
        return Ok(());
    }
    Err(CliError::new(Kind::Refused, format!("this drops {count} dead letters: say so with --yes")))
}

fn answer(context: &Context<'_>, dropped: &[String]) -> Result<(), CliError> {
    context.screen.list("dropped", dropped, |screen| {
        dropped.iter().for_each(|id| screen.line(format!("dropped {id}")));
        if dropped.is_empty() {
            screen.line("nothing to drop");
        }
    })
}
