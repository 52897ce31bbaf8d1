//! The same strategy under other circumstances: other costs, a late hand, without its best moments, year by year, and on calm
//! and on lively days. Positions stay the ones that were decided.

use chrono::Datelike;
use ktrdr_domain::Timestamp;
use ktrdr_domain::report::sheet::{StressKind, StressRow};
use ktrdr_domain::trading::{Account, Costs};

use super::daily::{Daily, compounded};
use crate::exam::{Exam, Market};
use crate::simulate::{self, Run, Target};
use crate::statistics::{Drawdown, moments};

/// How many of the best trades and days are left out.
const BEST: usize = 5;

/// Days before a day over which the market's volatility is measured.
const VOLATILITY_DAYS: usize = 20;

/// Every row that applies.
#[must_use]
pub fn rows(exam: &Exam<'_>, market: &Market, run: &Run, daily: &Daily) -> Vec<StressRow> {
    let mut rows = Vec::new();
    for factor in [0.0, 1.0, 2.0, 3.0] {
        let account = Account { costs: times(exam.account.costs, factor), ..*exam.account };
        rows.extend(retraded(
            exam,
            market,
            exam.targets,
            &account,
            StressKind::Costs,
            format!("costs × {factor}"),
        ));
    }
    let late = one_bar_later(exam.targets);
    let name = "every decision one bar later".to_owned();
    rows.extend(retraded(exam, market, &late, exam.account, StressKind::Delay, name));
    rows.extend(without_best_trades(exam, run, daily));
    rows.extend(without_best_days(daily));
    rows.extend(by_year(run, daily));
    rows.extend(by_volatility(daily));
    rows
}

fn times(costs: Costs, factor: f64) -> Costs {
    Costs {
        commission_rate: costs.commission_rate * factor,
        spread: costs.spread * factor,
        slippage_rate: costs.slippage_rate * factor,
        financing_long_per_day: costs.financing_long_per_day * factor,
        financing_short_per_day: costs.financing_short_per_day * factor,
    }
}

fn one_bar_later(targets: &[Target]) -> Vec<Target> {
    std::iter::once(0).chain(targets.iter().copied()).take(targets.len()).collect()
}

/// Traded once more; `None` where the account is impossible.
fn retraded(
    exam: &Exam<'_>,
    market: &Market,
    targets: &[Target],
    account: &Account,
    kind: StressKind,
    name: String,
) -> Option<StressRow> {
    let run = simulate::run(exam.bars, exam.range.clone(), targets, account).ok()?;
    let daily = Daily::of(&Exam { account, targets, ..exam.clone() }, market, &run);
    let fall = Drawdown::of(account.initial_capital, &run.equity);
    Some(StressRow {
        total_return_pct: earned(&run, account.initial_capital),
        max_drawdown_pct: Some(fall.fraction),
        trades: Some(run.trades.len() as u64),
        ..over(&daily, &(0..daily.returns.len()).collect::<Vec<_>>(), kind, name)
    })
}

/// What a run earned as a fraction of its capital, to the last bit as its report says it.
fn earned(run: &Run, capital: f64) -> Option<f64> {
    run.equity.last().map(|end| (end - capital) / capital)
}

/// Some days alone.
fn over(daily: &Daily, days: &[usize], kind: StressKind, name: String) -> StressRow {
    let of = |returns: &[f64]| days.iter().filter_map(|day| returns.get(*day).copied()).collect::<Vec<f64>>();
    let returns = of(&daily.returns);
    StressRow {
        kind,
        name,
        days: days.len() as u64,
        total_return_pct: (!days.is_empty()).then(|| compounded(returns.iter().copied())),
        sharpe_ratio: daily.sharpe(&returns),
        active_sharpe_ratio: daily.active.as_ref().and_then(|active| daily.sharpe(&of(active))),
        max_drawdown_pct: None,
        trades: None,
    }
}

fn without_best_trades(exam: &Exam<'_>, run: &Run, daily: &Daily) -> Option<StressRow> {
    let mut results: Vec<f64> = run.trades.iter().map(|trade| trade.net_pnl).collect();
    results.sort_by(|a, b| b.total_cmp(a));
    let best: f64 = results.iter().take(BEST).filter(|pnl| **pnl > 0.0).sum();
    let capital = exam.account.initial_capital;
    let name = format!("without the best {BEST} trades");
    (results.len() > BEST).then(|| StressRow {
        total_return_pct: earned(run, capital).map(|net| net - best / capital),
        trades: Some((results.len() - BEST) as u64),
        days: daily.returns.len() as u64,
        ..over(daily, &[], StressKind::Without, name)
    })
}

