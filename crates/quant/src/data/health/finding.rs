//! What deserves a researcher's attention, in words.

use std::cmp::Reverse;

use ktrdr_domain::{Finding, Severity};
use serde::{Deserialize, Serialize};

use super::{ChangeDates, HealthReport, WrongZone};

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
/// Share of bars without volume from which volume is not worth reading.
const NO_VOLUME_SHARE: f64 = 0.5;

/// What kind of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    let message = format!(
        "unexpected gaps: {}; bars missing in them: {} at most ({:.2} %)",
        gaps.unexpected,
        gaps.unexpected_bars,
        lost_share * 100.0
    );
    Some(Finding::new(severity, FindingCode::UnexpectedGaps, message, "fetch the listed stretches again"))
}

fn closures(report: &HealthReport) -> Option<Finding<FindingCode>> {
    let count = report.gaps.closure;
    let message = format!("stretches of more than 3 days without bars: {count}");
    let action = "see whether the market was closed; if not, fetch them again";
    (count > 0).then(|| Finding::new(Severity::Warning, FindingCode::Closures, message, action))
}

fn spikes(report: &HealthReport) -> Option<Finding<FindingCode>> {
    let largest = report.spikes.largest.first()?;
    let reverted = report.spikes.largest.iter().filter(|spike| spike.reverted).count();
    let message = format!(
        "moves over 20 × the median before: {}, the largest {:.0} × at {}; taken back at once: {reverted} of {} listed",
        report.spikes.count,
        largest.times_median,
        largest.at,
        report.spikes.largest.len()
    );
    let severity = if reverted > 0 { Severity::Warning } else { Severity::Note };
    Some(Finding::new(severity, FindingCode::Spikes, message, "compare the listed bars with another source"))
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
    let message = match report.wrong_zone? {
        WrongZone::LaterInSummer(dates) => {
            format!("the week opens an hour later in summer, by {} dates: no market does", by(dates))
        }
        WrongZone::NeverMoves => "the week opens at the same hour of UTC in summer and winter, though a market around the clock moves with New York".to_owned(),
        WrongZone::ByEuropesDates => "the open of the week moves by Europe's dates, though a market around the clock moves with New York".to_owned(),
    };
    let action = "the file was read in a wrong zone: import it again with its `--time-zone`, such as `--time-zone new-york+7 --replace` for the clock of most brokers";
    Some(Finding::new(Severity::Warning, FindingCode::WrongZone, message, action))
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
