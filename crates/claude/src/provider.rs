//! One model as a provider: designs and assesses under its own name.

use std::time::Duration;

use async_trait::async_trait;
use ktrdr_agent::models::{Lane, Model};
use ktrdr_agent::{AgentError, Assessor, Call, Design, DesignBrief, Designer, Usage};
use ktrdr_domain::job::AssessmentSpec;
use ktrdr_domain::report::AssessmentReport;

use tokio::time::Instant;

use crate::asking::{Asking, Patience};
use crate::batch::{Batches, Tickets};
use crate::client::Client;
use crate::contract::Effort;
use crate::recorded::Recorded;
use crate::{assess, design};

/// How long a server may say nothing while it answers.
pub const SILENCE_MAX: Duration = Duration::from_secs(60);

/// How a model is worked with.
#[derive(Debug, Clone)]
pub struct Manner {
    /// Which one.
    pub model: Model,
    /// How hard it thinks, where it takes that.
    pub effort: Effort,
    /// Most tokens of one answer, thinking included.
    pub output_tokens_max: u64,
    /// Strategies that are sent back before a design fails.
    pub repairs_max: u32,
    /// Turns of a design.
    pub turns_max: u32,
    /// How long and how often it is asked.
    pub patience: Patience,
}

impl Manner {
    /// Of this model, as usual.
    #[must_use]
    pub fn of(model: Model) -> Self {
        let (effort, patience) = (Effort::default(), Patience::default());
        Self { model, effort, output_tokens_max: 8_000, repairs_max: 3, turns_max: 10, patience }
    }

    pub(crate) fn effort(&self) -> Option<Effort> {
        self.model.takes_effort.then_some(self.effort)
    }
}

/// A model that is asked, or whose recorded replies are given.
pub struct Claude {
    client: Option<Client>,
    recorded: Recorded,
    manner: Manner,
}

impl Claude {
    /// A model behind a server; without one only recorded replies are given.
    #[must_use]
    pub fn new(client: Option<Client>, recorded: Recorded, manner: Manner) -> Self {
        Self { client, recorded, manner }
    }

    /// Where a server is asked in batches.
    fn batches<'a>(&'a self, call: Call<'a>) -> Option<Batches<'a>> {
        let client = self.client.as_ref().filter(|_| call.lane == Lane::Batch)?;
        let tickets = Tickets { artifacts: &*self.recorded.artifacts, operation: call.operation };
        let first_wait = self.manner.patience.batch_wait;
        Some(Batches { client, tickets, model: &self.manner.model, call, first_wait })
    }

    fn asking<'a>(&'a self, call: Call<'a>) -> Asking<'a> {
        Asking {
            client: self.client.as_ref(),
            model: &self.manner.model,
            recorded: &self.recorded,
            patience: self.manner.patience,
            call,
            batches: self.batches(call),
            conversation: None,
            turn: 0,
            began: Instant::now(),
            calls: 0,
            usage: Usage::default(),
            micro_dollars: 0,
        }
    }
}

#[async_trait]
impl Designer for Claude {
    async fn design(&self, brief: &DesignBrief<'_>, call: Call<'_>) -> Result<Design, AgentError> {
        design::design(&mut self.asking(call), &self.manner, brief).await
    }
}

#[async_trait]
impl Assessor for Claude {
    async fn assess(&self, input: &AssessmentSpec, call: Call<'_>) -> Result<AssessmentReport, AgentError> {
        assess::assess(&mut self.asking(call), &self.manner, input).await
    }
}
