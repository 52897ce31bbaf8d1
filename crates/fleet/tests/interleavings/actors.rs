//! Everyone who calls the store, and the broker between them. Each step is one call by one of them.

use std::sync::Arc;
use std::time::Duration;

use ktrdr_domain::{FailureReason, Kind, OperationId, Status};
use ktrdr_fabric::broker::Message;
use ktrdr_fabric::store::{
    Advance, AdvanceTo, Advanced, Attempt, Beat, BootId, Cancelled, Claim, Finish, Finished, GroupCancel,
    OutboxEntry, Store, SweepPlan,
};
use serde_json::json;

use crate::dice::Dice;
use crate::oracle::Oracle;
use crate::scenario::Scenario;
use crate::world::{Clock, World};

const LEASE_MS: u64 = 30;
const GRACE_MS: u64 = 5;
const REPUBLISH_MS: u64 = 250;

/// How unreliable the world is.
#[derive(Clone, Copy)]
pub(crate) struct Chaos {
    /// Messages lost of a hundred.
    loss: u64,
    /// Whether sweeps publish again. Without it nothing may depend on that: a broker that loses nothing, and gives
    /// back what was not acknowledged, must be enough (I1).
    republish: bool,
}

impl Chaos {
    pub(crate) fn of_some_kind(dice: &mut Dice) -> Self {
        match dice.within(0..4) {
            0 => Self { loss: 0, republish: false },
            1 => Self { loss: 0, republish: true },
            2 => Self { loss: 5, republish: true },
            _ => Self { loss: 15, republish: true },
        }
    }
}

/// A worker with something in its hands.
struct Busy {
    attempt: Attempt,
    acts_at_ms: i64,
    beats_left: u64,
    saw_cancel: bool,
}

#[derive(Default)]
struct Worker {
    /// Grows with each crash: a new process has a new boot id.
    boot: u32,
    busy: Option<Busy>,
}

/// An orchestrator that has read a row and decided, but not advanced yet.
type Decision = Option<(OperationId, Advance)>;

pub(crate) struct Actors {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    scenario: Scenario,
    chaos: Chaos,
    jobs: Vec<OperationId>,
    events: Vec<OperationId>,
    workers: [Worker; 4],
    /// What each relay has published and not removed yet.
    relays: [Vec<OutboxEntry>; 2],
    orchestrators: [Decision; 2],
}

impl Actors {
    pub(crate) fn new(world: &World, scenario: Scenario, chaos: Chaos) -> Self {
        Self {
            store: world.store.clone(),
            clock: world.clock.clone(),
            scenario,
            chaos,
            jobs: Vec::new(),
            events: Vec::new(),
            workers: Default::default(),
            relays: Default::default(),
            orchestrators: Default::default(),
        }
    }

    /// One call by someone. In the calm nobody crashes, loses or cancels any more.
    pub(crate) async fn step(&mut self, calm: bool, dice: &mut Dice, oracle: &mut Oracle) {
        let nobody_works = self.jobs.is_empty() && self.workers.iter().all(|worker| worker.busy.is_none());
        self.clock.pass_ms(match nobody_works && dice.percent(20) {
            // Whoever lost its workers again and again waits for seconds.
            true => dice.within(0..3_000),
            false => dice.within(0..if calm { 8 } else { 4 }),
        });
        let someone = dice.within(0..100);
        match someone {
            0..45 => self.worker(dice.index(4), calm, dice, oracle).await,
            45..65 => self.relay(dice.index(2), calm, dice, oracle).await,
            65..85 => self.orchestrator(dice.index(2), calm, dice, oracle).await,
            85..96 => self.sweeper(dice, oracle).await,
            _ if calm => {}
            _ => self.canceller(dice, oracle).await,
        }
    }

