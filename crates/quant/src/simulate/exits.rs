//! Where stop and target of a position lie, and what a bar does to them.
//!
//! Of a bar only the open has a time; high and low come in an order that nobody knows. So the open is looked at first:
//! beyond the stop or at the target it ends the position there, whatever the bar does afterwards. Only then comes the
//! rest of the bar, and of stop and target in its range the stop, which is the worse of the two.

use ktrdr_domain::report::backtest::{Direction, ExitReason};
use ktrdr_domain::trading::Exits;

/// The levels of one position.
#[derive(Debug, Clone, Copy)]
pub(super) struct Levels {
    direction: Direction,
    stop: Option<f64>,
    target: Option<f64>,
}

/// A level that was touched.
#[derive(Debug, PartialEq)]
pub(super) struct Touch {
    /// The price before costs.
    pub(super) price: f64,
    /// Whether the bar opened there, so that the position was not held in it.
    pub(super) at_open: bool,
    /// Stop or target.
    pub(super) reason: ExitReason,
}

impl Levels {
    /// The levels of a position entered at `entry_price`; `None` if the account has neither stop nor target.
    pub(super) fn of(exits: &Exits, direction: Direction, entry_price: f64) -> Option<Self> {
        if exits.stop_loss.is_none() && exits.take_profit.is_none() {
            return None;
        }
        let sign = sign(direction);
        Some(Self {
            direction,
            stop: exits.stop_loss.map(|fraction| entry_price * (1.0 - sign * fraction)),
            target: exits.take_profit.map(|fraction| entry_price * (1.0 + sign * fraction)),
        })
    }

    /// What a bar touches first: at its open what that has reached, later in the bar the worse of the two.
    pub(super) fn touched(&self, open: f64, high: f64, low: f64) -> Option<Touch> {
        let (worst, best) = match self.direction {
            Direction::Long => (low, high),
            Direction::Short => (high, low),
        };
        let opened = self.reached(open, open).map(|reason| Touch { price: open, at_open: true, reason });
        opened.or_else(|| {
            let reason = self.reached(worst, best)?;
            let level = if reason == ExitReason::StopLoss { self.stop } else { self.target };
            level.map(|price| Touch { price, at_open: false, reason })
        })
    }

    /// Which level lies between two prices of one bar; the stop, if both do.
    fn reached(&self, worst: f64, best: f64) -> Option<ExitReason> {
        let not_over = |price: f64, level: f64| sign(self.direction) * (price - level) <= 0.0;
        if self.stop.is_some_and(|stop| not_over(worst, stop)) {
            return Some(ExitReason::StopLoss);
        }
        self.target.is_some_and(|target| not_over(target, best)).then_some(ExitReason::TakeProfit)
    }
}

/// 1 for long, −1 for short.
pub(super) fn sign(direction: Direction) -> f64 {
    match direction {
        Direction::Long => 1.0,
        Direction::Short => -1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXITS: Exits = Exits { stop_loss: Some(0.1), take_profit: Some(0.2), max_holding_bars: None };

    fn touch(direction: Direction, open: f64, high: f64, low: f64) -> Option<(f64, bool, ExitReason)> {
        let levels = Levels::of(&EXITS, direction, 100.0).unwrap();
        levels.touched(open, high, low).map(|t| (t.price, t.at_open, t.reason))
    }

    #[test]
    fn a_long_position_stops_below_and_takes_profit_above() {
        use ExitReason::{StopLoss, TakeProfit};
        assert_eq!(touch(Direction::Long, 100.0, 119.0, 91.0), None);
        assert_eq!(touch(Direction::Long, 100.0, 119.0, 90.0), Some((90.0, false, StopLoss)));
        assert_eq!(touch(Direction::Long, 100.0, 120.0, 91.0), Some((120.0, false, TakeProfit)));
    }

    #[test]
    fn a_short_position_stops_above_and_takes_profit_below() {
        use ExitReason::{StopLoss, TakeProfit};
        assert_eq!(touch(Direction::Short, 100.0, 109.0, 81.0), None);
        assert_eq!(touch(Direction::Short, 100.0, 111.0, 81.0), Some((110.0_f64.next_up(), false, StopLoss)));
        assert_eq!(touch(Direction::Short, 100.0, 109.0, 79.0), Some((80.0, false, TakeProfit)));
    }

    #[test]
    fn a_bar_that_touches_both_is_taken_for_a_loss() {
        for direction in [Direction::Long, Direction::Short] {
            assert_eq!(touch(direction, 100.0, 130.0, 70.0).unwrap().2, ExitReason::StopLoss);
        }
    }

    #[test]
    fn a_bar_that_opens_beyond_a_level_fills_there_whatever_it_does_later() {
        use ExitReason::{StopLoss, TakeProfit};
        for (open, high, low, reason) in [
            (85.0, 85.0, 84.0, StopLoss),
            (85.0, 130.0, 70.0, StopLoss),
            (125.0, 126.0, 124.0, TakeProfit),
            (125.0, 130.0, 70.0, TakeProfit),
        ] {
            assert_eq!(touch(Direction::Long, open, high, low), Some((open, true, reason)));
        }
        for (high, low) in [(116.0, 75.0), (130.0, 70.0)] {
            assert_eq!(touch(Direction::Short, 115.0, high, low), Some((115.0, true, StopLoss)));
            assert_eq!(touch(Direction::Short, 75.0, high, low), Some((75.0, true, TakeProfit)));
        }
    }

    #[test]
    fn an_open_exactly_on_a_level_has_reached_it() {
        assert_eq!(touch(Direction::Long, 120.0, 130.0, 70.0), Some((120.0, true, ExitReason::TakeProfit)));
        assert_eq!(touch(Direction::Long, 90.0, 130.0, 70.0), Some((90.0, true, ExitReason::StopLoss)));
    }
}
