//! Cancel, retry, dismiss: one operation.

use ktrdr_app::AppError;
use ktrdr_app::cancel::{CancelOutcome, CancelRequest};
use ktrdr_app::retry::RetryRequest;
use ktrdr_domain::OperationId;
use ktrdr_domain::scope::Scope;

use super::{back, done, key};
use crate::answer::Answer;
use crate::ask::Ask;
use crate::pages::said;

pub(crate) async fn cancel(ask: &Ask) -> Result<Answer, AppError> {
    let operation: OperationId = ask.part(1)?;
    let place = format!("/operations/{operation}");
    let request = CancelRequest { operation, reason: ask.form.text("reason"), by: ask.caller.name.clone() };
    let answer = done(ask, Scope::Submit, "cancel_operation", ask.app.cancel(&request)).await?;
    let word = match answer.answer {
        CancelOutcome::Cancelled => "cancelled",
        CancelOutcome::Requested => "asked",
        CancelOutcome::TooLate => "late",
    };
    Ok(back(ask, &place, word))
}

/// Leads to the new one.
pub(crate) async fn retry(ask: &Ask) -> Result<Answer, AppError> {
    let request = RetryRequest { operation: ask.part(1)?, idempotency_key: key(ask) };
    let answer = done(ask, Scope::Submit, "retry_operation", ask.app.retry(&request)).await?;
    Ok(Answer::To(said::at(&format!("/operations/{}", answer.operation), "retried")))
}

pub(crate) async fn dismiss(ask: &Ask) -> Result<Answer, AppError> {
    let operation: OperationId = ask.part(1)?;
    done(ask, Scope::Operator, "dismiss_dead_letter", ask.app.dismiss(&operation)).await?;
    Ok(back(ask, "/dead-letters", "dismissed"))
}
