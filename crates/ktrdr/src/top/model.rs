//! What is shown: the last sight, and where somebody stands in it. Nothing here asks, waits or draws.

use std::collections::BTreeMap;

use ktrdr_app::flow::{Flow, Look, Rates};
use ktrdr_domain::{Kind, OperationId, OperationSummary};

use super::deed::Deed;
use super::sight::{Detail, Sight};
use crate::times::TimeFormat;

/// A table, one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table {
    Operations,
    Queues,
    Workers,
    DeadLetters,
    Campaigns,
}

impl Table {
    /// In the order of their keys.
    pub(crate) const ALL: [Self; 5] =
        [Self::Operations, Self::Queues, Self::Workers, Self::DeadLetters, Self::Campaigns];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Operations => "operations",
            Self::Queues => "queues",
            Self::Workers => "workers",
            Self::DeadLetters => "dead letters",
            Self::Campaigns => "campaigns",
        }
    }

    pub(crate) fn index(self) -> usize {
        self as usize
    }

    /// The one that is so many further.
    pub(crate) fn moved(self, by: isize) -> Self {
        let count = Self::ALL.len() as isize;
        Self::ALL[(self.index() as isize + by).rem_euclid(count).unsigned_abs()]
    }
}

/// A row that stays chosen while others come and go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) index: usize,
    pub(crate) name: Option<String>,
}

impl Cursor {
    /// Moves by so many rows, and stops at both ends.
    fn moved(&mut self, by: isize, names: &[String]) {
        self.index = self.index.saturating_add_signed(by).min(names.len().saturating_sub(1));
        self.name = names.get(self.index).cloned();
    }

    /// Finds its row again; of one that has gone its place.
    fn find_again(&mut self, names: &[String]) {
        let found = self.name.as_ref().and_then(|name| names.iter().position(|known| known == name));
        self.index = found.unwrap_or(self.index.min(names.len().saturating_sub(1)));
        // Who has not moved stays at the top, whatever comes in there.
        if self.name.is_some() {
            self.name = names.get(self.index).cloned();
        }
    }
}

/// One operation in place of the tables.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) id: OperationId,
    pub(crate) detail: Option<Box<Detail>>,
    /// Lines that were scrolled by.
    pub(crate) scrolled: u16,
}

/// What is said at the bottom of what was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) words: String,
    pub(crate) is_trouble: bool,
}

/// A filter while it is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Typed {
    pub(crate) text: String,
    /// Why it is none yet.
    pub(crate) trouble: Option<String>,
}

/// Everything that is on the screen.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    /// What is looked at: a folder, or the address of a server.
    pub(crate) place: String,
    /// How times are shown; how long ago unless said otherwise.
    pub(crate) times: Option<TimeFormat>,
    /// Milliseconds since this began.
    pub(crate) clock_ms: i64,
    pub(crate) seen: Option<Box<Sight>>,
    /// When that was, by [`Self::clock_ms`].
    pub(crate) seen_ms: i64,
    /// How queues went lately.
    pub(super) flows: BTreeMap<Kind, Flow>,
    /// Why nothing newer could be seen, if so.
    pub(crate) trouble: Option<String>,
    pub(crate) table: Table,
    pub(crate) cursors: [Cursor; 5],
    pub(crate) filter: String,
    pub(crate) typed: Option<Typed>,
    pub(crate) asked: Option<Deed>,
    pub(crate) page: Option<Page>,
    pub(crate) has_help: bool,
    pub(crate) said: Option<Said>,
}

impl Model {
    pub(crate) fn new(place: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            times: None,
            clock_ms: 0,
            seen: None,
            seen_ms: 0,
            flows: BTreeMap::new(),
            trouble: None,
            table: Table::Operations,
            cursors: Default::default(),
            filter: String::new(),
            typed: None,
            asked: None,
            page: None,
            has_help: false,
            said: None,
        }
    }

    /// The names of the rows of a table, as they stand below each other.
    pub(crate) fn names(&self, table: Table) -> Vec<String> {
        let Some(seen) = &self.seen else { return Vec::new() };
        match table {
            Table::Operations => seen.operations.iter().map(|row| row.id.to_string()).collect(),
            Table::Queues => seen.queues.iter().map(|queue| queue.kind.to_string()).collect(),
            Table::Workers => seen.workers.iter().map(|heard| heard.worker.boot.to_string()).collect(),
            Table::DeadLetters => {
                seen.dead.dead_letters.iter().map(|dead| dead.operation.id.to_string()).collect()
            }
            Table::Campaigns => {
                seen.campaigns.campaigns.iter().map(|listed| listed.campaign.name.to_string()).collect()
            }
        }
    }

    pub(crate) fn cursor(&self) -> &Cursor {
        &self.cursors[self.table.index()]
    }

    pub(crate) fn move_cursor(&mut self, by: isize) {
        let names = self.names(self.table);
        self.cursors[self.table.index()].moved(by, &names);
    }

    /// Takes a newer sight.
    pub(crate) fn saw(&mut self, sight: Box<Sight>) {
        for queue in &sight.queues {
            self.flows.entry(queue.kind).or_default().saw(Look::at(queue, sight.now_ms));
        }
        (self.seen, self.seen_ms, self.trouble) = (Some(sight), self.clock_ms, None);
        for table in Table::ALL {
            let names = self.names(table);
            self.cursors[table.index()].find_again(&names);
        }
    }

    /// What came to a queue and went from it in the last minute; `None` before two looks can be compared.
    pub(crate) fn rates(&self, kind: Kind) -> Option<Rates> {
        self.flows.get(&kind)?.rates()
    }

    /// How old that is which is shown, milliseconds.
    pub(crate) fn age_ms(&self) -> i64 {
        self.clock_ms - self.seen_ms
    }

    /// The store's clock now, as far as can be told.
    pub(crate) fn now_ms(&self) -> i64 {
        self.seen.as_ref().map_or(0, |seen| seen.now_ms + self.age_ms())
    }

    /// The operation that keys are about.
    pub(crate) fn operation(&self) -> Option<&OperationSummary> {
        let seen = self.seen.as_ref()?;
        if let Some(page) = &self.page {
            let opened = page.detail.as_ref().map(|detail| &detail.operation.operation.summary);
            return opened.or_else(|| seen.operations.iter().find(|row| row.id == page.id));
        }
        let index = self.cursor().index;
        match self.table {
            Table::Operations => seen.operations.get(index),
            Table::DeadLetters => seen.dead.dead_letters.get(index).map(|dead| &dead.operation),
            Table::Queues | Table::Workers | Table::Campaigns => None,
        }
    }

    /// The queue that keys are about, and whether it is paused; of an operation that of its kind.
    pub(crate) fn queue(&self) -> Option<(Kind, bool)> {
        let seen = self.seen.as_ref()?;
        let queue = match self.table {
            Table::Queues => seen.queues.get(self.cursor().index)?,
            _ => {
                let kind = self.operation()?.kind;
                seen.queues.iter().find(|queue| queue.kind == kind)?
            }
        };
        Some((queue.kind, queue.paused))
    }

    /// The process that keys are about; of an operation that which runs it.
    pub(crate) fn worker(&self) -> Option<String> {
        match self.table {
            Table::Workers if self.page.is_none() => {
                self.names(Table::Workers).get(self.cursor().index).cloned()
            }
            _ => self.operation()?.worker.clone(),
        }
    }
}
