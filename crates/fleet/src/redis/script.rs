//! The scripts, put together from their parts. Redis knows no modules: each script carries what it stands on.

use ktrdr_domain::Kind;
use redis::Script;

use super::options::TimeSource;
use super::row::SUMMARY;
use ktrdr_fabric::{budget, losses};

const PRELUDE: &str = include_str!("../lua/prelude.lua");
const ROWS: &str = include_str!("../lua/rows.lua");
const ENDS: &str = include_str!("../lua/ends.lua");
const LOSSES: &str = include_str!("../lua/losses.lua");
const CANCELS: &str = include_str!("../lua/cancels.lua");
const GROUPS: &str = include_str!("../lua/groups.lua");
const CONCURRENCY: &str = include_str!("../lua/concurrency.lua");
const ADOPT: &str = include_str!("../lua/adopt.lua");
const BUDGET: &str = include_str!("../lua/budget.lua");
const OCCURRENCES: &str = include_str!("../lua/occurrences_kept.lua");
const AGAIN: &str = include_str!("../lua/again.lua");

/// Runs also where memory is full or the log can not be written, and may write nothing.
const READS_ONLY: &str = "#!lua flags=no-writes\n";

/// Runs also where memory is full. For what keeps work alive, ends it or steers it: little is written, and nothing of it
/// makes more work. What does make more waits until there is room.
const NEEDS_NO_ROOM: &str = "#!lua flags=allow-oom\n";

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
            pub(super) fn new(clock: TimeSource) -> Self {
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
    submit_roots: admitting;
    claim: losing;
    suspect: writing;
    beat: keeping;
    finish: ending;
    cancel: cancelling;
    cancel_matching: cancelling;
    dismiss: keeping;
    advance: changing;
    sweep: sweeping;
    prune: keeping;
    pruned: reading;
    publish_again: republishing;
    backlog: watching;
    row: reading;
    holders: reading_holders;
    keyed: reading;
    history: reading;
    due: reading;
    list: listing;
    campaign: reading;
    campaigns: reading;
    outbox: reading;
    begin: noting;
    conclude: noting;
    nominate: noting;
    close: noting;
    remember: noting;
    entries: reading;
    propose: noting;
    remark: noting;
    hypotheses: reading;
    budget_reserve: reserving;
    budget_settle: paying;
    budget_charge: paying;
    budget_lapse: paying;
    budget_allow: noting;
    budget_held: reading;
    balances: watching;
    heartbeat: noting;
    deregister: noting;
    workers: watching;
    drain: noting;
    token_issue: noting;
    token: watching;
    token_revoke: noting;
    audit_note: noting;
    audit_outcome: noting;
    audit: reading;
    request_begin: noting;
    request_answer: noting;
    schedule_create: scheduling;
    schedule_read: reading;
    schedule_pause: noting;
    schedule_delete: noting;
    schedule_lead: noting;
    schedule_decide: scheduling;
    occurrence_note: scheduling;
    occurrence_move: recording;
    occurrences_open: reading_records;
    occurrences: reading_records;
    pause: noting;
    resume: noting;
    paused: reading;
}

/// Only reads.
fn reading(_: TimeSource, body: &str) -> Script {
    Script::new(&[READS_ONLY, PRELUDE, body].concat())
}

/// Only reads, and knows who counts toward a limit.
fn reading_holders(_: TimeSource, body: &str) -> Script {
    Script::new(&[READS_ONLY, PRELUDE, CONCURRENCY, body].concat())
}

/// Creates roots.
fn admitting(clock: TimeSource, body: &str) -> Script {
    Script::new(&[PRELUDE, text_of(clock), &of_roots(), ROWS, ENDS, CONCURRENCY, body].concat())
}

/// Only reads, and knows what time it is.
fn watching(clock: TimeSource, body: &str) -> Script {
    Script::new(&[READS_ONLY, PRELUDE, text_of(clock), body].concat())
}

/// Only reads, and knows what lists say of a row.
fn listing(clock: TimeSource, body: &str) -> Script {
    Script::new(&[READS_ONLY, PRELUDE, text_of(clock), &of_summaries(), body].concat())
}

/// Keeps what is no row: the ledger, who is here, what operators ask.
fn noting(clock: TimeSource, body: &str) -> Script {
    Script::new(&[NEEDS_NO_ROOM, PRELUDE, text_of(clock), body].concat())
}

/// Lets something run by itself: that waits until there is room.
fn scheduling(clock: TimeSource, body: &str) -> Script {
    Script::new(&[PRELUDE, text_of(clock), OCCURRENCES, body].concat())
}

/// Keeps what became of it.
fn recording(_: TimeSource, body: &str) -> Script {
    Script::new(&[NEEDS_NO_ROOM, PRELUDE, OCCURRENCES, body].concat())
}

/// Only reads what became of it.
fn reading_records(_: TimeSource, body: &str) -> Script {
    Script::new(&[READS_ONLY, PRELUDE, OCCURRENCES, body].concat())
}

/// Sets something aside: what makes more work waits until there is room.
fn reserving(clock: TimeSource, body: &str) -> Script {
    Script::new(&[PRELUDE, text_of(clock), &of_budgets(), BUDGET, body].concat())
}

/// Pays.
fn paying(clock: TimeSource, body: &str) -> Script {
    Script::new(&[NEEDS_NO_ROOM, PRELUDE, text_of(clock), &of_budgets(), BUDGET, body].concat())
}

/// Writes rows, and ends none.
fn writing(clock: TimeSource, body: &str) -> Script {
    Script::new(&[PRELUDE, text_of(clock), &of_roots(), ROWS, body].concat())
}

