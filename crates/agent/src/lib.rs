//! Designer and assessor. They fill in proposals and never steer control flow.
//!
//! | part | file |
//! |---|---|
//! | designers and assessors, and who they are by name | [`provider`] |
//! | what a designer is told and answers | [`design`] |
//! | the dev window in figures: costs, moves, rows | [`market`] |
//! | what can be said against a strategy before training | [`lint`] |
//! | the lessons most worth knowing now | [`recall`] |
//! | search and rules that need no key | [`local`] |
//! | designs that are bred on dev, and the archive of them | [`evolve`] |
//! | models of the Messages API, their prices and limits | [`models`] |
//! | who pays for calls, and how it is counted | [`purse`] |

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod design;
mod error;
pub mod evolve;
mod figures;
pub mod lint;
pub mod local;
pub mod market;
pub mod models;
pub mod provider;
pub mod purse;
pub mod recall;

pub use design::{Design, DesignBrief};
pub use error::AgentError;
pub use evolve::EvolvingDesigner;
pub use local::{LocalAssessor, LocalDesigner};
pub use models::{Model, Models, Usage};
pub use provider::{Assessor, Call, Designer, NoProvider, Provider, Providers};
pub use purse::{BudgetExhausted, Cost, OpenPurse, Purse, PurseError};
