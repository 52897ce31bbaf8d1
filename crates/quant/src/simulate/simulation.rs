//! The loop: reveal a bar, let the broker act, mark the account to market.

use std::ops::Range;

use ktrdr_domain::Timestamp;
use ktrdr_domain::report::backtest::{Direction, ExitReason, Trade};
use ktrdr_domain::trading::Account;

use super::broker::{Broker, Quote};
use super::{Run, SimulateError, Target};
use crate::Bars;

/// A backtest under way. Each [`advance`](Self::advance) trades some more bars, so that a caller can show how it
/// goes and stop it; the result does not depend on the steps.
#[derive(Debug, Clone)]
pub struct Simulation<'a> {
    account: &'a Account,
    prices: Prices<'a>,
    /// Wanted at each bar's close.
    targets: &'a [Target],
    /// The target that was last made an order.
    ordered: Target,
    broker: Broker<'a>,
    equity: Vec<f64>,
    bars_in_market: u64,
    ruined_at: Option<usize>,
}

/// The bars that are traded, field by field.
#[derive(Debug, Clone, Copy)]
struct Prices<'a> {
    time: &'a [i64],
    open: &'a [f64],
    high: &'a [f64],
    low: &'a [f64],
    close: &'a [f64],
}

impl<'a> Simulation<'a> {
    /// Prepares to trade `targets`, one for each bar of `range`, with `account`.
    ///
    /// # Errors
    /// An impossible account, a range without bars or beyond them, prices of zero and below, targets of another number or other than −1, 0, 1.
    pub fn new(
        bars: &'a Bars,
        range: Range<usize>,
        targets: &'a [Target],
        account: &'a Account,
    ) -> Result<Self, SimulateError> {
        account.validate()?;
        let prices = Prices::of(bars, range.clone())?;
        if let Some(bar) = bars.not_above_zero(range) {
            return Err(SimulateError::NotAboveZero {
                time: Timestamp(bars.time[bar]),
                price: bars.low[bar],
            });
        }
        if targets.len() != prices.time.len() {
            return Err(SimulateError::TargetCount { targets: targets.len(), bars: prices.time.len() });
        }
        if let Some(bar) = targets.iter().position(|target| !(-1..=1).contains(target)) {
            return Err(SimulateError::Target { bar, value: targets[bar] });
        }
        let changes = targets.windows(2).filter(|pair| pair[0] != pair[1]).count();
        Ok(Self {
            account,
            prices,
            targets,
            ordered: 0,
            broker: Broker::new(account, changes + 1),
            equity: Vec::with_capacity(targets.len()),
            bars_in_market: 0,
            ruined_at: None,
        })
    }

    /// How many bars are to be traded.
    #[must_use]
    pub fn bars_total(&self) -> usize {
        self.targets.len()
    }

    /// How many bars have been traded.
    #[must_use]
    pub fn bars_done(&self) -> usize {
        self.equity.len()
    }

