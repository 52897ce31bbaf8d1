//! `ktrdr token …`: who may ask by HTTP.

use std::process::ExitCode;
use std::time::Duration;

use ktrdr_app::access::{ListedToken, TokenRequest};
use ktrdr_app::{App, UseCases};
use ktrdr_domain::scope::Scope;
use schemars::JsonSchema;
use secrecy::ExposeSecret;
use serde::Serialize;

use super::Context;
use crate::cli::api::{TokenArguments, TokenVerb};
use crate::exit::CliError;
use crate::screen::table;

pub(crate) fn run(context: &Context<'_>, arguments: &TokenArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        match &arguments.verb {
            TokenVerb::Create { scope, expires, name } => {
                let app = context.open_beside().await?.app;
                create(context, &app, *scope, *expires, name.clone()).await
            }
            TokenVerb::List => list(context, context.desk().await?.app()).await,
            TokenVerb::Revoke { id, .. } => revoke(context, context.desk().await?.app(), id).await,
        }
    })
}

async fn create(
    context: &Context<'_>,
    app: &App,
    scope: Scope,
    lasts: Duration,
    name: Option<String>,
) -> Result<ExitCode, CliError> {
    let made = app.create_token(&TokenRequest { name, scope, lasts }).await?;
    context.record.came_to(format!("token {}", made.listed.id));
    context.screen.answer(&made, |screen| {
        screen.line(made.token.expose_secret());
        let (name, until) = (&made.listed.name, screen.at(made.listed.expires_at_ms));
        screen.note(format!(
            "token {} of {name}, good for {scope} until {until}; it is not shown again",
            made.listed.id
        ));
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn list(context: &Context<'_>, app: &dyn UseCases) -> Result<ExitCode, CliError> {
    let tokens = app.list_tokens().await?;
    context.screen.list("tokens", &tokens, |screen| {
        if tokens.is_empty() {
            return screen.line("no token is in force; make one with `ktrdr token create --scope viewer`");
        }
        let cells = |t: &ListedToken| {
            vec![
                t.id.clone(),
                t.name.clone(),
                t.scope.to_string(),
                screen.at(t.created_at_ms),
                screen.at(t.expires_at_ms),
                t.by.clone(),
            ]
        };
        let rows: Vec<_> = tokens.iter().map(cells).collect();
        screen.line(table(&["ID", "NAME", "SCOPE", "SINCE", "UNTIL", "BY"], &rows));
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A token that was ended.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Revoked<'a> {
    /// Which.
    revoked: &'a str,
}

async fn revoke(context: &Context<'_>, app: &dyn UseCases, id: &str) -> Result<ExitCode, CliError> {
    app.revoke_token(id).await?;
    context.screen.answer(&Revoked { revoked: id }, |screen| {
        screen.line(format!("{id} is no longer in force"));
    })?;
    Ok(ExitCode::SUCCESS)
}