    async fn worker(&mut self, who: usize, calm: bool, dice: &mut Dice, oracle: &mut Oracle) {
        let now_ms = self.clock.now_ms();
        match &self.workers[who].busy {
            None => self.take(who, calm, dice, oracle).await,
            Some(busy) if busy.acts_at_ms > now_ms => {}
            Some(busy) if busy.beats_left > 0 => self.beat(who, calm, dice, oracle).await,
            Some(_) => self.finish(who, calm, dice, oracle).await,
        }
    }

    async fn take(&mut self, who: usize, calm: bool, dice: &mut Dice, oracle: &mut Oracle) {
        if self.jobs.is_empty() {
            return;
        }
        let id = self.jobs.swap_remove(dice.index(self.jobs.len()));
        let boot = BootId(format!("{}-w{who}-{}", self.scenario.name(), self.workers[who].boot));
        match self.store.claim(&id, &boot, Duration::from_millis(LEASE_MS)).await.unwrap() {
            Claim::Run { .. } if !calm && dice.percent(12) => {
                // Kill -9 in the middle: the broker gives the message back, unless it loses that too.
                oracle.count("a worker crashed");
                self.workers[who].boot += 1;
                if !self.loses(calm, dice) {
                    self.jobs.push(id);
                }
            }
            Claim::Run { attempt, .. } => {
                let stalls = !calm && dice.percent(18);
                let takes_ms = dice.within(0..if stalls { 80 } else { 10 });
                self.workers[who].busy = Some(Busy {
                    attempt,
                    acts_at_ms: self.clock.now_ms() + i64::try_from(takes_ms).unwrap(),
                    beats_left: dice.within(0..3),
                    saw_cancel: false,
                });
            }
            // Acknowledged and dropped: the sweep owns recovery.
            Claim::Leased(_) => {
                oracle.count("a claim found a lease");
                self.suspect(&id, &boot, dice, oracle).await;
            }
            Claim::Terminal(_) => oracle.count("a claim found an end"),
            Claim::Missing => oracle.complain("missing", format!("{id} has a message and no row")),
        }
    }

    /// Whoever the broker lost may be dead, or not.
    async fn suspect(&self, id: &OperationId, by: &BootId, dice: &mut Dice, oracle: &mut Oracle) {
        let grace_period = Duration::from_millis(dice.within(0..LEASE_MS));
        if dice.percent(30) && self.store.suspect(id, by, grace_period).await.unwrap().is_some() {
            oracle.count("a holder was suspected");
        }
    }

    async fn beat(&mut self, who: usize, calm: bool, dice: &mut Dice, oracle: &mut Oracle) {
        let Some(busy) = &mut self.workers[who].busy else { return };
        busy.beats_left -= 1;
        let stalls = !calm && dice.percent(10);
        busy.acts_at_ms += i64::try_from(dice.within(0..if stalls { 60 } else { 10 })).unwrap();
        match self.store.beat(&busy.attempt, Duration::from_millis(LEASE_MS), None).await.unwrap() {
            Beat::Alive { cancel } => busy.saw_cancel |= cancel,
            Beat::Fenced => {
                oracle.count("a beat was fenced");
                let is_rude = dice.percent(50);
                if !is_rude {
                    self.workers[who].busy = None;
                }
            }
        }
    }

    async fn finish(&mut self, who: usize, calm: bool, dice: &mut Dice, oracle: &mut Oracle) {
        let Some(busy) = self.workers[who].busy.take() else { return };
        let id = &busy.attempt.id;
        let how = outcome(&busy, dice);
        let is_repeated = dice.percent(5);
        for _ in 0..1 + usize::from(is_repeated) {
            match self.store.finish(&busy.attempt, how.clone()).await.unwrap() {
                Finished::Recorded(Status::Completed) => oracle.saw_completion(id),
                Finished::Recorded(_) => {}
                Finished::Refused { .. } => oracle.count("a finish was refused"),
            }
        }
        if is_repeated {
            oracle.count("a finish was repeated");
        }
        if how == Finish::Release {
            oracle.count("a finish gave the try back");
        }
        let ack_is_lost = !calm && dice.percent(10);
        if ack_is_lost {
            self.jobs.push(id.clone());
        }
    }

