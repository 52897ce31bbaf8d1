//! Asking, until there is an answer or no more patience. Each try is paid for: the worst case is reserved before it, what it
//! cost is settled after it.

use std::time::Duration;

use ktrdr_agent::models::{Lane, Model};
use ktrdr_agent::purse::{Intent, Reservation, Spent};
use ktrdr_agent::{AgentError, Call, Cost, PurseError, Usage};
use ktrdr_domain::Sha256;
use ktrdr_fabric::random::random;
use tokio::time::Instant;

use crate::batch::{self, Batches, Conversation};
use crate::client::Client;
use crate::contract::{Message, Reply, Request};
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
    /// The shortest wait before a batch is looked at again; the longer it takes, the longer are the waits.
    pub batch_wait: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(240),
            whole: Duration::from_secs(540),
            tries_max: 5,
            first_wait: Duration::from_secs(1),
            wait_max: Duration::from_secs(30),
            batch_wait: Duration::from_secs(30),
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
    /// Where it is asked in batches.
    pub(crate) batches: Option<Batches<'a>>,
    /// What batches have answered, once that was looked up.
    pub(crate) conversation: Option<Conversation>,
    /// The next turn.
    pub(crate) turn: u32,
    pub(crate) began: Instant,
    /// Calls made, answered or not.
    pub(crate) calls: u32,
    /// Of all answers that were asked for.
    pub(crate) usage: Usage,
    /// Of all of them, in micro-dollars.
    pub(crate) micro_dollars: u64,
}

impl Asking<'_> {
    /// The answer to a request. What an earlier attempt asked in a batch stands as it was asked then: the request becomes that.
    pub(crate) async fn ask(&mut self, request: &mut Request) -> Result<Reply, AgentError> {
        let turn = self.turn;
        self.turn += 1;
        if let Some((messages, reply)) = self.answered(turn).await? {
            request.messages = messages;
            self.count(&reply.usage, Lane::Batch);
            self.recorded.keep(&Sha256::of(&serde_json::to_vec(request)?), &reply).await;
            return Ok(reply);
        }
        let body = serde_json::to_vec(request)?;
        let hash = Sha256::of(&body);
        if let Some(reply) = self.recorded.find(&hash).await.map_err(|e| self.no_answer(e))? {
            return Ok(reply);
        }
        if let Some(batches) = self.batches.take() {
            return Err(self.hand_over(batches, turn, request).await?);
        }
        let reply = self.ask_at_once(&body, request.max_tokens).await?;
        self.recorded.keep(&hash, &reply).await;
        Ok(reply)
    }

    /// What a batch has answered in this turn.
    async fn answered(&mut self, turn: u32) -> Result<Option<(Vec<Message>, Reply)>, AgentError> {
        let Some(batches) = &self.batches else { return Ok(None) };
        if self.conversation.is_none() {
            self.conversation = Some(batches.collect().await?);
        }
        Ok(self.conversation.as_mut().and_then(|conversation| conversation.remove(&turn)))
    }

    /// Hands a turn over as a batch. The answer says that it is waited for.
    async fn hand_over(
        &mut self,
        batches: Batches<'_>,
        turn: u32,
        request: &Request,
    ) -> Result<AgentError, AgentError> {
        let (params, custom_id) = (batch::params(request)?, batches.custom_id());
        let bytes = params.to_string().len() as u64;
        let worst_case = self.model.worst_case(bytes, request.max_tokens, false, Lane::Batch);
        let create = || batches.client.create_batch(&custom_id, &params);
        let (batch, reservation) = self.patiently(Lane::Batch, worst_case, create).await?;
        Ok(batches.handed_over(reservation, batch, turn, request.messages.clone()).await)
    }

    async fn ask_at_once(&mut self, body: &[u8], output_max: u64) -> Result<Reply, AgentError> {
        let Some(client) = self.client else {
            return Err(self.no_answer(CallError::NotRecorded("there is no server to ask".to_owned())));
        };
        let worst_case = self.model.worst_case(body.len() as u64, output_max, false, Lane::Direct);
        let ask = || client.ask(body.to_vec());
        let (reply, reservation) = self.patiently(Lane::Direct, worst_case, ask).await?;
        let cost = self.count(&reply.usage, Lane::Direct);
        self.settle(reservation, Spent::Counted(reply.usage, cost)).await;
        Ok(reply)
    }

    /// Asks until there is an answer or no more patience. What is returned with the answer is still to be settled.
    async fn patiently<T, F: Future<Output = Result<T, CallError>>>(
        &mut self,
        lane: Lane,
        worst_case: Cost,
        ask: impl Fn() -> F,
    ) -> Result<(T, Reservation), AgentError> {
        let until = (Instant::now() + self.patience.deadline).min(self.began + self.patience.whole);
        let mut tries = 0;
        loop {
            if self.call.is_stopped() {
                return Err(AgentError::Stopped);
            }
            let reservation = self.reserve(lane, worst_case).await?;
            let late = || CallError::Broke("no answer in time".to_owned());
            let answer = tokio::time::timeout_at(until, ask()).await;
            let error = match answer.unwrap_or_else(|_| Err(late())) {
                Ok(answer) => return Ok((answer, reservation)),
                Err(error) => error,
            };
            let free = Spent::Counted(Usage::default(), Cost::default());
            self.settle(reservation, if error.is_free() { free } else { Spent::Unknown }).await;
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

    async fn reserve(&mut self, lane: Lane, worst_case: Cost) -> Result<Reservation, AgentError> {
        let (attempt, call, model) = (self.call.attempt, self.calls, self.model.id.clone());
        self.calls += 1;
        let intent = Intent { attempt, call, lane, model, worst_case };
        self.call.purse.reserve(&intent).await.map_err(|error| match error {
            PurseError::Exhausted(why) => AgentError::Budget(why),
            PurseError::Unavailable(source) => {
                AgentError::Unavailable { provider: self.model.id.clone(), source }
            }
        })
    }

    async fn settle(&self, reservation: Reservation, spent: Spent) {
        if let Err(why) = self.call.purse.settle(reservation, spent).await {
            // Whoever keeps the accounts takes the worst case then: nothing is lost but accuracy.
            tracing::warn!("a call could not be settled: {why}");
        }
    }

    /// Takes an answer into the account; what it cost.
    fn count(&mut self, usage: &Usage, lane: Lane) -> Cost {
        let cost = self.model.cost(usage, lane);
        self.usage += *usage;
        self.micro_dollars += cost.micro_dollars;
        cost
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
