//! Asking, until there is an answer or no more patience. Each try is paid for: the worst case is reserved before it, what it
//! cost is settled after it.

use std::time::Duration;

use ktrdr_agent::models::{Lane, Model};
use ktrdr_agent::purse::{Intent, Reservation, Spent};
use ktrdr_agent::{AgentError, Call, Cost, PurseError, Usage};
use ktrdr_domain::Sha256;
use ktrdr_fabric::random::random;
use tokio::time::Instant;

use crate::client::Client;
use crate::contract::{Reply, Request};
use crate::error::CallError;
use crate::recorded::Recorded;

/// How long and how often to ask.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until there is an answer to one request, waits and tries included.
    pub deadline: Duration,
    /// Until a whole design or assessment is done: under the time that a worker gives it.
    pub whole: Duration,
    /// Tries of one request.
    pub tries_max: u32,
    /// Around the first wait; each further one is around twice as long.
    pub first_wait: Duration,
    /// Longest wait that no server asked for.
    pub wait_max: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(240),
            whole: Duration::from_secs(540),
            tries_max: 5,
            first_wait: Duration::from_secs(1),
            wait_max: Duration::from_secs(30),
        }
    }
}

/// Asks one model on behalf of one attempt of one operation, and keeps the account.
pub(crate) struct Asking<'a> {
    /// `None`: only recorded replies are given.
    pub(crate) client: Option<&'a Client>,
    pub(crate) model: &'a Model,
    pub(crate) recorded: &'a Recorded,
    pub(crate) patience: Patience,
    pub(crate) call: Call<'a>,
    pub(crate) began: Instant,
    /// Calls made, answered or not.
    pub(crate) calls: u32,
    /// Of all answers that were asked for.
    pub(crate) usage: Usage,
    /// Of all of them, in micro-dollars.
    pub(crate) micro_dollars: u64,
}

impl Asking<'_> {
    /// The answer to a request.
    pub(crate) async fn ask(&mut self, request: &Request) -> Result<Reply, AgentError> {
        let body = serde_json::to_vec(request)?;
        let hash = Sha256::of(&body);
        if let Some(reply) = self.recorded.find(&hash).await.map_err(|e| self.no_answer(e))? {
            return Ok(reply);
        }
        let reply = self.ask_server(&body, request.max_tokens).await?;
        self.recorded.keep(&hash, &reply).await;
        Ok(reply)
    }

    async fn ask_server(&mut self, body: &[u8], output_max: u64) -> Result<Reply, AgentError> {
        let until = (Instant::now() + self.patience.deadline).min(self.began + self.patience.whole);
        let mut tries = 0;
        loop {
            if self.call.is_stopped() {
                return Err(AgentError::Stopped);
            }
            let error = match self.try_once(body, output_max, until).await? {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            tries += 1;
            let wait = error.retry_after().unwrap_or_else(|| self.wait_after(tries));
            let in_time = tries < self.patience.tries_max && Instant::now() + wait < until;
            if !error.passes() {
                return Err(self.no_answer(error));
            }
            if !in_time {
                return Err(self.unavailable(error));
            }
            tracing::info!("{}: {error}; asked again in {wait:?}", self.model.id);
            tokio::time::sleep(wait).await;
        }
    }

    /// One try, reserved and settled. The outer error is final.
    async fn try_once(
        &mut self,
        body: &[u8],
        output_max: u64,
        until: Instant,
    ) -> Result<Result<Reply, CallError>, AgentError> {
        let Some(client) = self.client else {
            return Err(self.no_answer(CallError::NotRecorded("there is no server to ask".to_owned())));
        };
        let reservation = self.reserve(body.len() as u64, output_max).await?;
        let late = || CallError::Broke("no answer in time".to_owned());
        let answer = tokio::time::timeout_at(until, client.ask(body.to_vec())).await;
        let answer = answer.unwrap_or_else(|_| Err(late()));
        let spent = match &answer {
            Ok(reply) => Spent::Counted(reply.usage, self.model.cost(&reply.usage, Lane::Direct)),
            Err(error) if error.is_free() => Spent::Counted(Usage::default(), Cost::default()),
            Err(_) => Spent::Unknown,
        };
        if let Ok(reply) = &answer {
            self.usage += reply.usage;
            self.micro_dollars += self.model.cost(&reply.usage, Lane::Direct).micro_dollars;
        }
        if let Err(why) = self.call.purse.settle(reservation, spent).await {
            // Whoever keeps the accounts takes the worst case then: nothing is lost but accuracy.
            tracing::warn!("a call could not be settled: {why}");
        }
        Ok(answer)
    }

    async fn reserve(&mut self, request_bytes: u64, output_max: u64) -> Result<Reservation, AgentError> {
        let intent = Intent {
            call: self.calls,
            model: self.model.id.clone(),
            worst_case: self.model.worst_case(request_bytes, output_max, false, Lane::Direct),
        };
        self.calls += 1;
        self.call.purse.reserve(&intent).await.map_err(|error| match error {
            PurseError::Exhausted(why) => AgentError::Budget(why),
            PurseError::Unavailable(source) => {
                AgentError::Unavailable { provider: self.model.id.clone(), source }
            }
        })
    }

    /// Between half of the wait and the whole of it, so that those who failed together do not come back together.
    fn wait_after(&self, tries: u32) -> Duration {
        let doubled = self.patience.first_wait.saturating_mul(1 << (tries - 1).min(16));
        let half = doubled.min(self.patience.wait_max) / 2;
        half + half.mul_f64((random() % 1_000) as f64 / 1_000.0)
    }

    pub(crate) fn no_answer(&self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> AgentError {
        AgentError::NoAnswer { provider: self.model.id.clone(), source: error.into() }
    }

    fn unavailable(&self, error: CallError) -> AgentError {
        AgentError::Unavailable { provider: self.model.id.clone(), source: error.into() }
    }
}
