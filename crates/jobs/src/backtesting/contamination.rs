//! The exam of a language model's design, cut at the end of what the model may know: what it did on the time before may be
//! memory, what it did after is not.

use std::ops::Range;

use ktrdr_domain::Author;
use ktrdr_domain::report::{Contamination, Part};
use ktrdr_domain::trial::Apart;
use ktrdr_quant::data::calendar::Calendar;
use ktrdr_quant::metrics::returns::Days;
use ktrdr_quant::statistics::ratios;

use super::{Traded, covered};

/// What is cut.
pub(super) struct Exam<'a> {
    pub(super) traded: &'a Traded<'a>,
    pub(super) initial_capital: f64,
    pub(super) calendar: Option<&'a Calendar>,
    /// Daily returns beyond the market; none where they are undefined.
    pub(super) active: &'a [f64],
}

impl Exam<'_> {
    /// Both sides. A trading day that begins before the cutoff belongs to the time before it, whole.
    pub(super) fn cut(&self, author: &Author) -> Contamination {
        let Traded { bars, range, run, .. } = self.traded;
        let time = &bars.time[range.clone()];
        let cutoff = author.training_cutoff.end().0;
        let days = Days::of(time, self.calendar);
        let (days_before, bars_before) = days.beginning_before(time.partition_point(|opens| *opens < cutoff));
        let daily = days.returns(self.initial_capital, &run.equity);
        let part = |bars: Range<usize>, days: Range<usize>| self.part(bars, days, &daily);
        Contamination {
            author: author.clone(),
            before: part(0..bars_before, 0..days_before),
            after: part(bars_before..time.len(), days_before..daily.len()),
        }
    }

    /// One side; `None` where nothing was traded on it.
    fn part(&self, bars: Range<usize>, days: Range<usize>, daily: &[f64]) -> Option<Part> {
        if bars.is_empty() {
            return None;
        }
        let Traded { bars: series, range, run, .. } = self.traded;
        let span = covered(series, &(range.start + bars.start..range.start + bars.end));
        let began = bars.start.checked_sub(1).map_or(self.initial_capital, |last| run.equity[last]);
        let ended = run.equity[bars.end - 1];
        let entered =
            run.trades.iter().filter(|trade| span.start <= trade.entry_time && trade.entry_time < span.end);
        let sharpe = ratios::sharpe(&daily[days.clone()]).ok();
        Some(Part {
            span,
            bars: bars.len() as u64,
            days: days.len() as u64,
            trades: entered.count() as u64,
            total_return_pct: (began > 0.0).then(|| ended / began - 1.0),
            sharpe_ratio: sharpe.zip(self.calendar).map(|(daily, of)| daily * of.days_per_year.sqrt()),
            active_sharpe_daily: self.active.get(days).and_then(|returns| ratios::sharpe(returns).ok()),
        })
    }
}

/// The same as the ledger keeps it.
pub(super) fn for_ledger(exam: &Contamination) -> Apart {
    let days = |part: Option<Part>| part.map_or(0, |part| part.days);
    let sharpe = |part: Option<Part>| part.and_then(|part| part.active_sharpe_daily);
    Apart {
        before: sharpe(exam.before),
        days_before: days(exam.before),
        after: sharpe(exam.after),
        days_after: days(exam.after),
    }
}
