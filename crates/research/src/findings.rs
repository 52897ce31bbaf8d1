//! What a cycle found, as its row returns it and as research remembers it, for every way to end.

use ktrdr_domain::gate::GateVerdict;
use ktrdr_domain::job::DesignResult;
use ktrdr_domain::lesson::{Lesson, Reached};
use ktrdr_domain::report::{
    AssessmentReport, BacktestSummary, DevBacktest, Evidence, Metrics, ModelRef, TestMetrics, TrainingReport,
    Verdict,
};
use ktrdr_domain::{Author, OperationId, Phase, Sha256, StrategyName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::candidate::passed_by_itself;
use crate::cycle::{Cycle, Fault};

/// What the children returned so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Findings<'a> {
    pub(crate) design: Option<&'a DesignResult>,
    pub(crate) training: Option<&'a TrainingReport>,
    pub(crate) backtest: Option<&'a BacktestSummary>,
    pub(crate) assessment: Option<&'a AssessmentReport>,
}

/// The result of a cycle, however it ended. What it did not come to is `null`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct CycleSummary {
    /// The phase in which it ended.
    pub phase: Phase,
    /// What was tried.
    pub strategy: Option<StrategyName>,
    /// Its hash.
    pub strategy_sha256: Option<Sha256>,
    /// Who designed it.
    pub designer: Option<String>,
    /// How it came about.
    pub origin: Option<String>,
    /// The language model that wrote it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// The trained model.
    pub model: Option<ModelRef>,
    /// The network on the test rows of dev.
    pub test: Option<TestMetrics>,
    /// The strategy traded walk-forward on dev.
    #[serde(default)]
    pub dev_backtest: Option<DevBacktest>,
    /// How the training gate judged.
    pub training_gate: Option<GateVerdict>,
    /// The backtest, under which the whole report is stored.
    pub backtest: Option<OperationId>,
    /// Its figures.
    pub metrics: Option<Metrics>,
    /// Luck or not.
    pub evidence: Option<Evidence>,
    /// How the backtest gate judged.
    pub backtest_gate: Option<GateVerdict>,
    /// The assessor's word.
    pub verdict: Option<Verdict>,
    /// Whether any bar was generated.
    pub synthetic: bool,
}

impl Findings<'_> {
    pub(crate) fn summary(&self, cycle: &Cycle) -> CycleSummary {
        let Self { design, training, backtest, assessment } = *self;
        CycleSummary {
            phase: cycle.stage.phase(),
            strategy: design.map(|d| d.strategy.name.clone()),
            strategy_sha256: design.map(|d| d.strategy_sha256),
            designer: design.map(|d| d.designer.clone()),
            origin: design.map(|d| d.origin.clone()),
            author: design.and_then(|d| d.author.clone()),
            model: training.map(|t| t.model.clone()),
            test: training.map(|t| t.test.clone()),
            dev_backtest: training.and_then(|t| t.dev_backtest),
            training_gate: training.map(|t| cycle.spec.gates.training(t)),
            backtest: backtest.map(|b| b.operation.clone()),
            metrics: backtest.map(|b| b.metrics.clone()),
            evidence: backtest.map(|b| b.evidence.clone()),
            backtest_gate: backtest.map(|b| cycle.spec.gates.backtest(b)),
            verdict: assessment.map(|a| a.verdict),
            synthetic: cycle.spec.data.iter().any(|d| d.synthetic),
        }
    }

    /// `None` where there is no strategy to learn from. Only dev figures and the exam's one word enter memory.
    pub(crate) fn lesson(&self, cycle: &Cycle, fault: Option<&Fault>) -> Option<Lesson> {
        let Self { design, training, .. } = *self;
        let design = design?;
        Some(Lesson {
            cycle: cycle.id.clone(),
            resumes: cycle.spec.resumes.as_ref().map(|resumed| resumed.cycle.clone()),
            campaign: cycle.spec.campaign.clone(),
            index: cycle.spec.index,
            author: design.author.clone(),
            tests: design.tests.clone(),
            strategy: design.strategy.clone(),
            strategy_sha256: design.strategy_sha256,
            reached: self.reached(cycle),
            stopped_by: fault.map(|f| f.stopped_by.clone()),
            test: training.map(|t| t.test.clone()),
            dev_backtest: training.and_then(|t| t.dev_backtest),
            dev_positions: training.and_then(|t| t.dev_positions.clone()),
            champion: design.champion,
            known_until: cycle.spec.windows.dev.end,
        })
    }

    fn reached(&self, cycle: &Cycle) -> Reached {
        let gates = &cycle.spec.gates;
        if self.backtest.is_some_and(|b| passed_by_itself(gates, b)) {
            Reached::Examined
        } else if self.training.is_some_and(|t| gates.training(t).passed()) {
            Reached::Trained
        } else {
            Reached::Designed
        }
    }
}
