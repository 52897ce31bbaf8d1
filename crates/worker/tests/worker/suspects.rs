//! Workers that the broker lost: a dead one is replaced long before its lease lapses, a live one goes on.

use std::time::Duration;

use ktrdr_domain::{Kind, OperationId, Status};
use ktrdr_fabric::broker::{Broker, Queue};
use ktrdr_fabric::history::Change;
use ktrdr_fabric::store::{Attempt, BootId, Claim, Finish, Finished, OperationReader, Store};
use ktrdr_worker::Outcome;
use serde_json::json;

use crate::world::{World, quick};

/// No test waits for such a lease to lapse.
const LEASE: Duration = Duration::from_secs(3600);

/// Someone took the message and claimed, and then the broker got the message back.
async fn lost(world: &World) -> (OperationId, Attempt) {
    let id = world.probe().await;
    let mut deliveries = world.engine.broker.consume(Queue::Jobs(Kind::Probe), 1).await.unwrap();
    let delivery = deliveries.next().await.unwrap();
    let Claim::Run { attempt, .. } = world.store.claim(&id, &BootId("lost".into()), LEASE).await.unwrap()
    else {
        panic!("nobody else is there");
    };
    drop(delivery);
    (id, attempt)
}

#[tokio::test]
async fn a_dead_workers_job_runs_elsewhere_long_before_its_lease_lapses() {
    let world = World::that_sweeps_when_called();
    let (id, _dead) = lost(&world).await;
    let _worker = world.prober(&quick(), |job| Outcome::Completed(json!(job.fence)));
    let row = world.ended(&id).await;
    assert_eq!((row.status, row.result, row.summary.rescues), (Status::Completed, Some(json!(2)), 1));
}

#[tokio::test]
async fn a_live_worker_that_only_the_broker_lost_keeps_its_job() {
    let world = World::that_sweeps_when_called();
    let (id, alive) = lost(&world).await;
    let (store, attempt, beats) = (world.engine.store.clone(), alive.clone(), quick().heartbeat);
    let beating = tokio::spawn(async move {
        loop {
            store.beat(&attempt, LEASE, None).await.unwrap();
            tokio::time::sleep(beats).await;
        }
    });
    let _worker = world.prober(&quick(), |job| Outcome::Completed(json!(job.fence)));
    world.acked(1).await;
    // Other jobs come and go for as long as the suspect lasts, and longer.
    let suspected = tokio::time::Instant::now();
    while suspected.elapsed() < quick().heartbeat * 5 {
        world.ended(&world.probe().await).await;
    }
    let told = world.engine.store.history(&id).await.unwrap();
    assert!(told.iter().any(|transition| transition.what == Change::Suspected), "{told:?}");
    beating.abort();
    let done = world.store.finish(&alive, Finish::Completed(json!("mine"))).await.unwrap();
    assert_eq!(done, Finished::Recorded(Status::Completed), "{told:?}");
    assert_eq!(world.row(&id).await.fence, 1);
}
