//! The research cycle: one pure step from the end of a child to what comes next. No IO, no clock, no randomness.
//!
//! designing → training → gate → backtesting → gate → assessing → done. A gate that says no, a child that failed,
//! was cancelled, ran out of tries or returned something unreadable: each closes the cycle with its reason. In a campaign
//! that breeds its designs, what is not a presented champion ends behind its training. What repeats an earlier exam ends before its
//! own.
//!
//! Before this: `reading.rs` turned rows into a [`Cycle`] and a [`ChildEnd`]. After this: [`crate::driver`]
//! carries out the [`Decision`].

use ktrdr_domain::evolution::{NOT_A_CHAMPION, Part};
use ktrdr_domain::gate::GateVerdict;
use ktrdr_domain::job::{DesignResult, MESSAGE_BYTES_MAX};
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::number::Figure;
use ktrdr_domain::refusal::{NOVELTY, REPETITION, Refusal};
use ktrdr_domain::report::{AssessmentReport, BacktestSummary, TrainingReport};
use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::{FailureReason, JobSpec, OperationId, Phase, Priority};
use ktrdr_fabric::store::NewChild;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::findings::{CycleSummary, Findings};
use crate::spec;

/// A cycle: what it was told, and what the children before the present one returned.
#[derive(Debug, Clone, PartialEq)]
pub struct Cycle {
    /// The root.
    pub id: OperationId,
    /// What it was told.
    pub spec: ResearchSpec,
    /// How far it came.
    pub stage: Stage,
}

/// A phase with everything that is known in it.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// Nothing yet.
    Designing,
    /// The strategy.
    Training(Box<DesignResult>),
    /// The strategy and its trained network.
    Backtesting(Box<DesignResult>, Box<TrainingReport>),
    /// The strategy, its network and how it traded.
    Assessing(Box<DesignResult>, Box<TrainingReport>, Box<BacktestSummary>),
}

impl Stage {
    /// Its phase.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self {
            Self::Designing => Phase::Designing,
            Self::Training(..) => Phase::Training,
            Self::Backtesting(..) => Phase::Backtesting,
            Self::Assessing(..) => Phase::Assessing,
        }
    }

    pub(crate) fn findings(&self) -> Findings<'_> {
        match self {
            Self::Designing => Findings::default(),
            Self::Training(design) => Findings { design: Some(design), ..Findings::default() },
            Self::Backtesting(design, training) => {
                Findings { design: Some(design), training: Some(training), ..Findings::default() }
            }
            Self::Assessing(design, training, backtest) => Findings {
                design: Some(design),
                training: Some(training),
                backtest: Some(backtest),
                ..Findings::default()
            },
        }
    }
}

/// How the child that the cycle waits for ended.
#[derive(Debug, Clone, PartialEq)]
pub enum ChildEnd {
    /// With this result, not read yet.
    Completed(Value),
    /// For good.
    Failed {
        /// Stable word.
        reason: FailureReason,
        /// Words for people.
        error: String,
    },
    /// Every try was lost or failed; this was the last error.
    Exhausted(String),
    /// Someone asked for it.
    Cancelled,
}

/// Why a cycle is closed as failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its own, or its child's.
    pub reason: FailureReason,
    /// Words for people.
    pub error: String,
    /// What memory keeps of it: the gate's code, or the reason.
    pub stopped_by: String,
}

impl Fault {
    pub(crate) fn new(reason: FailureReason, error: String) -> Self {
        Self { stopped_by: reason.to_string(), reason, error }
    }
}

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Start the next phase.
    Next {
        /// The phase.
        phase: Phase,
        /// Its child.
        child: Box<NewChild>,
    },
    /// The cycle is done.
    Complete {
        /// What it found.
        summary: Box<CycleSummary>,
        /// What to remember.
        lesson: Box<Lesson>,
    },
    /// The cycle is over.
    Fail {
        /// Why.
        fault: Fault,
        /// What it found nevertheless.
        summary: Box<CycleSummary>,
        /// What to remember, where there is a strategy.
        lesson: Option<Box<Lesson>>,
    },
}

impl Decision {
    /// Whether the exam comes next.
    #[must_use]
    pub fn examines(&self) -> bool {
        matches!(self, Self::Next { phase: Phase::Backtesting, .. })
    }
}

/// Decides what the end of a child means. The same cycle and end always give the same decision.
#[must_use]
pub fn step(cycle: &Cycle, end: &ChildEnd) -> Decision {
    let phase = cycle.stage.phase();
    let close = |reason: FailureReason, error| cycle.fail(cycle.stage.findings(), Fault::new(reason, error));
    match (&cycle.stage, end) {
        (Stage::Designing, ChildEnd::Completed(result)) => designed(cycle, result),
        (Stage::Training(design), ChildEnd::Completed(result)) => trained(cycle, design, result),
        (Stage::Backtesting(design, training), ChildEnd::Completed(result)) => {
            backtested(cycle, design, training, result)
        }
        (Stage::Assessing(..), ChildEnd::Completed(result)) => assessed(cycle, result),
        (Stage::Backtesting(..), ChildEnd::Failed { reason: FailureReason::Repetition, error }) => {
            cycle.fail(cycle.stage.findings(), refused(NOVELTY, REPETITION.to_owned(), error))
        }
        (_, ChildEnd::Failed { reason, error }) => {
            close(reason.clone(), format!("{} failed: {error}", noun(phase)))
        }
        (_, ChildEnd::Exhausted(error)) => close(
            FailureReason::AttemptsExhausted,
            format!("{} failed on every try, last with: {error}", noun(phase)),
        ),
        (_, ChildEnd::Cancelled) => close(FailureReason::Cancelled, format!("{} was cancelled", noun(phase))),
    }
}

