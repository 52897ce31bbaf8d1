//! A virtual host of its own, gone afterwards.

use std::thread;

use ktrdr_fabric::random::random;
use ktrdr_fleet::amqp::Trust;
use ktrdr_fleet::topology::{Administration, Passwords};
use reqwest::Method;
use serde_json::{Value, json};

/// Where a broker is, as `scripts/services env` prints it.
#[derive(Clone)]
pub(crate) struct Place {
    /// Of the administrator, without the virtual host.
    pub(crate) amqp: String,
    pub(crate) management: String,
}

impl Place {
    /// The broker that `scripts/services` started.
    pub(crate) fn shared() -> Self {
        let variable = |name: &str| {
            std::env::var(name)
                .unwrap_or_else(|_| panic!(r#"{name}: run eval "$(scripts/services start)" first"#))
        };
        Self::of(&variable("KTRDR_AMQP_ADMIN_URL"), &variable("KTRDR_RABBITMQ_MANAGEMENT_URL"))
    }

    pub(crate) fn of(amqp: &str, management: &str) -> Self {
        let (amqp, _vhost) = amqp.rsplit_once('/').unwrap();
        Self { amqp: amqp.to_owned(), management: management.to_owned() }
    }

    /// One call of the management interface; what it answered.
    pub(crate) async fn manage(&self, method: Method, path: &str, body: Value) -> Value {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = format!("{}/api/{path}", self.management);
        let answer = reqwest::Client::new().request(method, url).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default()
    }
}

/// A virtual host in which the administrator may do everything.
pub(crate) struct Vhost {
    pub(crate) place: Place,
    pub(crate) name: String,
}

impl Vhost {
    /// One that is not there yet.
    pub(crate) fn missing_at(place: Place) -> Self {
        Self { place, name: format!("test-{:016x}", random()) }
    }

    pub(crate) async fn at(place: Place) -> Self {
        let vhost = Self::missing_at(place);
        let Self { place, name } = &vhost;
        place.manage(Method::PUT, &format!("vhosts/{name}"), json!({})).await;
        let administrator = place.amqp.split("//").nth(1).unwrap().split(':').next().unwrap();
        let all = json!({"configure": ".*", "write": ".*", "read": ".*"});
        place.manage(Method::PUT, &format!("permissions/{name}/{administrator}"), all).await;
        vhost
    }

    /// Of the administrator.
    pub(crate) fn url(&self) -> String {
        format!("{}/{}", self.place.amqp, self.name)
    }

    pub(crate) fn administration(&self) -> Administration {
        let management = self.place.management.parse().unwrap();
        Administration::new(self.url().parse().unwrap(), Some(management), Trust::default()).unwrap()
    }

    pub(crate) async fn apply(&self) {
        self.administration().apply(&Passwords::default()).await.unwrap();
    }
}

impl Drop for Vhost {
    fn drop(&mut self) {
        let (place, path) = (self.place.clone(), format!("vhosts/{}", self.name));
        let gone = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(place.manage(Method::DELETE, &path, json!({})));
        });
        // Already failing when this fails as well.
        let _ = gone.join();
    }
}
