//! What somebody who starts research may not have meant: words that nobody reads, designs that were made before.

use ktrdr_domain::name::ProviderName;
use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::{Kind, OperationId};
use ktrdr_fabric::store::Filter;
use serde::Deserialize;

use crate::App;
use crate::budget::{costs_money, paid};
use crate::campaign::CampaignRequest;

/// Cycles that are looked at for one with the same seed: the latest.
const LOOKED_AT: u32 = 200;

/// Campaigns among them that are read whole.
const CAMPAIGNS_MAX: usize = 20;

/// What to say where a brief goes to who can not read.
pub(crate) fn unread_brief(brief: Option<&String>, agent: &ProviderName) -> Option<String> {
    (brief.is_some() && !costs_money(agent)).then(|| {
        format!("the brief is not read: {agent} designs by figures, and only a language model takes words (--agent claude)")
    })
}

impl App {
    /// See the module. What can not be looked up is not told.
    pub(crate) async fn second_thoughts(
        &self,
        request: &CampaignRequest,
        spec: &ResearchSpec,
        own: &[OperationId],
    ) -> Vec<String> {
        let repeated = self.same_seed(spec, own).await;
        unread_brief(request.brief.as_ref(), paid(&spec.agent, request.mix.as_ref()))
            .into_iter()
            .chain(repeated)
            .collect()
    }

    /// An earlier campaign of another name that designs the same, as it has the seed and the bars.
    async fn same_seed(&self, spec: &ResearchSpec, own: &[OperationId]) -> Option<String> {
        let roots = Filter { kinds: vec![Kind::AgentResearch], limit: LOOKED_AT, ..Filter::default() };
        let latest = self.store.list(&roots).await.ok()?.operations;
        let mut seen = vec![spec.campaign.clone()];
        for row in latest.into_iter().filter(|row| !own.contains(&row.id)) {
            let about = (row.subject.symbol.as_ref(), row.subject.timeframe);
            let Some(name) = row.campaign.clone().filter(|name| !seen.contains(name)) else { continue };
            if about != (Some(&spec.symbol), Some(spec.timeframe)) || seen.len() > CAMPAIGNS_MAX {
                continue;
            }
            seen.push(name.clone());
            let row = self.store.get(&row.id).await.ok()??;
            let earlier = ResearchSpec::deserialize(&row.spec).ok()?;
            let is_alike = (earlier.campaign_seed, &earlier.agent, &earlier.data)
                == (spec.campaign_seed, &spec.agent, &spec.data);
            if is_alike && !costs_money(&spec.agent) {
                return Some(format!(
                    "the campaign {name} has the seed {} too, on the same bars: what it designed comes again, and what was examined \
                     is not examined again; --seed N gives other designs, and --campaign {name} goes on with that one",
                    spec.campaign_seed
                ));
            }
        }
        None
    }
}
