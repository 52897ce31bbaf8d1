//! A campaign that is asked for again before all of it has ended. Whoever was cut off and says the same once more means what is left,
//! and no cycles beyond those.

use std::collections::BTreeMap;

use ktrdr_domain::evolution::Evolution;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::{Kind, OperationId};
use ktrdr_fabric::store::Filter;
use serde::Deserialize;

use crate::campaign::{CampaignRequest, StartedCampaign};
use crate::operations::PART_MAX;
use crate::{App, AppError, ErrorKind, OrKind};

impl StartedCampaign {
    /// One whose cycles were asked for before.
    pub(crate) fn before(campaign: CampaignName, cycles: Vec<OperationId>) -> Self {
        let note = format!(
            "the same was asked for before, and not all of it has ended: what is left of {campaign} goes on, and no cycle is added; \
             more are added once it has ended, or with an idempotency key"
        );
        Self { campaign, cycles, created: false, notes: vec![note] }
    }
}

impl App {
    /// The cycles that this very request started before, all of them, where some have not ended.
    ///
    /// A request with an idempotency key says by that which one it is.
    pub(crate) async fn unfinished(
        &self,
        request: &CampaignRequest,
        template: &ResearchSpec,
    ) -> Result<Option<Vec<OperationId>>, AppError> {
        let (Some(name), None) = (&request.campaign, &request.idempotency_key) else { return Ok(None) };
        let cycles =
            Filter { campaign: Some(name.clone()), kinds: vec![Kind::AgentResearch], ..Filter::default() };
        let open = Filter { active: true, limit: 1, ..cycles.clone() };
        let Some(open) = self.store.list(&open).await?.operations.pop() else { return Ok(None) };
        let Some(row) = self.store.get(&open.id).await? else { return Ok(None) };
        let known = ResearchSpec::deserialize(&row.spec).or_kind(ErrorKind::InvalidInput)?;
        if !is_told_the_same(&known, template) {
            return Ok(None);
        }
        let begun = self.submitted_with(&open.id, cycles).await?;
        Ok((begun.len() == request.cycles as usize).then_some(begun))
    }

    /// The cycles that were submitted in one step with this one, in their order.
    async fn submitted_with(&self, one: &OperationId, cycles: Filter) -> Result<Vec<OperationId>, AppError> {
        let Some((moment, number)) = number_in_step(one) else { return Ok(Vec::new()) };
        let mut part = Filter { limit: PART_MAX, ..cycles };
        let mut numbered = BTreeMap::new();
        loop {
            let page = self.store.list(&part).await?;
            for row in page.operations {
                if let Some((_, its_number)) = number_in_step(&row.id).filter(|(its, _)| *its == moment) {
                    numbered.insert(its_number, row.id);
                }
            }
            match page.positions.last().filter(|_| page.positions.len() == PART_MAX as usize) {
                Some(last) => part.before = Some(*last),
                None => break,
            }
        }
        let first = (0..=number).rev().take_while(|earlier| numbered.contains_key(earlier)).last();
        Ok((first.unwrap_or(number)..=u32::MAX).map_while(|next| numbered.remove(&next)).collect())
    }
}

/// What a cycle was told, but for what is its own among the cycles of its campaign.
fn is_told_the_same(cycle: &ResearchSpec, template: &ResearchSpec) -> bool {
    let evolves = cycle.evolution.is_some();
    let part = template.evolution.as_ref().map(|evolution| evolution.part);
    let evolution =
        cycle.evolution.clone().map(|known| Evolution { part: part.unwrap_or(known.part), ..known });
    // Those of another provider are mixed in by their number.
    let agent = if evolves { &template.agent } else { &cycle.agent };
    let told = ResearchSpec {
        index: template.index,
        seed: template.seed,
        agent: agent.clone(),
        evolution,
        ..cycle.clone()
    };
    told == *template
}

/// An id's moment and number. Cycles that are submitted in one step share the moment, a second, and have numbers that follow one
/// another; those of another step in that second are elsewhere.
fn number_in_step(id: &OperationId) -> Option<(&str, u32)> {
    let (moment, number) = id.as_str().rsplit_once('_')?;
    Some((moment, u32::from_str_radix(number, 16).ok()?))
}
