//! A password reaches no error, no debug output and no log line, whatever goes wrong.
//!
//! A file of its own, because it takes the log of the whole process.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "redis/log.rs"]
mod log;

use ktrdr_fabric::broker::Broker;
use ktrdr_fabric::store::BootId;
use ktrdr_fleet::amqp::{AmqpBroker, AmqpSettings, AmqpUrl, Trust};
use ktrdr_fleet::topology::{Administration, ManagementUrl, Passwords};
use log::Log;
use tracing_subscriber::filter::LevelFilter;

const CANARY: &str = "canary-6f1d";

fn settings(url: &str) -> AmqpSettings {
    AmqpSettings::new(url.parse().unwrap(), "test", BootId("b".into()), Vec::new())
}

/// What a failed attempt to connect says of itself.
async fn refusal(url: &str) -> String {
    let settings = settings(url);
    let shown = format!("{settings:?}");
    let refused = AmqpBroker::connect(settings).await.err().expect("a refusal");
    format!("{shown} {refused} {refused:?}")
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_password_is_in_no_error_and_no_log_line() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false);
    subscriber.with_writer(move || writer.clone()).init();
    let admin = std::env::var("KTRDR_AMQP_ADMIN_URL").expect("eval \"$(scripts/services start)\" first");
    let management = std::env::var("KTRDR_RABBITMQ_MANAGEMENT_URL").unwrap();
    let good_password = admin.split([':', '@']).nth(2).unwrap().to_owned();
    let place = admin.rsplit_once('@').unwrap().1;

    let mut said = vec![refusal(&format!("amqp://u:{CANARY}@127.0.0.1:1/v")).await];
    said.push(refusal(&format!("amqp://u:{CANARY}@{place}")).await);
    said.push(refusal(&format!("amqp://u:{CANARY}@far.invalid/v")).await);
    said.push(refusal(&format!("amqps://u:{CANARY}@{place}")).await);
    said.push(refusal(&format!("{}/no-such-vhost", admin.rsplit_once('/').unwrap().0)).await);
    assert!(said[1].contains("ACCESS_REFUSED"), "{}", said[1]);
    assert!(said[2].contains("allow_plaintext"), "{}", said[2]);
    assert!(said[4].contains("make the virtual host"), "{}", said[4]);
    for text in [format!("http://u:{CANARY}@h"), format!("amqp://u:{CANARY}@[::1]/v"), CANARY.to_owned()] {
        said.push(format!("{:?}", text.parse::<AmqpUrl>().unwrap_err()));
    }
    said.push(format!("{:?}", format!("ftp://u:{CANARY}@h").parse::<ManagementUrl>().unwrap_err()));
    for wrong in [management.replace(&good_password, CANARY), format!("http://u:{CANARY}@127.0.0.1:1")] {
        let administration =
            Administration::new(admin.parse().unwrap(), Some(wrong.parse().unwrap()), Trust::default())
                .unwrap();
        let refused = administration.apply(&Passwords::default()).await.unwrap_err();
        said.push(format!("{refused} {refused:?}"));
    }
    let broker = AmqpBroker::connect(settings(&admin)).await;
    if let Ok(broker) = broker {
        said.push(format!("{:?} {:?}", broker.queues().await, broker.publish(Vec::new()).await));
    }
    let log = log.text();
    assert!(log.contains("TRACE lapin"), "the client library is heard as well");
    said.push(log);
    for text in said {
        for secret in [CANARY, good_password.as_str()] {
            let leak = text.lines().find(|line| line.contains(secret));
            assert_eq!(leak, None, "shows a password");
        }
    }
}
