//! Rules between the parts of a strategy: what one names must exist in another, and all must want the same.

mod coverage;
mod inputs;
mod learning;

use super::diagnostic::{Diagnostic, Diagnostics};
use super::read::Draft;

/// Notes every fault and warning that only shows when the sections are seen together.
pub(super) fn rules(draft: &Draft, out: &mut Diagnostics) {
    inputs::references(draft, out);
    inputs::width_and_names(draft, out);
    inputs::scales(draft, out);
    coverage::dead_zones(draft, out);
    learning::output_fits_labels(draft, out);
}

/// A diagnostic whose line is filled in later, from its path.
fn at(path: impl Into<String>, message: impl Into<String>, fix: impl Into<String>) -> Diagnostic {
    Diagnostic { path: path.into(), line: None, message: message.into(), fix: fix.into() }
}
