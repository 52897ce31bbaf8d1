//! What deserves a researcher's attention, in words.

use std::cmp::Reverse;

use ktrdr_domain::{Finding, Severity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ChangeDates, ClockKind, GapClass, HealthReport, SeasonOpens, WrongZone};

/// Fewer bars than this leave too little for train, validation, gate and vault.
const ROWS_FEW: u64 = 2_000;
/// Fewer bars than this can not be researched at all.
const ROWS_MIN: u64 = 500;
/// Share of lost bars from which results may depend on what is missing.
const LOST_SHARE_MAX: f64 = 0.01;
/// Share of repeated bars from which the market was hardly traded, or the feed hung.
const STALE_SHARE_MAX: f64 = 0.05;
/// A run of repeated bars this long is worth a look even in a good series.
const STALE_RUN_MAX: u64 = 24;
/// How many places a finding names; `-o json` has more of them.
const SHOWN_MAX: usize = 3;
/// Share of bars without volume from which volume is not worth reading.
const NO_VOLUME_SHARE: f64 = 0.5;

/// What kind of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingCode {
    /// Too few bars.
    Short,
    /// Stamps that occur twice.
    Duplicates,
    /// Lost bars.
    UnexpectedGaps,
    /// Long stretches without bars.
    Closures,
    /// Moves out of proportion.
    Spikes,
    /// Bars that repeat themselves.
    Stale,
    /// Times that no market's clock explains.
    WrongZone,
    /// Prices of zero and below.
    NegativePrices,
    /// No volume in most bars.
    NoVolume,
    /// Generated bars.
    Synthetic,
    /// A window of the instrument without a bar.
    WindowEmpty,
    /// A window with too few bars for a backtest.
    WindowShort,
}

/// The findings of a report, gravest first.
pub(super) fn findings(report: &HealthReport) -> Vec<Finding<FindingCode>> {
    let all = [
        short,
        duplicates,
        wrong_zone,
        unexpected_gaps,
        closures,
        negative_prices,
        spikes,
        stale,
        no_volume,
        synthetic,
    ];
    let mut findings: Vec<_> = all.iter().filter_map(|look| look(report)).collect();
    findings.sort_by_key(|finding| Reverse(finding.severity));
    findings
}

fn short(report: &HealthReport) -> Option<Finding<FindingCode>> {
    let severity = match report.rows {
        ..ROWS_MIN => Severity::Error,
        ROWS_MIN..ROWS_FEW => Severity::Warning,
        _ => return None,
    };
    let message = format!("only {} bars", report.rows);
    Some(Finding::new(severity, FindingCode::Short, message, "get a longer history or a shorter timeframe"))
}

fn duplicates(report: &HealthReport) -> Option<Finding<FindingCode>> {
    let message = format!("bars with the time of the bar before: {}", report.duplicates);
    let action = "remove one of each pair at the source";
    (report.duplicates > 0).then(|| Finding::new(Severity::Error, FindingCode::Duplicates, message, action))
}

fn unexpected_gaps(report: &HealthReport) -> Option<Finding<FindingCode>> {
    let gaps = &report.gaps;
    let lost_share = gaps.unexpected_bars as f64 / (report.rows + gaps.unexpected_bars).max(1) as f64;
    let severity = match gaps.unexpected {
        0 => return None,
        _ if lost_share > LOST_SHARE_MAX => Severity::Warning,
        _ => Severity::Note,
    };
    let unexpected = gaps.longest.iter().filter(|gap| gap.class == GapClass::Unexpected);
    let message = format!(
        "unexpected gaps: {}; bars missing in them: {} at most ({:.2} %); the longest: {}",
        gaps.unexpected,
        gaps.unexpected_bars,
        lost_share * 100.0,
        some_of(unexpected.map(|gap| format!("{} to {}", gap.from, gap.to)))
    );
    Some(Finding::new(severity, FindingCode::UnexpectedGaps, message, "fetch these stretches again"))
}

fn closures(report: &HealthReport) -> Option<Finding<FindingCode>> {
    let count = report.gaps.closure;
    let closures = report.gaps.longest.iter().filter(|gap| gap.class == GapClass::Closure);
    let message = format!(
        "stretches of more than 3 days without bars: {count}; the longest: {}",
        some_of(closures.map(|gap| format!("{} to {}", gap.from, gap.to)))
    );
    let action = "see whether the market was closed; if not, fetch them again";
    (count > 0).then(|| Finding::new(Severity::Warning, FindingCode::Closures, message, action))
}

