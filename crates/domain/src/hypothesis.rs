//! Ideas that are worth a test: who proposed one, whether it may be tested, what became of it. Where a person's word is asked
//! for, the question has a deadline and what holds without an answer; nothing waits for ever. No vault is opened this way: what
//! is asked here is whether designers are told of an idea, and nothing else.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::Display;

use crate::hash::Sha256;
use crate::id::OperationId;
use crate::lesson::Reached;
use crate::name::{CampaignName, HypothesisId, Symbol};
use crate::time::Timestamp;
use crate::timeframe::Timeframe;

/// An idea in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Idea {
    /// What might hold.
    pub text: String,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rationale: String,
}

/// What somebody says to a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It may be tested.
    Approve,
    /// It may not.
    Reject,
}

/// How proposals are approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalTerms {
    /// How long a person has, in seconds.
    pub within_s: u64,
    /// What holds without an answer.
    pub default: Answer,
}

/// A question to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Approval {
    /// Until when an answer counts.
    pub deadline: Timestamp,
    /// What holds from then on without one.
    pub default: Answer,
}

/// An idea, written down once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Hypothesis {
    /// Its name.
    pub id: HypothesisId,
    /// The campaign it came out of.
    pub campaign: CampaignName,
    /// The number of the cycle there.
    pub index: u32,
    /// The instrument it is about.
    pub symbol: Symbol,
    /// The bars.
    pub timeframe: Timeframe,
    /// What it says.
    #[serde(flatten)]
    pub idea: Idea,
    /// Whoever proposed it: a model's name.
    pub proposed_by: String,
    /// Whether symbol, dates and price level were hidden from them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub masked: bool,
    /// The design or assessment that it came out of.
    pub operation: OperationId,
    /// When that ended.
    pub proposed_at: Timestamp,
    /// Last data time it depends on.
    pub known_until: Timestamp,
    /// What is asked of a person, where anything is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
}

impl Hypothesis {
    /// The name of an idea of a campaign about these bars: the same idea is written down once.
    #[must_use]
    pub fn id_of(campaign: &CampaignName, symbol: &Symbol, timeframe: Timeframe, text: &str) -> HypothesisId {
        HypothesisId::of(&Sha256::of(format!("{campaign}\n{symbol}\n{timeframe}\n{text}").as_bytes()))
    }
}

/// A person's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Decision {
    /// Which.
    pub answer: Answer,
    /// Why, in their own words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Whose.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What became of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct HypothesisTest {
    /// The cycle that tested it.
    pub cycle: OperationId,
    /// How far its strategy came.
    pub reached: Reached,
    /// What stopped that, without figures.
    pub stopped_by: Option<String>,
}

/// A hypothesis with all that was said of it since. Each part is written once, and the first one stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Considered {
    /// The idea.
    #[serde(flatten)]
    pub hypothesis: Hypothesis,
    /// What a person said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// What became of its test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<HypothesisTest>,
}

/// Where a hypothesis stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize, Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum HypothesisStatus {
    /// A person is asked, and the deadline is not over.
    Waiting,
    /// Nobody was asked: designers are told of it.
    Open,
    /// Designers are told of it, by a person's word or by the default.
    Approved,
    /// Nobody is told of it.
    Rejected,
    /// A strategy was made of it.
    Tested,
}

impl Considered {
    /// Where it stands at that time. A deadline needs nobody who watches it: what holds after it follows from the clock.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> HypothesisStatus {
        let by = |answer| match answer {
            Answer::Approve => HypothesisStatus::Approved,
            Answer::Reject => HypothesisStatus::Rejected,
        };
        match (&self.test, &self.decision, self.hypothesis.approval) {
            (Some(_), ..) => HypothesisStatus::Tested,
            (None, Some(decision), _) => by(decision.answer),
            (None, None, None) => HypothesisStatus::Open,
            (None, None, Some(asked)) if now < asked.deadline => HypothesisStatus::Waiting,
            (None, None, Some(asked)) => by(asked.default),
        }
    }

    /// Whether a designer may be told of it, whatever was tested since.
    #[must_use]
    pub fn may_be_tested(&self, now: Timestamp) -> bool {
        let untested = Self { test: None, ..self.clone() };
        matches!(untested.status(now), HypothesisStatus::Open | HypothesisStatus::Approved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;

    fn asked(approval: Option<Approval>) -> Considered {
        let (campaign, symbol, timeframe) =
            ("fx".parse().unwrap(), "EURUSD".parse().unwrap(), "1h".parse().unwrap());
        let hypothesis = Hypothesis {
            id: Hypothesis::id_of(&campaign, &symbol, timeframe, "It fades."),
            campaign,
            index: 3,
            symbol,
            timeframe,
            idea: Idea { text: "It fades.".into(), rationale: String::new() },
            proposed_by: "a-model".into(),
            masked: false,
            operation: OperationId::new(Kind::AgentDesign, Timestamp(0), 1),
            proposed_at: Timestamp(1_000),
            known_until: Timestamp(0),
            approval,
        };
        Considered { hypothesis, decision: None, test: None }
    }

    #[test]
    fn a_deadline_ends_by_itself_and_a_word_in_time_stands() {
        let question = Approval { deadline: Timestamp(2_000), default: Answer::Reject };
        let waiting = asked(Some(question));
        let at = |of: &Considered, time| of.status(Timestamp(time));
        assert_eq!(at(&waiting, 1_999), HypothesisStatus::Waiting);
        assert_eq!(at(&waiting, 2_000), HypothesisStatus::Rejected);
        let by_default = asked(Some(Approval { default: Answer::Approve, ..question }));
        assert_eq!(at(&by_default, 2_000), HypothesisStatus::Approved);
        assert_eq!(at(&asked(None), 0), HypothesisStatus::Open);
        let decision = Decision {
            answer: Answer::Approve,
            reason: String::new(),
            by: "me".into(),
            at: Timestamp(1_500),
        };
        let mut approved = Considered { decision: Some(decision), ..waiting };
        assert_eq!(at(&approved, 9_000), HypothesisStatus::Approved);
        let cycle = OperationId::new(Kind::AgentResearch, Timestamp(0), 1);
        approved.test = Some(HypothesisTest { cycle, reached: Reached::Trained, stopped_by: None });
        assert_eq!(at(&approved, 9_000), HypothesisStatus::Tested);
        assert!(approved.may_be_tested(Timestamp(9_000)));
    }

    #[test]
    fn one_idea_of_a_campaign_has_one_name() {
        let id = asked(None).hypothesis.id;
        assert!(id.as_str().len() == 16 && id.as_str().parse::<HypothesisId>() == Ok(id.clone()), "{id}");
        for odd in ["hyp_", "hyp_00000000000g", "HYP_000000000000", "../../../etc/pas", ""] {
            assert!(odd.parse::<HypothesisId>().is_err(), "{odd}");
        }
    }
}
