//! What every page has around it: where one is, who one is, and what the script has to follow.

use ktrdr_app::access::Caller;
use ktrdr_domain::scope::Scope;

use crate::ask::Ask;
use crate::assets;
use crate::pages::said;
use crate::time::Instant;

/// The part of the dashboard that a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Overview,
    Queues,
    Workers,
    Operations,
    DeadLetters,
    Campaigns,
    Strategies,
    Data,
    Memory,
    Reports,
    Schedules,
    Budget,
    Audit,
    /// Beside them all.
    None,
}

/// A place in the list of places.
pub(crate) struct Place {
    pub(crate) path: &'static str,
    pub(crate) name: &'static str,
    /// The letter behind `g` that leads there.
    pub(crate) key: char,
    section: Section,
}

const fn place(path: &'static str, name: &'static str, key: char, section: Section) -> Place {
    Place { path, name, key, section }
}

/// Every place, in the order of questions: is it working, what is it finding, what will it do.
pub(crate) const PLACES: [(&str, &[Place]); 3] = [
    (
        "Now",
        &[
            place("/", "Overview", 'h', Section::Overview),
            place("/queues", "Queues", 'q', Section::Queues),
            place("/workers", "Workers", 'w', Section::Workers),
            place("/operations", "Operations", 'o', Section::Operations),
            place("/dead-letters", "Dead letters", 'd', Section::DeadLetters),
        ],
    ),
    (
        "Research",
        &[
            place("/campaigns", "Campaigns", 'c', Section::Campaigns),
            place("/strategies", "Strategies", 's', Section::Strategies),
            place("/data", "Data", 'i', Section::Data),
            place("/memory", "Memory", 'm', Section::Memory),
            place("/reports", "Reports", 'r', Section::Reports),
        ],
    ),
    (
        "Running it",
        &[
            place("/schedules", "Schedules", 'n', Section::Schedules),
            place("/budget", "Budget", 'b', Section::Budget),
            place("/audit", "Audit", 'a', Section::Audit),
        ],
    ),
];

/// The frame of one page.
pub(crate) struct Shell {
    pub(crate) title: String,
    section: Section,
    pub(crate) caller: Caller,
    /// When this was made, by this machine's clock.
    pub(crate) now_ms: i64,
    /// Events after which it is made anew; none: it stays as it is.
    pub(crate) topics: &'static str,
    /// Operations that it is about, where it is about some: events of others change nothing.
    pub(crate) watch: String,
    /// What was done just before.
    pub(crate) said: Option<String>,
}

impl Shell {
    pub(crate) fn new(ask: &Ask, section: Section, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            section,
            caller: ask.caller.clone(),
            now_ms: Instant::now().0,
            topics: "",
            watch: String::new(),
            said: said::of(&ask.query),
        }
    }

    /// The same, made anew after every event of these topics.
    pub(crate) fn live(self, topics: &'static str) -> Self {
        Self { topics, ..self }
    }

    pub(crate) fn groups(&self) -> impl Iterator<Item = (&'static str, Vec<&'static Place>)> + '_ {
        PLACES.iter().map(|(name, places)| {
            let is_shown =
                |place: &&Place| place.section != Section::Audit || self.caller.scope >= Scope::Operator;
            (*name, places.iter().filter(is_shown).collect())
        })
    }

    pub(crate) fn is_at(&self, place: &Place) -> bool {
        place.section == self.section
    }

    pub(crate) fn version(&self) -> &'static str {
        &assets::VERSION
    }

    pub(crate) fn as_of(&self) -> String {
        Instant(self.now_ms).utc()
    }
}
