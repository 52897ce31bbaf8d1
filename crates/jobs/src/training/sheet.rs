//! The sheet of a training: everything that pages about it draw beyond its report.

use ktrdr_domain::Span;
use ktrdr_domain::report::TrainingSheet;
use ktrdr_domain::report::sheet::{AccountCurves, Importance, SHEET_VERSION};
use ktrdr_neural::Trained;
use ktrdr_neural::calibration::confusion_and_calibration;

use super::gather::Gathered;
use crate::fault::Fault;

/// The sheet of one training, and of what was traded on dev.
pub(super) fn of(
    gathered: &Gathered,
    trained: &Trained,
    dev: Option<(AccountCurves, Span)>,
    importance: Option<Importance>,
) -> Result<TrainingSheet, Fault> {
    let test = gathered.rows.test.samples();
    let judged = confusion_and_calibration(&trained.network, &test).map_err(Fault::input)?;
    let (confusion, calibration) = judged.unzip();
    let (dev, dev_span) = dev.unzip();
    Ok(TrainingSheet {
        version: SHEET_VERSION,
        confusion: confusion.map(|confusion| confusion.counts),
        calibration: calibration.unwrap_or_default(),
        dev,
        dev_span,
        importance,
    })
}
