//! Retention: what ended long ago goes, what somebody needs stays, and the counts are true all the while.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ktrdr_domain::{Kind, Operation, OperationId, Status};
use ktrdr_fabric::retention::{KEYS_LIVE, PruneStep, PrunedSoFar, PrunedStep, Retention};
use ktrdr_fabric::store::{Filter, Finish, NewOperation, Submitted};

use crate::closings::{candidate, closing};
use crate::dice::Dice;
use crate::ledger::look;
use crate::world::{World, design_of, id, into_done, leaf};

const MONTH: Duration = Duration::from_secs(30 * 86_400);

/// Operations go a month after their end.
const A_MONTH: Retention = Retention { operations: Some(MONTH), dead_letters: Some(MONTH), histories: None };

fn step(retention: Retention) -> PruneStep {
    PruneStep { retention, after: 0, limit: 1000, dry_run: false }
}

/// A whole pass, in steps of so many rows; how many operations and histories went.
async fn prune(w: &World, retention: Retention, limit: u32) -> (u64, u64) {
    let (mut next, mut gone) = (Some(0), (0, 0));
    while let Some(after) = next {
        let done = w.pruning.prune(&PruneStep { after, limit, ..step(retention) }).await.unwrap();
        gone = (gone.0 + done.operations, gone.1 + done.histories);
        next = done.next;
    }
    gone
}

async fn is_there(w: &World, id: &OperationId) -> bool {
    w.store.get(id).await.unwrap().is_some()
}

/// Everything that lists show, which is as much as they count.
async fn listed(w: &World) -> BTreeSet<OperationId> {
    let everything = Filter { limit: 1000, ..Filter::default() };
    let page = w.store.list(&everything).await.unwrap();
    assert_eq!(page.operations.len() as u64, page.total);
    for status in Status::ALL {
        let of_it = Filter { statuses: vec![status], ..everything.clone() };
        let counted = page.operations.iter().filter(|row| row.status == status).count() as u64;
        assert_eq!(w.store.list(&of_it).await.unwrap().total, counted, "{status}");
    }
    page.operations.into_iter().map(|row| row.id).collect()
}

/// Submits, completes, and has the messages heard.
async fn done(w: &World, name: &str) -> OperationId {
    let id = w.submit(name).await;
    w.complete(&id).await;
    w.relay().await;
    id
}

/// Ends as a dead letter.
async fn dead(w: &World, name: &str) -> OperationId {
    w.store.submit(NewOperation { tries_max: 1, ..leaf(name) }).await.unwrap();
    let attempt = w.claim(&id(name), "worker-1").await;
    w.finish(&attempt, Finish::Retry { error: "no".into(), delay: Duration::ZERO }).await;
    w.relay().await;
    id(name)
}

/// A cycle that completed after its design.
async fn cycle(w: &World, name: &str) -> OperationId {
    let root = w.start_root(name).await;
    w.complete(&design_of(&root).id).await;
    w.advance(into_done(&root)).await;
    w.relay().await;
    root
}

/// Closes campaign `c` with this many cycles.
async fn close(w: &World, after: u64, cycles: u64) {
    w.ledger.close(&closing("c", after, cycles, Vec::new())).await.unwrap();
}

pub(crate) async fn what_ended_long_ago_goes_with_its_history_and_the_newest_row_stays(w: World) {
    let (old, going_on) = (done(&w, "old").await, w.submit("goes").await);
    w.pass(MONTH - Duration::from_millis(1));
    assert_eq!(prune(&w, A_MONTH, 1000).await, (0, 0), "it is not a month yet");
    w.pass(Duration::from_millis(1));
    assert_eq!(prune(&w, A_MONTH, 1000).await, (1, 0));
    assert!(!is_there(&w, &old).await && w.store.history(&old).await.unwrap().is_empty());
    assert_eq!(listed(&w).await, BTreeSet::from([going_on.clone()]));
    w.complete(&going_on).await;
    w.relay().await;
    w.pass(MONTH * 2);
    assert_eq!(prune(&w, A_MONTH, 1000).await, (0, 0), "the order of creation goes on from the newest row");
    assert_eq!(w.pruning.pruned().await.unwrap().operations, 1);
}

pub(crate) async fn a_dry_run_tells_what_would_go_and_nothing_does(w: World) {
    let ids = [done(&w, "a").await, done(&w, "b").await];
    w.submit("newest").await;
    w.pass(MONTH);
    let would = PrunedStep { operations: 2, histories: 0, next: None };
    assert_eq!(w.pruning.prune(&PruneStep { dry_run: true, ..step(A_MONTH) }).await.unwrap(), would);
    assert!(is_there(&w, &ids[0]).await && is_there(&w, &ids[1]).await);
    assert_eq!(w.pruning.pruned().await.unwrap(), PrunedSoFar::default());
    assert_eq!(w.pruning.prune(&step(A_MONTH)).await.unwrap(), would);
    let so_far = w.pruning.pruned().await.unwrap();
    assert!((so_far.operations, so_far.histories) == (2, 0) && so_far.at_ms.is_some(), "{so_far:?}");
}