    /// Publishes what the outbox holds, in one step; removes it in another. It may die in between.
    async fn relay(&mut self, who: usize, calm: bool, dice: &mut Dice, oracle: &mut Oracle) {
        let published = std::mem::take(&mut self.relays[who]);
        if !published.is_empty() {
            if calm || dice.percent(90) {
                let sequences: Vec<u64> = published.iter().map(|entry| entry.sequence).collect();
                self.store.relayed(&sequences).await.unwrap();
            } else {
                oracle.count("a relay died before it removed what it published");
            }
            return;
        }
        let entries = self.store.outbox(None, 5).await.unwrap();
        for entry in &entries {
            oracle.saw_entry(entry);
            let copies = self.copies(calm, dice, oracle);
            match &entry.message {
                Message::Job { job, .. } => self.jobs.extend(vec![job.operation.clone(); copies]),
                Message::Event(event) => self.events.extend(vec![event.operation.clone(); copies]),
            }
        }
        self.relays[who] = entries;
    }

    /// How often a published message arrives.
    fn copies(&self, calm: bool, dice: &mut Dice, oracle: &mut Oracle) -> usize {
        if self.loses(calm, dice) {
            oracle.count("a message was lost");
            return 0;
        }
        let is_doubled = dice.percent(5);
        if is_doubled {
            oracle.count("a message was doubled");
        }
        1 + usize::from(is_doubled)
    }

    fn loses(&self, calm: bool, dice: &mut Dice) -> bool {
        !calm && dice.percent(self.chaos.loss)
    }

    /// Reads the child's row and decides in one step; advances in another.
    async fn orchestrator(&mut self, who: usize, calm: bool, dice: &mut Dice, oracle: &mut Oracle) {
        if let Some((child, step)) = self.orchestrators[who].take() {
            if !calm && dice.percent(10) {
                oracle.count("an orchestrator died");
                self.events.push(child);
                return;
            }
            self.advance(&child, step, oracle).await;
            if !calm && dice.percent(10) {
                self.events.push(child);
            }
            return;
        }
        if self.events.is_empty() {
            return;
        }
        let child = self.events.swap_remove(dice.index(self.events.len()));
        let row = self.store.get(&child).await.unwrap().unwrap();
        let Some(root) = row.summary.root else { return };
        let (phase, next) = self.scenario.phase_of(&child);
        // One that is mistaken about the end: the row knows better.
        let believed = if dice.percent(5) { Status::Completed } else { row.summary.status };
        let to = match (believed, next) {
            (Status::Failed, _) => AdvanceTo::Failed {
                reason: FailureReason::Error,
                error: "its child failed".into(),
                stopped_by: "error".into(),
                result: json!({}),
            },
            (_, Some(next)) => {
                AdvanceTo::Phase { phase: Scenario::phase(next), child: Scenario::child(&root, next) }
            }
            (_, None) => AdvanceTo::Completed { result: json!({}) },
        };
        let step = Advance { root, finished: child.clone(), expected_phase: Scenario::phase(phase), to };
        self.orchestrators[who] = Some((child, step));
    }

    async fn advance(&mut self, child: &OperationId, step: Advance, oracle: &mut Oracle) {
        match self.store.advance(step).await {
            Ok(Advanced::Next(_) | Advanced::Closed(_)) => oracle.saw_move(child),
            Ok(Advanced::Stale) => oracle.count("an advance was stale"),
            // Its event will come.
            Ok(Advanced::Early) => {}
            Ok(Advanced::Mismatch(_)) => {
                oracle.count("an advance had decided wrongly");
                self.events.push(child.clone());
            }
            Err(e) => oracle
                .complain("I6", format!("only the id of the next child kept {child} from moving twice: {e}")),
        }
    }

