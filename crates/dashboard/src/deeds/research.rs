//! Research: begin a cycle, stop a campaign, say a word on an idea.

use ktrdr_app::cancel::GroupCancelRequest;
use ktrdr_app::cycle::TriggerRequest;
use ktrdr_app::hypotheses::DecisionRequest;
use ktrdr_app::training::TrainingRequest;
use ktrdr_app::{AppError, ErrorKind};
use ktrdr_domain::hypothesis::Answer as Word;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::scope::Scope;
use ktrdr_domain::{StrategyName, Symbol, Timeframe};
use serde::Deserialize;
use serde_json::json;

use super::{back, done, key};
use crate::answer::Answer;
use crate::ask::{Ask, invalid};
use crate::pages::said;

/// Leads to the cycle.
pub(crate) async fn trigger(ask: &Ask) -> Result<Answer, AppError> {
    let (symbol, timeframe): (Symbol, Timeframe) =
        (ask.form.needed("symbol")?, ask.form.needed("timeframe")?);
    let mut request = json!({ "symbol": symbol, "timeframe": timeframe });
    if let Some(brief) = ask.form.word("brief") {
        request["brief"] = brief.into();
    }
    let request = TriggerRequest::deserialize(request).map_err(|why| invalid(why.to_string()))?;
    let request = TriggerRequest { idempotency_key: key(ask), ..request };
    let begun = done(ask, Scope::Submit, "trigger_cycle", ask.app.trigger_cycle(&request)).await?;
    Ok(Answer::To(said::at(&format!("/operations/{}", begun.operation), "triggered")))
}

/// Leads to the training.
pub(crate) async fn train(ask: &Ask) -> Result<Answer, AppError> {
    let strategy: StrategyName = ask.form.needed("strategy")?;
    let mut request = json!({ "strategy": { "name": strategy } });
    if let Some(seed) = ask.form.read_as::<u64>("seed")? {
        request["seed"] = seed.into();
    }
    let request = TrainingRequest::deserialize(request).map_err(|why| invalid(why.to_string()))?;
    let request = TrainingRequest { idempotency_key: key(ask), ..request };
    let begun = done(ask, Scope::Submit, "start_training", ask.app.submit_training(&request)).await?;
    Ok(Answer::To(said::at(&format!("/operations/{}", begun.operation), "retried")))
}

/// All of its cycles that have not ended.
pub(crate) async fn cancel(ask: &Ask) -> Result<Answer, AppError> {
    let name: CampaignName = ask.part(1)?;
    let place = format!("/campaigns/{name}");
    let request = GroupCancelRequest {
        campaign: Some(name.clone()),
        kind: None,
        status: None,
        reason: ask.form.text("reason"),
        by: ask.caller.name.clone(),
        within: None,
    };
    if ask.form.word("name") != Some(name.as_str()) {
        let message = format!("type {name} to cancel it: nothing was done");
        return Err(AppError::new(ErrorKind::InvalidRequest, message));
    }
    let doing = async { ask.app.cancel_group(ask.app.plan_cancel(&request).await?).await };
    done(ask, Scope::Submit, "cancel_campaign", doing).await?;
    Ok(back(ask, &place, "asked"))
}

pub(crate) async fn decide(ask: &Ask) -> Result<Answer, AppError> {
    let answer = match ask.form.word("answer") {
        Some("approve") => Word::Approve,
        Some("reject") => Word::Reject,
        _ => return Err(invalid("answer is approve or reject".into())),
    };
    let request = DecisionRequest { hypothesis: ask.part(1)?, answer, reason: ask.form.read_as("reason")? };
    done(ask, Scope::Operator, "decide_hypothesis", ask.app.decide(&request)).await?;
    Ok(back(ask, "/memory", "decided"))
}
