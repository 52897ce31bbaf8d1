//! `ktrdr dead-letters …`: what was given up. Operations that used up their tries are answered from rows; messages that
//! nobody could read lie in the broker, and only its administrator may look at them.

mod dropping;

use std::collections::BTreeMap;
use std::process::ExitCode;

use ktrdr_app::dead_letters::{DeadLetter, DeadLetterList, GivenUp};
use ktrdr_app::operations::PART_MAX;
use ktrdr_app::{ErrorKind, UseCases};
use ktrdr_domain::OperationId;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Context, operations};
use crate::cli::campaign::PartArguments;
use crate::cli::operations::{DeadLettersArguments, DeadLettersVerb};
use crate::describe::{self, brief, thousands};
use crate::exit::{CliError, Kind};
use crate::screen::Screen;

/// Longest error as the title of a group.
const TITLE_CHARACTERS: usize = 160;

pub(crate) fn run(context: &Context<'_>, arguments: &DeadLettersArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        let desk = context.desk().await?;
        let app = desk.app();
        match &arguments.verb {
            DeadLettersVerb::List { part } => list(context, app, *part).await?,
            DeadLettersVerb::Show { id } => show(context, app, id).await?,
            DeadLettersVerb::Retry { id, key } => {
                let id = id.parse().map_err(|_| no_retry(id))?;
                return operations::retry::one(context, app, &id, key.idempotency_key.as_ref()).await;
            }
            DeadLettersVerb::Drop { ids, error, yes } => match error {
                Some(error) => dropping::by_error(context, app, error, *yes).await?,
                None => dropping::these(context, app, ids, *yes).await?,
            },
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// What was given up.
#[derive(Serialize, JsonSchema)]
pub(crate) struct DeadLetters {
    /// Operations that used up their tries, newest first.
    dead_letters: Vec<GivenUp>,
    /// Where the next part of them begins, if there may be one.
    next: Option<u64>,
    /// How many of them there are in all.
    total: u64,
    /// The oldest messages that nobody could read; null where only the broker's administrator may look.
    messages: Option<Vec<DeadLetter>>,
}

async fn list(context: &Context<'_>, app: &dyn UseCases, part: PartArguments) -> Result<(), CliError> {
    let DeadLetterList { dead_letters, next, total, now_ms } = app.dead_letters(part.into()).await?;
    let messages = app.dead_messages(part.limit).await?;
    let all = DeadLetters { dead_letters, next, total, messages };
    context.screen.answer(&all, |screen| {
        let DeadLetters { dead_letters: operations, next, .. } = &all;
        let messages = all.messages.as_deref();
        if operations.is_empty() && messages.is_none_or(<[_]>::is_empty) {
            screen.line("no dead letters");
        }
        for (error, group) in grouped(operations, |dead| brief(&dead.fingerprint, TITLE_CHARACTERS)) {
            screen.line(format!("{} × {error}", group.len()));
            group.iter().for_each(|dead| screen.line(format!("  {}", given_up(screen, dead, now_ms))));
        }
        for (reason, group) in grouped(messages.unwrap_or_default(), |m| known(m.reason.as_ref())) {
            screen.line(format!("{} × message: {reason}", group.len()));
            group.iter().for_each(|letter| screen.line(format!("  {}", unread(screen, letter, now_ms))));
        }
        if let Some(next) = next {
            screen.note(format!(
                "showing {} of {} operations: --after {next} goes on",
                thousands(operations.len() as u64),
                thousands(total)
            ));
        }
        if messages.is_some_and(|messages| messages.len() == part.limit as usize) {
            screen.note(format!("showing the oldest {} messages: there may be more", thousands(part.limit.into())));
        }
        if messages.is_none() {
            screen.note("messages nobody could read are shown with amqp_admin_url only: their queue is the administrator's");
        }
    })
}

/// One of a group: which, since when, what about, and whether it was retried.
fn given_up(screen: &Screen, dead: &GivenUp, now_ms: i64) -> String {
    let GivenUp { operation, retried_as, .. } = dead;
    let ended = operation.finished_at_ms.unwrap_or(operation.created_at_ms);
    let facts = [
        Some(screen.ago(now_ms, ended)),
        operation.subject.strategy.as_ref().map(ToString::to_string),
        retried_as.as_ref().map(|later| format!("RETRIED as {later}")),
    ];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    format!("{} · {}", operation.id, facts.join(" · "))
}

/// A message: which, where from, since when.
fn unread(screen: &Screen, letter: &DeadLetter, now_ms: i64) -> String {
    let at_ms = letter.at_ms;
    let age = at_ms.map(|ms| format!(" · {}", screen.ago(now_ms, ms))).unwrap_or_default();
    format!("{} from {}{age}", letter.id, known(letter.queue.as_ref()))
}

fn grouped<T>(items: &[T], by: impl Fn(&T) -> String) -> BTreeMap<String, Vec<&T>> {
    let mut groups: BTreeMap<String, Vec<&T>> = BTreeMap::new();
    items.iter().for_each(|item| groups.entry(by(item)).or_default().push(item));
    groups
}

async fn show(context: &Context<'_>, app: &dyn UseCases, id: &str) -> Result<(), CliError> {
    if let Ok(id) = id.parse::<OperationId>() {
        let row = app.row(&id).await.map_err(|why| match why.kind {
            ErrorKind::NotFound => not_found(id.as_str()),
            _ => why.into(),
        })?;
        return context.screen.answer(&row, |screen| {
            screen.line(describe::line(&row));
            screen.line(serde_json::to_string_pretty(&row.spec).unwrap_or_default());
        });
    }
    let messages = app.dead_messages(PART_MAX).await?.unwrap_or_default();
    let letter = messages.iter().find(|letter| letter.id == id).ok_or_else(|| not_found(id))?;
    context.screen.answer(letter, |screen| {
        screen.line(format!(
            "{} from {}: {}",
            letter.id,
            known(letter.queue.as_ref()),
            known(letter.reason.as_ref())
        ));
        screen.line(&letter.body);
    })
}

fn known(text: Option<&String>) -> String {
    text.cloned().unwrap_or_else(|| "unknown".into())
}

/// A message has nothing to run again: what it announced stands in a row, and that is announced again by itself.
fn no_retry(id: &str) -> CliError {
    let message = format!(
        "{id:?} is no operation, and only those are retried. Is it a message? Then nothing needs to be retried: the row behind \
         it, if there is one, is announced again by itself. Look at it with `ktrdr dead-letters show {id}`, then drop it with \
         `ktrdr dead-letters drop {id}`"
    );
    CliError::new(Kind::Usage, message)
}

fn not_found(id: &str) -> CliError {
    CliError::new(Kind::NotFound, format!("there is no dead letter {id:?}; see `ktrdr dead-letters list`"))
}
