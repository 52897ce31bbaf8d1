//! Messages that a queue lost are published again; those that only wait for long are not.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::{DeviceClass, Kind, OperationId, Priority, Timestamp};
use ktrdr_fabric::broker::{Broker, BrokerError, Deliveries, Message, Published, Queue};
use ktrdr_fabric::history::Change;
use ktrdr_fabric::store::{BootId, Claim, Finish, NewOperation, Store, SweepPlan};
use ktrdr_worker::{Relay, Sweeper, SweeperConfig};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::rabbitmq::Fleet;
use crate::world::World;

const PROBES: Queue = Queue::Jobs(Kind::Probe);

/// No fact here takes this long.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Counts what goes through.
struct Watched {
    inner: Arc<dyn Broker>,
    /// Messages published.
    published: watch::Sender<usize>,
    /// Looks at the depth of the queue of probes.
    looks: watch::Sender<usize>,
}

#[async_trait]
impl Broker for Watched {
    async fn publish(&self, messages: Vec<Message>) -> Result<Vec<Published>, BrokerError> {
        let answers = self.inner.publish(messages).await?;
        let confirmed = answers.iter().filter(|answer| **answer == Published::Confirmed).count();
        self.published.send_modify(|published| *published += confirmed);
        Ok(answers)
    }
    async fn consume(&self, queue: Queue, prefetch: u16) -> Result<Box<dyn Deliveries>, BrokerError> {
        self.inner.consume(queue, prefetch).await
    }
    async fn depth(&self, queue: Queue) -> Result<u64, BrokerError> {
        let depth = self.inner.depth(queue).await;
        self.looks.send_modify(|looks| *looks += usize::from(queue == PROBES));
        depth
    }
}

/// Until a count is reached.
async fn reaches(count: &watch::Sender<usize>, wanted: usize) {
    let mut seen = count.subscribe();
    let reached = tokio::time::timeout(TIMEOUT, seen.wait_for(|count| *count >= wanted)).await;
    assert!(reached.is_ok(), "{} and never {wanted}", *count.borrow());
}

/// A store, a relay, and the broker under watch. Nobody sweeps for lost messages yet.
struct Scene {
    store: Arc<dyn Store>,
    broker: Arc<Watched>,
    stop: CancellationToken,
    age: Duration,
    /// Between looks.
    every: Duration,
}

impl Scene {
    fn new(world: &World, broker: Arc<dyn Broker>, age: Duration) -> Self {
        let (published, looks) = (watch::Sender::new(0), watch::Sender::new(0));
        let broker = Arc::new(Watched { inner: broker, published, looks });
        let store = world.engine.store.clone();
        tokio::spawn(Relay::new(store.clone(), broker.clone()).run(world.stop.clone()));
        Self { store, broker, stop: world.stop.clone(), age, every: Duration::from_millis(20) }
    }

    /// Of this world alone: whatever waits is old at once.
    fn of(world: &World) -> Self {
        Self::new(world, world.engine.broker.clone(), Duration::ZERO)
    }

    fn sweep(&self) {
        let plan = SweepPlan { grace: Duration::ZERO, limit: 100, republish_after: Some(self.age) };
        let config = SweeperConfig { every: self.every, plan };
        let sweeper = Sweeper::new(self.store.clone(), config).watching_queues(self.broker.clone());
        tokio::spawn(sweeper.run(self.stop.clone()));
    }

    /// Submits probes, and waits until their messages are where they belong.
    async fn submit(&self, count: usize, spec: Value) {
        let before = *self.broker.published.borrow();
        let new = |n| NewOperation {
            id: OperationId::new(Kind::Probe, Timestamp(0), u32::try_from(before + n).unwrap()),
            kind: Kind::Probe,
            spec: spec.clone(),
            tries_max: 3,
            priority: Priority::Normal,
            idempotency_key: None,
        };
        // Many at once: they share commits.
        let submits = (0..count).map(new).map(|new| {
            let store = self.store.clone();
            tokio::spawn(async move { store.submit(new).await.unwrap() })
        });
        for submit in submits.collect::<Vec<_>>() {
            submit.await.unwrap();
        }
        reaches(&self.broker.published, before + count).await;
    }

    /// Makes the queue lose its oldest messages.
    async fn lose(&self, count: usize) {
        let mut deliveries = self.broker.consume(PROBES, 100).await.unwrap();
        for _ in 0..count {
            deliveries.next().await.unwrap().receipt.ack().await;
        }
    }

    fn published(&self) -> usize {
        *self.broker.published.borrow()
    }

    fn looks(&self) -> usize {
        *self.broker.looks.borrow()
    }

    /// Waits for so many more looks at the queue.
    async fn looked_at(&self, times: usize) {
        reaches(&self.broker.looks, self.looks() + times).await;
    }
}

#[tokio::test]
async fn a_long_healthy_queue_is_left_alone_however_old_it_is() {
    let world = World::without_relay();
    let scene = Scene::of(&world);
    scene.submit(2000, json!({})).await;
    scene.sweep();
    scene.looked_at(10).await;
    assert_eq!((scene.published(), world.depth(Kind::Probe).await), (2000, 2000));
}

#[tokio::test]
async fn what_a_queue_lost_is_published_again_within_two_looks() {
    let world = World::without_relay();
    let scene = Scene::of(&world);
    scene.submit(1200, json!({})).await;
    scene.lose(1200).await;
    scene.sweep();
    reaches(&scene.broker.published, 2400).await;
    let looks = scene.looks();
    assert!(looks <= 3, "two to be sure, and one while the messages were on their way: {looks}");
    assert_eq!(world.depth(Kind::Probe).await, 1200);
    scene.looked_at(10).await;
    assert_eq!(scene.published(), 2400);
}

