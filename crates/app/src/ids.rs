//! Names that nobody else has given: of operations, and of campaigns.

use ktrdr_domain::name::{BadName, CampaignName};
use ktrdr_domain::{Kind, OperationId, Timestamp};

use crate::clock::now;
use crate::{AppError, ErrorKind, OrKind};

/// A number nobody else has, from the system's source of randomness.
///
/// # Errors
/// When the system has none.
pub fn nonce() -> Result<u32, AppError> {
    getrandom::u32().map_err(|why| AppError::new(ErrorKind::Files, format!("no random numbers: {why}")))
}

/// A fresh operation id.
///
/// # Errors
/// As [`nonce`].
pub fn operation(kind: Kind) -> Result<OperationId, AppError> {
    Ok(OperationId::new(kind, now(), nonce()?))
}

/// A campaign's name where none was given: when it began, and a bit of `nonce`.
pub(crate) fn campaign(now: Timestamp, nonce: u32) -> Result<CampaignName, AppError> {
    let when = now.to_string().to_ascii_lowercase().replace([':', '-'], "");
    let name: Result<CampaignName, BadName> = format!("c-{when}-{:04x}", nonce & 0xffff).parse();
    name.or_kind(ErrorKind::InvalidRequest)
}
