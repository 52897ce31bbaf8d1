//! The ledger: counted looks at data, and what campaigns came to.

use ktrdr_domain::name::CampaignName;
use serde::Deserialize;

use crate::ask::Ask;
use crate::endpoint::{Answered, Endpoint};
use crate::page::{self, Page};
use crate::reply::Reply;

const QUERY: &[(&str, &str)] = &[
    ("campaign", "Only of this campaign."),
    ("limit", "Entries of this part, 1 to 1000; 50 by default."),
    ("cursor", "What the part before answered as `next`."),
];

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/ledger/trials", "list_trials", trials)
            .says("Every counted look at data, oldest first.")
            .query(QUERY),
        Endpoint::get("/ledger/closings", "list_closings", closings)
            .says("What campaigns came to when they closed, oldest first.")
            .query(QUERY),
    ]
}

/// A part of a list, of one campaign or of all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfCampaign {
    #[serde(default)]
    pub(super) campaign: Option<CampaignName>,
    #[serde(default = "page::entries")]
    limit: u32,
    #[serde(default, deserialize_with = "page::cursor")]
    cursor: Option<u64>,
}

impl OfCampaign {
    pub(super) fn page(&self) -> Page {
        Page { limit: self.limit, cursor: self.cursor }
    }
}

async fn trials(ask: Ask) -> Answered {
    let wanted: OfCampaign = ask.query()?;
    Reply::ok(&wanted.page().of("trials", &ask.app.trials(wanted.campaign.as_ref()).await?)?)
}

async fn closings(ask: Ask) -> Answered {
    let wanted: OfCampaign = ask.query()?;
    Reply::ok(&wanted.page().of("closings", &ask.app.closings(wanted.campaign.as_ref()).await?)?)
}
