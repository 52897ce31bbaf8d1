//! What keeps this process from doing its part: store or broker do not do theirs.

use ktrdr_fabric::broker::BrokerError;
use ktrdr_fabric::store::StoreError;

/// Why. Whatever was to be done is tried again later.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutsideError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Broker(#[from] BrokerError),
}
