//! A campaign: many cycles from one template, each with its own seed, counted together.

use ktrdr_domain::evolution::{Evolution, Part};
use ktrdr_domain::job::DesignSpec;
use ktrdr_domain::name::{CampaignName, ProviderName};
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
    /// Nothing would be bred before champions are presented.
    #[error(
        "{cycles} cycles are one generation of {generation}, and champions are presented by the last one, of what those before \
         it bred: use more cycles, or a smaller generation"
    )]
    OneGeneration {
        /// Cycles asked for.
        cycles: u32,
        /// Cycles of a generation.
        generation: u32,
    },
    /// The template can not be written as a job, or the strategy it was given does not fit it.
    #[error("{0}")]
    Unwritable(String),
}

/// The roots of `cycles` cycles, ready for [`ktrdr_fabric::store::Store::submit_roots`].
///
/// Cycle *i* gets index `template.index + i`, the template's seed for its design, and for the rest one derived from that and
/// its index; the campaign's name has no part in them. Of a template that evolves, the last generation presents champions and
/// those before it breed, with the mix's share of designs. `now` and
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
    let generation_of = |index: u32| index / template.generation.max(1);
    let last = generation_of(template.index.saturating_add(cycles - 1));
    if template.evolution.is_some() && generation_of(template.index) == last {
        return Err(PlanError::OneGeneration { cycles, generation: template.generation });
    }
    (0..cycles)
        .map(|i| {
            let index = template.index.saturating_add(i);
            let (agent, evolution) = cast(template, index, generation_of(index) == last);
            let research = ResearchSpec {
                campaign: campaign.clone(),
                index,
                agent,
                evolution,
                campaign_seed: template.seed,
                seed: seed(template.seed, &format!("cycle/{index}")),
                ..template.clone()
            };
            root(OperationId::new(Kind::AgentResearch, now, nonce.wrapping_add(i)), research)
        })
        .collect()
}

/// Who designs a cycle, and its part where the campaign breeds: all of the last generation present.
fn cast(template: &ResearchSpec, index: u32, is_last: bool) -> (ProviderName, Option<Evolution>) {
    let Some(Evolution { mix, .. }) = &template.evolution else { return (template.agent.clone(), None) };
    let part = if is_last { Part::Presents } else { Part::Breeds };
    let other = mix.as_ref().filter(|mix| part == Part::Breeds && mix.is_theirs(index));
    let agent = other.map_or(&template.agent, |mix| &mix.agent);
    (agent.clone(), Some(Evolution { part, mix: mix.clone() }))
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
