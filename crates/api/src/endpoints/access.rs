//! Sessions, tokens, and the audit log.

use ktrdr_app::access::{Caller, Credential, ListedToken};
use ktrdr_app::audit::AuditEntry;
use ktrdr_app::{AppError, ErrorKind};
use ktrdr_domain::scope::Scope;
use schemars::JsonSchema;
use secrecy::ExposeSecret;
use serde::Serialize;

use crate::ask::Ask;
use crate::endpoint::{Answered, Endpoint};
use crate::identify::{bearer_of, cookie_name};
use crate::page::{self, Cursor, Page, told_list};
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/session", "who_am_i", who).says("Who asks, and what they may do."),
        Endpoint::post("/session", "open_session", Scope::Viewer, open).says(
            "Exchange the token of the Authorization header for a browser's session; it ends with the token.",
        )
        .answered_anew(),
        Endpoint::delete("/session", "close_session", Scope::Viewer, close)
            .says("Have the browser forget its session."),
        Endpoint::get("/tokens", "list_tokens", tokens)
            .says("Tokens in force, without their secrets.")
            .for_scope(Scope::Admin)
            .query(page::QUERY),
        Endpoint::delete("/tokens/{id}", "revoke_token", Scope::Admin, revoke)
            .says("End a token, and its sessions with it.")
            .query(&[("reason", "Why; kept in the audit log.")]),
        Endpoint::get("/audit", "list_audit", audit)
            .says("What was asked for, by whom, why, and what came of it; newest first.")
            .for_scope(Scope::Operator)
            .query(page::QUERY),
    ]
}

async fn who(ask: Ask) -> Answered<Caller> {
    Reply::ok(&ask.caller)
}

async fn open(ask: Ask) -> Answered<Caller> {
    let shown = bearer_of(&ask.headers).and_then(|text| text.parse::<Credential>().ok());
    let Some(token) = shown else {
        let message = "a session is exchanged for a token in the Authorization header";
        return Err(AppError::new(ErrorKind::InvalidRequest, message).coded("no_token"));
    };
    let session = token.of_session().text();
    let lasts_s = ask.app.lasts_ms(&ask.caller).await?.max(0) / 1000;
    let cookie = cookie(&ask, session.expose_secret(), lasts_s);
    Ok(Reply::ok(&ask.caller)?.cookie(cookie))
}

/// What became of a browser's session.
#[derive(Serialize, JsonSchema)]
struct ClosedSession {
    /// It is forgotten.
    closed: bool,
}

async fn close(ask: Ask) -> Answered<ClosedSession> {
    let cookie = cookie(&ask, "", 0);
    Ok(Reply::ok(&ClosedSession { closed: true })?.cookie(cookie))
}

fn cookie(ask: &Ask, value: &str, lasts_s: i64) -> String {
    let is_secure = ask.service.exposure.is_secure;
    let secure = if is_secure { "; Secure" } else { "" };
    format!(
        "{}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={lasts_s}{secure}",
        cookie_name(is_secure)
    )
}

told_list! {
    /// A part of the list of tokens.
    struct TokenPart {
        /// Tokens in force, without their secrets.
        tokens: ListedToken
    }
}

async fn tokens(ask: Ask) -> Answered<TokenPart> {
    let page: Page = ask.query()?;
    Reply::ok(&page.of(ask.app.list_tokens().await?)?.into())
}

/// What became of a token.
#[derive(Serialize, JsonSchema)]
struct RevokedToken {
    /// Which.
    id: String,
    /// It is in force no longer.
    revoked: bool,
}

async fn revoke(ask: Ask) -> Answered<RevokedToken> {
    let id: String = ask.path("id")?;
    ask.app.revoke_token(&id).await?;
    Reply::ok(&RevokedToken { id, revoked: true })
}

/// A part of the audit log, newest first.
#[derive(Serialize, JsonSchema)]
struct AuditPart {
    /// The entries.
    entries: Vec<AuditEntry>,
    /// Where the next part begins, if there may be one: the `cursor` to ask for it with.
    next: Option<Cursor>,
}

async fn audit(ask: Ask) -> Answered<AuditPart> {
    let page: Page = ask.query()?;
    let part = ask.app.audit(page.cursor, page.limit).await?;
    Reply::ok(&AuditPart { entries: part.entries, next: part.next.map(Cursor) })
}
