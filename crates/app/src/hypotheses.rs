//! Hypotheses: what was proposed, where it stands, and a person's word on what waits for one. No schedule, tool or agent has a
//! word here, and no word here opens a vault: that is refused to everybody but a person at the command line, with a reason.

use ktrdr_domain::hypothesis::{Answer, Considered, Decision, HypothesisStatus};
use ktrdr_domain::name::{CampaignName, HypothesisId};
use ktrdr_domain::{Reason, Timestamp};
use ktrdr_fabric::ledger::Remarked;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::now;
use crate::{App, AppError, ErrorKind};

/// Hypotheses that are looked through for those that wait.
const LOOKED_THROUGH: u32 = 10_000;

/// Which hypotheses.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HypothesesRequest {
    /// Only those of this campaign.
    pub campaign: Option<CampaignName>,
    /// Only those that stand there.
    pub status: Option<HypothesisStatus>,
}

/// A hypothesis, and where it stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct StandingHypothesis {
    /// Where it stands.
    pub status: HypothesisStatus,
    /// All of it.
    #[serde(flatten)]
    pub considered: Considered,
}

impl StandingHypothesis {
    fn at(now: Timestamp, considered: Considered) -> Self {
        Self { status: considered.status(now), considered }
    }
}

/// A person's word on one hypothesis.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// Which.
    pub hypothesis: HypothesisId,
    /// What is said.
    pub answer: Answer,
    /// Why; kept with it.
    #[serde(default)]
    pub reason: Option<Reason>,
}

impl App {
    /// Hypotheses, newest first.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn hypotheses(&self, request: &HypothesesRequest) -> Result<Vec<StandingHypothesis>, AppError> {
        let known = self.ledger.hypotheses(request.campaign.as_ref(), LOOKED_THROUGH).await?;
        let now = now();
        let standing = known.into_iter().map(|considered| StandingHypothesis::at(now, considered));
        Ok(standing.filter(|h| request.status.is_none_or(|wanted| wanted == h.status)).collect())
    }

    /// Those that wait for a person's word, the most urgent first.
    ///
    /// # Errors
    /// When the store can not be read.
    pub async fn approvals(&self) -> Result<Vec<StandingHypothesis>, AppError> {
        let status = Some(HypothesisStatus::Waiting);
        let mut waiting = self.hypotheses(&HypothesesRequest { campaign: None, status }).await?;
        waiting.sort_by_key(|h| h.considered.hypothesis.approval.map(|asked| asked.deadline));
        Ok(waiting)
    }

    /// Says a person's word on a hypothesis. The first word stands, and after the deadline none counts.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] with the code `no_hypothesis`; [`ErrorKind::Conflict`] with `already_decided`, `deadline_over` or
    /// `already_tested`.
    pub async fn decide(&self, request: &DecisionRequest) -> Result<StandingHypothesis, AppError> {
        let id = &request.hypothesis;
        self.may_still_be_decided(&self.hypothesis(id).await?)?;
        let decision = Decision {
            answer: request.answer,
            reason: request.reason.as_ref().map(ToString::to_string).unwrap_or_default(),
            by: self.by.clone(),
            at: now(),
        };
        match self.ledger.decide(id, &decision).await? {
            Remarked::Recorded => self.hypothesis(id).await,
            Remarked::TooLate => Err(already_decided(id)),
            Remarked::Unknown => Err(no_hypothesis(id)),
        }
    }

    async fn hypothesis(&self, id: &HypothesisId) -> Result<StandingHypothesis, AppError> {
        let known = self.ledger.hypotheses(None, u32::MAX).await?;
        let found = known.into_iter().find(|considered| considered.hypothesis.id == *id);
        found.map(|considered| StandingHypothesis::at(now(), considered)).ok_or_else(|| no_hypothesis(id))
    }

    fn may_still_be_decided(&self, standing: &StandingHypothesis) -> Result<(), AppError> {
        let Considered { hypothesis, decision, test } = &standing.considered;
        let id = &hypothesis.id;
        match (test, decision, standing.status, hypothesis.approval) {
            (Some(test), ..) => {
                let message = format!("{id} was tested by {}: there is nothing left to decide", test.cycle);
                Err(AppError::new(ErrorKind::Conflict, message).coded("already_tested"))
            }
            (None, Some(_), ..) => Err(already_decided(id)),
            (None, None, HypothesisStatus::Waiting | HypothesisStatus::Open, _) | (.., None) => Ok(()),
            (None, None, stands, Some(asked)) => {
                let message =
                    format!("the deadline of {id} was {}: it is {stands} by default", asked.deadline);
                Err(AppError::new(ErrorKind::Conflict, message).coded("deadline_over"))
            }
        }
    }
}

fn no_hypothesis(id: &HypothesisId) -> AppError {
    let message = format!("there is no hypothesis {id}; see `ktrdr memory hypotheses`");
    AppError::new(ErrorKind::NotFound, message).coded("no_hypothesis")
}

fn already_decided(id: &HypothesisId) -> AppError {
    let message =
        format!("{id} was decided before, and the first word stands; see `ktrdr memory hypotheses`");
    AppError::new(ErrorKind::Conflict, message).coded("already_decided")
}
