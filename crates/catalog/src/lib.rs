//! What a workspace holds, typed: found by name, pinned by hash, read and checked.
//!
//! | artefact | file | where it is |
//! |---|---|---|
//! | bars of one instrument and timeframe | [`series`] | `data/<SYMBOL>_<timeframe>.csv` |
//! | the same, pinned before a submit | [`pins`] | |
//! | its windows, and what became of them | [`windows`] | `data/<SYMBOL>.windows.json`, `data/<SYMBOL>.windows/<N>.json` |
//! | a raw file that waits for its import | [`imports`] | `imports/<sha256>.csv` |
//! | strategies, and the judgement of each | [`strategies`] | `strategies/<name>.yaml`, `strategies/<name>/assessment.json` |
//! | trained models | [`models`] | `models/<strategy>/<timeframe>_v<N>/` |
//! | target positions from elsewhere | [`signals`] | `signals/<sha256>.csv` |
//! | reports of backtests | [`reports`] | `reports/<operation>/<fence>/backtest.json`, `…/sheet.json` |
//!
//! Which looks count for an instrument needs its bars and those of the others: [`counting`].
//!
//! Jobs read and write here, and so does whoever prepares work for them.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod counting;
mod error;
pub mod imports;
pub mod models;
pub mod pins;
pub mod reports;
pub mod series;
pub mod signals;
pub mod strategies;
pub mod windows;

pub use error::CatalogError;
