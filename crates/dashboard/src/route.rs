//! Which path is which page, and which is which deed.

use ktrdr_app::{AppError, ErrorKind};

use crate::answer::Answer;
use crate::ask::Ask;
use crate::{deeds, pages};

/// The page at a path. What many tabs show is made once.
pub(crate) async fn page(ask: &Ask) -> Result<Answer, AppError> {
    let name = format!("{:?}", (ask.caller.scope, &ask.caller.name, ask.place()));
    ask.desk.kept.or_made(name, made(ask)).await
}

async fn made(ask: &Ask) -> Result<Answer, AppError> {
    let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
    match path.as_slice() {
        [] => pages::overview::page(ask).await,
        ["queues"] => pages::queues::page(ask).await,
        ["workers"] => pages::workers::page(ask).await,
        ["operations"] => pages::operations::page(ask).await,
        ["operations", _] => pages::operation::page(ask).await,
        ["dead-letters"] => pages::dead_letters::page(ask).await,
        ["selections", _] => pages::selection::page(ask).await,
        ["campaigns"] => pages::campaigns::page(ask).await,
        ["campaigns", _] => pages::campaign::page(ask).await,
        ["strategies"] => pages::strategies::page(ask).await,
        ["strategies", _] => pages::strategy::page(ask).await,
        ["strategies", _, "models", _] => pages::model::page(ask).await,
        ["data"] => pages::data::page(ask).await,
        ["data", _, _] => pages::series::page(ask).await,
        ["memory"] => pages::memory::page(ask).await,
        ["reports"] => pages::reports::page(ask).await,
        ["reports", _] => pages::reports::report(ask).await,
        ["schedules"] => pages::schedules::page(ask).await,
        ["schedules", _] => pages::schedule::page(ask).await,
        ["budget"] => pages::budget::page(ask).await,
        ["audit"] => pages::audit::page(ask).await,
        ["keys"] => pages::keys::page(ask),
        ["sign-in"] => pages::sign_in::again(ask),
        _ => Err(no_page(ask)),
    }
}

/// What is done by pressing a button.
pub(crate) async fn deed(ask: &Ask) -> Result<Answer, AppError> {
    let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
    let done = match path.as_slice() {
        ["operations", _, "cancel"] => deeds::operations::cancel(ask).await,
        ["operations", _, "retry"] => deeds::operations::retry(ask).await,
        ["dead-letters", _, "dismiss"] => deeds::operations::dismiss(ask).await,
        ["dead-letters", "retry"] => deeds::selections::retry_alike(ask).await,
        ["selections"] => deeds::selections::choose(ask).await,
        ["selections", _] => deeds::selections::carry_out(ask).await,
        ["queues", _, "pause"] => deeds::fleet::pause(ask).await,
        ["queues", _, "resume"] => deeds::fleet::resume(ask).await,
        ["workers", _, "drain"] => deeds::fleet::drain(ask).await,
        ["trainings"] => deeds::research::train(ask).await,
        ["cycles"] => deeds::research::trigger(ask).await,
        ["campaigns", _, "cancel"] => deeds::research::cancel(ask).await,
        ["hypotheses", _] => deeds::research::decide(ask).await,
        ["schedules"] => deeds::schedules::create(ask).await,
        ["schedules", _, "pause"] => deeds::schedules::pause(ask).await,
        ["schedules", _, "resume"] => deeds::schedules::resume(ask).await,
        ["schedules", _, "trigger"] => deeds::schedules::trigger(ask).await,
        ["schedules", _, "backfill"] => deeds::schedules::backfill(ask).await,
        ["schedules", _, "delete"] => deeds::schedules::delete(ask).await,
        _ => Err(no_page(ask)),
    };
    ask.desk.kept.forget();
    done
}

pub(crate) fn no_page(ask: &Ask) -> AppError {
    let shown: String = ask.place().chars().take(100).collect();
    AppError::new(ErrorKind::NotFound, format!("there is no page at {shown}"))
}
