//! Every endpoint there is, by noun: its path, who may use it, its words, and the function that answers it.

mod access;
mod agent;
mod analysis;
mod campaigns;
mod data;
mod events;
mod fleet;
mod health;
mod ledger;
mod memory;
mod operations;
mod schedules;
mod schema;
mod strategies;
mod work;

use crate::endpoint::Endpoint;

/// The table.
pub(crate) fn all() -> Vec<Endpoint> {
    [
        health::endpoints(),
        access::endpoints(),
        agent::endpoints(),
        operations::endpoints(),
        work::endpoints(),
        strategies::endpoints(),
        data::endpoints(),
        analysis::endpoints(),
        campaigns::endpoints(),
        schedules::endpoints(),
        fleet::endpoints(),
        ledger::endpoints(),
        memory::endpoints(),
        events::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ktrdr_domain::scope::Scope;

    use super::*;

    #[test]
    fn names_and_paths_are_unique_and_everything_is_said_in_words() {
        let (mut names, mut places) = (BTreeSet::new(), BTreeSet::new());
        for endpoint in all() {
            assert!(names.insert(endpoint.name), "{}", endpoint.name);
            assert!(places.insert((endpoint.method.to_string(), endpoint.path)), "{}", endpoint.path);
            assert!(!endpoint.summary.is_empty(), "{}", endpoint.name);
        }
    }

    #[test]
    fn a_viewer_changes_nothing() {
        for endpoint in all().iter().filter(|endpoint| endpoint.changes) {
            let is_own_session = endpoint.path == "/session";
            assert!(endpoint.scope > Some(Scope::Viewer) || is_own_session, "{}", endpoint.name);
        }
    }
}
