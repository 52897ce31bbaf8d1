//! The dashboard: what a browser is shown, and what can be done there. Pages are plain HTML made here, read from the application
//! floor and nowhere else; each works without a script. One small script follows the one stream of events and has the
//! page made anew when something on it changed.
//!
//! | part | file |
//! |---|---|
//! | [`Dashboard`]: one request, one answer | here |
//! | which path is which page, which is which deed | `route` |
//! | a request, an answer | `ask`, `answer` |
//! | pages, in the order of questions | `pages/`, with `templates/` |
//! | deeds: what buttons do | `deeds/` |
//! | a button with its command line | `button` |
//! | what is kept between requests: pages of this instant, how queues went lately; frozen selections are kept in the store | `desk`, `kept`, `flow`; `selections` |
//! | the frame of every page | `shell` |
//! | small parts of pages, times | `markup`, `time` |
//! | style sheet, script, icon | `assets`, with `assets/` |
//!
//! Who asks was identified before, and a request that changes anything comes from a page of this very address: the API sees to
//! both. A page has no button that its reader may not press, and a deed is refused to whoever may not do it all the same.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod answer;
mod ask;
mod assets;
mod button;
mod deeds;
mod desk;
mod flow;
mod kept;
mod markup;
mod pages;
mod route;
mod selections;
mod shell;
mod time;

use std::sync::Arc;

use http::{Method, Request, Response};
use ktrdr_app::App;
use ktrdr_app::access::Caller;
use tokio::task::AbortHandle;

use crate::answer::Answer;
use crate::ask::{Ask, Words};
use crate::desk::Desk;

/// The dashboard of one process.
pub struct Dashboard {
    desk: Arc<Desk>,
    watching: AbortHandle,
}

impl Dashboard {
    /// One that looks at this workspace.
    #[must_use]
    pub fn new(app: &App) -> Self {
        let desk = Arc::new(Desk::default());
        let watching = tokio::spawn(flow::watch(app.clone(), Arc::clone(&desk))).abort_handle();
        Self { desk, watching }
    }

    /// Answers one request; `caller` is `None` where nobody was let in, `app` works under the caller's name.
    pub async fn answer(
        &self,
        app: App,
        caller: Option<Caller>,
        request: Request<Vec<u8>>,
    ) -> Response<Vec<u8>> {
        let (head, body) = request.into_parts();
        if ![Method::GET, Method::HEAD, Method::POST].contains(&head.method) {
            return answer::no_such_method();
        }
        let path: Vec<String> =
            head.uri.path().split('/').filter(|part| !part.is_empty()).map(ask::decoded).collect();
        if let Some(("assets", [_, name])) = path.split_first().map(|(first, rest)| (first.as_str(), rest)) {
            return assets::answer(name);
        }
        let Some(caller) = caller else {
            return pages::sign_in::answer(&head.uri, head.method == Method::GET);
        };
        self.desk.visited();
        let form = Words::read(&String::from_utf8_lossy(&body));
        let query = head.uri.query().unwrap_or_default().to_owned();
        let ask = Ask { app, caller, desk: Arc::clone(&self.desk), path, query, form };
        let answer = match head.method {
            Method::GET | Method::HEAD => route::page(&ask).await,
            _ => route::deed(&ask).await,
        };
        answer.unwrap_or_else(|why| Answer::problem(&ask, &why)).into_response()
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        self.watching.abort();
    }
}