    /// Whether every bar has been traded.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.bars_done() == self.bars_total()
    }

    /// Equity at the close of the bar traded last; the initial capital before the first.
    #[must_use]
    pub fn equity(&self) -> f64 {
        self.equity.last().copied().unwrap_or(self.account.initial_capital)
    }

    /// The trades closed so far.
    #[must_use]
    pub fn trades(&self) -> &[Trade] {
        &self.broker.trades
    }

    /// Trades the next `bars` bars, or as many as are left.
    ///
    /// # Errors
    /// A spread that leaves nothing of a price, or numbers beyond 64-bit floats.
    pub fn advance(&mut self, bars: usize) -> Result<(), SimulateError> {
        let first = self.bars_done();
        for bar in first..first.saturating_add(bars).min(self.bars_total()) {
            self.fill_order(bar)?;
            self.leave_early(bar)?;
            self.mark_to_market(bar)?;
            if self.ruined_at.is_some() {
                self.equity.resize(self.bars_total(), self.broker.cash);
                break;
            }
        }
        Ok(())
    }

    /// Trades what is left and hands over the result.
    ///
    /// # Errors
    /// As [`advance`](Self::advance).
    pub fn finish(mut self) -> Result<Run, SimulateError> {
        self.advance(self.bars_total())?;
        Ok(Run {
            trades: self.broker.trades,
            equity: self.equity,
            bars_in_market: self.bars_in_market,
            traded_value: self.broker.traded_value,
            pnl_before_costs: self.broker.pnl_before_costs,
            unfilled_orders: self.broker.unfilled_orders,
            ruined_at: self.ruined_at,
        })
    }

    /// At the open: the position carried into the bar pays for the days since the last one, then what was decided at
    /// the last close is filled.
    fn fill_order(&mut self, bar: usize) -> Result<(), SimulateError> {
        let Some(previous) = bar.checked_sub(1) else { return Ok(()) };
        if self.broker.position.is_some() && self.account.costs.have_financing() {
            let days = self.prices.days_between(previous, bar);
            self.broker.charge_financing(days, self.prices.close[previous]);
        }
        let wanted = self.targets[previous];
        if wanted == self.ordered {
            return Ok(());
        }
        self.ordered = wanted;
        let open = self.prices.quote(bar, self.prices.open[bar]);
        self.close_at_open(open, ExitReason::Signal)?;
        match wanted {
            0 => Ok(()),
            1 => self.broker.open(Direction::Long, open),
            _ => self.broker.open(Direction::Short, open),
        }
    }

    /// Closes a position that was held long enough, or that the bar takes to its stop or target.
    fn leave_early(&mut self, bar: usize) -> Result<(), SimulateError> {
        let Some(position) = &self.broker.position else { return Ok(()) };
        let bars_before = bar - position.entry_bar;
        let prices = &self.prices;
        if self.account.exits.max_holding_bars.is_some_and(|most| bars_before >= most as usize) {
            return self.close_at_open(prices.quote(bar, prices.open[bar]), ExitReason::MaxHolding);
        }
        let Some(levels) = &position.levels else { return Ok(()) };
        let Some(touch) = levels.touched(prices.open[bar], prices.high[bar], prices.low[bar]) else {
            return Ok(());
        };
        let bars_held = bars_before + usize::from(!touch.at_open);
        self.broker.close(prices.quote(bar, touch.price), bars_held, touch.reason)
    }

    fn close_at_open(&mut self, open: Quote, reason: ExitReason) -> Result<(), SimulateError> {
        match &self.broker.position {
            Some(position) => self.broker.close(open, open.bar - position.entry_bar, reason),
            None => Ok(()),
        }
    }

    /// At the close: values the account, ends it if nothing is left, and closes what is open at the last bar.
    fn mark_to_market(&mut self, bar: usize) -> Result<(), SimulateError> {
        let close = self.prices.close[bar];
        let equity = self.broker.equity(close);
        self.bars_in_market += u64::from(self.broker.position.is_some());
        let is_last = bar + 1 == self.targets.len();
        if equity > 0.0 && equity < f64::INFINITY && !is_last {
            self.equity.push(equity);
            return Ok(());
        }
        self.last_mark(bar, equity)
    }

    /// The mark after which nothing is traded any more.
    fn last_mark(&mut self, bar: usize, equity: f64) -> Result<(), SimulateError> {
        let not_finite = SimulateError::NotFinite { time: Timestamp(self.prices.time[bar]) };
        if !equity.is_finite() {
            return Err(not_finite);
        }
        let reason = if equity > 0.0 { ExitReason::EndOfData } else { ExitReason::Ruin };
        if let Some(position) = &self.broker.position {
            let bars_held = bar - position.entry_bar + 1;
            self.broker.close(self.prices.quote(bar, self.prices.close[bar]), bars_held, reason)?;
        }
        if !self.broker.cash.is_finite() {
            return Err(not_finite);
        }
        self.ruined_at = (self.broker.cash <= 0.0).then_some(bar);
        self.equity.push(self.broker.cash);
        Ok(())
    }
}

impl<'a> Prices<'a> {
    fn of(bars: &'a Bars, range: Range<usize>) -> Result<Self, SimulateError> {
        let cut = |field: &'a [f64]| field.get(range.clone());
        let fields = (
            bars.time.get(range.clone()).filter(|time| !time.is_empty()),
            cut(&bars.open),
            cut(&bars.high),
            cut(&bars.low),
            cut(&bars.close),
        );
        match fields {
            (Some(time), Some(open), Some(high), Some(low), Some(close)) => {
                Ok(Self { time, open, high, low, close })
            }
            _ => Err(SimulateError::Range { start: range.start, end: range.end, bars: bars.len() }),
        }
    }

    fn quote(&self, bar: usize, price: f64) -> Quote {
        Quote { bar, time: self.time[bar], price }
    }

    /// UTC calendar days from the open of one bar to that of another.
    fn days_between(&self, earlier: usize, later: usize) -> i64 {
        self.time[later].div_euclid(86_400) - self.time[earlier].div_euclid(86_400)
    }
}
