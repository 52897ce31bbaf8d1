//! Stored results in, pages out. A page is one file that needs nothing else: no network, no script, no font. Pure: it neither
//! reads nor computes what jobs have not stored.
//!
//! | what | file |
//! |---|---|
//! | a backtest, a training, a campaign, several side by side | [`backtest`], [`training`], [`campaign`], [`comparison`] |
//! | many accounts as one band | [`bands`] |
//! | what a page consists of | [`document`] |
//! | its two forms | `html.rs`, `markdown.rs` |
//! | trades and equity for notebooks | [`export`] |
//! | figures as people write them | `figures.rs` |
//! | codes of gates and of stops in words | `words.rs` |
//!
//! What was not computed is left out. What is undefined says so, with its reason.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod backtest;
pub mod bands;
pub mod campaign;
pub mod comparison;
pub mod document;
pub mod export;
mod figures;
mod html;
mod markdown;
pub mod training;
mod words;

use schemars::JsonSchema;
use serde::Serialize;

pub use document::Document;

/// A report on something, with everything it tells: this is its form in JSON, too.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "report")]
pub enum Report {
    /// On a backtest.
    Backtest(Box<backtest::Tearsheet>),
    /// On a training.
    Training(Box<training::TrainingPage>),
    /// On a campaign.
    Campaign(Box<campaign::CampaignPage>),
    /// On several backtests, or several trainings.
    Comparison(comparison::Comparison),
}

impl Report {
    /// What it says.
    #[must_use]
    pub fn document(&self) -> Document {
        match self {
            Self::Backtest(tearsheet) => tearsheet.document(),
            Self::Training(page) => page.document(),
            Self::Campaign(page) => page.document(),
            Self::Comparison(comparison) => comparison.document(),
        }
    }

    /// As one file for a browser.
    #[must_use]
    pub fn html(&self) -> String {
        html::page(&self.document())
    }

    /// What stands on that page, for a page that has its own frame and the style sheet of charts; of long tables the last rows.
    #[must_use]
    pub fn content(&self, rows_max: usize) -> ktrdr_chart::Markup {
        html::sections(&self.document().cut(rows_max))
    }

    /// As text for people and for other programs' pages.
    #[must_use]
    pub fn markdown(&self) -> String {
        markdown::text(&self.document())
    }
}
