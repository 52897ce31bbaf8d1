//! TLS: encrypted, and only to whom the certificate names.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use ktrdr_fleet::amqp::{AmqpBroker, AmqpSettings};
use tokio::net::TcpStream;

use crate::world::{World, probe, publish, settings, until};

const AUTHORITY: &str = include_str!("../redis/tls/ca.pem");

/// Takes the encryption off in front of the broker, as a broker with certificates does itself. `socat` comes with
/// RabbitMQ's package.
struct Front {
    process: Child,
    port: u16,
}

impl Front {
    async fn of(w: &World) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = |name: &str| format!("{}/tests/redis/tls/{name}", env!("CARGO_MANIFEST_DIR"));
        let (certificate, key) = (file("server.pem"), file("server.key"));
        let listen = format!("OPENSSL-LISTEN:{port},reuseaddr,fork,cert={certificate},key={key},verify=0");
        let mut socat = Command::new("socat");
        socat.args([listen, format!("TCP:{}", w.authority())]).stderr(Stdio::null());
        let front = Self { process: socat.spawn().unwrap(), port };
        until("a listener", async || TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await;
        front
    }

    fn settings(&self, w: &World, host: &str) -> AmqpSettings {
        let plain = w.url().replace(w.authority(), &format!("{host}:{}", self.port));
        let mut settings = settings(&plain.replace("amqp://", "amqps://"));
        settings.trust.ca_pem = Some(AUTHORITY.to_owned());
        settings
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_broker_with_a_certificate_of_our_authority_is_trusted() {
    let w = World::new().await;
    let front = Front::of(&w).await;
    let broker = AmqpBroker::connect(front.settings(&w, "localhost")).await.unwrap();
    publish(&broker, &[probe("a")]).await;
}

#[tokio::test]
#[ignore = "needs services: RabbitMQ"]
async fn a_broker_with_a_certificate_of_someone_else_or_for_another_name_is_not() {
    let w = World::new().await;
    let front = Front::of(&w).await;
    let mut without = front.settings(&w, "localhost");
    without.trust.ca_pem = None;
    for settings in [without, front.settings(&w, "127.0.0.2")] {
        let refused = AmqpBroker::connect(settings).await.err().expect("a refusal");
        assert!(refused.to_string().to_lowercase().contains("certificate"), "{refused}");
    }
}
