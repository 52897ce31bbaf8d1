//! The oracle: what was seen, and which invariant that breaks.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{FailureReason, Operation, OperationId, Status};
use ktrdr_fabric::broker::Message;
use ktrdr_fabric::campaign::Campaigns;
use ktrdr_fabric::history::{Change, Transition};
use ktrdr_fabric::losses::{COST_A_TRY, LOSSES_PER_TRY, back_off};
use ktrdr_fabric::store::{Filter, OutboxEntry, Store};

/// A broken invariant.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) invariant: &'static str,
    /// Printed when a test fails.
    #[expect(dead_code, reason = "read by Debug")]
    pub(crate) what: String,
}

/// A root and the children it may have, in order.
pub(crate) struct Cycle {
    pub(crate) root: OperationId,
    pub(crate) children: Vec<OperationId>,
    pub(crate) generation: usize,
}

/// How often what happened.
pub(crate) type Tally = BTreeMap<&'static str, u64>;

#[derive(Default)]
pub(crate) struct Oracle {
    pub(crate) violations: Vec<Violation>,
    pub(crate) tally: Tally,
    cycles: Vec<Cycle>,
    leaves: Vec<OperationId>,
    in_flight: usize,
    /// Status and fence when last seen.
    seen: HashMap<OperationId, (Status, u64)>,
    /// Terminal events that were no repetitions, by outbox entry.
    events: HashMap<u64, OperationId>,
    moves: HashMap<OperationId, u32>,
    /// Roots that waited when their campaign was cancelled: none of them may start.
    doomed: HashSet<OperationId>,
    completions: HashMap<OperationId, u32>,
    /// Of each lost process, who paid for it.
    payers: HashMap<String, OperationId>,
}

impl Oracle {
    pub(crate) fn new(cycles: Vec<Cycle>, leaves: Vec<OperationId>, in_flight: usize) -> Self {
        Self { cycles, leaves, in_flight, ..Self::default() }
    }

    pub(crate) fn complain(&mut self, invariant: &'static str, what: String) {
        self.violations.push(Violation { invariant, what });
    }

    pub(crate) fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    /// An outbox entry was seen (perhaps not for the first time).
    pub(crate) fn saw_entry(&mut self, entry: &OutboxEntry) {
        if let Message::Event(event) = &entry.message
            && !event.again
        {
            self.events.insert(entry.sequence, event.operation.clone());
        }
    }

    /// A finish was recorded as completed.
    pub(crate) fn saw_completion(&mut self, id: &OperationId) {
        *self.completions.entry(id.clone()).or_default() += 1;
    }

    /// A root was moved by the end of this child.
    pub(crate) fn saw_move(&mut self, child: &OperationId) {
        let moves = self.moves.entry(child.clone()).or_default();
        *moves += 1;
        if *moves > 1 {
            self.complain("I6", format!("{child} moved its root twice"));
        }
    }

    /// All of the campaign was asked to stop just now; perhaps only a part of it was told.
    pub(crate) async fn saw_cancelled_campaign(&mut self, store: &dyn Store) {
        for cycle in &self.cycles {
            let row = store.get(&cycle.root).await.unwrap();
            if row.is_some_and(|row| row.status == Status::Pending) {
                self.doomed.insert(cycle.root.clone());
            }
        }
    }

    /// Looks at every row; whether all have ended.
    pub(crate) async fn look(&mut self, store: &dyn Store) -> bool {
        let mut all_ended = true;
        for leaf in self.leaves.clone() {
            all_ended &= self.look_at(store, &leaf).await.is_some_and(Status::is_terminal);
        }
        let mut going: Vec<(Status, usize)> = Vec::new();
        for i in 0..self.cycles.len() {
            let (root, generation) = (self.cycles[i].root.clone(), self.cycles[i].generation);
            let status = self.look_at(store, &root).await.unwrap_or(Status::Pending);
            self.look_at_children(store, i, status).await;
            let earlier_goes_on = going.iter().any(|(_, before)| *before < generation);
            if status == Status::Running && earlier_goes_on {
                self.complain("I10", format!("{root} runs beside one of an earlier generation"));
            }
            let is_doomed = self.doomed.contains(&root);
            if is_doomed && !matches!(status, Status::Pending | Status::Cancelled) {
                self.complain(
                    "group",
                    format!("{root} is {status} although it waited when all were cancelled"),
                );
            }
            let room =
                going.len() < self.in_flight && going.iter().all(|(before, _)| *before == Status::Running);
            if status == Status::Pending && room && !earlier_goes_on && !is_doomed {
                self.complain("I9", format!("{root} waits although there is room for it in its lane"));
            }
            if !status.is_terminal() {
                going.push((status, generation));
            }
            all_ended &= status.is_terminal();
        }
        all_ended
    }

