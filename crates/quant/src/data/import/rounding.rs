//! Highs and lows that rounding has put inside their bar: a vendor adjusts four prices, prints each, and the high
//! comes out below the close by the last digit.

use std::cell::OnceCell;

use super::number;
use super::rows::RowReader;

/// How many units in the last place of a double arithmetic may be off.
const UNITS_IN_LAST_PLACE: f64 = 4.0;
/// Half a unit of the last printed digit, and what a double makes of it.
const HALF_A_UNIT: f64 = 0.5 + 1e-6;
/// More digits than that are not printed: a double has no more.
const DECIMALS_MAX: i32 = 17;

/// Half a unit of the last digit that each price column prints anywhere in the file. Found when first asked for: few
/// files need it.
#[derive(Default)]
pub(super) struct LastDigits(OnceCell<[f64; 4]>);

/// Half a unit of the last of so many decimals. Whole numbers may be prices whose zeros were left out, and tell nothing
/// of rounding.
fn half_a_unit(decimals: usize) -> f64 {
    match i32::try_from(decimals) {
        Ok(0) | Err(_) => 0.0,
        Ok(count) => HALF_A_UNIT * 10_f64.powi(-count.min(DECIMALS_MAX)),
    }
}

impl LastDigits {
    fn half_units(&self, rows: &RowReader<'_>) -> [f64; 4] {
        *self.0.get_or_init(|| {
            let mut decimals = [0; 4];
            rows.each_row_of_prices(|prices, decimal| {
                for (most, price) in decimals.iter_mut().zip(prices) {
                    *most = number::decimals(price, decimal).max(*most);
                }
            });
            decimals.map(half_a_unit)
        })
    }

    /// The row with its high and low widened to hold its open and close, where no more than rounding keeps them out.
    pub(super) fn mended(
        &self,
        [open, high, low, close, volume]: [f64; 5],
        rows: &RowReader<'_>,
    ) -> Option<[f64; 5]> {
        const OPEN: usize = 0;
        const CLOSE: usize = 3;
        let highest = if open > close { (open, OPEN) } else { (close, CLOSE) };
        let lowest = if open < close { (open, OPEN) } else { (close, CLOSE) };
        let is_rounding = |outside: f64, column: usize, (inner, other): (f64, usize)| {
            if outside <= 0.0 {
                return true;
            }
            let unit = inner.abs().next_up() - inner.abs();
            let printed = || {
                let half_units = self.half_units(rows);
                outside <= half_units[column].max(half_units[other])
            };
            outside <= UNITS_IN_LAST_PLACE * unit || printed()
        };
        let mends = is_rounding(highest.0 - high, 1, highest) && is_rounding(low - lowest.0, 2, lowest);
        mends.then(|| [open, high.max(highest.0), low.min(lowest.0), close, volume])
    }
}
