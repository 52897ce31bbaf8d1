//! Names, descriptions and hypotheses, said truthfully from a candidate's parts.

use ktrdr_domain::Sha256;
use ktrdr_domain::number::Figure;
use ktrdr_domain::strategy::label::Labels;
use ktrdr_domain::strategy::{IndicatorKind, IndicatorSpec};

use super::block::{Block, Hours};
use super::candidate::{Candidate, Reading};
use super::screen::{Screen, Screened};
use crate::figures::percent;
use crate::market::{Market, TypicalMove};

/// Words of a name: as many readings as a name has room for.
const NAME_WORDS: usize = 2;

/// `auto_rsi_roc_1a2b3c4d`
pub(crate) fn name(candidate: &Candidate, content: &Sha256) -> String {
    let mut kinds: Vec<&str> = candidate.readings.iter().map(|r| r.choice.kind.definition().name).collect();
    kinds.dedup();
    kinds.truncate(NAME_WORDS);
    format!("auto_{}_{}", kinds.join("_"), content.short())
}

/// The id of an indicator in a strategy: `rsi_14`, `distancefromma_100_ema`.
pub(crate) fn indicator_id(spec: &IndicatorSpec) -> String {
    let period = spec.kind.definition().params.first().map_or(0.0, |p| spec.number(p.name));
    let is_set = |flag: &str| spec.number(flag) >= 0.5;
    let variant = match spec.kind {
        IndicatorKind::DistanceFromMa if is_set("ma_type") => "_ema",
        IndicatorKind::TradingDay if is_set("utc") => "_utc",
        _ => "",
    };
    let hours = Hours::of(spec).map_or(String::new(), |hours| format!("_{}_{}", hours.from, hours.until));
    format!("{}_{period}{variant}{hours}", spec.kind)
}

/// One line: what is read and what is looked for.
pub(crate) fn description(candidate: &Candidate) -> String {
    let readings: Vec<String> = candidate.readings.iter().map(Reading::to_string).collect();
    format!("{} over {} bars from {}", candidate.target.words(), candidate.horizon, readings.join(", "))
}

/// What would have to be true for it to work.
pub(crate) fn hypothesis(candidate: &Candidate, labels: &Labels) -> String {
    let readings: Vec<String> = candidate
        .readings
        .iter()
        .map(|r| {
            let hours = Hours::of(&r.spec).map(|h| format!(" in hours {} to {} of the day", h.from, h.until));
            format!("{}{} ({})", r.choice.said(r.period()), hours.unwrap_or_default(), r.timeframe)
        })
        .collect();
    let outcome = match labels {
        Labels::TripleBarrier { barrier, horizon, .. } => format!(
            "which of two barriers, {barrier} average bar ranges above and below, price touches first within {horizon} bars"
        ),
        Labels::ForwardReturn { horizon, threshold } if *threshold > 0.0 => {
            format!("whether price rises or falls by more than {} % over {horizon} bars", percent(*threshold))
        }
        Labels::ForwardReturn { horizon, .. } => format!("the return over the next {horizon} bars"),
        Labels::Zigzag { .. } => "the direction of the leg".to_owned(),
    };
    let foretell = if readings.len() == 1 { "foretells" } else { "together foretell" };
    let read = listed(&readings);
    format!("{} {foretell} {outcome}, by enough to pay for trading.", capitalised(&read))
}

/// The figures of dev that a first design rests on.
pub(crate) fn rationale(candidate: &Candidate, screen: &Screen, market: &Market<'_>) -> String {
    let horizon_index = screen.index_of(candidate.horizon);
    let seen: Vec<String> = candidate
        .readings
        .iter()
        .filter_map(|r| screen.nearest(r).map(|s| evidence(r, s, screen, horizon_index)))
        .collect();
    let TypicalMove { horizon, mean_absolute, .. } = market.typical_move(candidate.horizon);
    format!(
        "Rank correlations on the first {} rows of dev with the return over {} bars: {}. Over {horizon} bars price \
         typically moves {} %, a round trip costs {} %.",
        market.train_rows,
        screen.moves.get(horizon_index).map_or(0, |m| m.horizon),
        seen.join("; "),
        percent(mean_absolute),
        percent(market.round_trip_cost),
    )
}

fn evidence(reading: &Reading, screened: &Screened, screen: &Screen, horizon_index: usize) -> String {
    let correlation = screen.correlation(screened, horizon_index);
    let errors = correlation.abs() / screen.standard_error(horizon_index);
    let block = match (Hours::of(&reading.spec), screened.block) {
        (Some(heard), Some(Block { hours, correlation, strength, .. })) if heard == hours => format!(
            ", with the next bar's return {:+.3} in hours {} to {} of the day ({strength:.1} standard errors beyond luck)",
            Figure(correlation),
            hours.from,
            hours.until
        ),
        _ => String::new(),
    };
    let nearly = if screened.period == reading.period() { "" } else { "near " };
    format!(
        "{nearly}{}({}) {:+.3} ({errors:.1} standard errors){block}",
        reading.spec.kind,
        screened.period,
        Figure(correlation)
    )
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `a, b and c`
pub(crate) fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_like_sentences() {
        let items = |n: usize| ["a", "b", "c"][..n].iter().map(ToString::to_string).collect::<Vec<String>>();
        assert_eq!([0, 1, 2, 3].map(|n| listed(&items(n))), ["", "a", "a and b", "a, b and c"]);
    }
}
