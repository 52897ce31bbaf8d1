//! Memory: what research learnt, looked up and recalled. Lists of it stand in [`crate::ledger`].

use ktrdr_agent::recall::{self, Question, Recall};
use ktrdr_catalog::strategies;
use ktrdr_domain::hypothesis::{Hypothesis, HypothesisStatus};
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::name::{CampaignName, HypothesisId};
use ktrdr_domain::{OperationId, StrategyName, Symbol, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hypotheses::HypothesesRequest;
use crate::{App, AppError, ErrorKind};

/// Recall what is most worth knowing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecallRequest {
    /// Only lessons of this campaign.
    pub campaign: Option<CampaignName>,
    /// Only lessons about this instrument.
    pub symbol: Option<Symbol>,
    /// A strategy of the workspace: lessons about strategies like it come first.
    pub like: Option<StrategyName>,
    /// Only lessons that have all of these words, in whatever case: in the strategy's name, description and hypothesis, its
    /// indicators, and what stopped it.
    pub words: Option<String>,
}

/// What memory answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Recollection {
    /// The lessons.
    #[serde(flatten)]
    pub recall: Recall,
    /// Ideas that may be tested and were not, newest first; they share the room.
    pub hypotheses: Vec<RecalledIdea>,
}

/// An idea, in few words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct RecalledIdea {
    /// Its name.
    pub id: HypothesisId,
    /// What it says.
    pub text: String,
    /// The instrument it is about.
    pub symbol: Symbol,
    /// Last data time it depends on.
    pub known_until: Timestamp,
}

/// Ideas of a recall, and the most characters of each.
const IDEAS_MAX: usize = 5;
const IDEA_CHARS_MAX: usize = 200;

impl App {
    /// What was learnt from one cycle.
    ///
    /// # Errors
    /// When nothing was.
    pub async fn lesson(&self, cycle: &OperationId) -> Result<Lesson, AppError> {
        let lessons = self.ledger.lessons(None, u32::MAX).await?;
        lessons.into_iter().find(|lesson| lesson.cycle == *cycle).ok_or_else(|| {
            let message = format!("nothing was learnt from {cycle}; see `ktrdr memory list`");
            AppError::new(ErrorKind::NotFound, message)
        })
    }

    /// The lessons most worth knowing now, ranked and in few words.
    ///
    /// # Errors
    /// When the strategy in question is missing or has faults.
    pub async fn recall(&self, request: &RecallRequest) -> Result<Recollection, AppError> {
        let like = match &request.like {
            Some(name) => Some(strategies::load(&*self.artifacts, name).await?),
            None => None,
        };
        let mut lessons = self.ledger.lessons(request.campaign.as_ref(), u32::MAX).await?;
        lessons.retain(|lesson| is_meant(lesson, request));
        let question = Question { like: like.as_ref(), until: None };
        let ideas = self.recalled_ideas(request).await?;
        let room = recall::room_beside(serde_json::to_vec(&ideas).map_or(0, |told| told.len()));
        Ok(Recollection { recall: recall::recall(&lessons, &question, room), hypotheses: ideas })
    }

    async fn recalled_ideas(&self, request: &RecallRequest) -> Result<Vec<RecalledIdea>, AppError> {
        let (campaign, status) = (request.campaign.clone(), None);
        let standing = self.hypotheses(&HypothesesRequest { campaign, status }).await?;
        let may_be_tested =
            |s: &HypothesisStatus| matches!(s, HypothesisStatus::Open | HypothesisStatus::Approved);
        let is_about = |of: &Symbol| request.symbol.as_ref().is_none_or(|symbol| symbol == of);
        let told = standing.into_iter().filter(|h| may_be_tested(&h.status)).map(|h| h.considered.hypothesis);
        let told = told.filter(|h| is_about(&h.symbol) && has_words(&h.idea.text, request.words.as_deref()));
        let short = |h: Hypothesis| RecalledIdea {
            id: h.id,
            text: h.idea.text.chars().take(IDEA_CHARS_MAX).collect(),
            symbol: h.symbol,
            known_until: h.known_until,
        };
        Ok(told.take(IDEAS_MAX).map(short).collect())
    }
}

fn is_meant(lesson: &Lesson, request: &RecallRequest) -> bool {
    let strategy = &lesson.strategy;
    let is_about = |symbol: &Symbol| strategy.training_data.symbols.contains(symbol);
    request.symbol.as_ref().is_none_or(is_about) && has_words(&text_of(lesson), request.words.as_deref())
}

fn has_words(text: &str, words: Option<&str>) -> bool {
    let text = text.to_lowercase();
    words.is_none_or(|words| words.to_lowercase().split_whitespace().all(|word| text.contains(word)))
}

/// Everything of a lesson that is searched.
fn text_of(lesson: &Lesson) -> String {
    let strategy = &lesson.strategy;
    let mut text = vec![strategy.name.to_string()];
    text.extend(
        [&strategy.description, &strategy.hypothesis, &lesson.stopped_by].into_iter().flatten().cloned(),
    );
    text.extend(strategy.indicators.values().map(|spec| spec.kind.definition().name.to_owned()));
    text.join(" ")
}
