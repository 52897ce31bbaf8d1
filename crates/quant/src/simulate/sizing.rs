//! How many units a new position takes.

use ktrdr_domain::trading::{Account, Sizing};

/// Units for an entry at `fill_price` with `equity` in cash; 0 if there is nothing to trade with.
///
/// A share of equity, or all of it, never takes more than equity pays for with the commission on top.
pub(super) fn units(account: &Account, equity: f64, fill_price: f64) -> f64 {
    let with_commission = fill_price * (1.0 + account.costs.commission_rate);
    let affordable = (equity / with_commission).max(0.0);
    let wanted = match account.sizing {
        Sizing::FixedFraction(share) => affordable.min(equity * share / fill_price),
        Sizing::AllIn => affordable,
        Sizing::FixedUnits(units) => return whole(account, units),
    };
    // Rounding may have gone up: a few parts in 10¹⁶ less is sure to be affordable.
    let value = wanted * fill_price;
    let paid = value + account.costs.commission_rate * value;
    whole(account, if paid > equity { wanted * (1.0 - 4.0 * f64::EPSILON) } else { wanted }).max(0.0)
}

fn whole(account: &Account, units: f64) -> f64 {
    if account.fractional_units { units } else { units.floor() }
}

#[cfg(test)]
mod tests {
    use ktrdr_domain::trading::Costs;
    use proptest::prelude::*;

    use super::*;

    fn account(sizing: Sizing, fractional_units: bool, commission_rate: f64) -> Account {
        Account {
            sizing,
            fractional_units,
            costs: Costs { commission_rate, ..Costs::default() },
            ..Account::default()
        }
    }

    #[test]
    fn a_fraction_of_equity_is_the_positions_value_and_whole_units_are_rounded_down() {
        assert_eq!(units(&account(Sizing::FixedFraction(0.5), true, 0.001), 1_000.0, 3.0), 500.0 / 3.0);
        assert_eq!(units(&account(Sizing::FixedFraction(0.5), false, 0.001), 1_000.0, 3.0), 166.0);
        assert_eq!(units(&account(Sizing::AllIn, false, 0.0), 1_000.0, 10.0), 100.0);
        assert_eq!(units(&account(Sizing::AllIn, false, 0.001), 1_000.0, 10.0), 99.0);
        assert_eq!(units(&account(Sizing::FixedUnits(7.9), false, 0.001), 1_000.0, 1e6), 7.0);
    }

    #[test]
    fn nothing_is_bought_with_nothing() {
        for equity in [0.0, -5.0] {
            assert_eq!(units(&account(Sizing::AllIn, true, 0.001), equity, 10.0), 0.0);
            assert_eq!(units(&account(Sizing::FixedFraction(0.9), false, 0.001), equity, 10.0), 0.0);
        }
    }

    proptest! {
        #[test]
        fn what_is_paid_is_never_more_than_there_is(
            equity in 1e-3..1e9_f64,
            price in 1e-6..1e6_f64,
            commission in 0.0..0.1_f64,
            share in 0.01..=1.0_f64,
            fractional: bool,
            all_in: bool,
        ) {
            let sizing = if all_in { Sizing::AllIn } else { Sizing::FixedFraction(share) };
            let units = units(&account(sizing, fractional, commission), equity, price);
            let value = units * price;
            prop_assert!(units >= 0.0);
            prop_assert!(equity - (value + commission * value) >= 0.0);
        }
    }
}
