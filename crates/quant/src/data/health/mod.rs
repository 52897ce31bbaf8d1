//! What a researcher should know about a series before trusting a result on it.
//!
//! Bars that were read are formally sound; this looks for what formal rules can not see: holes, spikes, stretches
//! where nothing moved. It changes nothing.

mod finding;
mod gaps;
mod seasons;
mod spikes;
mod week_open;
mod windows;

use ktrdr_domain::{Finding, Span, Symbol, Timeframe, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::finding::FindingCode;
pub use self::gaps::{Gap, GapClass, Gaps};
pub use self::seasons::{ClockKind, SeasonOpens};
pub use self::spikes::{Spike, Spikes};
pub use self::week_open::{ChangeDates, WrongZone};
pub use self::windows::WINDOW_BARS_MIN;
use super::calendar::Calendar;
use crate::Bars;

/// The state of a series of bars.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct HealthReport {
    /// The instrument.
    pub symbol: Symbol,
    /// The length of each bar.
    pub timeframe: Timeframe,
    /// Whether the bars were generated.
    pub synthetic: bool,
    /// How many bars.
    pub rows: u64,
    /// First open to last close; `None` without bars.
    pub span: Option<Span>,
    /// How often the instrument trades; `None` where the bars span less than a week.
    pub calendar: Option<Calendar>,
    /// Bars with the stamp of the bar before. The readers refuse such files, so this is 0 for what they read.
    pub duplicates: u64,
    /// Steps over 1.5 bars, by class.
    pub gaps: Gaps,
    /// Moves out of all proportion to those before.
    pub spikes: Spikes,
    /// Share of bars without volume, 0 to 1; `None` without bars.
    pub zero_volume_share: Option<f64>,
    /// Bars that repeat the bar before.
    pub stale: Stale,
    /// What the opens of the weeks say against the zone that the bars were read in; `None` where a market explains them.
    #[serde(default)]
    pub wrong_zone: Option<WrongZone>,
    /// Bars with a price of zero or below, by which nothing can be divided.
    #[serde(default)]
    pub not_above_zero: u64,
    /// What deserves attention, gravest first.
    pub findings: Vec<Finding<FindingCode>>,
}

/// Bars whose four prices are those of the bar before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Stale {
    /// How many.
    pub bars: u64,
    /// The longest unbroken run.
    pub longest_run: u64,
    /// When the longest run begins; `None` without any.
    pub longest_from: Option<Timestamp>,
}

/// Examines a series.
#[must_use]
pub fn check(bars: &Bars) -> HealthReport {
    let zero_volumes = bars.volume.iter().filter(|v| **v <= 0.0).count();
    let mut report = HealthReport {
        symbol: bars.symbol.clone(),
        timeframe: bars.timeframe,
        synthetic: bars.synthetic,
        rows: bars.len() as u64,
        span: bars.span(),
        calendar: Calendar::of(bars),
        duplicates: bars.time.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64,
        gaps: Gaps::of(bars),
        spikes: Spikes::of(bars),
        zero_volume_share: (!bars.is_empty()).then(|| zero_volumes as f64 / bars.len() as f64),
        stale: Stale::of(bars),
        wrong_zone: WrongZone::of(bars),
        not_above_zero: bars.low.iter().filter(|low| **low <= 0.0).count() as u64,
        findings: Vec::new(),
    };
    report.findings = finding::findings(&report);
    report
}

impl Stale {
    fn of(bars: &Bars) -> Self {
        let prices = |i: usize| [bars.open[i], bars.high[i], bars.low[i], bars.close[i]].map(f64::to_bits);
        let (mut stale, mut run) = (Self::default(), 0);
        for i in 1..bars.len() {
            run = if prices(i) == prices(i - 1) { run + 1 } else { 0 };
            stale.bars += u64::from(run > 0);
            if run > stale.longest_run {
                stale.longest_run = run;
                stale.longest_from = Some(Timestamp(bars.time[i + 1 - run as usize]));
            }
        }
        stale
    }
}
