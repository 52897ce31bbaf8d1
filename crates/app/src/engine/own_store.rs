//! What an engine's store says of itself beside the seams: who it is, whether it has room, and what protects it.

use std::path::PathBuf;

use async_trait::async_trait;
use ktrdr_fabric::store::StoreError;

use super::examine::Check;

/// An engine's store, as itself.
#[async_trait]
pub trait OwnStore: Send + Sync {
    /// What it calls itself.
    fn epoch(&self) -> &str;
    /// Where it is, for people.
    fn place(&self) -> String;
    /// Whether it can only be read, because it may not be written.
    fn is_read_only(&self) -> bool {
        false
    }
    /// Whether it is still the one that was opened.
    async fn check_identity(&self) -> Result<(), StoreError>;
    /// Whether it takes new work.
    async fn room(&self) -> Result<Room, StoreError>;
    /// What protects its rows.
    async fn protections(&self) -> Result<Vec<Check>, StoreError>;
    /// Saves what this process alone holds under that name; `None`: it holds nothing.
    async fn rescue(&self, name: String) -> Option<Result<PathBuf, StoreError>>;
}

/// Whether a store has room for new work, in figures and with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// New work is refused now.
    pub refuses: bool,
    /// It soon may be.
    pub is_scarce: bool,
    /// What is used, and of how much.
    pub figures: String,
    /// What to do about it.
    pub action: &'static str,
}

/// As rooms are told.
pub(super) fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}