#[tokio::test]
async fn as_many_are_published_again_as_are_missing() {
    let world = World::without_relay();
    let scene = Scene::of(&world);
    scene.submit(100, json!({})).await;
    scene.lose(3).await;
    scene.sweep();
    reaches(&scene.broker.published, 103).await;
    scene.looked_at(10).await;
    assert_eq!((scene.published(), world.depth(Kind::Probe).await), (103, 100));
}

#[tokio::test]
async fn a_lost_message_is_found_while_others_come_and_go() {
    let world = World::without_relay();
    let scene = Scene::of(&world);
    scene.submit(1, json!({})).await;
    scene.lose(1).await;
    let traffic = async {
        // Each lingers in the outbox after it was published: it is never empty.
        let mut pace = tokio::time::interval(Duration::from_millis(1));
        loop {
            pace.tick().await;
            world.submit(Kind::DataLoad, json!({}), 3).await;
        }
    };
    scene.sweep();
    let found = async {
        while world.depth(Kind::Probe).await == 0 {
            scene.looked_at(1).await;
        }
    };
    tokio::select! {
        () = traffic => unreachable!("it goes on for ever"),
        found = tokio::time::timeout(TIMEOUT, found) => assert!(found.is_ok()),
    }
}

#[tokio::test]
async fn what_runs_and_what_waits_for_its_retry_is_not_missing() {
    let world = World::without_relay();
    let scene = Scene::of(&world);
    scene.submit(3, json!({})).await;
    let mut deliveries = world.engine.broker.consume(PROBES, 2).await.unwrap();
    for ends in [true, false] {
        let delivery = deliveries.next().await.unwrap();
        let Message::Job { job, .. } = &delivery.message else { panic!("a queue of jobs") };
        let (boot, lease) = (BootId("me".into()), Duration::from_secs(3600));
        let Claim::Run { attempt, .. } = scene.store.claim(&job.operation, &boot, lease).await.unwrap()
        else {
            panic!("it is nobody else's");
        };
        if ends {
            let retry = Finish::Retry { error: "later".into(), delay: lease };
            scene.store.finish(&attempt, retry).await.unwrap();
        }
        delivery.receipt.ack().await;
    }
    scene.sweep();
    scene.looked_at(10).await;
    assert_eq!((scene.published(), world.depth(Kind::Probe).await), (3, 1));
}

#[tokio::test]
async fn what_waits_for_a_gpu_hides_no_lost_message_of_others() {
    let world = World::without_relay();
    let scene = Scene::of(&world);
    scene.submit(5, json!({"device": "gpu"})).await;
    scene.submit(1, json!({})).await;
    scene.lose(1).await;
    scene.sweep();
    reaches(&scene.broker.published, 7).await;
    assert_eq!(world.depth(Kind::Probe).await, 1);
    scene.looked_at(10).await;
    let gpu = world.engine.broker.depth(Queue::Pinned(Kind::Probe, DeviceClass::Gpu)).await.unwrap();
    assert_eq!((scene.published(), gpu), (7, 5));
}

#[tokio::test]
async fn those_that_sweep_at_once_publish_nothing_twice() {
    let world = World::without_relay();
    let scene = Scene::new(&world, world.engine.broker.clone(), Duration::from_millis(500));
    scene.submit(1200, json!({})).await;
    scene.lose(1200).await;
    (0..3).for_each(|_| scene.sweep());
    reaches(&scene.broker.published, 2400).await;
    scene.looked_at(10).await;
    assert_eq!((scene.published(), world.depth(Kind::Probe).await), (2400, 1200));
}

/// The real thing: long, and with a broker that does not drop second messages by itself.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services: RabbitMQ"]
async fn fifty_thousand_jobs_in_rabbitmq_are_left_alone_and_all_published_again_when_they_are_lost() {
    const JOBS: usize = 50_000;
    let fleet = Fleet::without_relay().await;
    let scene = Scene::new(&fleet.world, fleet.broker.clone(), Duration::from_secs(1));
    // Long enough that a relay which is nearly through is through at the next look.
    let scene = Scene { every: Duration::from_millis(300), ..scene };
    scene.submit(JOBS, json!({})).await;
    scene.sweep();
    // A look comes only after a second: all are old by now.
    scene.looked_at(20).await;
    assert_eq!((scene.published(), fleet.queue(PROBES).await.0), (JOBS, JOBS as u64));

    let purge = format!("queues/{}/ktrdr.jobs.probe/contents", fleet.vhost.name);
    fleet.vhost.place.manage(Method::DELETE, &purge, Value::Null).await;
    let looks = scene.looks();
    reaches(&scene.broker.published, 2 * JOBS).await;
    let looks = scene.looks() - looks;
    scene.looked_at(10).await;
    assert_eq!(
        (scene.published(), fleet.queue(PROBES).await.0),
        (2 * JOBS, JOBS as u64),
        "after {looks} looks"
    );
    let first = OperationId::new(Kind::Probe, Timestamp(0), 0);
    let told = scene.store.history(&first).await.unwrap();
    assert_eq!(
        told.iter().map(|entry| entry.what).collect::<Vec<_>>(),
        [Change::Created, Change::PublishedAgain]
    );
}
