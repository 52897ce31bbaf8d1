//! Whether a batch has ended, and with what.

use std::time::Duration;

use ktrdr_fabric::clock;

use super::contract::{Outcome, Processing};
use super::tickets::{Answer, Asked};
use crate::client::Client;
use crate::error::CallError;

/// After so long nothing is expected any more: every batch ends within a day.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(26 * 3600);

/// The answer of a batch, `None` while it has not ended, or can not be looked at for reasons that pass.
pub(super) async fn look(client: &Client, asked: &Asked) -> Option<Answer> {
    match result(client, asked).await {
        Ok(Some(outcome)) => Some(answer(outcome)),
        Ok(None) if age(asked) < GIVEN_UP_AFTER => None,
        Ok(None) => Some(Answer::Unknown { why: format!("{} does not end", asked.batch) }),
        Err(error) if error.passes() && age(asked) < GIVEN_UP_AFTER => {
            tracing::info!("{}: {error}; looked at again later", asked.batch);
            None
        }
        Err(error) => Some(Answer::Unknown { why: format!("{}: {error}", asked.batch) }),
    }
}

async fn result(client: &Client, asked: &Asked) -> Result<Option<Outcome>, CallError> {
    match client.batch_status(&asked.batch).await? {
        Processing::Ended => client.batch_result(&asked.batch, &asked.custom_id).await.map(Some),
        Processing::InProgress | Processing::Canceling | Processing::Unknown => Ok(None),
    }
}

fn answer(outcome: Outcome) -> Answer {
    let nothing = |why: &str| Answer::Nothing { why: why.to_owned(), passes: true };
    match outcome {
        Outcome::Succeeded { message } => match message.try_into() {
            Ok(reply) => Answer::Reply { reply },
            Err(error) => Answer::Unknown { why: CallError::to_string(&error) },
        },
        Outcome::Errored { error } => {
            let error = CallError::after_success(&error.error);
            Answer::Nothing { why: error.to_string(), passes: error.passes() }
        }
        Outcome::Canceled => nothing("the batch was cancelled at the server"),
        Outcome::Expired => nothing("the batch expired before it was answered"),
        Outcome::Unknown => Answer::Unknown { why: "a result of a sort that is not known".to_owned() },
    }
}

/// How long ago it was handed over, by this machine's clock; nothing where that was set back.
pub(super) fn age(asked: &Asked) -> Duration {
    let at = Duration::from_millis(asked.at_ms);
    clock::since_1970().saturating_sub(at)
}
