//! Groups: chosen, looked at, and acted on as they were chosen.

use std::collections::BTreeMap;

use ktrdr_app::cancel::CancelRequest;
use ktrdr_app::retry::RetryRequest;
use ktrdr_app::{AppError, ErrorKind};
use ktrdr_domain::OperationId;
use ktrdr_domain::scope::Scope;

use super::{back, done, key_of};
use crate::answer::Answer;
use crate::ask::{Ask, invalid};
use crate::pages::said;
use crate::selections::{self, Chosen, Deed};

/// Freezes what a filter means, and shows it.
pub(crate) async fn choose(ask: &Ask) -> Result<Answer, AppError> {
    if !ask.may(Scope::Operator) {
        return Err(super::too_narrow(ask, Scope::Operator));
    }
    let deed = Deed::of(&ask.form.text("deed")).ok_or_else(|| invalid("deed is cancel or retry".into()))?;
    let name = selections::freeze(&ask.app, deed, &ask.form.text("filter")).await?;
    Ok(Answer::To(format!("/selections/{name}")))
}

/// Freezes the dead letters whose errors have this in common.
pub(crate) async fn retry_alike(ask: &Ask) -> Result<Answer, AppError> {
    if !ask.may(Scope::Operator) {
        return Err(super::too_narrow(ask, Scope::Operator));
    }
    let fingerprint: String = ask.form.needed("fingerprint")?;
    let name = selections::alike(&ask.app, &fingerprint).await?;
    Ok(Answer::To(format!("/selections/{name}")))
}

/// Does it, once the count was typed.
pub(crate) async fn carry_out(ask: &Ask) -> Result<Answer, AppError> {
    let chosen = selections::find(&ask.app, &ask.path[1]).await?;
    let typed: usize = ask.form.needed("count")?;
    if typed != chosen.ids.len() {
        let message = format!("{typed} was typed, and {} are chosen: nothing was done", chosen.ids.len());
        return Err(AppError::new(ErrorKind::InvalidRequest, message));
    }
    let what = match chosen.deed {
        Deed::Cancel => "cancel_group",
        Deed::Retry => "retry_group",
    };
    let count = done(ask, Scope::Operator, what, each(ask, &chosen)).await?;
    let word = said::group(count, chosen.ids.len());
    Ok(back(ask, &format!("/operations?{}", chosen.filter), &word))
}

/// One after the other; with how many it was done. What can not be done with one is no reason to leave the others.
async fn each(ask: &Ask, chosen: &Chosen) -> Result<usize, AppError> {
    if !selections::take(&ask.app, &ask.path[1]).await? {
        return Err(AppError::new(ErrorKind::Conflict, "somebody acted on this selection at the same time"));
    }
    let reason = ask.form.text("reason");
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    for id in &chosen.ids {
        if let Err(why) = one(ask, chosen.deed, id, &reason).await {
            *left.entry(why.message).or_default() += 1;
        }
    }
    let left_alone: usize = left.values().sum();
    match left.into_iter().next() {
        Some((why, _)) if left_alone == chosen.ids.len() => {
            let message = format!("nothing could be done with any of {left_alone}; of the first: {why}");
            Err(AppError::new(ErrorKind::Conflict, message))
        }
        _ => Ok(chosen.ids.len() - left_alone),
    }
}

async fn one(ask: &Ask, deed: Deed, id: &OperationId, reason: &str) -> Result<(), AppError> {
    match deed {
        Deed::Cancel => {
            let (operation, by) = (id.clone(), ask.caller.name.clone());
            ask.app.cancel(&CancelRequest { operation, reason: reason.to_owned(), by }).await.map(|_| ())
        }
        Deed::Retry => {
            // Of one operation one repetition, however often it is among those chosen.
            let request =
                RetryRequest { operation: id.clone(), idempotency_key: key_of(&format!("retry of {id}")) };
            ask.app.retry(&request).await.map(|_| ())
        }
    }
}
