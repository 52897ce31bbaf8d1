//! Queues and workers.

use ktrdr_app::AppError;
use ktrdr_domain::Kind;
use ktrdr_domain::scope::Scope;

use super::{back, done};
use crate::answer::Answer;
use crate::ask::Ask;

pub(crate) async fn pause(ask: &Ask) -> Result<Answer, AppError> {
    let kind: Kind = ask.part(1)?;
    let answer = done(ask, Scope::Operator, "pause_queue", ask.app.pause(kind)).await?;
    Ok(back(ask, "/queues", if answer.changed { "paused" } else { "unchanged" }))
}

pub(crate) async fn resume(ask: &Ask) -> Result<Answer, AppError> {
    let kind: Kind = ask.part(1)?;
    let answer = done(ask, Scope::Operator, "resume_queue", ask.app.resume_queue(kind)).await?;
    Ok(back(ask, "/queues", if answer.changed { "resumed" } else { "unchanged" }))
}

pub(crate) async fn drain(ask: &Ask) -> Result<Answer, AppError> {
    let boot: String = ask.part(1)?;
    done(ask, Scope::Operator, "drain_worker", ask.app.drain_worker(&boot)).await?;
    Ok(back(ask, "/workers", "draining"))
}