fn without_best_days(daily: &Daily) -> Option<StressRow> {
    let mut days: Vec<usize> = (0..daily.returns.len()).collect();
    days.sort_by(|a, b| daily.returns[*b].total_cmp(&daily.returns[*a]));
    let name = format!("without the best {BEST} days");
    (days.len() > BEST).then(|| over(daily, &days[BEST..], StressKind::Without, name))
}

fn by_year(run: &Run, daily: &Daily) -> Vec<StressRow> {
    let year = |time: i64| Timestamp(time).to_datetime().map_or(0, |at| at.year());
    let days: Vec<usize> = (0..daily.time.len()).collect();
    let of_year = |days: &[usize]| {
        let this = year(daily.time[days[0]]);
        let ended = run.trades.iter().filter(|trade| year(trade.exit_time.0) == this).count();
        StressRow { trades: Some(ended as u64), ..over(daily, days, StressKind::Year, this.to_string()) }
    };
    days.chunk_by(|a, b| year(daily.time[*a]) == year(daily.time[*b])).map(of_year).collect()
}

/// Thirds of the days by the market's volatility over the days before each.
fn by_volatility(daily: &Daily) -> Vec<StressRow> {
    let before = |day: usize| moments::standard_deviation(&daily.market[day - VOLATILITY_DAYS..day]).ok();
    let measured = (VOLATILITY_DAYS..daily.market.len()).filter_map(|day| Some((before(day)?, day)));
    let mut measured: Vec<(f64, usize)> = measured.collect();
    measured.sort_by(|a, b| a.0.total_cmp(&b.0));
    let third = measured.len() / 3;
    if third < VOLATILITY_DAYS {
        return Vec::new();
    }
    let thirds = [
        ("calm days", 0..third),
        ("days between", third..measured.len() - third),
        ("lively days", measured.len() - third..measured.len()),
    ];
    let row = |(name, part): (&str, std::ops::Range<usize>)| {
        let mut days: Vec<usize> = measured[part].iter().map(|(_, day)| *day).collect();
        days.sort_unstable();
        over(daily, &days, StressKind::Volatility, name.to_owned())
    };
    thirds.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use ktrdr_domain::trading::Sizing;

    use super::*;
    use crate::Bars;
    use crate::data::calendar::Calendar;

    /// Two years of hours that go up for some days and down for others.
    fn waves() -> Bars {
        let mut bars = Bars::with_capacity("TEST".parse().unwrap(), "1h".parse().unwrap(), 0);
        let mut price = 100.0f64;
        for hour in 0..2 * 365 * 24i64 {
            let open = price;
            price *= 1.0 + 0.002 * (hour as f64 / 60.0).sin() + 0.0001 * ((hour * 37 % 11) as f64 - 5.0);
            bars.time.push(1_577_836_800 + hour * 3_600);
            bars.open.push(open);
            bars.high.push(open.max(price));
            bars.low.push(open.min(price));
            bars.close.push(price);
            bars.volume.push(0.0);
        }
        bars
    }

    #[test]
    fn rows_say_what_they_change_and_agree_with_the_run() {
        let bars = waves();
        let range = 100..bars.len();
        let targets: Vec<Target> =
            range.clone().map(|hour| if (hour / 90) % 2 == 0 { 1 } else { -1 }).collect();
        let account = Account { sizing: Sizing::FixedFraction(0.5), ..Account::default() };
        let calendar = Calendar::of(&bars);
        let exam =
            Exam { bars: &bars, range, targets: &targets, account: &account, calendar: calendar.as_ref() };
        let run = simulate::run(exam.bars, exam.range.clone(), exam.targets, exam.account).unwrap();
        let market = exam.market();
        let daily = Daily::of(&exam, &market, &run);
        let rows = rows(&exam, &market, &run, &daily);
        let net = |name: &str| {
            let row =
                rows.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("no {name}: {rows:?}"));
            row.total_return_pct.unwrap()
        };
        assert!((net("costs × 1") - run.net_return(account.initial_capital)).abs() < 1e-12);
        assert!(net("costs × 0") > net("costs × 1") && net("costs × 2") > net("costs × 3"));
        assert_ne!(net("every decision one bar later"), net("costs × 1"));
        assert!(net("without the best 5 trades") < net("costs × 1"));
        assert!(net("without the best 5 days") < net("costs × 1"));
        let years: f64 = ["2020", "2021"].into_iter().map(|year| 1.0 + net(year)).product();
        assert!((years - 1.0 - net("costs × 1")).abs() < 1e-9, "years come to the whole");
        let thirds = rows.iter().filter(|row| row.kind == StressKind::Volatility);
        let days: u64 = thirds.map(|row| row.days).sum();
        assert_eq!(days, daily.returns.len() as u64 - VOLATILITY_DAYS as u64);
    }
}
