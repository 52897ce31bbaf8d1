//! Memory: what research learnt, looked up and recalled. Lists of it stand in [`crate::ledger`].

use ktrdr_agent::recall::{self, Question, Recall};
use ktrdr_catalog::strategies;
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{OperationId, StrategyName, Symbol};
use serde::{Deserialize, Serialize};

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
    pub async fn recall(&self, request: &RecallRequest) -> Result<Recall, AppError> {
        let like = match &request.like {
            Some(name) => Some(strategies::load(&*self.artifacts, name).await?),
            None => None,
        };
        let mut lessons = self.ledger.lessons(request.campaign.as_ref(), u32::MAX).await?;
        lessons.retain(|lesson| is_meant(lesson, request));
        let question = Question { like: like.as_ref(), until: None };
        Ok(recall::recall(&lessons, &question, recall::TOKENS_MAX))
    }
}

fn is_meant(lesson: &Lesson, request: &RecallRequest) -> bool {
    let strategy = &lesson.strategy;
    let is_about = |symbol: &Symbol| strategy.training_data.symbols.contains(symbol);
    let has_words = |words: &String| {
        let text = text_of(lesson).to_lowercase();
        words.to_lowercase().split_whitespace().all(|word| text.contains(word))
    };
    request.symbol.as_ref().is_none_or(is_about) && request.words.as_ref().is_none_or(has_words)
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
