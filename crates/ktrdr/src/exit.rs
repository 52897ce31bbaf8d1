//! Errors as the shell sees them: one sentence that says what, where and what to do next, and an exit code by kind.

use std::borrow::Cow;
use std::fmt;
use std::process::ExitCode;

use ktrdr_app::{AppError, ErrorKind};
use ktrdr_fabric::artifacts::ArtifactError;
use ktrdr_fabric::cause;
use ktrdr_fabric::store::StoreError;

/// The kind of an error: decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The operation ran and failed or was cancelled.
    OperationFailed = 1,
    /// Arguments that make no sense together.
    Usage = 2,
    /// Something named does not exist.
    NotFound = 3,
    /// Someone else holds it, or it is too late.
    Conflict = 4,
    /// The store or the broker can not be reached, or the store is full.
    Unreachable = 5,
    /// The store is not the one that the workspace remembers, or was deleted while it was in use.
    StoreLost = 6,
    /// Refused by a rule.
    Refused = 7,
    /// A file or message with invalid content.
    InvalidInput = 8,
    /// Files, or the answer, can not be read or written.
    Files = 9,
    /// Interrupted by the user.
    Interrupted = 130,
}

/// What the user is told.
#[derive(Debug)]
pub(crate) struct CliError {
    /// Decides the exit code.
    pub(crate) kind: Kind,
    /// A stable word for programs, where the exit code alone does not tell.
    pub(crate) code: Option<Cow<'static, str>>,
    /// Whole sentences; may span lines.
    pub(crate) message: String,
}

impl CliError {
    /// An error of a kind.
    pub(crate) fn new(kind: Kind, message: impl fmt::Display) -> Self {
        Self { kind, code: None, message: message.to_string() }
    }

    /// The process's exit code.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.kind as u8)
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Turns any error into one of a kind: `read().or_exit(Kind::Files)?`.
pub(crate) trait OrExit<T> {
    /// The value, or an error of this kind.
    fn or_exit(self, kind: Kind) -> Result<T, CliError>;
}

impl<T, E: fmt::Display> OrExit<T> for Result<T, E> {
    fn or_exit(self, kind: Kind) -> Result<T, CliError> {
        self.map_err(|e| CliError::new(kind, e))
    }
}

impl From<ErrorKind> for Kind {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::OperationFailed => Self::OperationFailed,
            ErrorKind::OperationCancelled => Self::Interrupted,
            ErrorKind::InvalidRequest => Self::Usage,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::Conflict => Self::Conflict,
            ErrorKind::Unreachable => Self::Unreachable,
            ErrorKind::StoreLost => Self::StoreLost,
            ErrorKind::Refused | ErrorKind::VaultClosed | ErrorKind::WindowBurnt => Self::Refused,
            ErrorKind::InvalidInput => Self::InvalidInput,
            ErrorKind::Files => Self::Files,
        }
    }
}

impl From<AppError> for CliError {
    fn from(error: AppError) -> Self {
        let beneath = cause::beneath(&error).into_iter().map(|words| format!("\n  because: {words}"));
        let message = beneath.fold(error.message.clone(), |told, words| told + &words);
        Self { code: error.code, ..Self::new(error.kind.into(), message) }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        AppError::from(error).into()
    }
}

impl From<ArtifactError> for CliError {
    fn from(error: ArtifactError) -> Self {
        AppError::from(error).into()
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        Self::new(Kind::Files, error)
    }
}
