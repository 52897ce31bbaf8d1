//! The terminal, the keys, what changes and what was asked for, brought together. Looks follow the store's hints, and are no
//! more frequent than somebody can read; where hints may be lost, a slow look covers them.

use std::future::Future;
use std::io::{self, IsTerminal};
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use ktrdr_app::changes::Changes;
use tokio::time::{Instant, sleep_until};

use super::model::Model;
use super::terminal::{OurTerminal, Touch, touches};
use super::update::{Effect, Event, update};
use super::view::{self, Ink};
use super::{deed::Deed, sight};
use crate::commands::Context;
use crate::desk::Desk;
use crate::exit::{CliError, Kind, OrExit};
use crate::signals::Signals;

/// The shortest time from one look to the next.
const LOOK_MIN: Duration = Duration::from_millis(500);

/// The longest: how long a change may stay unseen that nobody hinted at.
const LOOK_MAX: Duration = Duration::from_secs(5);

/// How long after a look that failed another one is tried.
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// How often the ages of things are drawn anew.
const SECOND: Duration = Duration::from_secs(1);

/// Runs until somebody has seen enough.
pub(crate) fn run(context: &Context<'_>, server: Option<&str>) -> Result<ExitCode, CliError> {
    refuse_without_terminal(context)?;
    let here = || context.folder.canonicalize().unwrap_or_else(|_| context.folder.clone());
    let place = server.map_or_else(|| here().display().to_string(), str::to_owned);
    context.block_on(async {
        let desk = context.desk().await?;
        live(&desk, Model { times: context.screen.times, ..Model::new(place) }).await
    })
}

fn refuse_without_terminal(context: &Context<'_>) -> Result<(), CliError> {
    let refuse = |words: &str| Err(CliError::new(Kind::Usage, words));
    if !context.screen.is_text() {
        return refuse("top is for people: programs read `ktrdr operations list --output json`");
    }
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    match io::stdout().is_terminal() && io::stdin().is_terminal() && !is_dumb {
        true => Ok(()),
        false => refuse("top needs a terminal; use `ktrdr operations list`"),
    }
}

async fn live(desk: &Desk, model: Model) -> Result<ExitCode, CliError> {
    let mut signals = Signals::of_a_terminal()?;
    let mut terminal = OurTerminal::take().or_exit(Kind::Files)?;
    let (mut touches, ink) = (touches(), Ink::of_environment());
    let mut session = Session::new(desk, model);
    let lost = desk.lost();
    tokio::pin!(lost);
    loop {
        terminal.draw(|frame| view::draw(frame, &session.model, ink)).or_exit(Kind::Files)?;
        let event = tokio::select! {
            touch = touches.recv() => match touch {
                Some(Touch::Key(key)) => Event::Key(key),
                Some(Touch::Resized) => continue,
                None => return Ok(interrupt()),
            },
            event = session.next() => event,
            _ = signals.next() => return Ok(interrupt()),
            lost = &mut lost => return Err(lost),
        };
        for effect in update(&mut session.model, event) {
            match effect {
                Effect::Quit => return Ok(ExitCode::SUCCESS),
                Effect::Interrupt => return Ok(interrupt()),
                Effect::Look => session.look_by(Instant::now()),
                Effect::Open(id) => session.begin(async move {
                    let opened = sight::open(desk.app(), &id).await;
                    Event::Opened(id, opened.map(Box::new).map_err(|why| why.message))
                }),
                Effect::Weigh(id) => session.begin(async move {
                    let why_not = sight::nothing_to_retry(desk.app(), &id).await;
                    Event::Weighed(id, why_not.map_err(|why| why.message))
                }),
                Effect::CarryOut(deed) => session.begin(carried_out(desk, deed)),
            }
        }
    }
}

fn interrupt() -> ExitCode {
    ExitCode::from(Kind::Interrupted as u8)
}

async fn carried_out(desk: &Desk, deed: Deed) -> Event {
    Event::Done(deed.carry_out(desk).await.map_err(|why| why.message))
}

type Work<'a> = Pin<Box<dyn Future<Output = Event> + 'a>>;

/// What is shown, and what is under way.
struct Session<'a> {
    desk: &'a Desk,
    model: Model,
    changes: Changes,
    begun: Instant,
    /// When the last look began.
    looked: Instant,
    /// When the next one begins, unless one is under way.
    due: Instant,
    is_looking: bool,
    clock_due: Instant,
    at_work: FuturesUnordered<Work<'a>>,
}

impl<'a> Session<'a> {
    fn new(desk: &'a Desk, model: Model) -> Self {
        let now = Instant::now();
        Self {
            desk,
            model,
            changes: desk.app().changes(),
            begun: now,
            looked: now,
            due: now,
            is_looking: false,
            clock_due: now + SECOND,
            at_work: FuturesUnordered::new(),
        }
    }

    fn begin(&mut self, work: impl Future<Output = Event> + 'a) {
        self.at_work.push(Box::pin(work));
    }

    /// Looks then at the latest.
    fn look_by(&mut self, at: Instant) {
        self.due = self.due.min(at);
    }

    fn look(&mut self) {
        (self.looked, self.due, self.is_looking) = (Instant::now(), Instant::now() + LOOK_MAX, true);
        let (desk, filter, table) = (self.desk, self.model.filter.clone(), self.model.table);
        self.begin(async move {
            let seen = sight::look(desk.app(), &filter, table).await;
            Event::Looked(seen.map(Box::new).map_err(|why| why.message))
        });
    }

    /// What happens next.
    async fn next(&mut self) -> Event {
        loop {
            tokio::select! {
                Some(event) = self.at_work.next() => {
                    self.heard(&event);
                    return event;
                }
                _ = self.changes.next() => self.look_by(self.looked + LOOK_MIN),
                () = sleep_until(self.due), if !self.is_looking => self.look(),
                () = sleep_until(self.clock_due) => {
                    self.clock_due = Instant::now() + SECOND;
                    return Event::Clock(self.clock_ms());
                }
            }
        }
    }

    /// That a look ended, and when: what it saw is so old.
    fn heard(&mut self, event: &Event) {
        if let Event::Looked(seen) = event {
            self.is_looking = false;
            self.model.clock_ms = self.clock_ms();
            if seen.is_err() {
                self.look_by(Instant::now() + TRY_AGAIN);
            }
        }
    }

    fn clock_ms(&self) -> i64 {
        i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}
