//! What a command changes stands in the audit log: before it is done, and what came of it after.

use std::sync::{Mutex, PoisonError};

use ktrdr_app::App;
use ktrdr_app::audit::Noted;

use crate::cli::deed::Deed;
use crate::exit::CliError;

/// How the audit log calls this way in.
const VIA: &str = "cli";

/// The record of one command.
#[derive(Default)]
pub(crate) struct Record {
    deed: Option<Deed>,
    begun: Mutex<Option<(App, Noted)>>,
    outcome: Mutex<Option<String>>,
}

impl Record {
    /// Of a command that asks for this change, if for any.
    pub(crate) fn of(deed: Option<Deed>) -> Self {
        Self { deed, ..Self::default() }
    }

    /// Writes the change down in the workspace where it will be made, once.
    pub(crate) async fn begin(&self, app: &App) -> Result<(), CliError> {
        let Some(deed) = &self.deed else { return Ok(()) };
        if self.begun.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            return Ok(());
        }
        let noted = app.note(VIA, deed.what, &deed.target, &deed.reason).await?;
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = Some((app.clone(), noted));
        Ok(())
    }

    /// Has more to say of what came of it than that it was done.
    pub(crate) fn came_to(&self, words: impl Into<String>) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(words.into());
    }

    /// Writes down what came of it.
    pub(crate) async fn end<T>(&self, answer: &Result<T, CliError>) {
        let Some((app, noted)) = self.begun.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return;
        };
        let said = self.outcome.lock().unwrap_or_else(PoisonError::into_inner).take();
        let outcome = match answer {
            Ok(_) => said.unwrap_or_else(|| "done".to_owned()),
            Err(why) => why.to_string(),
        };
        app.note_outcome(noted, &outcome).await;
    }
}
