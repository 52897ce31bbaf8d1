//! What buttons do: each is written down before it is done, and what came of it after, as the API and the command line do it.

pub(crate) mod fleet;
pub(crate) mod operations;
pub(crate) mod research;
pub(crate) mod schedules;
pub(crate) mod selections;

use ktrdr_app::{AppError, ErrorKind, IdempotencyKey};
use ktrdr_domain::Sha256;
use ktrdr_domain::scope::Scope;

use crate::answer::Answer;
use crate::ask::Ask;
use crate::pages::said;

/// By which way in, as the audit log has it.
const VIA: &str = "dashboard";

/// Does something if whoever asks may; `what` names it as the API does.
pub(crate) async fn done<T>(
    ask: &Ask,
    needs: Scope,
    what: &str,
    doing: impl Future<Output = Result<T, AppError>>,
) -> Result<T, AppError> {
    let target = format!("/{}", ask.path.join("/"));
    let noted = ask.app.note(VIA, what, &target, &ask.form.text("reason")).await?;
    let done = match ask.may(needs) {
        true => doing.await,
        false => Err(too_narrow(ask, needs)),
    };
    let outcome = done.as_ref().map_or_else(|why| why.message.clone(), |_| "done".to_owned());
    ask.app.note_outcome(noted, &outcome).await;
    done
}

/// What makes a press of one button the same request, however often it is sent: who pressed, where, and on which page.
fn key(ask: &Ask) -> Option<IdempotencyKey> {
    let pressed = ask.form.word("pressed")?;
    key_of(&format!("{} {} {pressed}", ask.caller.name, ask.path.join("/")))
}

fn key_of(words: &str) -> Option<IdempotencyKey> {
    Sha256::of(words.as_bytes()).to_string().parse().ok()
}

fn too_narrow(ask: &Ask, needs: Scope) -> AppError {
    let message = format!("this needs the scope {needs}; your token has {}", ask.caller.scope);
    AppError::new(ErrorKind::Refused, message).coded("scope_too_narrow")
}

/// Back to where the button was, with a word about what was done.
pub(crate) fn back(ask: &Ask, otherwise: &str, word: &str) -> Answer {
    Answer::To(said::at(&ask.back(otherwise), word))
}
