//! Designer and assessor. They fill in proposals and never steer control flow.
//!
//! | part | file |
//! |---|---|
//! | what a designer and an assessor are asked and answer | [`design`], [`assess`] |
//! | who they are, by name | [`provider`] |
//! | the dev window in figures: costs, moves, rows | [`market`] |
//! | what can be said against a strategy before training | [`lint`] |
//! | search and rules that need no key | [`local`] |

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod assess;
pub mod design;
mod error;
mod figures;
pub mod lint;
pub mod local;
pub mod market;
pub mod provider;

pub use assess::{AssessmentInput, Assessor};
pub use design::{Design, DesignBrief, Designer};
pub use error::AgentError;
pub use local::{LocalAssessor, LocalDesigner};
pub use provider::{Call, Provider, Providers, UnknownProvider};
