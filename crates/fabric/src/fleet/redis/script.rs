//! The scripts, put together from their parts. Redis knows no modules: each script carries what it stands on.

use redis::Script;

use super::options::Clock;

const PRELUDE: &str = include_str!("../lua/prelude.lua");
const ROWS: &str = include_str!("../lua/rows.lua");
const ENDS: &str = include_str!("../lua/ends.lua");
const CANCELS: &str = include_str!("../lua/cancels.lua");
const GROUPS: &str = include_str!("../lua/groups.lua");
const ADOPT: &str = include_str!("../lua/adopt.lua");
const AGAIN: &str = include_str!("../lua/again.lua");

/// One script, and its name for messages.
pub(super) struct Named {
    pub(super) name: &'static str,
    pub(super) script: Script,
}

macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident: $parts:expr;)+) => {
        /// Every script there is.
        pub(super) struct Scripts {
            $($(#[$doc])* pub(super) $name: Named,)+
        }

        impl Scripts {
            /// Puts them together for one source of time.
            pub(super) fn new(clock: Clock) -> Self {
                $(let $name = Named {
                    name: stringify!($name),
                    script: $parts(clock, include_str!(concat!("../lua/", stringify!($name), ".lua"))),
                };)+
                Self { $($name,)+ }
            }
        }
    };
}

scripts! {
    submit: writing;
    submit_roots: changing;
    claim: changing;
    doubt: writing;
    beat: writing;
    finish: changing;
    cancel: cancelling;
    cancel_matching: cancelling;
    dismiss: writing;
    advance: changing;
    sweep: sweeping;
    publish_again: republishing;
    backlog: timed;
    row: reading;
    history: reading;
    list: timed;
    campaign: reading;
    campaigns: reading;
    outbox: reading;
    count: reading;
    remember: reading;
    entries: reading;
    announce: timed;
    withdraw: reading;
    workers: timed;
    drain: timed;
    pause: reading;
    resume: reading;
    paused: reading;
}

/// Reads rows, or keeps what needs no time.
fn reading(_: Clock, body: &str) -> Script {
    Script::new(&[PRELUDE, body].concat())
}

/// Knows what time it is.
fn timed(clock: Clock, body: &str) -> Script {
    Script::new(&[PRELUDE, text_of(clock), body].concat())
}

/// Writes rows, and ends none.
fn writing(clock: Clock, body: &str) -> Script {
    Script::new(&[PRELUDE, text_of(clock), ROWS, body].concat())
}

/// Changes rows.
fn changing(clock: Clock, body: &str) -> Script {
    Script::new(&[PRELUDE, text_of(clock), ROWS, ENDS, body].concat())
}

/// Stops what somebody wants stopped.
fn cancelling(clock: Clock, body: &str) -> Script {
    Script::new(&[PRELUDE, text_of(clock), ROWS, ENDS, CANCELS, GROUPS, body].concat())
}

/// Changes rows that were left alone for too long.
fn sweeping(clock: Clock, body: &str) -> Script {
    Script::new(&[PRELUDE, text_of(clock), ROWS, ENDS, CANCELS, GROUPS, ADOPT, AGAIN, body].concat())
}

/// Writes messages again.
fn republishing(clock: Clock, body: &str) -> Script {
    Script::new(&[PRELUDE, text_of(clock), ROWS, AGAIN, body].concat())
}

fn text_of(clock: Clock) -> &'static str {
    match clock {
        Clock::Server => include_str!("../lua/clock_server.lua"),
        Clock::Key => include_str!("../lua/clock_key.lua"),
    }
}
