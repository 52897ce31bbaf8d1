//! Pages of this instant: however many tabs show the same, it is made once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ktrdr_app::AppError;
use tokio::sync::Mutex as Turn;

use crate::answer::Answer;

/// For how long a page is given to whoever else asks for it. Scripts wait longer than this before they ask after an event, so
/// that none is shown what was before it.
const FRESH_FOR: Duration = Duration::from_millis(300);

/// Pages that are kept at a time.
const PAGES_MAX: usize = 256;

type Slot = Arc<Turn<Option<(Instant, String)>>>;

/// The pages.
#[derive(Default)]
pub(crate) struct Kept {
    pages: Mutex<HashMap<String, Slot>>,
}

impl Kept {
    /// The page of this name, made where nobody made it just now. Of those who ask at once one makes it.
    pub(crate) async fn or_made(
        &self,
        name: String,
        made: impl Future<Output = Result<Answer, AppError>>,
    ) -> Result<Answer, AppError> {
        let slot = self.slot(name);
        let mut kept = slot.lock().await;
        if let Some((at, page)) = kept.as_ref().filter(|(at, _)| at.elapsed() < FRESH_FOR) {
            let _ = at;
            return Ok(Answer::Page(http::StatusCode::OK, page.clone()));
        }
        let answer = made.await?;
        if let Answer::Page(http::StatusCode::OK, page) = &answer {
            *kept = Some((Instant::now(), page.clone()));
        }
        Ok(answer)
    }

    /// After a deed everything is made anew.
    pub(crate) fn forget(&self) {
        self.pages().clear();
    }

    fn slot(&self, name: String) -> Slot {
        let mut pages = self.pages();
        if pages.len() >= PAGES_MAX {
            pages.clear();
        }
        Arc::clone(pages.entry(name).or_default())
    }

    fn pages(&self) -> std::sync::MutexGuard<'_, HashMap<String, Slot>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
