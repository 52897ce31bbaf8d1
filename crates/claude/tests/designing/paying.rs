//! Every call is reserved at its worst case and settled at what it cost; nothing is asked that can not be paid.

use ktrdr_agent::purse::Spent;
use ktrdr_agent::{AgentError, Cost, Usage};
use ktrdr_fake::{Fault, Mind};

use crate::world::World;

#[tokio::test]
async fn each_call_is_settled_at_what_it_cost_and_never_above_what_was_reserved() {
    let world = World::of(Mind::Good);
    let design = world.design(0).await.unwrap();
    let calls = world.purse.calls.lock().unwrap().clone();
    assert_eq!(calls.len(), world.fake.seen().len());
    let mut paid = 0;
    for (intent, spent) in &calls {
        let Some(Spent::Counted(usage, cost)) = spent else { panic!("{spent:?}") };
        assert_eq!(*cost, world.manner.model.cost(usage, ktrdr_agent::models::Lane::Direct));
        assert!(
            cost.micro_dollars <= intent.worst_case.micro_dollars && cost.tokens <= intent.worst_case.tokens
        );
        paid += cost.micro_dollars;
    }
    assert!(design.origin.ends_with(&format!("${:.6}", paid as f64 / 1e6)), "{}", design.origin);
    let Some(Spent::Counted(last, _)) = calls.last().unwrap().1 else { panic!() };
    assert!(last.cache_read > last.input, "later turns are read from the cache: {last:?}");
}

#[tokio::test]
async fn what_fails_is_counted_too_free_at_the_door_and_at_its_worst_in_the_midst() {
    let world = World::of(Mind::Good);
    let faults = [Fault::Status(529, None), Fault::Cut(4), Fault::ErrorAfter(2, "api_error")];
    world.fake.fail_next(faults.map(Some));
    world.design(0).await.unwrap();
    let free = Some(Spent::Counted(Usage::default(), Cost::default()));
    assert_eq!(world.purse.spent()[..3], [free, Some(Spent::Unknown), Some(Spent::Unknown)]);
    assert_eq!(world.purse.calls.lock().unwrap().len(), 6);
}

#[tokio::test]
async fn what_can_not_be_paid_is_not_asked() {
    let mut world = World::of(Mind::Good);
    world.purse.limit = Some(1_000);
    assert!(matches!(world.design(0).await, Err(AgentError::Budget(_))));
    assert!(world.fake.seen().is_empty());
    // Enough for one call and not for the next.
    world.purse.limit = Some(200_000);
    world.manner.output_tokens_max = 16_000;
    let spent = world.design(0).await;
    assert!(matches!(spent, Err(AgentError::Budget(_))), "{spent:?}");
    assert!(world.purse.paid() <= 200_000);
}