    async fn look_at_children(&mut self, store: &dyn Store, cycle: usize, root: Status) {
        let mut earlier_completed = true;
        for child in self.cycles[cycle].children.clone() {
            let status = self.look_at(store, &child).await;
            if root.is_terminal() && status.is_some_and(|s| !s.is_terminal()) {
                self.complain("I7", format!("{child} goes on after its root ended"));
            }
            if root == Status::Completed && status != Some(Status::Completed) {
                self.complain("I8", format!("{child} is {status:?} in a completed root"));
            }
            if status.is_some() && !earlier_completed {
                self.complain(
                    "I8",
                    format!("{child} was created although the child before it did not complete"),
                );
            }
            earlier_completed &= status == Some(Status::Completed);
        }
    }

    async fn look_at(&mut self, store: &dyn Store, id: &OperationId) -> Option<Status> {
        let row = store.get(id).await.unwrap()?;
        if row.status == Status::Running && !row.kind.is_root() && row.lease_until_ms.is_none() {
            self.complain("I2", format!("{id} runs without a lease"));
        }
        if row.reason == Some(FailureReason::AttemptsExhausted) {
            self.count("attempts were exhausted");
        }
        if row.tries > row.tries_max {
            self.complain("tries", format!("{id} had {} of {} tries", row.tries, row.tries_max));
        }
        if let Some(result) = row.result.as_ref().filter(|_| !row.kind.is_root())
            && result["fence"] != row.fence
        {
            self.complain("I5", format!("{id} has the result {result} and fence {}", row.fence));
        }
        let before = self.seen.insert(id.clone(), (row.status, row.fence));
        if let Some((status, fence)) = before {
            if status.is_terminal() && status != row.status {
                self.complain("I3", format!("{id} was {status} and is {}", row.status));
            }
            if fence > row.fence {
                self.complain("fence", format!("{id} had fence {fence} and has {}", row.fence));
            }
        }
        Some(row.status)
    }

    /// Looks at the lists, when all rows have ended: each row is in the list of its status, and in no other.
    pub(crate) async fn look_at_lists(&mut self, store: &dyn Store) {
        let mut listed: HashMap<OperationId, Vec<Status>> = HashMap::new();
        for status in Status::ALL {
            let newest = Filter { statuses: vec![status], limit: 100, ..Filter::default() };
            for row in store.list(&newest).await.unwrap().operations {
                listed.entry(row.id).or_default().push(status);
            }
        }
        for (id, (status, _)) in self.seen.clone() {
            if listed.get(&id).map(Vec::as_slice) != Some(&[status]) {
                self.complain("list", format!("{id} is {status} and listed as {:?}", listed.get(&id)));
            }
        }
    }

    /// Looks at the counts, when all rows have ended: they are what the rows say.
    pub(crate) async fn look_at_the_campaign(&mut self, campaigns: &dyn Campaigns, name: &CampaignName) {
        let counted = campaigns.campaign(name).await.unwrap();
        for status in Status::ALL {
            let is = |cycle: &&Cycle| self.seen.get(&cycle.root).is_some_and(|(seen, _)| *seen == status);
            let are = self.cycles.iter().filter(is).count() as u64;
            let counted = counted.as_ref().map_or(0, |campaign| campaign.with_status(status));
            if counted != are {
                self.complain("campaign", format!("{are} cycles are {status}, and {counted} are counted"));
            }
        }
    }

    /// Looks at the histories, when all rows have ended: each tells of one end, which is the row's, and of attempts that
    /// are all different.
    pub(crate) async fn look_at_histories(&mut self, store: &dyn Store) {
        for (id, (status, fence)) in self.seen.clone() {
            let history = store.history(&id).await.unwrap();
            let row = store.get(&id).await.unwrap().unwrap();
            self.look_at_losses(&row, &history);
            self.look_at_statuses(&row, &history);
            let ends: Vec<_> = history.iter().filter(|entry| entry.what.is_end()).collect();
            let tells_of_the_end =
                matches!(ends[..], [end] if (end.what.as_str(), end.fence) == (status.as_str(), fence));
            let claims: Vec<u64> =
                history.iter().filter(|entry| entry.what.is_claim()).map(|entry| entry.fence).collect();
            let tells_of_every_claim =
                claims.is_sorted_by(|a, b| a < b) && claims.last().is_none_or(|last| *last == fence);
            let is_in_order = history.is_sorted_by_key(|entry| entry.at_ms);
            if !(tells_of_the_end && tells_of_every_claim && is_in_order) {
                self.complain("history", format!("{id} is {status} at fence {fence} after {history:#?}"));
            }
        }
    }

