//! What a browser asks: who, where, and with which words.

use std::str::FromStr;
use std::sync::Arc;

use ktrdr_app::access::Caller;
use ktrdr_app::{App, AppError, ErrorKind};
use ktrdr_domain::scope::Scope;
use percent_encoding::percent_decode_str;

use crate::desk::Desk;

/// One request of somebody who was let in.
pub(crate) struct Ask {
    /// What is asked, under the name of who asks.
    pub(crate) app: App,
    pub(crate) caller: Caller,
    pub(crate) desk: Arc<Desk>,
    /// The path's parts, decoded.
    pub(crate) path: Vec<String>,
    /// What stands behind the `?`, as it was sent.
    pub(crate) query: String,
    /// What was typed and pressed.
    pub(crate) form: Words,
}

/// Names with values, in the order in which they were sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words(Vec<(String, String)>);

impl Words {
    /// Reads `a=1&b=x+y`.
    pub(crate) fn read(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        };
        Self(pairs.map(pair).collect())
    }

    /// What was said; nothing where it was left empty.
    pub(crate) fn word(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim());
        value.filter(|value| !value.is_empty())
    }

    /// Everything that was said under one name.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    /// What was said, or nothing.
    pub(crate) fn text(&self, name: &str) -> String {
        self.word(name).unwrap_or_default().to_owned()
    }

    /// What was said, read; `None` where nothing was.
    pub(crate) fn read_as<T: FromStr<Err: std::fmt::Display>>(
        &self,
        name: &str,
    ) -> Result<Option<T>, AppError> {
        self.word(name).map(|word| word.parse().map_err(|why| invalid(format!("{name}: {why}")))).transpose()
    }

    /// What has to be said.
    pub(crate) fn needed<T: FromStr<Err: std::fmt::Display>>(&self, name: &str) -> Result<T, AppError> {
        self.read_as(name)?.ok_or_else(|| invalid(format!("{name} is missing: fill it in")))
    }
}

impl Ask {
    /// A part of the path, read.
    pub(crate) fn part<T: FromStr<Err: std::fmt::Display>>(&self, index: usize) -> Result<T, AppError> {
        let text = self.path.get(index).map_or("", String::as_str);
        text.parse().map_err(|why: T::Err| {
            AppError::new(ErrorKind::NotFound, format!("there is no such page: {why}"))
        })
    }

    pub(crate) fn may(&self, scope: Scope) -> bool {
        self.caller.scope >= scope
    }

    /// Where this is, as the address line shows it.
    pub(crate) fn place(&self) -> String {
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query) };
        format!("/{}{query}", self.path.join("/"))
    }

    /// Where somebody goes back to after a deed: a page of ours, or `otherwise`.
    pub(crate) fn back(&self, otherwise: &str) -> String {
        let is_ours = |place: &&str| {
            place.starts_with('/')
                && !place.starts_with("//")
                && place.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
        };
        self.form.word("back").filter(is_ours).unwrap_or(otherwise).to_owned()
    }
}

/// A part of an address as the text that it stands for.
pub(crate) fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

pub(crate) fn invalid(message: String) -> AppError {
    AppError::new(ErrorKind::InvalidRequest, message)
}
