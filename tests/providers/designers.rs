//! Designers of the test's own: one with a script, one that pays, one that never answers.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ktrdr_agent::purse::{Cost, Intent, PurseError, Spent};
use ktrdr_agent::{AgentError, Assessor, Call, Design, DesignBrief, Designer};
use ktrdr_domain::job::AssessmentSpec;
use ktrdr_domain::report::{AssessmentReport, Verdict};
use ktrdr_domain::{OperationId, Strategy};

/// Answers what it was told to answer, in order, and notes what it was asked.
pub(super) struct Scripted {
    designs: Mutex<VecDeque<Result<Design, AgentError>>>,
    asked: Asked,
}

/// Operation and attempt of each call.
pub(super) type Asked = Arc<Mutex<Vec<(OperationId, u64)>>>;

impl Scripted {
    pub(super) fn new(designs: Vec<Result<Design, AgentError>>) -> (Self, Asked) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        (Self { designs: Mutex::new(designs.into()), asked: Arc::clone(&asked) }, asked)
    }

    fn note(&self, call: Call<'_>) {
        self.asked.lock().unwrap().push((call.operation.clone(), call.attempt));
    }
}

#[async_trait]
impl Designer for Scripted {
    async fn design(&self, brief: &DesignBrief<'_>, call: Call<'_>) -> Result<Design, AgentError> {
        assert_eq!(brief.text, Some("calm pullbacks"));
        self.note(call);
        tokio::task::yield_now().await;
        self.designs.lock().unwrap().pop_front().expect("no more designs were scripted")
    }
}

#[async_trait]
impl Assessor for Scripted {
    async fn assess(&self, input: &AssessmentSpec, call: Call<'_>) -> Result<AssessmentReport, AgentError> {
        self.note(call);
        tokio::task::yield_now().await;
        Ok(AssessmentReport {
            strategy: input.strategy.name.clone(),
            strategy_sha256: input.training.strategy_sha256,
            verdict: Verdict::Mediocre,
            strengths: vec!["It was written by hand.".into()],
            weaknesses: Vec::new(),
            hypotheses: Vec::new(),
            suggestions: Vec::new(),
            assessor: "scripted-7b".into(),
        })
    }
}

/// Pays for each design what it says, and then designs; what was refused to it is its answer.
pub(super) struct Paid {
    pub(super) worst_case: Cost,
    pub(super) spent: Spent,
}

#[async_trait]
impl Designer for Paid {
    async fn design(&self, _: &DesignBrief<'_>, call: Call<'_>) -> Result<Design, AgentError> {
        let (attempt, lane, worst_case) = (call.attempt, call.lane, self.worst_case);
        let intent = Intent { attempt, call: 0, lane, model: "paid-7b".into(), worst_case };
        let reserved = match call.purse.reserve(&intent).await {
            Ok(reserved) => reserved,
            Err(PurseError::Exhausted(why)) => return Err(why.into()),
            Err(PurseError::Unavailable(why)) => panic!("{why}"),
        };
        call.purse.settle(reserved, self.spent).await.unwrap();
        Ok(design())
    }
}

/// Never answers; says when it was asked, and when its answer was given up.
#[derive(Default)]
pub(super) struct Silent {
    pub(super) asked: Arc<tokio::sync::Notify>,
    pub(super) given_up: Arc<AtomicBool>,
}

struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[async_trait]
impl Designer for Silent {
    async fn design(&self, _: &DesignBrief<'_>, _: Call<'_>) -> Result<Design, AgentError> {
        let _given_up = GivenUp(Arc::clone(&self.given_up));
        self.asked.notify_one();
        std::future::pending().await
    }
}

/// An example strategy that trains for one epoch.
pub(super) fn design() -> Design {
    let text = include_str!("../../strategies/fx_pullback.yaml").replace("epochs: 20", "epochs: 1");
    let strategy = Strategy::from_yaml(&text).unwrap().strategy;
    let (origin, rationale) = ("from the script".into(), "none".into());
    Design {
        strategy,
        designer: "scripted-7b".into(),
        origin,
        rationale,
        champion: false,
        author: None,
        ideas: Vec::new(),
        tests: None,
    }
}