/// The same for rows that are there.
fn keeping(clock: TimeSource, body: &str) -> Script {
    Script::new(&[NEEDS_NO_ROOM, PRELUDE, text_of(clock), &of_roots(), ROWS, body].concat())
}

/// Changes rows.
fn changing(clock: TimeSource, body: &str) -> Script {
    Script::new(&[PRELUDE, text_of(clock), &of_roots(), ROWS, ENDS, body].concat())
}

/// Changes rows, and notices that a worker was lost.
fn losing(clock: TimeSource, body: &str) -> Script {
    Script::new(&[PRELUDE, text_of(clock), &of_roots(), ROWS, ENDS, &of_losses(), LOSSES, body].concat())
}

/// The same for rows whose work is done.
fn ending(clock: TimeSource, body: &str) -> Script {
    Script::new(&[NEEDS_NO_ROOM, PRELUDE, text_of(clock), &of_roots(), ROWS, ENDS, body].concat())
}

/// Stops what somebody wants stopped.
fn cancelling(clock: TimeSource, body: &str) -> Script {
    Script::new(
        &[NEEDS_NO_ROOM, PRELUDE, text_of(clock), &of_roots(), ROWS, ENDS, AGAIN, CANCELS, GROUPS, body]
            .concat(),
    )
}

/// Changes rows that were left alone for too long.
fn sweeping(clock: TimeSource, body: &str) -> Script {
    let parts = [
        PRELUDE,
        text_of(clock),
        &of_roots(),
        ROWS,
        ENDS,
        &of_losses(),
        LOSSES,
        AGAIN,
        CANCELS,
        GROUPS,
        ADOPT,
        body,
    ];
    Script::new(&parts.concat())
}

/// Writes messages again.
fn republishing(clock: TimeSource, body: &str) -> Script {
    Script::new(&[PRELUDE, text_of(clock), &of_roots(), ROWS, AGAIN, body].concat())
}

/// The kinds that are roots: the scripts name none.
fn of_roots() -> String {
    let roots: String = Kind::roots().map(|kind| format!("{kind},")).collect();
    format!("local ROOT_KINDS = ',{roots}'\n")
}

/// The fields that a list reads of a row.
fn of_summaries() -> String {
    let fields: Vec<String> = SUMMARY.iter().map(|field| format!("'{field}'")).collect();
    format!("local SUMMARY = {{{}}}\n", fields.join(", "))
}

/// The numbers and words by which losses are counted.
fn of_losses() -> String {
    format!(
        "local LOSSES_PER_TRY, BACK_OFF_FIRST_MS, BACK_OFF_MAX_MS, CULPRIT_KEPT_MS = {}, {}, {}, {}\n\
         local COST_A_TRY, TRY_GIVEN_BACK = '{}', '{}'\n",
        losses::LOSSES_PER_TRY,
        losses::BACK_OFF_FIRST.as_millis(),
        losses::BACK_OFF_MAX.as_millis(),
        losses::CULPRIT_KEPT.as_millis(),
        losses::COST_A_TRY,
        losses::TRY_GIVEN_BACK,
    )
}

/// How long the budget remembers what is paid, and how much it ends in one step.
fn of_budgets() -> String {
    format!(
        "local BUDGET_REMEMBERED_MS, BUDGET_LAPSED_AT_ONCE = '{}', {}\n",
        budget::REMEMBERED_FOR.as_millis(),
        budget::LAPSED_AT_ONCE
    )
}

fn text_of(clock: TimeSource) -> &'static str {
    match clock {
        TimeSource::Server => include_str!("../lua/clock_server.lua"),
        TimeSource::Key => include_str!("../lua/clock_key.lua"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::str::FromStr;

    use ktrdr_domain::{FailureReason, Status};
    use ktrdr_fabric::history::Change;

    use super::*;

    /// The code of every script, without comments.
    fn code() -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lua");
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let lines = files.flat_map(|file| {
            let text = fs::read_to_string(file).unwrap();
            text.lines().map(|line| line.split("--").next().unwrap().to_owned()).collect::<Vec<_>>()
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The words in quotes that come right behind one of these beginnings.
    fn words_behind(beginnings: &[&str]) -> Vec<String> {
        let code = code();
        let behind = beginnings.iter().flat_map(|beginning| code.split(beginning).skip(1));
        let words: Vec<String> =
            behind.filter_map(|rest| Some(rest.split_once('\'')?.0.to_owned())).collect();
        assert!(words.len() > 3, "{beginnings:?} are not how the scripts say it");
        words
    }

    #[test]
    fn the_scripts_say_reasons_statuses_and_changes_as_the_enums_do() {
        for word in words_behind(&["reason = '", "over.reason == '", "reason or '"]) {
            assert!(FailureReason::from_str(&word).is_ok(), "{word} is not a reason of a failure");
        }
        for word in words_behind(&[
            "status = '",
            "status == '",
            "status ~= '",
            "id), 'status', '",
            "kind, 'status', '",
        ]) {
            assert!(Status::from_str(&word).is_ok(), "{word} is not a status");
        }
        for word in words_behind(&["record(h, '"]) {
            assert!(Change::from_str(&word).is_ok(), "{word} is not a change");
        }
    }

    #[test]
    fn the_scripts_name_no_kind() {
        let code = code();
        for kind in Kind::ALL {
            let named = [format!("'{kind}'"), format!(",{kind},")];
            assert!(!named.iter().any(|text| code.contains(text)), "a script names {kind}");
        }
        assert!(of_roots().contains("',agent_research,'"), "{}", of_roots());
    }
}