pub(crate) async fn for_ever_is_for_ever(w: World) {
    let old = done(&w, "old").await;
    w.submit("newest").await;
    w.pass(MONTH * 1200);
    assert_eq!(prune(&w, Retention::FOR_EVER, 1000).await, (0, 0));
    assert_eq!(w.store.history(&old).await.unwrap().len(), 3);
    let only_histories = Retention { histories: Some(MONTH), ..Retention::FOR_EVER };
    assert_eq!(prune(&w, only_histories, 1000).await, (0, 1));
    assert_eq!(w.store.history(&old).await.unwrap().len(), 1, "the row says when it was created");
    assert_eq!(prune(&w, only_histories, 1000).await, (0, 0), "once");
}

pub(crate) async fn what_was_counted_and_what_is_a_candidate_stay_with_their_cycle(w: World) {
    let (by_hand, counted, passed, seen) = (
        done(&w, "hand").await,
        cycle(&w, "counted").await,
        cycle(&w, "passed").await,
        cycle(&w, "seen").await,
    );
    close(&w, 0, 3).await;
    w.submit("newest").await;
    w.ledger.begin(&look("hand", "by-hand", 0..9)).await.unwrap();
    let mut of_the_cycle = look("counted", "c", 0..9);
    of_the_cycle.operation = design_of(&counted).id;
    w.ledger.begin(&of_the_cycle).await.unwrap();
    let mut exam = candidate("exam", "c");
    exam.exam = design_of(&passed).id;
    w.ledger.nominate(&exam).await.unwrap();
    w.pass(MONTH * 12);
    assert_eq!(prune(&w, A_MONTH, 1000).await, (2, 0), "a cycle without a look goes with its design");
    for root in [&counted, &passed] {
        assert!(is_there(&w, root).await && is_there(&w, &design_of(root).id).await);
    }
    assert!(
        is_there(&w, &by_hand).await
            && !is_there(&w, &seen).await
            && !is_there(&w, &design_of(&seen).id).await
    );
    assert_eq!(w.row(&by_hand).await.spec, leaf("hand").spec, "what a replay begins with");
    listed(&w).await;
}