fn spikes(report: &HealthReport) -> Option<Finding<FindingCode>> {
    let largest = &report.spikes.largest;
    let reverted = largest.iter().filter(|spike| spike.reverted).count();
    if largest.is_empty() {
        return None;
    }
    let message = format!(
        "moves over 20 × the median before: {}; the largest: {}; taken back at once: {reverted} of the {} largest",
        report.spikes.count,
        some_of(largest.iter().map(|spike| format!("{:.0} × at {}", spike.times_median, spike.at))),
        largest.len()
    );
    let severity = if reverted > 0 { Severity::Warning } else { Severity::Note };
    Some(Finding::new(severity, FindingCode::Spikes, message, "compare these bars with another source"))
}

/// The first few of many, in words.
fn some_of(all: impl Iterator<Item = String>) -> String {
    let mut all = all.peekable();
    let mut shown: Vec<String> = all.by_ref().take(SHOWN_MAX).collect();
    shown.extend(all.peek().map(|_| "…".to_owned()));
    shown.join(", ")
}

fn stale(report: &HealthReport) -> Option<Finding<FindingCode>> {
    let stale = report.stale;
    let share = stale.bars as f64 / report.rows.max(1) as f64;
    if share <= STALE_SHARE_MAX && stale.longest_run <= STALE_RUN_MAX {
        return None;
    }
    let from = stale.longest_from?;
    let message = format!(
        "bars that repeat the bar before: {} ({:.2} %), {} in a row from {from}",
        stale.bars,
        share * 100.0,
        stale.longest_run
    );
    Some(Finding::new(
        Severity::Warning,
        FindingCode::Stale,
        message,
        "see whether the feed hung; fills there are not real",
    ))
}

fn wrong_zone(report: &HealthReport) -> Option<Finding<FindingCode>> {
    let by = |dates| match dates {
        ChangeDates::NewYork => "New York's",
        ChangeDates::Europe => "Europe's",
    };
    let (message, action) = match report.wrong_zone? {
        WrongZone::LaterInSummer(dates) => (
            format!("the week opens an hour later in summer, by {} dates: no market does", by(dates)),
            format!("the file was read in a wrong zone: {}", import_again(ClockKind::NewYork)),
        ),
        WrongZone::Confused { written, read, opens } => (
            format!(
                "{}; that is what {} looks like when {} reads it",
                seen(opens),
                clock(written),
                clock(read)
            ),
            format!("the file was read in a wrong zone: {}", import_again(written)),
        ),
    };
    Some(Finding::new(Severity::Warning, FindingCode::WrongZone, message, action))
}

/// When the weeks open, in words.
fn seen(opens: SeasonOpens) -> String {
    let time = |s: i64| format!("{:02}:{:02}", s / 3_600, s / 60 % 60);
    format!(
        "the weeks open at {} UTC in winter, at {} in summer, and at {} while only New York has summer time",
        time(opens.winter_s),
        time(opens.summer_s),
        time(opens.between_s)
    )
}

fn clock(kind: ClockKind) -> &'static str {
    match kind {
        ClockKind::Fixed => "a clock without summer time",
        ClockKind::NewYork => "a clock with New York's summer time",
        ClockKind::Europe => "a clock with Europe's summer time",
    }
}

fn import_again(written: ClockKind) -> &'static str {
    match written {
        ClockKind::Fixed => {
            "import it again with `--time-zone UTC --replace`, or with its `--utc-offset` if it has another one"
        }
        ClockKind::NewYork => {
            "import it again with its `--time-zone`, such as `--time-zone new-york+7 --replace` for the clock of most brokers"
        }
        ClockKind::Europe => {
            "import it again with its `--time-zone`, such as `--time-zone Europe/Athens --replace` for a broker's clock by Europe's dates"
        }
    }
}

fn negative_prices(report: &HealthReport) -> Option<Finding<FindingCode>> {
    let message = format!("bars with a price of zero or below: {}", report.not_above_zero);
    let action =
        "labels, sizes and figures that divide by the price refuse stretches that hold one: choose others";
    (report.not_above_zero > 0)
        .then(|| Finding::new(Severity::Warning, FindingCode::NegativePrices, message, action))
}

fn no_volume(report: &HealthReport) -> Option<Finding<FindingCode>> {
    let share = report.zero_volume_share.filter(|share| *share >= NO_VOLUME_SHARE)?;
    let message = format!("{:.0} % of the bars have no volume", share * 100.0);
    Some(Finding::new(
        Severity::Note,
        FindingCode::NoVolume,
        message,
        "use no indicator of volume on this series",
    ))
}

fn synthetic(report: &HealthReport) -> Option<Finding<FindingCode>> {
    let message = "these bars are generated".to_owned();
    let action = "use them to test the machinery; they say nothing about a market";
    report.synthetic.then(|| Finding::new(Severity::Note, FindingCode::Synthetic, message, action))
}
