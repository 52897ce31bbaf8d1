//! Cash, at most one position, and what each fill costs.

use ktrdr_domain::Timestamp;
use ktrdr_domain::report::backtest::{Direction, ExitReason, Trade};
use ktrdr_domain::trading::Account;

use super::SimulateError;
use super::exits::{Levels, sign};
use super::sizing;

/// Holds the account's money and its position.
#[derive(Debug, Clone)]
pub(super) struct Broker<'a> {
    account: &'a Account,
    pub(super) cash: f64,
    pub(super) position: Option<Position>,
    pub(super) trades: Vec<Trade>,
    /// Units × fill price, summed over all fills.
    pub(super) traded_value: f64,
    /// What the trades would have earned without any cost.
    pub(super) pnl_before_costs: f64,
    /// Orders for which there was not enough money for one unit.
    pub(super) unfilled_orders: u64,
}

/// What is held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    /// Positive long, negative short.
    pub(super) signed_units: f64,
    /// The bar of the entry, counted from the start of the range.
    pub(super) entry_bar: usize,
    /// Stop and target, if the account has them.
    pub(super) levels: Option<Levels>,
    direction: Direction,
    entry_time: i64,
    /// Price before costs.
    entry_mid: f64,
    entry_price: f64,
    commission: f64,
    financing: f64,
}

/// The two ways to ask for a fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// At what the market gives now; a stop becomes one when it is touched. Pays half the spread and slippage.
    Market,
    /// At its own price or a better one, or not at all.
    Limit,
}

/// A price on a bar.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quote {
    /// The bar, counted from the start of the range.
    pub(super) bar: usize,
    /// Its open time.
    pub(super) time: i64,
    /// Price before costs.
    pub(super) price: f64,
}

impl<'a> Broker<'a> {
    /// A broker with the account's capital in cash and room for `trades_max` trades.
    pub(super) fn new(account: &'a Account, trades_max: usize) -> Self {
        Self {
            account,
            cash: account.initial_capital,
            position: None,
            trades: Vec::with_capacity(trades_max),
            traded_value: 0.0,
            pnl_before_costs: 0.0,
            unfilled_orders: 0,
        }
    }

    /// Cash plus the position at `price`.
    pub(super) fn equity(&self, price: f64) -> f64 {
        match &self.position {
            Some(position) => self.cash + position.signed_units * price,
            None => self.cash,
        }
    }

    /// Opens a position at `quote`, sized by the cash there is. The account must be flat.
    pub(super) fn open(&mut self, direction: Direction, quote: Quote) -> Result<(), SimulateError> {
        let entry_price = self.fill_price(Order::Market, direction == Direction::Long, quote)?;
        let units = sizing::units(self.account, self.cash, entry_price);
        if units <= 0.0 {
            self.unfilled_orders += 1;
            return Ok(());
        }
        let signed_units = sign(direction) * units;
        let commission = self.settle(signed_units, entry_price);
        self.position = Some(Position {
            signed_units,
            entry_bar: quote.bar,
            levels: Levels::of(&self.account.exits, direction, entry_price),
            direction,
            entry_time: quote.time,
            entry_mid: quote.price,
            entry_price,
            commission,
            financing: 0.0,
        });
        Ok(())
    }

    /// Closes the position, if there is one, at `quote`. `bars_held` counts the bars it was open in.
    pub(super) fn close(
        &mut self,
        quote: Quote,
        bars_held: usize,
        reason: ExitReason,
    ) -> Result<(), SimulateError> {
        let Some(position) = self.position.take() else { return Ok(()) };
        let order = if reason == ExitReason::TakeProfit { Order::Limit } else { Order::Market };
        let exit_price = self.fill_price(order, position.direction == Direction::Short, quote)?;
        let commission = position.commission + self.settle(-position.signed_units, exit_price);
        // A short that left where it entered has earned 0, not −0.
        let gross_pnl = position.signed_units * (exit_price - position.entry_price) + 0.0;
        self.pnl_before_costs += position.signed_units * (quote.price - position.entry_mid);
        self.trades.push(Trade {
            direction: position.direction,
            units: position.signed_units.abs(),
            entry_time: Timestamp(position.entry_time),
            entry_price: position.entry_price,
            exit_time: Timestamp(quote.time),
            exit_price,
            commission,
            financing: position.financing,
            gross_pnl,
            net_pnl: gross_pnl - commission - position.financing,
            bars_held: u32::try_from(bars_held).unwrap_or(u32::MAX),
            exit_reason: reason,
        });
        Ok(())
    }

    /// Takes from the account what holding the position for `days` costs, valued at `price`.
    pub(super) fn charge_financing(&mut self, days: i64, price: f64) {
        let costs = &self.account.costs;
        if let Some(position) = &mut self.position {
            let rate = match position.direction {
                Direction::Long => costs.financing_long_per_day,
                Direction::Short => costs.financing_short_per_day,
            };
            let paid = rate * days as f64 * position.signed_units.abs() * price;
            position.financing += paid;
            self.cash -= paid;
        }
    }

    /// Moves cash for a fill of `signed_units` (positive bought) and returns the commission taken.
    fn settle(&mut self, signed_units: f64, fill_price: f64) -> f64 {
        let value = signed_units.abs() * fill_price;
        let commission = self.account.costs.commission_rate * value;
        self.cash -= signed_units * fill_price + commission;
        self.traded_value += value;
        commission
    }

    /// The price a fill gets: a market order's half spread and slippage always go against the account.
    fn fill_price(&self, order: Order, buy: bool, quote: Quote) -> Result<f64, SimulateError> {
        let costs = &self.account.costs;
        if order == Order::Limit {
            return Ok(quote.price);
        }
        if buy {
            return Ok(quote.price * (1.0 + costs.slippage_rate) + costs.spread / 2.0);
        }
        let fill_price = quote.price * (1.0 - costs.slippage_rate) - costs.spread / 2.0;
        if fill_price > 0.0 {
            return Ok(fill_price);
        }
        Err(SimulateError::Spread { time: Timestamp(quote.time), price: quote.price, spread: costs.spread })
    }
}