    /// Each change of a status is one that the table of statuses has.
    fn look_at_statuses(&mut self, row: &Operation, history: &[Transition]) {
        let statuses: Vec<Status> = history.iter().filter_map(|entry| status_after(entry.what)).collect();
        for step in statuses.windows(2).filter(|step| step[0] != step[1]) {
            if !step[0].may_become(step[1]) {
                let what = format!("{} went from {} to {} in {history:#?}", row.id, step[0], step[1]);
                self.complain("status", what);
            }
        }
    }

    /// Each loss of a worker makes its operation wait as long as it should, every third one may cost a try, nothing else
    /// does but a claim, and for one lost process one operation pays.
    fn look_at_losses(&mut self, row: &Operation, history: &[Transition]) {
        let (mut losses, mut paid) = (0, 0);
        for (entry, next) in history.iter().zip(history.iter().skip(1).map(Some).chain([None])) {
            if entry.what != Change::LeaseLapsed {
                continue;
            }
            losses += 1;
            if let Some(due) = next.filter(|next| next.what == Change::Due) {
                self.count("a lost operation waited");
                let waited_ms = u64::try_from(due.at_ms - entry.at_ms).unwrap_or_default();
                if Duration::from_millis(waited_ms) < back_off(losses) {
                    self.complain(
                        "back-off",
                        format!("{} waited {waited_ms} ms after {losses} losses", row.id),
                    );
                }
            }
            if entry.note.as_deref() == Some(COST_A_TRY) {
                self.count("a loss cost a try");
                paid += 1;
                let boot = entry.worker.clone().unwrap_or_default();
                let first = self.payers.entry(boot).or_insert_with(|| row.id.clone()).clone();
                if first != row.id || !losses.is_multiple_of(LOSSES_PER_TRY) {
                    self.complain("tries", format!("{} paid for loss {losses}; {first} paid, too", row.id));
                }
            }
        }
        let times = |is_meant: fn(Change) -> bool| {
            history.iter().map(|entry| i64::from(is_meant(entry.what))).sum::<i64>()
        };
        let given_back =
            times(|what| matches!(what, Change::Released | Change::Deferred)) + i64::from(losses) - paid;
        if i64::from(row.tries) != times(Change::is_claim) - given_back {
            self.complain("tries", format!("{} has {} tries after {history:#?}", row.id, row.tries));
        }
    }

    /// What can only be said at the end, when all rows have ended and every outbox entry was seen.
    pub(crate) fn conclude(&mut self) {
        for (id, (status, _)) in self.seen.clone() {
            let events = self.events.values().filter(|ended| **ended == id).count();
            self.count(status.as_str());
            if status.is_terminal() && events != 1 {
                self.complain("I4", format!("{id} ended with {events} events"));
            }
            let completions = self.completions.get(&id).copied().unwrap_or_default();
            let is_leaf = !self.cycles.iter().any(|cycle| cycle.root == id);
            if is_leaf && completions != u32::from(status == Status::Completed) {
                self.complain("I5", format!("{id} is {status} after {completions} recorded completions"));
            }
        }
    }
}

/// The status of a row after a change, where the change is one of its status. A claim that takes a row over from a lost worker
/// goes through pending, as a sweep would.
fn status_after(change: Change) -> Option<Status> {
    match change {
        Change::Created
        | Change::Released
        | Change::RetryScheduled
        | Change::Deferred
        | Change::LeaseLapsed => Some(Status::Pending),
        Change::Started | Change::Claimed | Change::TakenOver => Some(Status::Running),
        Change::Completed => Some(Status::Completed),
        Change::Failed => Some(Status::Failed),
        Change::Cancelled => Some(Status::Cancelled),
        Change::Suspected
        | Change::Due
        | Change::PublishedAgain
        | Change::Advanced
        | Change::CancelRequested
        | Change::Dismissed => None,
    }
}