fn designed(cycle: &Cycle, result: &Value) -> Decision {
    let design: DesignResult = match read(Phase::Designing, result) {
        Ok(design) => design,
        Err(fault) => return cycle.fail(Findings::default(), fault),
    };
    let findings = Findings { design: Some(&design), ..Findings::default() };
    let training = spec::training(&cycle.spec, &design)
        .map_err(|fault| Fault { error: format!("Design failed: {}", fault.error), ..fault });
    cycle.next(findings, Phase::Training, training)
}

fn trained(cycle: &Cycle, design: &DesignResult, result: &Value) -> Decision {
    let training: TrainingReport = match read(Phase::Training, result) {
        Ok(training) => training,
        Err(fault) => return cycle.fail(cycle.stage.findings(), fault),
    };
    let findings = Findings { training: Some(&training), ..cycle.stage.findings() };
    match cycle.spec.gates.training(&training) {
        GateVerdict::Passed if !may_look(cycle, design) => {
            let sharpe = training.dev_backtest.and_then(|dev| dev.active_sharpe_ratio);
            let figures = match sharpe {
                Some(sharpe) => format!("bred on dev, active Sharpe ratio {:.2}", Figure(sharpe)),
                None => "bred on dev".to_owned(),
            };
            cycle.fail(findings, refused("Champion", NOT_A_CHAMPION.to_owned(), &figures))
        }
        GateVerdict::Passed => {
            cycle.next(findings, Phase::Backtesting, spec::backtest(&cycle.spec, design, &training))
        }
        GateVerdict::Failed { code, figures } => cycle.fail(findings, refused("Training", code, &figures)),
    }
}

/// Whether the exam may be looked at: where a campaign breeds, for a champion that is presented.
fn may_look(cycle: &Cycle, design: &DesignResult) -> bool {
    match &cycle.spec.evolution {
        Some(evolution) => evolution.part == Part::Presents && design.champion,
        None => true,
    }
}

fn backtested(cycle: &Cycle, design: &DesignResult, training: &TrainingReport, result: &Value) -> Decision {
    let backtest: BacktestSummary = match read(Phase::Backtesting, result) {
        Ok(backtest) => backtest,
        Err(fault) => return cycle.fail(cycle.stage.findings(), fault),
    };
    let findings = Findings { backtest: Some(&backtest), ..cycle.stage.findings() };
    match cycle.spec.gates.backtest(&backtest) {
        GateVerdict::Passed => {
            let assessment = spec::assessment(&cycle.spec, design, training, &backtest);
            cycle.next(findings, Phase::Assessing, Ok(assessment))
        }
        GateVerdict::Failed { code, figures } => cycle.fail(findings, refused("Backtest", code, &figures)),
    }
}

fn assessed(cycle: &Cycle, result: &Value) -> Decision {
    let assessment: AssessmentReport = match read(Phase::Assessing, result) {
        Ok(assessment) => assessment,
        Err(fault) => return cycle.fail(cycle.stage.findings(), fault),
    };
    let findings = Findings { assessment: Some(&assessment), ..cycle.stage.findings() };
    match findings.lesson(cycle, None) {
        Some(lesson) => {
            Decision::Complete { summary: Box::new(findings.summary(cycle)), lesson: Box::new(lesson) }
        }
        None => cycle
            .fail(findings, Fault::new(FailureReason::Error, "an assessed cycle without a strategy".into())),
    }
}

/// A phase as the subject of a sentence.
fn noun(phase: Phase) -> &'static str {
    match phase {
        Phase::Designing => "Design",
        Phase::Training => "Training",
        Phase::Backtesting => "Backtest",
        Phase::Assessing => "Assessment",
    }
}

/// Reads what a child returned.
pub(crate) fn read<T: DeserializeOwned>(phase: Phase, result: &Value) -> Result<T, Fault> {
    T::deserialize(result).map_err(|e| {
        let error = format!(
            "{} returned something unreadable: {e}; are workers and orchestrator of one version?",
            noun(phase)
        );
        Fault::new(FailureReason::UnreadableResult, error)
    })
}

fn refused(gate: &str, code: String, figures: &str) -> Fault {
    Fault {
        reason: FailureReason::Gate,
        error: Refusal { gate, code: &code, figures }.to_string(),
        stopped_by: code,
    }
}

impl Cycle {
    pub(crate) fn fail(&self, findings: Findings<'_>, fault: Fault) -> Decision {
        let lesson = findings.lesson(self, Some(&fault)).map(Box::new);
        Decision::Fail { summary: Box::new(findings.summary(self)), lesson, fault }
    }

    fn next(&self, findings: Findings<'_>, phase: Phase, job: Result<JobSpec, Fault>) -> Decision {
        match job.and_then(|job| child(&self.id, phase, &job, self.spec.tries_max)) {
            Ok(child) => Decision::Next { phase, child: Box::new(child) },
            Err(fault) => self.fail(findings, fault),
        }
    }
}

/// A phase's child with its specification.
pub(crate) fn child(
    root: &OperationId,
    phase: Phase,
    job: &JobSpec,
    tries_max: u32,
) -> Result<NewChild, Fault> {
    let fault = |what: String| {
        Fault::new(FailureReason::Error, format!("the {} job can not be written: {what}", phase.kind()))
    };
    let spec = job.to_value().map_err(|e| fault(e.to_string()))?;
    let bytes = serde_json::to_vec(&spec).map_err(|e| fault(e.to_string()))?.len();
    if bytes > MESSAGE_BYTES_MAX {
        return Err(fault(format!("it has {bytes} bytes, at most {MESSAGE_BYTES_MAX} travel")));
    }
    Ok(NewChild { id: phase.child_of(root), kind: phase.kind(), spec, tries_max, priority: Priority::Normal })
}
