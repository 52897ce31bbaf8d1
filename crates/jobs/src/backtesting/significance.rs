//! Luck or not: what the run earned beyond the market, ranked among what chance gives, and deflated by the trials.

use std::collections::BTreeMap;
use std::ops::Range;

use ktrdr_catalog::counting::Counted;
use ktrdr_domain::job::BacktestSpec;
use ktrdr_domain::report::{ActiveReturn, DailyRecord, Direction, Evidence, NullRank, Trade};
use ktrdr_quant::Bars;
use ktrdr_quant::data::calendar::Calendar;
use ktrdr_quant::exam::{Deflation, Entries, Exam, Market, PValue, Shifts, shifts};
use ktrdr_quant::simulate::Target;
use ktrdr_quant::statistics::{TrackRecord, Undefined, ratios};

use super::Traded;
use super::subject::{Decided, Proof};
use super::telling::Telling;
use crate::fault::Fault;

/// Random entries drawn: enough to tell one in twenty from one in fifteen.
const RANDOM_ENTRIES: usize = 1_000;

/// What chance has to say about one run. What is missing has its reason in `undefined`.
#[derive(Debug, Default)]
pub(super) struct Weighed {
    pub(super) active: Option<ActiveReturn>,
    /// Daily returns beyond the market, where they are defined.
    pub(super) beyond: Vec<f64>,
    /// Of the daily active return.
    pub(super) record: Option<TrackRecord>,
    pub(super) shifted_weeks: Option<NullRank>,
    pub(super) random_entries: Option<NullRank>,
    pub(super) undefined: BTreeMap<String, String>,
    /// The draws' scores, by the name of their null: for the sheet.
    pub(super) drawn: Vec<(&'static str, Vec<f64>)>,
}

/// Weighs a run against the market and against both nulls.
pub(super) fn against_chance(
    telling: &mut Telling<'_>,
    spec: &BacktestSpec,
    traded: &Traded<'_>,
    calendar: Option<&Calendar>,
) -> Result<Weighed, Fault> {
    let exam = traded.exam(&spec.account, calendar);
    let market = exam.market();
    let mut weighed = Weighed::default();
    let score = match weighed.beyond_the_market(traded, &exam, &market) {
        Ok(score) => score,
        Err(reason) => return Ok(weighed.without(&FIGURES, &reason.to_string())),
    };
    if !traded.is_worth_explaining(spec) {
        // No gate asks how lucky a loss is, and most looks end here.
        return Ok(
            weighed.without(&NULLS, "the cycle's run earned nothing that chance would have to explain")
        );
    }
    let entries = scores(telling, &exam, &market, Entries::new(&exam, spec.seed).take(RANDOM_ENTRIES))?;
    weighed.random_entries = Some(rank(score, &entries));
    weighed.drawn.push((NULLS[1], entries));
    let shifted = Shifts::new(&exam);
    if shifted.len() < shifts::SHIFTS_MIN {
        let reason = format!(
            "the window can be shifted by {} whole weeks only, and {} are needed to tell anything: random entries decide alone",
            shifted.len(),
            shifts::SHIFTS_MIN
        );
        return Ok(weighed.without(&NULLS[..1], &reason));
    }
    let shifts = scores(telling, &exam, &market, shifted)?;
    weighed.shifted_weeks = Some(rank(score, &shifts));
    weighed.drawn.push((NULLS[0], shifts));
    Ok(weighed)
}

/// How often chance is asked at most, over a range of bars.
pub(super) fn draws_max(bars: &Bars, range: &Range<usize>) -> usize {
    let shifts = shifts::count(&bars.time[range.clone()], bars.timeframe);
    RANDOM_ENTRIES + if shifts < shifts::SHIFTS_MIN { 0 } else { shifts }
}

/// The names of what is weighed, in reports.
pub(super) const FIGURES: [&str; 4] = ["active_return", "shifted_weeks", "random_entries", "deflated_sharpe"];

/// Those of the nulls.
const NULLS: [&str; 2] = ["shifted_weeks", "random_entries"];

impl Weighed {
    /// Fills in the active return; gives the score that is ranked.
    fn beyond_the_market(
        &mut self,
        traded: &Traded<'_>,
        exam: &Exam<'_>,
        market: &Market,
    ) -> Result<f64, Undefined> {
        if traded.run.trades.is_empty() {
            return Err(Undefined::Nothing("trade"));
        }
        let active = exam.active(&traded.run, market)?;
        let (score, record) = (ratios::sharpe(&active.returns)?, TrackRecord::of(&active.returns)?);
        let [long, short] = [Direction::Long, Direction::Short].map(|side| held(&traded.run.trades, side));
        self.active = Some(ActiveReturn {
            beta: active.beta,
            mean_exposure: (long - short) / traded.range.len().max(1) as f64,
            long_share: if long + short > 0.0 { long / (long + short) } else { 0.5 },
            sharpe_ratio: exam.calendar.map(|calendar| score * calendar.days_per_year.sqrt()),
            sharpe_daily: score,
            psr: record.probability_over(0.0).ok(),
        });
        self.record = Some(record);
        self.beyond = active.returns;
        Ok(score)
    }

    /// The same, which has no such figures for this reason.
    pub(super) fn without(mut self, figures: &[&str], reason: &str) -> Self {
        let reasons = figures.iter().map(|figure| ((*figure).to_owned(), reason.to_owned()));
        self.undefined.extend(reasons);
        self
    }
}

/// Bars held on one side.
fn held(trades: &[Trade], side: Direction) -> f64 {
    trades.iter().filter(|trade| trade.direction == side).map(|trade| f64::from(trade.bars_held)).sum()
}

/// What each draw earned beyond the market for its risk.
fn scores(
    telling: &mut Telling<'_>,
    exam: &Exam<'_>,
    market: &Market,
    draws: impl Iterator<Item = Vec<Target>>,
) -> Result<Vec<f64>, Fault> {
    let mut scores = Vec::new();
    for drawn in draws {
        scores.push(exam.score(&drawn, market).map_err(Fault::input)?);
        telling.drawn().ok_or(Fault::Stopped)?;
    }
    Ok(scores)
}

fn rank(score: f64, draws: &[f64]) -> NullRank {
    let PValue { p, draws } = PValue::of(score, draws);
    NullRank { p, draws }
}

/// The evidence of a report.
pub(super) fn evidence(weighed: &Weighed, counted: Counted, decided: &Decided) -> Evidence {
    let daily = weighed.record.map(DailyRecord::from);
    let Counted { trials, looks_at_window, correlated } = counted;
    let deflation = Deflation::of(daily, trials);
    Evidence {
        active: weighed.active,
        daily,
        shifted_weeks: weighed.shifted_weeks,
        random_entries: weighed.random_entries,
        deflated_sharpe: deflation.deflated_sharpe,
        trials: deflation.trials,
        different_trials: deflation.different_trials,
        correlated,
        luck_sharpe_daily: deflation.luck_sharpe_daily,
        leakage_proof: decided.proof.map(|proof| proof.holds),
        proof_examined: decided.proof.iter().flat_map(|_| Proof::EXAMINED).map(str::to_owned).collect(),
        proof_cuts: decided.proof.map_or(0, |proof| proof.cuts),
        looks_at_window,
        ..Evidence::default()
    }
}