    async fn sweeper(&mut self, dice: &mut Dice, oracle: &mut Oracle) {
        let republishes = self.chaos.republish && dice.percent(30);
        let plan = SweepPlan {
            grace: Duration::from_millis(GRACE_MS),
            limit: u32::try_from(dice.within(1..20)).unwrap(),
            republish_after: republishes.then_some(Duration::from_millis(REPUBLISH_MS)),
        };
        let swept = self.store.sweep(plan).await.unwrap();
        let messages = if republishes { self.publish_again(plan.limit).await } else { 0 };
        for (what, times) in [
            ("a lease was rescued", swept.rescued),
            ("a retry came due", swept.due),
            ("something was published again", swept.republished + messages),
        ] {
            (0..times).for_each(|_| oracle.count(what));
        }
    }

    /// As one who has looked whether messages are missing; sometimes they are only late.
    async fn publish_again(&self, limit: u32) -> u32 {
        let age = Duration::from_millis(REPUBLISH_MS);
        let mut published = 0;
        for (queue, _) in self.store.backlog(age).await.unwrap().waiting {
            published += self.store.publish_again(queue, age, limit).await.unwrap();
        }
        published
    }

    async fn canceller(&mut self, dice: &mut Dice, oracle: &mut Oracle) {
        if dice.percent(8) {
            return self.cancel_some(dice, oracle).await;
        }
        let targets = self.scenario.targets();
        let target = &targets[dice.index(targets.len())];
        match self.store.cancel(target, "someone", "a whim").await.unwrap() {
            Cancelled::Done => oracle.count("a cancel was done at once"),
            Cancelled::TooLate(_) => oracle.count("a cancel came too late"),
            Cancelled::Requested => oracle.count("a cancel was requested"),
            // A child that does not exist yet.
            Cancelled::Missing => {}
        }
    }

    /// A batch of a group: of the whole campaign, or of what waits. Nobody may come for the next one.
    async fn cancel_some(&self, dice: &mut Dice, oracle: &mut Oracle) {
        let is_campaign = dice.percent(60);
        let group = GroupCancel {
            campaign: is_campaign.then(|| self.scenario.campaign()),
            kind: Some(if is_campaign { Kind::AgentResearch } else { Kind::Probe }),
            by: "someone".into(),
            limit: u32::try_from(dice.within(1..4)).unwrap(),
            ..GroupCancel::default()
        };
        let done = self.store.cancel_matching(&group).await.unwrap();
        oracle.count("a group was cancelled");
        if is_campaign {
            oracle.saw_cancelled_campaign(self.store.as_ref()).await;
            if done.more {
                oracle.count("a campaign was cancelled in part");
            }
        }
    }

    /// Sees what was written and not relayed yet, and leaves nothing to the next scenario.
    pub(crate) async fn empty_the_outbox(&mut self, oracle: &mut Oracle) {
        loop {
            let entries = self.store.outbox(None, 100).await.unwrap();
            if entries.is_empty() {
                return;
            }
            entries.iter().for_each(|entry| oracle.saw_entry(entry));
            self.store
                .relayed(&entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>())
                .await
                .unwrap();
        }
    }
}

/// How an attempt ends: its result says which attempt it was.
fn outcome(busy: &Busy, dice: &mut Dice) -> Finish {
    if busy.saw_cancel && dice.percent(80) {
        return Finish::Cancelled;
    }
    let result = json!({"fence": busy.attempt.fence});
    match dice.within(0..100) {
        0..70 => Finish::Completed(result),
        70..75 => {
            Finish::Failed { reason: FailureReason::Error, error: "it broke".into(), result: Some(result) }
        }
        75..85 => Finish::Retry { error: "not yet".into(), delay: Duration::from_millis(dice.within(0..40)) },
        85..92 => Finish::Defer { why: "a batch".into(), delay: Duration::from_millis(dice.within(0..40)) },
        _ => Finish::Release,
    }
}
