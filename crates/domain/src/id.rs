//! Operation ids: `op_{type}_{YYYYmmdd_HHMMSS}_{8 hex}`, children `<root>.<step>.<n>`.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::excerpt::excerpt;
use crate::kind::Kind;
use crate::time::Timestamp;

/// The identity of an operation. Safe as a path component and as a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OperationId(String);

/// Text that is no operation id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an operation id: expected something like op_training_20261121_025513_99cb0f94")]
pub struct BadId(pub String);

impl OperationId {
    /// Longest id accepted, in bytes.
    pub const LENGTH_MAX: usize = 160;

    /// A fresh id. `nonce` must be random; the caller owns randomness and the clock.
    #[must_use]
    pub fn new(kind: Kind, now: Timestamp, nonce: u32) -> Self {
        let when = now.to_datetime().map(|t| t.format("%Y%m%d_%H%M%S").to_string());
        Self(format!("op_{kind}_{}_{nonce:08x}", when.unwrap_or_else(|| "00000000_000000".into())))
    }

    /// The id of a root's `n`-th child of one kind. The same inputs give the same id, so that a repeated
    /// event can not create the child twice.
    #[must_use]
    pub fn child(&self, kind: Kind, n: u32) -> Self {
        Self(format!("{}.{kind}.{n}", self.0))
    }

    /// Whether an operation of this kind has such an id.
    #[must_use]
    pub fn is_of(&self, kind: Kind) -> bool {
        match self.0.rsplit('.').nth(1) {
            Some(of_child) => of_child == kind.as_str(),
            None => self.0.starts_with(&format!("op_{kind}_")),
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OperationId {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let fine = text.starts_with("op_")
            && text.len() <= Self::LENGTH_MAX
            && !text.contains("..")
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.".contains(&b));
        if fine { Ok(Self(text.to_owned())) } else { Err(BadId(excerpt(text))) }
    }
}

impl TryFrom<String> for OperationId {
    type Error = BadId;
    fn try_from(text: String) -> Result<Self, BadId> {
        text.parse()
    }
}

impl From<OperationId> for String {
    fn from(id: OperationId) -> String {
        id.0
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_documented_shape() {
        let id = OperationId::new(Kind::Training, Timestamp(1_795_229_713), 0x99cb_0f94);
        assert_eq!(id.as_str(), "op_training_20261121_025513_99cb0f94");
        assert_eq!(id.child(Kind::Backtesting, 1).as_str(), format!("{id}.backtesting.1"));
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "op_../x", "op_a/b", "OP_X", "training"] {
            assert!(bad.parse::<OperationId>().is_err(), "{bad}");
        }
    }
}
