//! Why a request was not carried out: one kind, which every way in translates in one place, and words for people.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use ktrdr_catalog::CatalogError;
use ktrdr_domain::window::WindowError;
use ktrdr_fabric::artifacts::ArtifactError;
use ktrdr_fabric::store::StoreError;
use serde::{Deserialize, Serialize};

/// The kind of an error: an exit code of the command line, a status of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The operation ran and failed.
    OperationFailed,
    /// The operation was cancelled.
    OperationCancelled,
    /// The request makes no sense: values out of range, or that contradict each other.
    InvalidRequest,
    /// Something named does not exist.
    NotFound,
    /// Someone else holds it, or it is too late.
    Conflict,
    /// The store or the broker can not be reached, or the store is full.
    Unreachable,
    /// The store is not the one that the workspace remembers, or was deleted while it was in use.
    StoreLost,
    /// Refused by a rule.
    Refused,
    /// Refused: it would look into a vault that was not opened for it.
    VaultClosed,
    /// Refused: the gate window was looked at too often.
    WindowBurnt,
    /// A file or message with invalid content.
    InvalidInput,
    /// Files can not be read or written.
    Files,
}

/// Why a request was not carried out.
#[derive(Debug)]
pub struct AppError {
    /// What a caller decides upon.
    pub kind: ErrorKind,
    /// A stable word for programs, where the kind alone does not tell.
    pub code: Option<Cow<'static, str>>,
    /// Whole sentences that say what, where and what to do next; may span lines.
    pub message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl AppError {
    /// An error of a kind, in words.
    pub fn new(kind: ErrorKind, message: impl fmt::Display) -> Self {
        Self { kind, code: None, message: message.to_string(), source: None }
    }

    /// An error of a kind that another one caused; its words are the cause's.
    pub fn caused(kind: ErrorKind, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let cause = cause.into();
        Self { kind, code: None, message: cause.to_string(), source: Some(cause) }
    }

    /// The same with a stable word for programs.
    #[must_use]
    pub fn coded(self, code: impl Into<Cow<'static, str>>) -> Self {
        Self { code: Some(code.into()), ..self }
    }

    /// The same, saying first where it happened.
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for AppError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        // The words are the cause's own: a chain that is printed goes on behind it.
        self.source.as_deref().and_then(Error::source)
    }
}

/// Turns any error into one of a kind: `text.parse().or_kind(ErrorKind::InvalidRequest)?`.
pub trait OrKind<T> {
    /// The value, or an error of this kind.
    ///
    /// # Errors
    /// The one there was.
    fn or_kind(self, kind: ErrorKind) -> Result<T, AppError>;
}

impl<T, E: Into<Box<dyn Error + Send + Sync>>> OrKind<T> for Result<T, E> {
    fn or_kind(self, kind: ErrorKind) -> Result<T, AppError> {
        self.map_err(|cause| AppError::caused(kind, cause))
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        let kind = match &error {
            StoreError::Unavailable(_) | StoreError::Full(_) => ErrorKind::Unreachable,
            StoreError::Replaced(_) => ErrorKind::StoreLost,
            StoreError::Files(_) => ErrorKind::Files,
            StoreError::Corrupt(_) | StoreError::Invalid(_) => ErrorKind::InvalidInput,
        };
        Self::caused(kind, error)
    }
}

impl From<ArtifactError> for AppError {
    fn from(error: ArtifactError) -> Self {
        CatalogError::from(error).into()
    }
}

impl From<CatalogError> for AppError {
    fn from(error: CatalogError) -> Self {
        let kind = match &error {
            CatalogError::NotFound(_) => ErrorKind::NotFound,
            CatalogError::Changed(_) | CatalogError::Exists(_) => ErrorKind::Conflict,
            CatalogError::Unavailable(_) => ErrorKind::Files,
            CatalogError::Invalid(_) => ErrorKind::InvalidInput,
        };
        Self::caused(kind, error)
    }
}

impl From<WindowError> for AppError {
    fn from(error: WindowError) -> Self {
        let kind = match &error {
            WindowError::Unusable(..) => ErrorKind::InvalidInput,
            WindowError::Exam { .. } | WindowError::OutsideDev { .. } => ErrorKind::Refused,
            WindowError::VaultClosed { .. } => ErrorKind::VaultClosed,
            WindowError::Burnt { .. } | WindowError::Uncounted { .. } => ErrorKind::WindowBurnt,
        };
        Self::caused(kind, error)
    }
}
