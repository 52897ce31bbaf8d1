//! Why something of the catalogue can not be had. Callers branch on the variant; the words are for people.

use std::fmt::Display;

use ktrdr_fabric::artifacts::{ArtifactError, BadKey};

/// Why an artefact can not be had, or not be stored. Each text says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// Nothing of that name is there.
    #[error("{0}")]
    NotFound(String),
    /// It is there, and is not what it should be: malformed, damaged, or made for something else.
    #[error("{0}")]
    Invalid(String),
    /// Other bytes are there than were pinned.
    #[error(transparent)]
    Changed(ArtifactError),
    /// There is one already, and it may not be replaced.
    #[error(transparent)]
    Exists(ArtifactError),
    /// It can not be read or written at present; try again.
    #[error(transparent)]
    Unavailable(ArtifactError),
}

impl CatalogError {
    /// Blames what was found, or what was asked for.
    pub fn invalid(what: impl Display) -> Self {
        Self::Invalid(what.to_string())
    }

    /// The same with advice, where nothing was found.
    pub(crate) fn advising(self, advice: impl Display) -> Self {
        match self {
            Self::NotFound(what) => Self::NotFound(format!("{what}; {advice}")),
            other => other,
        }
    }
}

impl From<ArtifactError> for CatalogError {
    fn from(error: ArtifactError) -> Self {
        match error {
            ArtifactError::NotFound { .. } => Self::NotFound(error.to_string()),
            ArtifactError::WrongHash { .. } => Self::Changed(error),
            ArtifactError::Exists(_) => Self::Exists(error),
            ArtifactError::Io { .. } => Self::Unavailable(error),
            ArtifactError::Unreadable { .. } | ArtifactError::Key(_) => Self::invalid(error),
        }
    }
}

impl From<BadKey> for CatalogError {
    fn from(error: BadKey) -> Self {
        Self::invalid(error)
    }
}
