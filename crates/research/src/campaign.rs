//! A campaign: many cycles from one template, each with its own seed, counted together.

use ktrdr_domain::job::DesignSpec;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::{JobSpec, Kind, OperationId, Phase, Timestamp};
use ktrdr_fabric::store::{NewChild, NewRoot};

use crate::cycle::{Fault, child};
use crate::spec::{self, seed};

/// Most cycles of one campaign started at once.
pub const CYCLES_MAX: u32 = 10_000;

/// Why a campaign can not be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// None, or too many.
    #[error("{0} cycles: use 1 to {CYCLES_MAX}")]
    Cycles(u32),
    /// The template can not be written as a job, or the strategy it was given does not fit it.
    #[error("{0}")]
    Unwritable(String),
}

/// The roots of `cycles` cycles, ready for [`ktrdr_fabric::store::Store::submit_roots`].
///
/// Cycle *i* gets index `template.index + i`, the template's seed for its design, and for the rest one derived from that and
/// its index; the campaign's name has no part in them. `now` and
/// `nonce` make the ids: the same arguments give the same campaign, so that submitting it twice changes nothing.
///
/// # Errors
/// See [`PlanError`].
pub fn plan(
    campaign: &CampaignName,
    cycles: u32,
    template: &ResearchSpec,
    now: Timestamp,
    nonce: u32,
) -> Result<Vec<NewRoot>, PlanError> {
    if !(1..=CYCLES_MAX).contains(&cycles) {
        return Err(PlanError::Cycles(cycles));
    }
    (0..cycles)
        .map(|i| {
            let index = template.index.saturating_add(i);
            let research = ResearchSpec {
                campaign: campaign.clone(),
                index,
                campaign_seed: template.seed,
                seed: seed(template.seed, &format!("cycle/{index}")),
                ..template.clone()
            };
            root(OperationId::new(Kind::AgentResearch, now, nonce.wrapping_add(i)), research)
        })
        .collect()
}

fn root(id: OperationId, research: ResearchSpec) -> Result<NewRoot, PlanError> {
    let spec = serde_json::to_value(&research).map_err(|e| PlanError::Unwritable(e.to_string()))?;
    let campaign = research.campaign.clone();
    let phase = first_phase(&research);
    let first = first_child(&id, research).map_err(|fault| PlanError::Unwritable(fault.error))?;
    Ok(NewRoot { id, kind: Kind::AgentResearch, campaign, spec, phase, first })
}

/// The phase that a cycle begins in: a strategy that was given is not designed.
fn first_phase(research: &ResearchSpec) -> Phase {
    match research.given {
        Some(_) => Phase::Training,
        None => Phase::Designing,
    }
}

/// The child that a cycle begins with.
pub(crate) fn first_child(id: &OperationId, research: ResearchSpec) -> Result<NewChild, Fault> {
    let (phase, tries_max) = (first_phase(&research), research.tries_max);
    let job = match &research.given {
        Some(design) => spec::training(&research, design)?,
        None => JobSpec::Design(Box::new(DesignSpec { research })),
    };
    child(id, phase, &job, tries_max)
}
