//! Asking in batches: within a day instead of at once, at half the price, and without anybody who waits.
//!
//! An attempt that has something to ask hands it over as a batch of its own, writes down what it asked ([`tickets`]), and ends
//! with [`AgentError::Waiting`]: its operation is put off, and holds no worker. A later attempt looks whether the batch has
//! ended. If so it goes through the conversation as far as it was answered, from what was written down and at no cost, and
//! hands over the next turn. So a conversation of any length outlives every process that takes part in it.
//!
//! What a batch may cost stays reserved, under the name of the attempt that handed it over, until whoever reads the answer
//! settles it. Where nobody will, since the operation was cancelled meanwhile, the [`Keeper`] does.
//!
//! A process that dies between handing over and writing down leaves a batch that nobody knows: it is paid at its worst case, as
//! every call whose caller died, and the turn is asked again.

mod client;
mod contract;
mod keeper;
mod look;
mod tickets;

use std::collections::BTreeMap;
use std::time::Duration;

use ktrdr_agent::models::Model;
use ktrdr_agent::purse::Reservation;
use ktrdr_agent::{AgentError, Call};
use serde_json::Value;

use crate::client::Client;
use crate::contract::{Message, Reply, Request};

pub(crate) use contract::BatchId;
pub use keeper::Keeper;
use look::{age, look};
pub(crate) use tickets::Tickets;
use tickets::{Answer, Asked, Ticket};

/// Longest wait before a batch is looked at again.
const WAIT_MAX: Duration = Duration::from_secs(15 * 60);

/// Characters that the vendor takes as the name of a request.
const CUSTOM_ID_CHARS_MAX: usize = 64;

/// What was asked and answered, by the number of the turn.
pub(crate) type Conversation = BTreeMap<u32, (Vec<Message>, Reply)>;

/// The batches of one operation.
pub(crate) struct Batches<'a> {
    pub(crate) client: &'a Client,
    pub(crate) tickets: Tickets<'a>,
    pub(crate) model: &'a Model,
    pub(crate) call: Call<'a>,
    /// The shortest wait before a batch is looked at again.
    pub(crate) first_wait: Duration,
}

impl Batches<'_> {
    /// Everything that was answered so far.
    ///
    /// # Errors
    /// [`AgentError::Waiting`] while a batch has not ended; why one came to nothing.
    pub(crate) async fn collect(&self) -> Result<Conversation, AgentError> {
        let mut tickets = self.tickets.all().await.map_err(|why| self.unavailable(why))?;
        // Of the last one the settlement may have been lost with the process that read its answer.
        let last = tickets.pop().map(|ticket| (ticket, true));
        let mut answered = Conversation::new();
        for (ticket, is_last) in tickets.into_iter().map(|ticket| (ticket, false)).chain(last) {
            let Ticket { asked, answer } = ticket;
            let is_new = answer.is_none();
            let answer = match answer {
                Some(answer) => answer,
                None => self.fetch(&asked).await?,
            };
            if is_new || is_last {
                self.settle(&asked, &answer).await;
            }
            match answer {
                Answer::Reply { reply } => {
                    answered.entry(asked.turn).or_insert((asked.messages, reply));
                }
                Answer::Nothing { why, passes: true } if is_new => return Err(self.unavailable(why)),
                Answer::Nothing { passes: true, .. } => {}
                Answer::Nothing { why, .. } | Answer::Unknown { why } => return Err(self.no_answer(why)),
            }
        }
        Ok(answered)
    }

    /// The answer of a batch that has ended, written down.
    async fn fetch(&self, asked: &Asked) -> Result<Answer, AgentError> {
        match look(self.client, asked).await {
            Some(answer) => {
                self.tickets.answer(asked, &answer).await.map_err(|why| self.unavailable(why))?;
                Ok(answer)
            }
            None => Err(self.waiting(asked)),
        }
    }

    async fn settle(&self, asked: &Asked, answer: &Answer) {
        let reservation = Reservation { intent: asked.intent.clone() };
        if let Err(why) = self.call.purse.settle(reservation, answer.spent(self.model)).await {
            tracing::warn!("a batch could not be settled, and is paid at its worst case: {why}");
        }
    }

    /// Writes down what was handed over; from now on it is waited for.
    pub(crate) async fn handed_over(
        &self,
        reservation: Reservation,
        batch: BatchId,
        turn: u32,
        messages: Vec<Message>,
    ) -> AgentError {
        let asked = Asked::now(turn, reservation.intent, self.custom_id(), batch, messages);
        match self.tickets.ask(&asked).await {
            Ok(()) => self.waiting(&asked),
            Err(why) => {
                // Nobody would find it again.
                if let Err(error) = self.client.cancel_batch(&asked.batch).await {
                    tracing::warn!("{}: {error}; it goes on, and nobody reads its answer", asked.batch);
                }
                self.unavailable(why)
            }
        }
    }

    /// Names a request: by the attempt, which hands over one.
    pub(crate) fn custom_id(&self) -> String {
        custom_id(self.call.operation.as_str(), self.call.attempt)
    }

    fn waiting(&self, asked: &Asked) -> AgentError {
        let delay = (age(asked) / 4).min(WAIT_MAX).max(self.first_wait);
        AgentError::Waiting { what: format!("{} of {}", asked.batch, self.model.id), delay }
    }

    fn unavailable(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> AgentError {
        AgentError::Unavailable { provider: self.model.id.clone(), source: source.into() }
    }

    fn no_answer(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> AgentError {
        AgentError::NoAnswer { provider: self.model.id.clone(), source: source.into() }
    }
}

/// The end of the attempt's name, in characters that the vendor takes: it tells the attempts of all operations apart.
fn custom_id(operation: &str, attempt: u64) -> String {
    let name =
        format!("{operation}-{attempt}").replace(|c: char| !c.is_ascii_alphanumeric() && c != '_', "-");
    name[name.len().saturating_sub(CUSTOM_ID_CHARS_MAX)..].to_owned()
}

/// A request as it stands in a batch: nobody listens to a stream, and what is kept of a prompt for minutes is gone before the
/// next turn, at a price.
pub(crate) fn params(request: &Request) -> Result<Value, serde_json::Error> {
    let mut request = request.clone();
    let system = request.system.iter_mut();
    system
        .chain(request.messages.iter_mut().flat_map(|m| &mut m.content))
        .for_each(|block| block.keep(false));
    let mut params = serde_json::to_value(request)?;
    if let Some(params) = params.as_object_mut() {
        params.remove("stream");
    }
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_is_named_as_the_vendor_takes_it() {
        let short = custom_id("op_agent_research_20261129_065455_1a2b3c4d.agent_design.1", 3);
        assert_eq!(short, "op_agent_research_20261129_065455_1a2b3c4d-agent_design-1-3");
        let long = custom_id("op_agent_research_20261129_065455_1a2b3c4d.agent_assessment.1", 107);
        assert_eq!((long.len(), long.ends_with("_1a2b3c4d-agent_assessment-1-107")), (64, true), "{long}");
    }
}
