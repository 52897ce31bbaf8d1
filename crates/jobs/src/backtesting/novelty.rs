//! Whether a design that is to be examined was examined before, as itself or as a near-copy: then the exam is not looked at.
//!
//! A near-copy is what the count of different trials takes for one: the same instrument, and positions on dev that correlate by 0.95.
//! Of those that go through here at once, in whatever campaign, the same strategy is counted once. That two near-copies of one
//! campaign do not, is seen to by whoever moves cycles: a generation is examined one after the other.

use ktrdr_domain::trial::{Look, Trial};
use ktrdr_fabric::ledger::Begun;
use ktrdr_quant::exam::near_copy;

use super::Backtesting;
use super::subject::Decided;
use crate::fault::Fault;

impl Backtesting {
    /// Counts a look at what nobody has seen yet.
    pub(super) fn begin_unless_repeated(&self, look: &Look, decided: &Decided) -> Result<(), Fault> {
        let runtime = &self.services.runtime;
        let looks = runtime.block_on(self.ledger.looks(&look.symbol, look.span))?;
        // What an earlier attempt has counted stays so, whatever was examined meanwhile.
        if looks.iter().any(|trial| trial.look.operation == look.operation) {
            return Ok(());
        }
        if let Some(repeated) = repeated(look, decided, &looks) {
            return Err(Fault::Repetition(repeated));
        }
        match runtime.block_on(self.ledger.begin_unless_repeated(look))? {
            Begun::Counted => Ok(()),
            Begun::Repeats(twin) => {
                Err(Fault::Repetition(format!("the same strategy is examined by {twin}")))
            }
        }
    }
}

/// What it repeats of what was examined, in words.
fn repeated(look: &Look, decided: &Decided, looks: &[Trial]) -> Option<String> {
    let is_twin = |trial: &&Trial| {
        trial.look.content_sha256.is_some() && trial.look.content_sha256 == look.content_sha256
    };
    if let Some(twin) = looks.iter().find(is_twin) {
        return Some(format!("the same strategy was examined as {}", name(twin)));
    }
    let (copied, correlation) = near_copy(decided.on_dev.as_ref()?, &look.symbol, looks)?;
    Some(format!("{correlation:.3} is the correlation on dev with {}, which was examined", name(copied)))
}

/// What was examined, and where.
fn name(trial: &Trial) -> String {
    format!("{} of {}", trial.look.subject, trial.look.campaign)
}
