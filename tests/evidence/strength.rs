//! How strong an edge must be for its oracle to expect a Sharpe ratio: measured once, measured again by a test.

use super::edges::Mechanism;
use super::oracle;

/// Planted, of a year and net.
pub(super) const SHARPES: [f64; 4] = [1.0, 1.5, 2.0, 3.0];

/// Years over which strengths were measured, and the path's seed.
const CALIBRATION: (f64, u64) = (120.0, 4_711);

/// Strengths at which the oracle expects these Sharpe ratios; `scripts/evidence --calibrate` prints this table.
const STRENGTHS: [(Mechanism, [f64; 4]); 5] = [
    (Mechanism::DriftState, [0.0537, 0.0661, 0.0776, 0.0998]),
    (Mechanism::Aftermath, [0.0443, 0.0632, 0.0822, 0.1202]),
    (Mechanism::Yesterday, [0.0517, 0.0627, 0.0737, 0.0957]),
    (Mechanism::WeekendAnchor, [0.0356, 0.0525, 0.0694, 0.1050]),
    (Mechanism::RangeBreak, [0.0543, 0.0650, 0.0747, 0.0955]),
];

/// That of a planted edge.
pub(super) fn of(mechanism: Mechanism, sharpe: f64) -> f64 {
    let row = STRENGTHS.iter().find(|(of, _)| *of == mechanism).map(|(_, strengths)| strengths);
    let column = SHARPES.iter().position(|of| *of == sharpe);
    row.zip(column).map_or_else(|| panic!("{mechanism:?} {sharpe} was not measured"), |(row, at)| row[at])
}

/// The table above, measured anew.
pub(super) fn measured() -> String {
    let (years, seed) = CALIBRATION;
    let row = |mechanism: Mechanism| {
        let strengths = SHARPES.map(|sharpe| oracle::strength_for(mechanism, sharpe, years, seed));
        format!("    (Mechanism::{mechanism:?}, {strengths:.4?}),\n")
    };
    Mechanism::ALL.map(row).concat()
}

#[test]
fn planted_edges_are_as_large_as_planned() {
    for (mechanism, strengths) in STRENGTHS {
        for (sharpe, strength) in SHARPES.into_iter().zip(strengths) {
            let found = oracle::expected(mechanism, strength, 40.0, 99);
            // What forty years leave to chance; twice that for the strengths' own measure.
            assert!((found - sharpe).abs() < 0.1 + 0.08 * sharpe, "{mechanism:?} {sharpe}: {found}");
        }
    }
}
