//! Bringing a broker to the topology, and seeing where it is not.

use ktrdr_fabric::broker::{Broker, BrokerError};
use ktrdr_fleet::amqp::{AmqpBroker, AmqpSettings, Trust};
use ktrdr_fleet::topology::{Administration, BrokerVersion, Passwords, Topology, TopologyError};
use lapin::options::{ExchangeBindOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use reqwest::Method;
use serde_json::json;

use crate::vhost::{Place, Vhost};
use crate::world::{PROBES, World, probe, publish, settings};

async fn differences(w: &World) -> Vec<String> {
    w.administration().diff().await.unwrap().iter().map(ToString::to_string).collect()
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn applying_leaves_no_difference_and_doing_it_again_changes_nothing() {
    let w = World::bare().await;
    let missing = differences(&w).await;
    assert!(missing.contains(&"queue ktrdr.jobs.training is missing".to_owned()), "{missing:?}");
    let first = w.administration().apply(&Passwords::default()).await.unwrap();
    assert!(first.done.contains(&"policy ktrdr-jobs".to_owned()) && first.by_hand.is_empty(), "{first:?}");
    publish(&w.broker().await, &[probe("a")]).await;
    assert_eq!(w.administration().apply(&Passwords::default()).await.unwrap(), first);
    assert_eq!(w.broker().await.depth(PROBES).await.unwrap(), 1);
    let left = differences(&w).await;
    assert!(left.iter().all(|difference| difference.starts_with("rights of user")), "{left:?}");
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_virtual_host_that_is_missing_is_made() {
    let vhost = Vhost::missing_at(Place::shared());
    let applied = vhost.administration().apply(&Passwords::default()).await.unwrap();
    assert_eq!(applied.done.first(), Some(&format!("virtual host {}", vhost.name)));
    assert!(applied.done.contains(&"policy ktrdr-jobs".to_owned()), "{applied:?}");
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn whatever_is_missing_or_otherwise_is_named() {
    let w = World::new().await;
    let raw = w.raw().await;
    w.delete(PROBES).await;
    let unbound = raw.channel.queue_unbind(
        "ktrdr.jobs.training".into(),
        "ktrdr.jobs".into(),
        "training".into(),
        FieldTable::default(),
    );
    unbound.await.unwrap();
    raw.channel.queue_delete("ktrdr.dlq".into(), Default::default()).await.unwrap();
    let classic = QueueDeclareOptions { durable: true, ..Default::default() };
    raw.channel.queue_declare("ktrdr.dlq".into(), classic, FieldTable::default()).await.unwrap();
    w.manage(Method::DELETE, &format!("policies/{}/ktrdr-events", w.vhost.name), json!({})).await;
    let found = differences(&w).await;
    for expected in [
        "queue ktrdr.jobs.probe is missing",
        "binding of ktrdr.jobs.training to ktrdr.jobs with \"training\" is missing",
        "queue ktrdr.dlq should be",
        "policy of queue ktrdr.events.orchestrator should be",
        "policy ktrdr-events is missing",
    ] {
        assert!(found.iter().any(|difference| difference.starts_with(expected)), "{expected}: {found:?}");
    }
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_policy_that_another_one_outranks_is_no_success() {
    let w = World::new().await;
    let policy =
        json!({"pattern": "^ktrdr", "priority": 99, "apply-to": "queues", "definition": {"max-length": 5}});
    w.manage(Method::PUT, &format!("policies/{}/theirs", w.vhost.name), policy).await;
    let failed = w.administration().apply(&Passwords::default()).await.unwrap_err();
    assert!(failed.to_string().contains("policy of queue ktrdr.jobs.agent_design should be"), "{failed}");
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn without_the_management_interface_the_commands_left_to_do_are_given() {
    let w = World::bare().await;
    let administration = Administration::new(w.url().parse().unwrap(), None, Trust::default()).unwrap();
    let missing = administration.diff().await.unwrap();
    assert!(missing.iter().any(|d| d.to_string() == "exchange ktrdr.dlx is missing"), "{missing:?}");
    let applied = administration.apply(&Passwords::default()).await.unwrap();
    assert_eq!(applied.by_hand.len(), Topology::built_in().unwrap().policies.len());
    assert!(applied.by_hand[0].starts_with("rabbitmqctl set_policy -p 'test-"), "{:?}", applied.by_hand);
    assert_eq!(administration.diff().await.unwrap(), []);
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn the_definitions_are_what_the_broker_imports() {
    let w = World::bare().await;
    let version = w.administration().version().await.unwrap().unwrap();
    assert!(version >= BrokerVersion::OLDEST, "{version}");
    let definitions =
        Topology::built_in().unwrap().definitions(version, &w.vhost.name, "ktrdr", &Passwords::default());
    w.manage(Method::POST, "definitions", definitions).await;
    let left = differences(&w).await;
    assert!(left.iter().all(|difference| difference.starts_with("rights of user")), "{left:?}");
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_binding_that_is_none_of_ours_is_named_left_alone_and_removed_when_asked() {
    let w = World::new().await;
    let raw = w.raw().await;
    let table = FieldTable::default;
    let bind = |queue: &str, exchange: &str, key: &str| {
        raw.channel.queue_bind(
            queue.into(),
            exchange.into(),
            key.into(),
            QueueBindOptions::default(),
            table(),
        )
    };
    bind("ktrdr.jobs.training", "ktrdr.events", "op.#").await.unwrap();
    let tap = QueueDeclareOptions { durable: true, ..Default::default() };
    raw.channel.queue_declare("ktrdr.tap".into(), tap, table()).await.unwrap();
    bind("ktrdr.tap", "ktrdr.jobs", "training").await.unwrap();
    let bridge = ExchangeBindOptions::default();
    let bridged =
        raw.channel.exchange_bind("ktrdr.jobs".into(), "ktrdr.dlx".into(), "".into(), bridge, table());
    bridged.await.unwrap();
    let foreign = [
        "binding of ktrdr.jobs to ktrdr.dlx with \"\"",
        "binding of ktrdr.jobs.training to ktrdr.events with \"op.#\"",
        "binding of ktrdr.tap to ktrdr.jobs with \"training\"",
    ];
    let seen = differences(&w).await;
    for binding in foreign {
        assert!(
            seen.iter().any(|d| d.starts_with(&format!("{binding} is none of ours"))),
            "{binding}: {seen:?}"
        );
    }
    let applied = w.administration().apply(&Passwords::default()).await.unwrap();
    let mut named: Vec<_> = applied.foreign.iter().map(|d| d.subject.as_str()).collect();
    named.sort_unstable();
    assert_eq!(named, foreign);
    assert!(applied.foreign[0].mend.contains("--remove-foreign-bindings"));
    let removed = w.administration().remove_foreign_bindings().await.unwrap();
    assert_eq!((removed.gone.len(), removed.left, removed.by_hand), (3, vec![], None));
    assert!(
        !differences(&w).await.iter().any(|d| d.contains("binding")),
        "one is left, or too many are gone"
    );
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn bindings_of_others_that_our_user_may_not_remove_are_named_with_the_command_that_allows_it() {
    let w = World::new().await;
    let vhost = &w.vhost.name;
    let may = |write: &str, read: &str| json!({"configure": ".*", "write": write, "read": read});
    let rights = format!("permissions/{vhost}/{}", w.administrator());
    w.manage(Method::PUT, &rights, may(".*", ".*")).await;
    w.manage(Method::PUT, &format!("queues/{vhost}/strange's"), json!({"durable": true})).await;
    for (source, destination) in [
        ("amq.topic", "ktrdr.events.orchestrator"),
        ("ktrdr.events", "strange's"),
        ("ktrdr.events", "ktrdr.jobs.probe"),
    ] {
        let path = format!("bindings/{vhost}/e/{source}/q/{destination}");
        w.manage(Method::POST, &path, json!({"routing_key": "op.#"})).await;
    }
    w.manage(Method::PUT, &rights, may(r"^ktrdr\.", r"^ktrdr\.")).await;
    let removed = w.administration().remove_foreign_bindings().await.unwrap();
    assert_eq!(removed.gone.len(), 1, "{removed:?}");
    assert!(removed.gone[0].subject.contains("ktrdr.jobs.probe"), "{removed:?}");
    let left: Vec<&str> = removed.left.iter().map(|binding| binding.subject.as_str()).collect();
    assert!(
        left.iter().any(|s| s.contains("amq.topic")) && left.iter().any(|s| s.contains("strange's")),
        "{left:?}"
    );
    let command = removed.by_hand.unwrap();
    let given: Vec<&str> = command.split("' '").collect();
    assert!(command.starts_with(&format!("rabbitmqctl set_permissions -p '{vhost}' ")), "{command}");
    let [.., write, read] = given[..] else { panic!("{command}") };
    let (write, read) = (write.replace(r"'\''", "'"), read.trim_end_matches('\''));
    w.manage(Method::PUT, &rights, may(&write, read)).await;
    let removed = w.administration().remove_foreign_bindings().await.unwrap();
    assert_eq!((removed.gone.len(), removed.by_hand), (2, None));
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_policy_of_the_operator_that_overrides_ours_is_seen() {
    let w = World::new().await;
    let path = format!("operator-policies/{}/tight", w.vhost.name);
    let body =
        json!({"pattern": r"^ktrdr\.jobs\.probe", "definition": {"max-length": 5}, "apply-to": "queues"});
    w.manage(Method::PUT, &path, body).await;
    let seen = loop {
        let seen: Vec<_> = differences(&w).await.into_iter().filter(|d| d.starts_with("operator")).collect();
        if !seen.is_empty() {
            break seen;
        }
    };
    assert_eq!(seen.len(), 1, "{seen:?}");
    for words in ["operator policy tight overrides ours on ktrdr.jobs.probe", "max-length is 5 instead of"] {
        assert!(seen[0].contains(words), "{words}: {seen:?}");
    }
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_virtual_host_belongs_to_one_fleet() {
    let w = World::new().await;
    let theirs = || w.administration().of_fleet("theirs");
    let refused = theirs().apply(&Passwords::default()).await.unwrap_err().to_string();
    for words in [&w.vhost.name, "\"theirs\"", "'ktrdr.fleet.ktrdr'", "KTRDR_PREFIX"] {
        assert!(refused.contains(words), "{words}: {refused}");
    }
    let seen = theirs().diff().await.unwrap();
    assert!(seen[0].to_string().contains("belongs to \"ktrdr.fleet.ktrdr\""), "{seen:?}");
    // Neither can it be taken without the management interface.
    let blind = Administration::new(w.url().parse().unwrap(), None, Trust::default()).unwrap();
    let refused = blind.of_fleet("theirs").apply(&Passwords::default()).await;
    assert!(matches!(refused, Err(TopologyError::Owned { .. })), "{refused:?}");

    let role = AmqpSettings { fleet: Some("theirs".into()), ..settings(&w.url()) };
    match AmqpBroker::connect(role.clone()).await.err() {
        Some(BrokerError::Topology(why)) => assert!(why.contains("ktrdr topology apply"), "{why}"),
        other => panic!("{other:?}"),
    }
    AmqpBroker::connect(AmqpSettings { fleet: None, ..role }).await.unwrap();
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_password_of_nobody_is_refused_before_anything_is_done() {
    let w = World::bare().await;
    let slip = Passwords::from_iter([("ktrdr-worker-trainings".to_owned(), "canary".to_owned())]);
    let refused = w.administration().apply(&slip).await.unwrap_err().to_string();
    for words in ["ktrdr-worker-trainings", "ktrdr-worker-training,", "ktrdr-coordinator"] {
        assert!(refused.contains(words), "{words}: {refused}");
    }
    assert!(!refused.contains("canary"), "{refused}");
    assert!(
        differences(&w).await.contains(&"exchange ktrdr.dlx is missing".to_owned()),
        "something was done"
    );
}
