//! One finding, and the checks that every engine shares.

use std::fmt;

use ktrdr_fabric::store::Filter;
use serde::Serialize;

use crate::exit::CliError;
use crate::workspace::Workspace;

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// As it should be.
    Ok,
    /// Works, and could be better.
    Warning,
    /// Must be mended.
    Fault,
}

/// One finding.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    /// How it stands.
    pub(crate) state: State,
    /// What was looked at.
    pub(crate) what: String,
    /// What was found.
    pub(crate) found: String,
    /// What to do about it.
    pub(crate) action: Option<String>,
}

impl Check {
    pub(crate) fn ok(what: &str, found: impl fmt::Display) -> Self {
        Self { state: State::Ok, what: what.into(), found: found.to_string(), action: None }
    }

    pub(crate) fn warning(what: &str, found: impl fmt::Display, action: &str) -> Self {
        Self {
            state: State::Warning,
            what: what.into(),
            found: found.to_string(),
            action: Some(action.into()),
        }
    }

    pub(crate) fn fault(what: &str, found: impl fmt::Display, action: &str) -> Self {
        Self { state: State::Fault, ..Self::warning(what, found, action) }
    }

    /// Something did not answer; its words say what to do.
    pub(crate) fn unreachable(what: &str, why: &CliError) -> Self {
        Self { action: None, ..Self::fault(what, why, "") }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.state {
            State::Ok => "ok",
            State::Warning => "warn",
            State::Fault => "FAULT",
        };
        write!(f, "{word:<6}{:<26}{}", self.what, self.found)?;
        match &self.action {
            Some(action) => write!(f, "\n{:32}→ {action}", ""),
            None => Ok(()),
        }
    }
}

/// Who is there. Consumers at the broker whom the store has not heard of use another store, or another life of this one.
pub(crate) fn processes(known: usize, consumers: u64) -> Check {
    match (known, consumers) {
        (0, 0) => Check::warning(
            "processes",
            "none",
            "start `ktrdr serve`, `ktrdr orchestrator` and workers; until then work waits",
        ),
        (0, 1..) => Check::fault(
            "processes",
            format!("none known to the store, but {consumers} consumers at the broker"),
            "were Redis' data lost, or do they use another server or KTRDR_PREFIX? Restore it, or give them the same \
             settings",
        ),
        (1.., _) => Check::ok("processes", format!("{known} heard of within their lease")),
    }
}

/// What is to be done, and whether it gets out of the outbox.
pub(crate) async fn work(workspace: &Workspace) -> Result<Check, CliError> {
    let page = workspace.app.store.list(&Filter { active: true, limit: 1, ..Filter::default() }).await?;
    let waiting = workspace.app.store.outbox(None, 1000).await?.len();
    let found = format!("{} operations pending or running, {waiting} messages in the outbox", page.active);
    Ok(match waiting {
        0..1000 => Check::ok("work", found),
        _ => Check::warning("work", found, "the outbox grows: is a coordinator running (`ktrdr serve`)?"),
    })
}
