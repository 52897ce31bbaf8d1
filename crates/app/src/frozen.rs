//! Texts that whoever asks for them comes back to within a while, at whichever process: kept in the store, for their owner alone, and
//! taken once.

use std::time::Duration;

use ktrdr_domain::Sha256;
use ktrdr_fabric::requests::Begun;

use crate::{App, AppError, ErrorKind, clock, ids};

impl App {
    /// Keeps a text of the caller's under a new name, for so long: the name. It has only those letters that an address takes as
    /// they are.
    ///
    /// # Errors
    /// When the store can not be reached, or the text is too large.
    pub async fn freeze(&self, text: &str, lasts: Duration) -> Result<String, AppError> {
        // Only whoever keeps it may come back to it: the name need not be a secret.
        let name = format!("{:08x}{:x}", ids::nonce()?, clock::now().0);
        let (key, about) = (self.key_of(&name, "text"), about());
        self.requests.begin(&key, &about, lasts).await?;
        if self.requests.answered(&key, text).await? == text {
            return Ok(name);
        }
        Err(AppError::new(ErrorKind::Conflict, "the name of a frozen text was given already: try again"))
    }

    /// A text of the caller's that was kept and not taken, nor forgotten in time. Whoever asks for another one keeps its name
    /// from being used for so long.
    ///
    /// # Errors
    /// When the store can not be reached.
    pub async fn frozen(&self, name: &str, lasts: Duration) -> Result<Option<String>, AppError> {
        let taken = self.requests.begin(&self.key_of(name, "taken"), &about(), lasts).await?;
        let kept = self.requests.begin(&self.key_of(name, "text"), &about(), lasts).await?;
        Ok(match (taken, kept) {
            (Begun::Unanswered(_), Begun::Answered(text)) => Some(text),
            _ => None,
        })
    }

    /// Takes it. Of all who do, at whatever process, one does.
    ///
    /// # Errors
    /// When the store can not be reached.
    pub async fn take_frozen(&self, name: &str, lasts: Duration) -> Result<bool, AppError> {
        let (key, mine) = (self.key_of(name, "taken"), format!("{:08x}", ids::nonce()?));
        self.requests.begin(&key, &about(), lasts).await?;
        Ok(self.requests.answered(&key, &mine).await? == mine)
    }

    /// Apart from the keys of requests: those of one caller are not those of another.
    fn key_of(&self, name: &str, what: &str) -> Sha256 {
        Sha256::of(format!("frozen {what}\n{}\n{name}", self.by).as_bytes())
    }
}

/// What all of them are about: a name is used once.
fn about() -> Sha256 {
    Sha256::of(b"frozen")
}
