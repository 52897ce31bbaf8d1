//! Group actions have two steps: whoever does not confirm is told what would be done, and whoever does, what was.

use schemars::JsonSchema;
use serde::Serialize;

/// One of the two.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "{P}Or{D}")]
pub(crate) enum Stepwise<P, D> {
    /// What would be done: it was not confirmed.
    Planned(P),
    /// What was done.
    Done(D),
}
