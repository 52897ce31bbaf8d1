//! Data that knows the future is refused, by name, before anything is learned from it or examined on it.

use ktrdr_quant::Bars;
use ktrdr_quant::leaks::{columns, stamps};

use crate::fault::Fault;

/// Refuses a coarser series that closes later than it is stamped, by the finest one beside it.
///
/// # Errors
/// [`Fault::Refused`], with both distances and what to do.
pub(crate) fn refuse_early_stamps(base: &Bars, others: &[Bars]) -> Result<(), Fault> {
    let early = others.iter().find_map(|other| stamps::early_stamp(base, other));
    early.map_or(Ok(()), |early| Err(Fault::Refused(early.to_string())))
}

/// Refuses columns that go with what the traded price does next. `base` holds dev only: nobody may look at later bars.
///
/// # Errors
/// [`Fault::Refused`], naming the first such column.
pub(crate) fn refuse_columns(base: &Bars, others: &[Bars]) -> Result<(), Fault> {
    let others: Vec<&Bars> = others.iter().collect();
    let foreseeing = columns::foreseeing(base, 0..base.len(), &others);
    foreseeing.first().map_or(Ok(()), |column| Err(Fault::Refused(column.to_string())))
}
