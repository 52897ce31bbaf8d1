//! The ledger: counted looks at data, and what campaigns came to.

use ktrdr_app::ledger::Stretch;
use ktrdr_app::standing::Standing;
use ktrdr_domain::OperationId;
use ktrdr_domain::closing::Closing;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::trial::Trial;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ask::{Ask, invalid};
use crate::endpoint::{Answered, Endpoint};
use crate::page::{self, Cut, told_list};
use crate::reply::Reply;

const QUERY: &[(&str, &str)] = &[
    ("campaign", "Only of this campaign."),
    ("limit", "Entries of this part, 1 to 1000; 50 by default."),
    ("cursor", "What the part before answered as `next`."),
];

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/ledger/trials", "list_trials", trials)
            .says("Every counted look at data, newest first.")
            .query(QUERY),
        Endpoint::get("/ledger/standings", "list_standings", standings)
            .says("How completed backtests stand, with every look counted that there is by now.")
            .query(&[("exams", "Their operations, up to 100, with commas between.")]),
        Endpoint::get("/ledger/closings", "list_closings", closings)
            .says("What campaigns came to when they closed, newest first.")
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
    /// The part that is meant: a cursor says how many entries came behind the part before it.
    pub(super) fn stretch(&self) -> Stretch {
        Stretch { behind: self.cursor, offset: 0, limit: self.limit }
    }
}

told_list! {
    /// A part of the list of trials.
    struct TrialPart {
        /// Counted looks at data, newest first.
        trials: Trial
    }
}

told_list! {
    /// A part of what campaigns came to.
    struct ClosingPart {
        /// Closings, newest first.
        closings: Closing
    }
}

async fn trials(ask: Ask) -> Answered<TrialPart> {
    let wanted: OfCampaign = ask.query()?;
    let part = ask.app.trials_part(wanted.campaign.as_ref(), wanted.stretch()).await?;
    Reply::ok(&Cut::from(part).into())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exams {
    #[serde(default)]
    exams: String,
}

/// How completed backtests stand.
#[derive(Serialize, JsonSchema)]
struct Standings {
    /// Each, with every look counted that there is by now.
    standings: Vec<Standing>,
}

async fn standings(ask: Ask) -> Answered<Standings> {
    let Exams { exams } = ask.query()?;
    let exams: Result<Vec<OperationId>, _> =
        exams.split(',').filter(|id| !id.is_empty()).map(str::parse).collect();
    let exams = exams.map_err(|why| invalid(format!("exams: {why}")))?;
    Reply::ok(&Standings { standings: ask.app.standings(&exams).await? })
}

async fn closings(ask: Ask) -> Answered<ClosingPart> {
    let wanted: OfCampaign = ask.query()?;
    let part = ask.app.closings_part(wanted.campaign.as_ref(), wanted.stretch()).await?;
    Reply::ok(&Cut::from(part).into())
}
