//! The topology file, held to what the fleet relies on. Needs no broker.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use ktrdr_domain::{DeviceClass, Kind};
use ktrdr_fabric::broker::Queue;
use ktrdr_fleet::topology::{
    BrokerVersion, DEAD_LETTER_QUEUE, DEAD_LETTERS, EVENTS, JOBS, Passwords, QueueRow, Topology, queue_name,
};

fn topology() -> Topology {
    Topology::built_in().unwrap()
}

fn version(text: &str) -> BrokerVersion {
    text.parse().unwrap()
}

#[test]
fn every_queue_that_is_consumed_is_declared_and_nothing_else_but_dead_letters() {
    let mut consumed: Vec<_> = Queue::all().into_iter().map(queue_name).collect();
    consumed.push(DEAD_LETTER_QUEUE.into());
    let mut declared: Vec<_> = topology().queues.into_iter().map(|queue| queue.name).collect();
    consumed.sort();
    declared.sort();
    assert_eq!(declared, consumed);
}

#[test]
fn every_kind_of_job_is_routed_to_its_queue() {
    let topology = topology();
    for kind in Kind::with_jobs() {
        let queue = topology.queues.iter().find(|queue| queue.kind == Some(kind)).unwrap();
        assert_eq!((queue.exchange(), queue.binding().as_str()), (JOBS, kind.as_str()));
    }
    let pinned = topology.queues.iter().filter(|queue| queue.device == Some(DeviceClass::Gpu));
    let bindings: Vec<_> = pinned.map(QueueRow::binding).collect();
    assert_eq!(bindings, ["training.gpu", "probe.gpu"]);
    let names: Vec<_> = topology.exchanges.iter().map(|exchange| exchange.name.as_str()).collect();
    assert_eq!(names, [JOBS, EVENTS, DEAD_LETTERS]);
    assert!(topology.queues.iter().all(|queue| names.contains(&queue.exchange())));
}

#[test]
fn the_broker_gives_up_later_than_the_rows_and_waits_longer_than_any_job() {
    let topology = topology();
    for queue in topology.queues.iter().filter(|queue| queue.kind.is_some()) {
        let policy = topology.policy_of(queue).unwrap();
        assert!(policy.delivery_limit > i64::from(queue.tries.unwrap()), "{}", queue.name);
        let patience = policy.consumer_timeout.unwrap();
        assert!(patience >= queue.time_limit.unwrap() + Duration::from_secs(600), "{}", queue.name);
        assert_eq!(policy.dead_letter_exchange.as_deref(), Some(DEAD_LETTERS));
    }
    assert!(topology.queues.iter().all(|queue| topology.policy_of(queue).is_some()));
}

#[test]
fn each_version_is_told_only_what_it_knows() {
    let topology = topology();
    let says = |policy: usize, broker: &str| topology.policies[policy].definition(version(broker));
    let (jobs, dead_letters) = (0, 2);
    assert!(!says(jobs, "3.10.8").contains_key("consumer-timeout"));
    assert!(!says(jobs, "3.11").contains_key("consumer-timeout"));
    assert_eq!(says(jobs, "3.12.0")["consumer-timeout"], 22_200_000);
    assert_eq!(says(jobs, "4.2.1")["consumer-timeout"], 22_200_000);
    // From 4.0 on a queue without a limit has one of 20, after which a dead letter would be gone.
    assert!(!says(dead_letters, "3.13.7").contains_key("delivery-limit"));
    assert_eq!(says(dead_letters, "4.0.1")["delivery-limit"], -1);
}

#[test]
fn full_queues_refuse_and_dead_letters_are_handed_over_at_least_once() {
    for policy in topology().policies {
        let says = policy.definition(BrokerVersion::OLDEST);
        assert_eq!(says["overflow"], "reject-publish", "{}", policy.name);
        assert!(policy.max_length > 0);
        if policy.dead_letter_exchange.is_some() {
            assert_eq!(says["dead-letter-strategy"], "at-least-once", "{}", policy.name);
        }
    }
}

#[test]
fn definitions_hold_hashes_of_those_users_whose_passwords_are_known() {
    let passwords = Passwords::from_iter([("ktrdr-monitor".to_owned(), "canary".to_owned())]);
    let definitions = topology().definitions(version("4.2"), "ktrdr", "ktrdr", &passwords);
    assert_eq!(definitions["users"].as_array().unwrap().len(), 1);
    assert_eq!(definitions["users"][0]["tags"][0], "monitoring");
    assert_eq!(definitions["permissions"][0]["user"], "ktrdr-monitor");
    assert_eq!(definitions["queues"].as_array().unwrap().len(), 12);
    assert!(definitions["policies"].as_array().unwrap().iter().all(|policy| policy["vhost"] == "ktrdr"));
    assert!(!definitions.to_string().contains("canary"));
}

#[test]
fn every_role_has_a_user_and_no_user_but_the_administrator_declares() {
    let names: Vec<_> = topology().users().into_iter().map(|user| (user.name, user.configure)).collect();
    let of = |name: &str| names.iter().find(|(n, _)| n == name).map(|(_, configure)| configure.as_str());
    assert_eq!(of("ktrdr-admin"), Some(r"^ktrdr\."));
    for name in ["ktrdr-coordinator", "ktrdr-monitor", "ktrdr-worker-training", "ktrdr-worker-backtesting"] {
        assert_eq!(of(name), Some("^$"), "{name}");
    }
    assert_eq!(names.len(), 9);
}

#[test]
fn what_is_no_version_is_refused() {
    for text in ["", "3", "three.ten", "3.-1", "99999999.1"] {
        assert!(text.parse::<BrokerVersion>().is_err(), "{text}");
    }
    assert!(version("3.9.29") < version("3.10.0"));
}
