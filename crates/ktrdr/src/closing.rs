//! What is said of the close of campaigns: the tests, and what is left to spend.

use ktrdr_app::verdicts;
use ktrdr_domain::closing::{Closing, DiscoveryTest, FinalVerdict};
use ktrdr_domain::gate::GateVerdict;
use ktrdr_fabric::campaign::Campaign;

use crate::describe::counted;

/// Whether verdicts are final, what was accepted, and each test with what it leaves.
pub(crate) fn lines(campaign: &Campaign, closings: &[Closing]) -> Vec<String> {
    let tests = closings.iter().flat_map(|closing| &closing.tests).map(test);
    std::iter::once(standing(campaign, closings)).chain(tests).collect()
}

fn standing(campaign: &Campaign, closings: &[Closing]) -> String {
    if !verdicts::is_closed(campaign, closings) {
        let until = if campaign.has_ended() { "it is closed" } else { "its last cycle has ended" };
        return format!("not closed: what survived is provisional until {until}");
    }
    let candidates: u64 = closings.iter().map(|closing| closing.verdicts.len() as u64).sum();
    let accepted: u64 = closings.iter().map(Closing::accepted).sum();
    match candidates {
        0 => "closed: no exam was passed, so that nothing was tested".into(),
        _ => format!("closed: {accepted} of {} accepted", counted(candidates, "candidate")),
    }
}

fn test(test: &DiscoveryTest) -> String {
    let DiscoveryTest { sequence, number, level, p_value, .. } = test;
    let found = if test.is_discovery { "a discovery" } else { "no discovery" };
    format!(
        "test {number} on the gate window of {}: p {} at level {}: {found} · alpha left {}, next level {}",
        sequence.symbol,
        probability(*p_value),
        probability(*level),
        probability(test.alpha_left),
        probability(test.next_level),
    )
}

/// What one exam came to: `at the close accepted · deflated Sharpe 0.981 after 12 trials`.
pub(crate) fn verdict(verdict: &FinalVerdict) -> String {
    let said = match &verdict.verdict {
        GateVerdict::Passed => "accepted".to_owned(),
        failed => failed.to_string(),
    };
    let trials = counted(verdict.trials, "trial");
    let deflated = verdict.deflated_sharpe.map(|x| format!(" · deflated Sharpe {x:.3} after {trials}"));
    format!("at the close {said}{}", deflated.unwrap_or_default())
}

/// With enough digits where it is small.
pub(crate) fn probability(p: f64) -> String {
    if p >= 0.001 { format!("{p:.4}") } else { format!("{p:.1e}") }
}
