//! How people name an operation: by its id, by enough of it to be the only one, or as the last one. What changes something wants
//! the whole id.

use std::fmt;
use std::str::FromStr;

use ktrdr_app::UseCases;
use ktrdr_domain::{Kind, OperationId, OperationSummary};

use crate::exit::{CliError, Kind as Exit};

/// The newest operation that fits.
pub(crate) const LAST: &str = "@last";

/// Operations that are looked at for one that is named by a part of its id: those of the last days, mostly.
const LOOKED_AT: u32 = 1_000;

/// Ids that are named when several fit.
const NAMED: usize = 5;

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    /// The newest.
    Last,
    /// An id, or the beginning of one, or of the random part in which ids of the same second differ.
    Id(String),
}

impl FromStr for Reference {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.".contains(&b);
        match text {
            LAST => Ok(Self::Last),
            _ if text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && text.len() <= OperationId::LENGTH_MAX
                && !text.contains("..")
                && text.bytes().all(fits) =>
            {
                Ok(Self::Id(text.to_owned()))
            }
            _ => Err(format!("expected an operation's id, enough of it to be the only one, or {LAST}")),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Last => f.write_str(LAST),
            Self::Id(text) => f.write_str(text),
        }
    }
}

impl Reference {
    /// The one operation that is meant; where a type is given, among those of that type.
    pub(crate) async fn resolve(
        &self,
        app: &dyn UseCases,
        of: Option<Kind>,
    ) -> Result<OperationId, CliError> {
        let text = match self {
            Self::Last => "",
            Self::Id(text) => text,
        };
        if let Some(id) = whole(text) {
            return Ok(id);
        }
        let filter = of.map(|kind| format!("type={kind}")).unwrap_or_default();
        let part = app.select(&filter.parse()?, None, LOOKED_AT).await?;
        match self {
            Self::Last => part.operations.into_iter().next().map(|row| row.id).ok_or_else(|| {
                CliError::new(Exit::NotFound, "there is no such operation yet: see `ktrdr operations list`")
            }),
            Self::Id(text) => only(text, &part.operations),
        }
    }
}

/// An id as it is made, with all of its random part.
fn whole(text: &str) -> Option<OperationId> {
    let root = text.split('.').next()?;
    let (_, random) = root.rsplit_once('_')?;
    let is_random = random.len() == 8 && random.bytes().all(|b| b.is_ascii_hexdigit());
    (is_random && text.starts_with("op_")).then(|| text.parse().ok()).flatten()
}

/// The one whose id, or whose random part, begins so. A cycle's own id goes before those of its jobs.
fn only(text: &str, operations: &[OperationSummary]) -> Result<OperationId, CliError> {
    let random = |id: &OperationId| id.as_str().split('_').next_back().unwrap_or_default().to_owned();
    let fits = |id: &OperationId| id.as_str().starts_with(text) || random(id).starts_with(text);
    let mut fitting: Vec<&OperationId> = operations.iter().map(|row| &row.id).filter(|id| fits(id)).collect();
    let roots: Vec<&OperationId> = fitting.iter().filter(|id| !id.as_str().contains('.')).copied().collect();
    if roots.len() == 1 && fitting.iter().all(|id| id.as_str().starts_with(roots[0].as_str())) {
        fitting = roots;
    }
    match fitting.as_slice() {
        [one] => Ok((*one).clone()),
        [] => {
            let message = format!(
                "no operation whose id begins with {text:?} is among the latest {LOOKED_AT}: see `ktrdr operations list`"
            );
            Err(CliError::new(Exit::NotFound, message))
        }
        several => {
            let named: Vec<String> = several.iter().take(NAMED).map(ToString::to_string).collect();
            let message = format!(
                "{} operations have ids that begin with {text:?}: say more of one, such as\n  {}",
                several.len(),
                named.join("\n  ")
            );
            Err(CliError::new(Exit::Usage, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_ids_are_known_by_their_form_and_nothing_else_is_one() {
        for text in [
            "op_training_20261121_025513_99cb0f94",
            "op_agent_research_20261121_025513_99cb0f94.agent_design.1",
        ] {
            assert!(whole(text).is_some(), "{text}");
        }
        for text in ["", "99cb0f94", "op_training_20261121_025513_99cb", "x_99cb0f94", "op_training"] {
            assert!(whole(text).is_none(), "{text}");
        }
        assert!("@last".parse() == Ok(Reference::Last));
        for text in ["", "@first", "Op_1", "op 1", "op_\u{7}", "..", "op_..", "_9"] {
            assert!(text.parse::<Reference>().is_err(), "{text:?}");
        }
    }
}
