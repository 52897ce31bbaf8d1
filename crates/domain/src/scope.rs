//! What a caller from outside may do. Each scope may also do what those before it may.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::excerpt::excerpt;

/// What a token is good for.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    JsonSchema,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", parse_err_ty = BadScope, parse_err_fn = BadScope::of)]
pub enum Scope {
    /// Reads, and can change nothing.
    Viewer,
    /// Starts work, and stops single operations.
    Submit,
    /// Steers the fleet: queues, workers, groups, dead letters, data, vaults.
    Operator,
    /// Hands out tokens and takes them back.
    Admin,
}

impl Scope {
    /// Every scope, the narrowest first.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Text that is no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no scope {0:?}: use viewer, submit, operator or admin")]
pub struct BadScope(String);

impl BadScope {
    fn of(text: &str) -> Self {
        Self(excerpt(text))
    }
}
