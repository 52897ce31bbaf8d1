//! Who asks: by a token in `Authorization`, by a session's cookie, or as somebody at this very machine. Tokens never stand in
//! addresses.

use axum::http::header::{AUTHORIZATION, COOKIE, HeaderName, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use ktrdr_app::access::{Caller, Credential};
use ktrdr_domain::scope::Scope;

use crate::problem::Problem;
use crate::service::Service;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// How a caller showed who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// A program with a token: no page of another origin can do that.
    Token,
    /// A browser with a session.
    Session,
    /// Whoever is at this machine.
    Here,
}

/// A caller, and how they showed it.
#[derive(Debug, Clone)]
pub(crate) struct Identified {
    pub(crate) caller: Caller,
    pub(crate) way: Way,
}

/// Name of the cookie. With TLS a browser refuses it from anybody but this very host.
pub(crate) fn cookie_name(is_secure: bool) -> &'static str {
    if is_secure { "__Host-ktrdr_session" } else { "ktrdr_session" }
}

/// Who asks.
pub(crate) async fn identify(
    service: &Service,
    headers: &HeaderMap,
    peer: &str,
) -> Result<Identified, Problem> {
    let shown = match (bearer(headers)?, session(headers, service.exposure.is_secure)) {
        (Some(token), _) => Some((Way::Token, token)),
        (None, _) if service.exposure.is_token_free => None,
        (None, session) => session.map(|session| (Way::Session, session)),
    };
    let Some((way, text)) = shown else {
        return match service.exposure.is_token_free {
            true => Ok(Identified { caller: service.somebody_here(), way: Way::Here }),
            false => Err(unauthorized("no token was shown")),
        };
    };
    if !service.exposure.is_proxied && !service.wrong.has(peer) {
        let hint = "wait a minute, and use a token that is in force";
        return Err(Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            "too many wrong tokens came from here",
            hint,
        ));
    }
    let caller = match text.parse::<Credential>() {
        Err(_) => None,
        Ok(shown) if way == Way::Token => service.app.caller_of_token(&shown).await?,
        Ok(shown) => service.app.caller_of_session(&shown).await?,
    };
    match caller {
        Some(caller) => Ok(Identified { caller, way }),
        None => {
            service.wrong.take(peer);
            Err(unauthorized("the token is not in force: it is wrong, expired or revoked"))
        }
    }
}

fn unauthorized(detail: &str) -> Problem {
    let hint = "send `Authorization: Bearer …` with a token of `ktrdr token create`";
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail, hint)
}

/// The token of the `Authorization` header.
fn bearer(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut shown = headers.get_all(AUTHORIZATION).iter();
    match (shown.next(), shown.next()) {
        (None, _) => Ok(None),
        (Some(only), None) => match only.to_str().ok().and_then(|text| text.split_once(' ')) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                Ok(Some(token.trim().to_owned()))
            }
            _ => Err(unauthorized("the Authorization header is no `Bearer TOKEN`")),
        },
        _ => Err(unauthorized("there are several Authorization headers")),
    }
}

/// The token of a request that was let in.
pub(crate) fn bearer_of(headers: &HeaderMap) -> Option<String> {
    bearer(headers).ok().flatten()
}

fn session(headers: &HeaderMap, is_secure: bool) -> Option<String> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let mut pairs =
        cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == cookie_name(is_secure)).map(|(_, value)| value.to_owned())
}

/// Whether they may.
pub(crate) fn permit(who: &Identified, needs: Scope) -> Result<(), Problem> {
    if who.caller.scope >= needs {
        return Ok(());
    }
    let detail = format!("this needs the scope {needs}; the token has {}", who.caller.scope);
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "scope_too_narrow",
        detail,
        "ask an administrator for a token with that scope",
    ))
}

/// A page of another origin must not act for a browser that is let in by itself: a change is only taken from where the
/// browser says that it comes from this very address. A program that shows a token says enough.
pub(crate) fn refuse_foreign_pages(who: &Identified, host: &str, headers: &HeaderMap) -> Result<(), Problem> {
    let says = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    let own = |origin: &str| origin.split_once("://").is_some_and(|(_, of)| of.eq_ignore_ascii_case(host));
    let is_own = match (who.way, says(&ORIGIN), says(&FETCH_SITE)) {
        // Nothing said: no browser, since those say where they come from.
        (Way::Token, ..) | (Way::Here, None, None) => true,
        (_, Some(origin), site) => own(origin) && site.is_none_or(|site| site == "same-origin"),
        (_, None, Some(site)) => site == "same-origin",
        (Way::Session, None, None) => false,
    };
    if is_own {
        return Ok(());
    }
    let hint = "change things from pages of this address, or with a token in the Authorization header";
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "foreign_origin",
        "the request comes from a page of another origin",
        hint,
    )
    .asked_by(&who.caller.name))
}
