//! A world's own part of servers that it shares with others.

use std::sync::OnceLock;
use std::time::Duration;

use ktrdr_fabric::random::random;

use crate::api::client::block_on;
use crate::running::Running;

/// A world's part of the servers that `scripts/test` started.
pub(super) struct Fleet {
    pub(super) settings: Vec<(&'static str, String)>,
    /// Plays every role for those who would run here on the embedded engine.
    pub(super) up: OnceLock<Running>,
    /// Goes after whoever speaks to it.
    _virtual_host: VirtualHost,
}

impl Fleet {
    pub(super) fn new() -> Self {
        Self::at(|name| {
            let missing =
                |_| panic!(r#"{name}: run scripts/test, or eval "$(scripts/services start)" first"#);
            std::env::var(name).unwrap_or_else(missing)
        })
    }

    /// A virtual host and a prefix of its own on the servers with these addresses.
    pub(super) fn at(servers: impl Fn(&str) -> String) -> Self {
        let name = format!("test-{:016x}", random());
        let admin = servers("KTRDR_AMQP_ADMIN_URL");
        let amqp = format!("{}/{name}", admin.rsplit_once('/').unwrap().0);
        let management = servers("KTRDR_RABBITMQ_MANAGEMENT_URL");
        let virtual_host = VirtualHost::called(&name, &management);
        let settings = vec![
            ("KTRDR_ENGINE", "fleet".to_owned()),
            ("KTRDR_AMQP_URL", amqp),
            ("KTRDR_RABBITMQ_MANAGEMENT_URL", management),
            ("KTRDR_REDIS_URL", servers("KTRDR_REDIS_URL")),
            ("KTRDR_PREFIX", name),
        ];
        Self { settings, up: OnceLock::new(), _virtual_host: virtual_host }
    }
}

/// A virtual host of a world's own on a broker that serves many. Deleted when dropped: hundreds of them, each with its
/// queues, would be more than the broker's memory.
struct VirtualHost {
    name: String,
    /// Of the broker, with its administrator's password.
    management_url: String,
}

impl VirtualHost {
    /// Of this name, whoever sets it up.
    fn called(name: &str, management_url: &str) -> Self {
        Self { name: name.to_owned(), management_url: management_url.to_owned() }
    }

    /// With all its queues, where it was set up and the broker answers: one that is down is about to go as a whole.
    async fn delete(&self) -> reqwest::Result<()> {
        let url = format!("{}/api/vhosts/{}", self.management_url, self.name);
        let http = reqwest::Client::builder().timeout(Duration::from_secs(20)).build()?;
        http.delete(url).send().await.map(drop)
    }
}

impl Drop for VirtualHost {
    fn drop(&mut self) {
        // On a thread of its own: a world may end inside a runtime.
        std::thread::scope(|scope| {
            let delete = || {
                let _ = rustls::crypto::ring::default_provider().install_default();
                block_on(self.delete())
            };
            if let Ok(Err(error)) = scope.spawn(delete).join() {
                eprintln!("the virtual host {} stays: {}", self.name, error.without_url());
            }
        });
    }
}
