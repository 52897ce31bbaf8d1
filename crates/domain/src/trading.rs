//! What trading costs and how large a position is. Fractions are fractions (0.001 = 0.1 %), prices are in quote currency.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::range::{OutOfRange, within};

/// The costs of every fill, both sides, and of holding overnight.
///
/// A buy fills at `price × (1 + slippage_rate) + spread / 2`, a sell at `price × (1 − slippage_rate) − spread / 2`; only
/// targets, which are limit orders, fill at their own price or a better open.
/// Commission is `commission_rate × units × fill price` on each side.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Costs {
    /// Commission as a fraction of traded value, per side.
    pub commission_rate: f64,
    /// Full bid–ask spread in price units; not on targets.
    pub spread: f64,
    /// Slippage as a fraction of price, per side; not on targets.
    pub slippage_rate: f64,
    /// Cost of holding a long position, fraction of its value per calendar day.
    pub financing_long_per_day: f64,
    /// Cost of holding a short position, fraction of its value per calendar day.
    pub financing_short_per_day: f64,
}

impl Default for Costs {
    /// One basis point of commission and half of slippage: an honest retail FX account without a fixed spread.
    fn default() -> Self {
        Self {
            commission_rate: 0.0001,
            spread: 0.0,
            slippage_rate: 0.00005,
            financing_long_per_day: 0.0,
            financing_short_per_day: 0.0,
        }
    }
}

/// How many units a new position takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sizing {
    /// This fraction of current equity, over 0 and at most 1.
    FixedFraction(f64),
    /// All of current equity, entry costs included.
    AllIn,
    /// Always this many units.
    FixedUnits(f64),
}

/// When a position ends without a signal. Fractions of the entry's fill price.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Exits {
    /// Loss at which the position is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_loss: Option<f64>,
    /// Gain at which the position is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub take_profit: Option<f64>,
    /// Bars after which the position is closed at the next open, at least 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_holding_bars: Option<u32>,
}

/// The account a backtest trades.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Account {
    /// Money at the start, quote currency.
    pub initial_capital: f64,
    /// Position size.
    pub sizing: Sizing,
    /// Whether parts of a unit can be traded; otherwise units are rounded down.
    pub fractional_units: bool,
    /// Costs of trading.
    pub costs: Costs,
    /// Exits beside signals.
    pub exits: Exits,
}

impl Default for Sizing {
    /// 95 % of equity: costs of entry and a gap at the open fit into the rest.
    fn default() -> Self {
        Self::FixedFraction(0.95)
    }
}

impl Default for Account {
    fn default() -> Self {
        Self {
            initial_capital: 100_000.0,
            sizing: Sizing::default(),
            fractional_units: true,
            costs: Costs::default(),
            exits: Exits::default(),
        }
    }
}

impl Costs {
    /// Whether holding a position costs or earns anything.
    #[must_use]
    pub fn have_financing(&self) -> bool {
        self.financing_long_per_day != 0.0 || self.financing_short_per_day != 0.0
    }
}

impl Account {
    /// Refuses numbers that no account can have; NaN and infinities among them.
    ///
    /// # Errors
    /// Names the first bad field.
    pub fn validate(&self) -> Result<(), OutOfRange> {
        let within = |field, value, low, high, rule| within(field, value, (low, high), rule);
        let positive = f64::MIN_POSITIVE;
        within("initial_capital", self.initial_capital, positive, 1e15, "over 0 and at most 1e15")?;
        within("commission_rate", self.costs.commission_rate, 0.0, 0.1, "from 0 to 0.1")?;
        within("slippage_rate", self.costs.slippage_rate, 0.0, 0.1, "from 0 to 0.1")?;
        within("spread", self.costs.spread, 0.0, 1e9, "from 0 to 1e9")?;
        within(
            "financing_long_per_day",
            self.costs.financing_long_per_day,
            -0.01,
            0.01,
            "from -0.01 to 0.01",
        )?;
        within(
            "financing_short_per_day",
            self.costs.financing_short_per_day,
            -0.01,
            0.01,
            "from -0.01 to 0.01",
        )?;
        match self.sizing {
            Sizing::FixedFraction(f) => {
                within("sizing.fixed_fraction", f, positive, 1.0, "over 0 and at most 1")
            }
            Sizing::FixedUnits(n) => {
                within("sizing.fixed_units", n, positive, 1e12, "over 0 and at most 1e12")
            }
            Sizing::AllIn => Ok(()),
        }?;
        for (field, exit) in [("stop_loss", self.exits.stop_loss), ("take_profit", self.exits.take_profit)] {
            if let Some(value) = exit {
                within(field, value, 1e-6, 0.9, "from 0.000001 to 0.9")?;
            }
        }
        if self.exits.max_holding_bars == Some(0) {
            return Err(OutOfRange { field: "max_holding_bars", value: 0.0, rule: "at least 1" });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_accounts_are_refused_by_name() {
        assert_eq!(Account::default().validate(), Ok(()));
        let broke = Account { initial_capital: f64::NAN, ..Account::default() };
        assert_eq!(broke.validate().unwrap_err().field, "initial_capital");
        let wild = Account { sizing: Sizing::FixedFraction(2.0), ..Account::default() };
        assert!(wild.validate().unwrap_err().to_string().contains("at most 1"));
    }
}
