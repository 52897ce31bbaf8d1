//! Ideas that come out of a cycle, and what becomes of them: pure, from what its children returned.

use ktrdr_domain::hypothesis::{Approval, Hypothesis, HypothesisTest, Idea};
use ktrdr_domain::job::DesignResult;
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::name::HypothesisId;
use ktrdr_domain::report::AssessmentReport;
use ktrdr_domain::{OperationId, Timestamp};
use serde::Deserialize;

use crate::cycle::{ChildEnd, Cycle, Stage};

/// What the child of a cycle proposed, which ended at that time.
pub(crate) fn proposed(cycle: &Cycle, child: &OperationId, end: &ChildEnd, at: Timestamp) -> Vec<Hypothesis> {
    let ChildEnd::Completed(result) = end else { return Vec::new() };
    let (by, ideas) = match cycle.stage {
        Stage::Designing => {
            DesignResult::deserialize(result).map(|d| (d.designer, d.hypotheses)).unwrap_or_default()
        }
        Stage::Assessing(..) => AssessmentReport::deserialize(result)
            .map(|report| (report.assessor, report.hypotheses.into_iter().map(in_words).collect()))
            .unwrap_or_default(),
        Stage::Training(_) | Stage::Backtesting(..) => return Vec::new(),
    };
    ideas.into_iter().map(|idea| hypothesis(cycle, child, &by, idea, at)).collect()
}

fn in_words(text: String) -> Idea {
    Idea { text, rationale: String::new() }
}

fn hypothesis(cycle: &Cycle, child: &OperationId, by: &str, idea: Idea, at: Timestamp) -> Hypothesis {
    let spec = &cycle.spec;
    Hypothesis {
        id: Hypothesis::id_of(&spec.campaign, &spec.symbol, spec.timeframe, &idea.text),
        campaign: spec.campaign.clone(),
        index: spec.index,
        symbol: spec.symbol.clone(),
        timeframe: spec.timeframe,
        idea,
        proposed_by: by.to_owned(),
        masked: spec.masked,
        operation: child.clone(),
        proposed_at: at,
        known_until: spec.windows.dev.end,
        approval: spec.approval.map(|terms| {
            let within = i64::try_from(terms.within_s).unwrap_or(i64::MAX);
            Approval { deadline: Timestamp(at.0.saturating_add(within)), default: terms.default }
        }),
    }
}

/// The hypothesis that a cycle tested, and how. Where no network was trained nothing was tested.
pub(crate) fn tested(lesson: &Lesson) -> Option<(&HypothesisId, HypothesisTest)> {
    let id = lesson.tests.as_ref().filter(|_| lesson.test.is_some())?;
    let (cycle, stopped_by) = (lesson.cycle.clone(), lesson.stopped_by.clone());
    Some((id, HypothesisTest { cycle, reached: lesson.reached, stopped_by }))
}
