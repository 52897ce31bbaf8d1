//! What a designer is told and what it answers.

use ktrdr_domain::evolution::Part;
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::strategy::DataSplit;
use ktrdr_domain::trading::Account;
use ktrdr_domain::{Strategy, Symbol, Windows};
use ktrdr_quant::Bars;

/// All that a designer may know: the dev window and what earlier cycles taught. No gate bar, no vault bar.
#[derive(Debug, Clone, Copy)]
pub struct DesignBrief<'a> {
    /// The instrument.
    pub symbol: &'a Symbol,
    /// The dev window's bars, one series per timeframe, the traded one first.
    pub dev_bars: &'a [Bars],
    /// The platform's windows: how long the gate is beside dev.
    pub windows: &'a Windows,
    /// How the design is to split dev.
    pub split: DataSplit,
    /// What the cycles of earlier generations taught, newest first.
    pub lessons: &'a [Lesson],
    /// The cycle's number in its campaign, from 0.
    pub index: u32,
    /// What the cycle does in a campaign that breeds its designs.
    pub part: Option<Part>,
    /// Cycles of a generation: those before this one in its own are designed from the same lessons, and none like another.
    pub generation: u32,
    /// Of everything random in the campaign's designs.
    pub seed: u64,
    /// What to look for, in words, for a designer that reads.
    pub text: Option<&'a str>,
    /// Capital and costs.
    pub account: &'a Account,
}

/// A proposal.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// The strategy.
    pub strategy: Strategy,
    /// Who designed it: `local` or a model's name.
    pub designer: String,
    /// How it came about, such as `mutation of auto_rsi_1a2b3c4d: longer horizon (24 bars)`.
    pub origin: String,
    /// The evidence it rests on, in words and figures of dev.
    pub rationale: String,
    /// Whether it is a champion of what was bred before, brought back for the exam.
    pub champion: bool,
}
