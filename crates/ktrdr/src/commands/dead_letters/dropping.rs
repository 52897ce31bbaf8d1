//! Dropping dead letters: an operation leaves the list and keeps its row, a message is gone for good.

use ktrdr_app::UseCases;
use ktrdr_app::dead_letters::Dismissal;
use ktrdr_domain::OperationId;

use super::not_found;
use crate::commands::Context;
use crate::describe::counted;
use crate::exit::{CliError, Kind};

/// Every operation whose error begins with these words.
pub(super) async fn by_error(
    context: &Context<'_>,
    app: &dyn UseCases,
    error: &str,
    yes: bool,
) -> Result<(), CliError> {
    let found = app.dead_letters_with(error).await?;
    confirmed(found.len(), yes)?;
    let mut dropped = Vec::new();
    for id in found {
        app.dismiss(&id).await?;
        dropped.push(id.to_string());
    }
    answer(context, &dropped)
}

/// Operations and messages by id.
pub(super) async fn these(
    context: &Context<'_>,
    app: &dyn UseCases,
    ids: &[String],
    yes: bool,
) -> Result<(), CliError> {
    confirmed(ids.len(), yes)?;
    let (mut dropped, mut others) = (Vec::new(), Vec::new());
    for id in ids {
        match dismiss(app, id).await? {
            true => dropped.push(id.clone()),
            false => others.push(id.clone()),
        }
    }
    if let Some(first) = others.first() {
        let letters = app.discard_messages(&others).await?.ok_or_else(|| not_found(first))?;
        if let Some(missing) = others.iter().find(|id| !letters.iter().any(|letter| letter.id == **id)) {
            return Err(not_found(missing));
        }
        dropped.extend(others);
    }
    answer(context, &dropped)
}

/// Whether it was an operation.
async fn dismiss(app: &dyn UseCases, id: &str) -> Result<bool, CliError> {
    let Ok(id) = id.parse::<OperationId>() else { return Ok(false) };
    Ok(app.dismiss(&id).await? == Dismissal::Dismissed)
}

fn confirmed(count: usize, yes: bool) -> Result<(), CliError> {
    if yes || count < 2 {
        return Ok(());
    }
    Err(CliError::new(
        Kind::Refused,
        format!("this drops {}: say so with --yes", counted(count as u64, "dead letter")),
    ))
}

fn answer(context: &Context<'_>, dropped: &[String]) -> Result<(), CliError> {
    context.screen.list("dropped", dropped, |screen| {
        dropped.iter().for_each(|id| screen.line(format!("dropped {id}")));
        if dropped.is_empty() {
            screen.line("nothing to drop");
        }
    })
}
