//! Each role's user can do its work and nothing more.

use ktrdr_domain::{DeviceClass, Kind};
use ktrdr_fabric::broker::{Broker, BrokerError, Queue};
use ktrdr_fabric::store::BootId;
use ktrdr_fleet::amqp::{AmqpBroker, AmqpSettings};
use ktrdr_fleet::topology::{Passwords, Topology};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions, QueuePurgeOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Connection, ConnectionProperties};

use crate::world::{BACKTESTS, TRAINING, World, event, expect, job, publish};

const PASSWORD: &str = "of-every-role";

/// The world with every role's user but the administrator's, who is the one that makes them.
async fn world() -> World {
    let w = World::new().await;
    let names = Topology::built_in().unwrap().users().into_iter().map(|user| user.name);
    let passwords: Passwords =
        names.filter(|name| name != "ktrdr-admin").map(|name| (name, PASSWORD.to_owned())).collect();
    w.administration().apply(&passwords).await.unwrap();
    w
}

fn url(w: &World, user: &str) -> String {
    format!("amqp://{user}:{PASSWORD}@{}/{}", w.authority(), w.vhost.name)
}

async fn broker(w: &World, user: &str, needs: Vec<Queue>) -> AmqpBroker {
    let url = url(w, user).parse().unwrap();
    AmqpBroker::connect(AmqpSettings::new(url, user, BootId("b".into()), needs)).await.unwrap()
}

#[track_caller]
fn assert_refused<T>(answer: Result<T, BrokerError>) {
    match answer.map(|_| ()) {
        Err(BrokerError::Topology(why)) => assert!(why.contains("ACCESS_REFUSED"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_backtest_worker_reads_its_queue_announces_ends_and_nothing_else() {
    let w = world().await;
    let worker = broker(&w, "ktrdr-worker-backtesting", vec![BACKTESTS]).await;
    publish(&w.broker().await, &[job(Kind::Backtesting, "a")]).await;
    let mut deliveries = worker.consume(BACKTESTS, 1).await.unwrap();
    expect(&mut deliveries, &job(Kind::Backtesting, "a")).await.receipt.ack().await;
    publish(&worker, &[event("a")]).await;
    assert_refused(worker.publish(vec![job(Kind::Backtesting, "forged")]).await);
    assert_refused(worker.consume(TRAINING, 1).await);
    assert_refused(worker.consume(Queue::OrchestratorEvents, 1).await);
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_training_worker_reads_the_queues_of_both_devices() {
    let w = world().await;
    let queues = DeviceClass::ALL.map(|class| Queue::of_worker(Kind::Training, class)).concat();
    let worker = broker(&w, "ktrdr-worker-training", queues.clone()).await;
    for queue in queues {
        worker.consume(queue, 1).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn the_coordinator_publishes_everything_and_reads_events_only() {
    let w = world().await;
    let coordinator = broker(&w, "ktrdr-coordinator", Queue::all()).await;
    publish(&coordinator, &[job(Kind::Training, "a"), event("a")]).await;
    let mut deliveries = coordinator.consume(Queue::OrchestratorEvents, 1).await.unwrap();
    expect(&mut deliveries, &event("a")).await.receipt.ack().await;
    assert_refused(coordinator.consume(TRAINING, 1).await);
    // It tells people how full each queue is, dead letters included: newer brokers (4.3) ask for a right to look.
    assert_eq!(coordinator.queues().await.unwrap().last().unwrap().name, "ktrdr.dlq");
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn the_monitor_neither_publishes_nor_reads() {
    let w = world().await;
    let how = AmqpSettings::new(
        url(&w, "ktrdr-monitor").parse().unwrap(),
        "monitor",
        BootId("b".into()),
        Vec::new(),
    );
    let monitor = match AmqpBroker::connect(how).await {
        Ok(monitor) => monitor,
        // Newer brokers (4.3) do not even tell it what is there.
        refused => return assert_refused(refused),
    };
    assert_refused(monitor.publish(vec![event("a")]).await);
    assert_refused(monitor.consume(TRAINING, 1).await);
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn no_working_role_declares_or_purges_what_it_does_not_consume() {
    let w = world().await;
    let options = QueueDeclareOptions { durable: true, ..Default::default() };
    for user in ["ktrdr-coordinator", "ktrdr-worker-training", "ktrdr-monitor"] {
        let connection = Connection::connect(&url(&w, user), ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let declared = channel.queue_declare("ktrdr.jobs.mine".into(), options, FieldTable::default()).await;
        assert!(declared.unwrap_err().to_string().contains("ACCESS_REFUSED"), "{user} declares");
        let channel = connection.create_channel().await.unwrap();
        let purged = channel.queue_purge("ktrdr.jobs.probe".into(), QueuePurgeOptions::default()).await;
        assert!(purged.unwrap_err().to_string().contains("ACCESS_REFUSED"), "{user} purges");
    }
}

/// What the broker does not tell apart: a worker's right to read its queue is the right to purge it, and the right to give
/// a message up is the right to give up any. Limits of size are what narrows the second.
#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_worker_purges_only_its_own_queues_and_gives_up_nothing_large() {
    let w = world().await;
    let address = url(&w, "ktrdr-worker-training");
    let connection = Connection::connect(&address, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let options = QueuePurgeOptions::default();
    channel.queue_purge("ktrdr.jobs.training".into(), options).await.unwrap();
    assert!(
        channel.queue_purge("ktrdr.events.orchestrator".into(), options).await.is_err(),
        "purged another's"
    );

    let channel = connection.create_channel().await.unwrap();
    channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    let give_up = |bytes: usize| {
        let (to, options) = ("ktrdr.dlx".into(), BasicPublishOptions::default());
        let letter = vec![b'x'; bytes];
        let channel = channel.clone();
        async move {
            let sent =
                channel.basic_publish(to, "".into(), options, &letter, BasicProperties::default()).await;
            match sent {
                Ok(sent) => sent.await.map(|_| ()),
                Err(why) => Err(why),
            }
        }
    };
    give_up(70_000).await.unwrap();
    let refused = give_up(300_000).await.unwrap_err().to_string();
    assert!(refused.contains("larger than"), "{refused}");
    let policy = Topology::built_in().unwrap().policies.pop().unwrap();
    assert_eq!((policy.name.as_str(), policy.max_length_bytes), ("ktrdr-dlq", Some(1 << 30)));
}