pub(crate) async fn a_campaign_that_is_not_closed_keeps_its_rows_and_its_counts_outlive_them(w: World) {
    let first = cycle(&w, "first").await;
    w.submit("newest").await;
    w.pass(MONTH);
    assert_eq!(prune(&w, A_MONTH, 1000).await, (0, 0), "its verdicts are still to come");
    close(&w, 0, 1).await;
    assert_eq!(prune(&w, A_MONTH, 1000).await, (2, 0));
    assert!(!is_there(&w, &first).await);
    let campaign = w.campaigns.campaign(&"c".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((campaign.cycles, campaign.forgotten, campaign.with_status(Status::Completed)), (1, 1, 1));
    let more = cycle(&w, "more").await;
    w.submit("newer").await;
    w.pass(MONTH);
    prune(&w, A_MONTH, 1000).await;
    assert!(is_there(&w, &more).await, "it goes on");
}

pub(crate) async fn dead_letters_stay_until_somebody_dismissed_them(w: World) {
    let (waits, dismissed) = (dead(&w, "waits").await, dead(&w, "dismissed").await);
    w.submit("newest").await;
    w.store.dismiss(&dismissed, "me").await.unwrap();
    w.pass(MONTH * 2);
    let two_months = Retention { dead_letters: Some(MONTH * 3), ..A_MONTH };
    assert_eq!(prune(&w, two_months, 1000).await, (0, 0), "they have a time of their own");
    assert_eq!(prune(&w, A_MONTH, 1000).await, (1, 0));
    assert!(is_there(&w, &waits).await && !is_there(&w, &dismissed).await);
    let dead = Filter { dead: true, limit: 10, ..Filter::default() };
    assert_eq!(w.store.list(&dead).await.unwrap().total, 1);
}

pub(crate) async fn what_somebody_has_to_hear_of_stays(w: World) {
    let unheard = w.submit("unheard").await;
    w.complete(&unheard).await;
    w.submit("newest").await;
    w.pass(MONTH);
    assert_eq!(prune(&w, A_MONTH, 1000).await, (0, 0), "its end was not announced yet");
    w.relay().await;
    assert_eq!(prune(&w, A_MONTH, 1000).await, (1, 0));
}

pub(crate) async fn a_key_gives_the_same_operation_for_a_week_at_least(w: World) {
    let keyed = |name| NewOperation { idempotency_key: Some("nightly".into()), ..leaf(name) };
    w.store.submit(keyed("a")).await.unwrap();
    w.complete(&id("a")).await;
    w.submit("newest").await;
    w.relay().await;
    let at_once = Retention { operations: Some(Duration::ZERO), ..A_MONTH };
    w.pass(KEYS_LIVE - Duration::from_millis(1));
    assert_eq!(prune(&w, at_once, 1000).await, (0, 0));
    assert_eq!(w.store.submit(keyed("b")).await.unwrap(), Submitted::Duplicate(id("a")));
    w.pass(Duration::from_millis(1));
    assert_eq!(prune(&w, at_once, 1000).await, (1, 0));
    assert_eq!(w.store.submit(keyed("b")).await.unwrap(), Submitted::Created, "its key is free again");
}

pub(crate) async fn however_small_its_steps_a_pass_reaches_everything(w: World) {
    for name in ["a", "b", "c", "d", "e"] {
        done(&w, name).await;
    }
    cycle(&w, "r").await;
    w.submit("newest").await;
    w.pass(MONTH);
    assert_eq!(prune(&w, A_MONTH, 1).await, (5, 0), "the campaign of the cycle is open");
    close(&w, 0, 1).await;
    assert_eq!(prune(&w, A_MONTH, 2).await, (2, 0));
    assert!(w.pruning.prune(&PruneStep { limit: 0, ..step(A_MONTH) }).await.is_err());
}

/// Whatever happened, and wherever a pass was cut short: each counted look still has what its replay begins with, what goes on or
/// waits for somebody is there, and the counts are true.
pub(crate) async fn no_history_loses_what_a_replay_needs(w: World) {
    let mut dice = Dice::new(20_261_121);
    let mut needed: BTreeMap<OperationId, Operation> = BTreeMap::new();
    let (mut cycles, mut closed) = (0, 0);
    for n in 0..120 {
        match dice.within(0..7) {
            0 => drop(w.submit(&format!("waits{n}")).await),
            1 => drop(w.running(&format!("runs{n}")).await),
            2 => drop(dead(&w, &format!("dead{n}")).await),
            3 => {
                let root = cycle(&w, &format!("cycle{n}")).await;
                cycles += 1;
                if dice.percent(40) {
                    count(&w, &design_of(&root).id, &mut needed).await;
                }
            }
            4 => drop(done(&w, &format!("done{n}")).await),
            _ => {
                let counted = done(&w, &format!("counted{n}")).await;
                count(&w, &counted, &mut needed).await;
            }
        }
        if dice.percent(10) && closed < cycles {
            close(&w, closed, cycles).await;
            closed = cycles;
        }
        w.pass(Duration::from_secs(dice.within(0..6 * 86_400)));
        if dice.percent(30) {
            cut_short(&w, &mut dice).await;
            check(&w, &needed, cycles).await;
        }
    }
    prune(&w, A_MONTH, 7).await;
    check(&w, &needed, cycles).await;
    assert!(w.pruning.pruned().await.unwrap().operations > 0, "something was pruned at all");
}

async fn count(w: &World, operation: &OperationId, needed: &mut BTreeMap<OperationId, Operation>) {
    let mut look = look("x", "c", 0..9);
    look.operation = operation.clone();
    w.ledger.begin(&look).await.unwrap();
    needed.insert(operation.clone(), w.row(operation).await);
}

/// Some steps of a pass whose process dies.
async fn cut_short(w: &World, dice: &mut Dice) {
    let (mut after, limit) = (0, u32::try_from(dice.within(1..9)).unwrap());
    for _ in 0..dice.within(1..30) {
        let done = w.pruning.prune(&PruneStep { after, limit, ..step(A_MONTH) }).await.unwrap();
        let Some(next) = done.next else { return };
        after = next;
    }
}

async fn check(w: &World, needed: &BTreeMap<OperationId, Operation>, cycles: u64) {
    let listed = listed(w).await;
    for (id, row) in needed {
        assert_eq!(w.store.get(id).await.unwrap().as_ref(), Some(row), "what a replay needs");
        assert!(row.root.as_ref().is_none_or(|root| listed.contains(root)), "and the cycle it was part of");
    }
    let active = Filter { active: true, limit: 1000, ..Filter::default() };
    for row in w.store.list(&active).await.unwrap().operations {
        assert!(is_there(w, &row.id).await, "what goes on has its row");
    }
    let Some(campaign) = w.campaigns.campaign(&"c".parse().unwrap()).await.unwrap() else { return };
    assert_eq!(campaign.cycles, cycles);
    let roots = Filter { kinds: vec![Kind::AgentResearch], limit: 1000, ..Filter::default() };
    assert_eq!(campaign.cycles - campaign.forgotten, w.store.list(&roots).await.unwrap().total);
}
