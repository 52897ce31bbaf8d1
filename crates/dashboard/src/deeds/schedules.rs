//! Schedules: made, paused, resumed, begun now, removed.

use ktrdr_app::AppError;
use ktrdr_app::schedules::{ScheduleRequest, TriggerScheduleRequest};
use ktrdr_domain::name::ScheduleName;
use ktrdr_domain::scope::Scope;
use ktrdr_domain::{Reason, Symbol, Timeframe};
use serde::Deserialize;
use serde_json::json;

use super::{back, done, key};
use crate::answer::Answer;
use crate::ask::{Ask, invalid};
use crate::pages::said;

pub(crate) async fn create(ask: &Ask) -> Result<Answer, AppError> {
    let name: ScheduleName = ask.form.needed("name")?;
    let (cron, zone): (String, String) = (ask.form.needed("cron")?, ask.form.needed("zone")?);
    let (symbol, timeframe): (Symbol, Timeframe) =
        (ask.form.needed("symbol")?, ask.form.needed("timeframe")?);
    let cycles: u32 = ask.form.read_as("cycles")?.unwrap_or(1);
    let anyway: Option<Reason> = ask.form.read_as("anyway")?;
    let request = json!({
        "name": name, "cron": cron, "zone": zone, "anyway": anyway,
        "campaign": { "symbol": symbol, "timeframe": timeframe, "cycles": cycles },
    });
    let request = ScheduleRequest::deserialize(request).map_err(|why| invalid(why.to_string()))?;
    done(ask, Scope::Operator, "create_schedule", ask.app.create_schedule(&request)).await?;
    Ok(Answer::To(said::at(&format!("/schedules/{name}"), "created")))
}

pub(crate) async fn pause(ask: &Ask) -> Result<Answer, AppError> {
    let name: ScheduleName = ask.part(1)?;
    let note: Reason = ask.form.needed("reason")?;
    let is_new = done(ask, Scope::Operator, "pause_schedule", ask.app.pause_schedule(&name, &note)).await?;
    Ok(back(ask, &format!("/schedules/{name}"), if is_new { "schedule_paused" } else { "unchanged" }))
}

pub(crate) async fn resume(ask: &Ask) -> Result<Answer, AppError> {
    let name: ScheduleName = ask.part(1)?;
    let was_paused = done(ask, Scope::Operator, "resume_schedule", ask.app.resume_schedule(&name)).await?;
    Ok(back(ask, &format!("/schedules/{name}"), if was_paused { "schedule_resumed" } else { "unchanged" }))
}

pub(crate) async fn trigger(ask: &Ask) -> Result<Answer, AppError> {
    let schedule: ScheduleName = ask.part(1)?;
    let place = format!("/schedules/{schedule}");
    let request = TriggerScheduleRequest { schedule, idempotency_key: key(ask) };
    done(ask, Scope::Submit, "trigger_schedule", ask.app.trigger_schedule(&request)).await?;
    Ok(back(ask, &place, "begun"))
}

pub(crate) async fn delete(ask: &Ask) -> Result<Answer, AppError> {
    let name: ScheduleName = ask.part(1)?;
    if ask.form.word("name") != Some(name.as_str()) {
        return Err(invalid(format!("type {name} to delete it: nothing was done")));
    }
    done(ask, Scope::Operator, "delete_schedule", ask.app.delete_schedule(&name)).await?;
    Ok(Answer::To(said::at("/schedules", "deleted")))
}
