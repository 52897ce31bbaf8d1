//! Whether picking the best of a campaign's examined designs picks a good one, told from the equity that their exams stored.

use std::collections::{BTreeMap, BTreeSet};

use ktrdr_catalog::reports;
use ktrdr_domain::Kind;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::report::EquityPoint;
use ktrdr_quant::statistics::overfitting::overfitting;
use ktrdr_report::campaign::Choice;

use crate::{App, AppError};

/// Blocks that an exam is cut into, as in Bailey et al. (2015): 12,870 ways to choose half of them.
const BLOCKS: usize = 16;

/// Exams that are compared at most: each is read whole.
const EXAMS_MAX: u32 = 100;

/// Equity at the last bar of each date, in UTC.
type Closes = BTreeMap<i64, f64>;

impl App {
    /// `None` where fewer than two exams, or too few days of them, can be compared.
    pub(super) async fn choice(&self, campaign: &CampaignName) -> Result<Option<Choice>, AppError> {
        let mut closes = Vec::new();
        for exam in self.completed(campaign, Kind::Backtesting, EXAMS_MAX).await? {
            // What became of an exam's files is no reason to show nothing of its campaign.
            if let Ok(report) = reports::read(&*self.artifacts, &exam.id, exam.fence).await {
                closes.push(closes_of(&report.equity));
            }
        }
        Ok(choice_among(&closes))
    }
}

fn closes_of(equity: &[EquityPoint]) -> Closes {
    equity.iter().map(|point| (point.time.0.div_euclid(86_400), point.equity)).collect()
}

/// On the dates that all of them have.
fn choice_among(exams: &[Closes]) -> Option<Choice> {
    let has_all = |date: &i64| exams.iter().all(|closes| closes.contains_key(date));
    let dates: BTreeSet<i64> = exams.first()?.keys().copied().filter(has_all).collect();
    let dates = Vec::from_iter(dates);
    let mut returns = Vec::new();
    for days in dates.windows(2) {
        for closes in exams {
            let [before, now] = [closes[&days[0]], closes[&days[1]]];
            returns.push(if before > 0.0 { now / before - 1.0 } else { 0.0 });
        }
    }
    let told = overfitting(&returns, exams.len(), BLOCKS).ok()?;
    Some(Choice {
        designs: exams.len() as u64,
        ways: told.combinations as u64,
        overfitted: told.probability,
        loses: told.probability_of_loss,
    })
}

#[cfg(test)]
mod tests {
    use ktrdr_domain::Timestamp;
    use ktrdr_quant::SeededRng;

    use super::*;

    /// A year of days on which so much was earned on average, of a deviation of 1 %.
    fn equity(mean: f64, seed: u64) -> Closes {
        let mut rng = SeededRng::new(seed);
        let mut worth = 100_000.0;
        let hours = (0..24 * 365).map(|hour| {
            worth *= 1.0 + mean / 24.0 + 0.002 * rng.normal();
            EquityPoint { time: Timestamp(1_577_836_800 + hour * 3_600), equity: worth }
        });
        closes_of(&hours.collect::<Vec<_>>())
    }

    #[test]
    fn one_good_design_among_worthless_ones_is_a_good_choice() {
        let exams: Vec<Closes> = (0..10).map(|n| equity(if n == 3 { 0.004 } else { 0.0 }, n)).collect();
        let told = choice_among(&exams).unwrap();
        assert_eq!((told.designs, told.ways), (10, 12_870));
        assert!(told.overfitted < 0.05 && told.loses < 0.05, "{told:?}");
    }

    #[test]
    fn the_best_of_worthless_designs_is_a_coin() {
        let exams: Vec<Closes> = (0..10).map(|n| equity(0.0, 100 + n)).collect();
        let told = choice_among(&exams).unwrap();
        assert!(told.overfitted > 0.2, "{told:?}");
    }

    #[test]
    fn one_exam_or_a_few_days_are_no_choice() {
        assert_eq!(choice_among(&[equity(0.0, 1)]), None);
        assert_eq!(choice_among(&[]), None);
        let short: Closes = (0..20).map(|day| (day, 100.0)).collect();
        assert_eq!(choice_among(&[short.clone(), short]), None);
    }
}
