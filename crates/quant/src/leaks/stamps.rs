//! A coarser series beside a finer one of the same instrument: do its bars end when their stamps say?
//!
//! A daily bar that is stamped one day early closes, by its stamp, a day before its closing price was paid. Whoever joins it
//! to hourly bars by that stamp sees tomorrow. The finer series tells: the coarse closes agree best with its prices at
//! some distance from the stamped closes; that distance should not be later.

use std::fmt;

use ktrdr_domain::{Symbol, Timeframe};

use crate::Bars;

/// Of a long series so many bars tell, evenly spread.
const BARS_TOLD: usize = 1_000;

/// How far the closes may be from their stamps: a clock of another time zone, or some bars of the coarser series.
const CLOCKS_APART_S: i64 = 26 * 3_600;
const BARS_APART: i64 = 7;

/// Beyond its own length a bar is looked for in steps like this: clocks differ by quarters of an hour.
const FAR_STEP_S: i64 = 900;

/// Fewer coarse bars than this within the finer series say nothing.
const BARS_MIN: usize = 30;

/// The disagreement at the best distance is at most this share of the one at the stamp before a stamp counts as wrong.
const DISAGREEMENT_SHARE: f64 = 0.5;

/// A coarser series whose prices were paid later than its stamps say.
#[derive(Debug, Clone, PartialEq)]
pub struct EarlyStamp {
    /// The instrument.
    pub symbol: Symbol,
    /// The series with the wrong stamps.
    pub coarse: Timeframe,
    /// The series that tells.
    pub fine: Timeframe,
    /// By how much its bars close later than stamped, in seconds: a whole number of finer bars.
    pub early_s: i64,
    /// Median distance of its closes from the finer prices at their stamped ends, in logarithms.
    pub apart_as_stamped: f64,
    /// The same so much later.
    pub apart_later: f64,
}

impl fmt::Display for EarlyStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { symbol, coarse, fine, early_s, .. } = self;
        let hours = *early_s as f64 / 3_600.0;
        let [stamped, later] = [self.apart_as_stamped, self.apart_later].map(|apart| apart * 10_000.0);
        write!(
            f,
            "{symbol} {coarse} is stamped {hours} hours early: its closes are {stamped:.1} basis points from the prices of \
             {symbol} {fine} at their stamped ends, and {later:.1} from those {hours} hours later. Import {symbol} {coarse} \
             again with `--stamp close` if its stamps are those of closes, or with the right time zone"
        )
    }
}

/// Whether the bars of `coarse` close later than stamped, by some of its bars or by another time zone; `None` where they do not,
/// or where the two have too little in common to tell.
#[must_use]
pub fn early_stamp(fine: &Bars, coarse: &Bars) -> Option<EarlyStamp> {
    let (step, length) = (fine.timeframe.seconds(), coarse.timeframe.seconds());
    if step >= length || fine.is_empty() {
        return None;
    }
    let at_stamp = disagreement(fine, coarse, 0)?;
    let apart = distances(step, length);
    let tried = apart.iter().filter_map(|later_s| Some((*later_s, disagreement(fine, coarse, *later_s)?)));
    let (early_s, least) = tried.min_by(|a, b| a.1.total_cmp(&b.1))?;
    // What agrees as well earlier is stamped late, if anything: nobody sees the future by it.
    let earlier = apart.iter().filter_map(|later_s| disagreement(fine, coarse, -later_s));
    let least_earlier = earlier.fold(at_stamp, f64::min);
    (least < DISAGREEMENT_SHARE * least_earlier).then(|| EarlyStamp {
        symbol: coarse.symbol.clone(),
        coarse: coarse.timeframe,
        fine: fine.timeframe,
        early_s,
        apart_as_stamped: at_stamp,
        apart_later: least,
    })
}

/// Distances that are looked at, in seconds: by the finer bar within one coarser bar, then in larger steps.
fn distances(step: i64, length: i64) -> Vec<i64> {
    let far_step = step.max(FAR_STEP_S / step * step);
    let reach = CLOCKS_APART_S.max(BARS_APART * length);
    let near = (1..=length / step).map(|steps| steps * step);
    near.chain((length / far_step + 1..=reach / far_step).map(|steps| steps * far_step)).collect()
}

/// The median distance of the coarse closes from the fine prices `later_s` after their stamped ends, in logarithms, once
/// their usual ratio is taken out (prices of one may be adjusted, those of the other not). `None` with too few pairs.
fn disagreement(fine: &Bars, coarse: &Bars, later_s: i64) -> Option<f64> {
    let (step, length) = (fine.timeframe.seconds(), coarse.timeframe.seconds());
    let mut ratios = Vec::with_capacity(BARS_TOLD);
    for bar in (0..coarse.len()).step_by(coarse.len().div_ceil(BARS_TOLD).max(1)) {
        let at = coarse.time[bar].saturating_add(length).saturating_add(later_s);
        let known = fine.time.partition_point(|open| open + step <= at);
        // Only within the finer series, and not where it pauses for longer than a coarse bar.
        if let Some(last) = known.checked_sub(1)
            && known < fine.len()
            && at - fine.time[last] <= length
        {
            ratios.push((coarse.close[bar] / fine.close[last]).ln());
        }
    }
    if ratios.len() < BARS_MIN {
        return None;
    }
    let usual = median(&mut ratios);
    ratios.iter_mut().for_each(|ratio| *ratio = (*ratio - usual).abs());
    Some(median(&mut ratios))
}

fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}
