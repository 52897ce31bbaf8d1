//! Bringing a running broker to the topology, and comparing the two.
//!
//! Exchanges, queues and bindings are declared over AMQP. Policies and users need the management interface; without
//! it the commands are given that do the same by hand.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::bindings::{self, Foreign};
use super::difference::{of_binding, of_exchange, of_policy, of_policy_text, of_queue, of_rights};
use super::management::Management;
use super::{
    BrokerVersion, Difference, ManagementUrl, Passwords, Policy, Topology, TopologyError, User, declare,
    operator_policy, owner,
};
use crate::amqp::{AmqpConnection, AmqpUrl, Trust};

/// A policy acts on its queues within milliseconds; it is given two seconds.
const EFFECT_LOOKS: u32 = 20;
const EFFECT_PAUSE: Duration = Duration::from_millis(100);

/// The name of a fleet that was given none: that of its prefix.
const DEFAULT_FLEET: &str = "ktrdr";

/// A broker, seen by its administrator.
pub struct Administration {
    topology: Topology,
    connection: AmqpConnection,
    vhost: String,
    /// Whose the virtual host is to be.
    fleet: String,
    /// Who we are on the broker.
    user: String,
    management: Option<Management>,
}

/// What an apply did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// What is there now, such as `queue ktrdr.jobs.training`.
    pub done: Vec<String>,
    /// Commands that are left to do by hand, because there is no management interface.
    pub by_hand: Vec<String>,
    /// Bindings that are none of ours, and were left alone.
    pub foreign: Vec<Difference>,
}

/// What a removal of bindings did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// What is gone.
    pub gone: Vec<Difference>,
    /// What is left, because our user may not remove it.
    pub left: Vec<Difference>,
    /// The command after which it may.
    pub by_hand: Option<String>,
}

impl Administration {
    /// The administrator's view of the broker at `url`; policies and users through `management`.
    ///
    /// # Errors
    /// When the way there is not trusted, or its certificate can not be read.
    pub fn new(url: AmqpUrl, management: Option<ManagementUrl>, trust: Trust) -> Result<Self, TopologyError> {
        let management = management.map(|management| Management::new(management, &trust)).transpose()?;
        let (vhost, user) = (url.vhost().to_owned(), url.user().to_owned());
        let connection = AmqpConnection::new(url, "ktrdr topology", trust)?;
        let fleet = DEFAULT_FLEET.to_owned();
        Ok(Self { topology: Topology::built_in()?, connection, vhost, fleet, user, management })
    }

    /// The same for the fleet of another name than `ktrdr`.
    #[must_use]
    pub fn of_fleet(mut self, name: &str) -> Self {
        name.clone_into(&mut self.fleet);
        self
    }

    /// The broker's version, where the management interface tells it.
    ///
    /// # Errors
    /// When it does not answer, or with something else.
    pub async fn version(&self) -> Result<Option<BrokerVersion>, TopologyError> {
        let Some(management) = &self.management else { return Ok(None) };
        let overview = management.get(&["overview"]).await?.unwrap_or_default();
        overview["rabbitmq_version"].as_str().map(str::parse).transpose()
    }

    /// Declares what is missing (the virtual host too, through `management`), sets policies and proves that they act, and
    /// sets those users whose password is known. Doing it again changes nothing; nothing is ever deleted.
    ///
    /// # Errors
    /// When the virtual host is another fleet's, a password is nobody's, or something is declared otherwise (arguments of a queue can not be changed), refused, or without effect.
    pub async fn apply(&self, passwords: &Passwords) -> Result<Applied, TopologyError> {
        self.topology.check_users(passwords)?;
        let mut done = self.vhost_if_missing().await?;
        done.extend(owner::take(&self.connection, &self.vhost, &self.fleet).await?);
        done.extend(declare::everything(&self.connection, &self.topology).await?);
        let version = self.version().await?.unwrap_or(BrokerVersion::OLDEST);
        let Some(management) = &self.management else {
            let by_hand = self.topology.policies.iter().map(|p| p.command(&self.vhost, version)).collect();
            return Ok(Applied { done, by_hand, foreign: Vec::new() });
        };
        for policy in &self.topology.policies {
            self.set_policy(management, policy, version).await?;
            done.push(format!("policy {}", policy.name));
        }
        self.policies_act(management).await?;
        for user in self.topology.users() {
            let Some(password) = passwords.of(&user) else { continue };
            self.set_user(management, &user, password).await?;
            done.push(format!("user {}", user.name));
        }
        let foreign = self.foreign_bindings(management).await?.iter().map(Foreign::difference).collect();
        Ok(Applied { done, by_hand: Vec::new(), foreign })
    }

    /// Removes every binding of our queues and exchanges that is none of ours, as far as our user may: those of exchanges
    /// and queues of others it may not.
    ///
    /// # Errors
    /// When there is no management interface, or it refuses for another reason.
    pub async fn remove_foreign_bindings(&self) -> Result<Removed, TopologyError> {
        let management =
            self.management.as_ref().ok_or(TopologyError::Url("there is none, and only it sees bindings"))?;
        let (mut gone, mut left) = (Vec::new(), Vec::new());
        for binding in self.foreign_bindings(management).await? {
            match management.delete(&binding.path(&self.vhost)).await? {
                true => gone.push(binding.difference()),
                false => left.push(binding),
            }
        }
        let by_hand = || Foreign::command_to_allow(&left, &self.vhost, management.user());
        let by_hand = (!left.is_empty()).then(by_hand);
        Ok(Removed { gone, left: left.iter().map(Foreign::difference).collect(), by_hand })
    }

    async fn foreign_bindings(&self, management: &Management) -> Result<Vec<Foreign>, TopologyError> {
        let all = management.get(&["bindings", &self.vhost]).await?.unwrap_or_default();
        Ok(bindings::foreign(&self.topology, &all))
    }

    /// What the broker lacks or has otherwise. Without the management interface only what is missing can be seen.
    ///
    /// # Errors
    /// When the broker can not be asked.
    pub async fn diff(&self) -> Result<Vec<Difference>, TopologyError> {
        let Some(management) = &self.management else {
            return Ok(declare::missing(&self.connection, &self.topology).await?);
        };
        let version = self.version().await?.unwrap_or(BrokerVersion::OLDEST);
        let vhost = self.vhost.as_str();
        let owner = management.get(&["exchanges", vhost, "ktrdr.fleet"]).await?;
        let mark = management.get(&["exchanges", vhost, &owner::mark(&self.fleet)]).await?;
        let mut differences: Vec<_> =
            owner::difference(&self.fleet, owner.as_ref(), mark.as_ref()).into_iter().collect();
        for exchange in &self.topology.exchanges {
            let found = management.get(&["exchanges", vhost, &exchange.name]).await?;
            differences.extend(of_exchange(exchange, found.as_ref()));
        }
        let queues = management.queues(vhost).await?;
        for queue in &self.topology.queues {
            let found = named(&queues, &queue.name);
            differences.extend(of_queue(queue, found));
            let Some(found) = found else { continue };
            let policy = self.topology.policy_of(queue);
            differences.extend(policy.and_then(|policy| of_policy(queue, policy, found)));
            let path = ["bindings", vhost, "e", queue.exchange(), "q", &queue.name];
            let bindings = management.get(&path).await?.unwrap_or_default();
            differences.extend(of_binding(queue, &bindings));
        }
        differences.extend(self.foreign_bindings(management).await?.iter().map(Foreign::difference));
        for policy in &self.topology.policies {
            let found = management.get(&["policies", vhost, &policy.name]).await?;
            differences.extend(of_policy_text(policy, version, found.as_ref()));
        }
        let operated = management.operated_queues(vhost).await?;
        differences.extend(operator_policy::differences(&self.topology, version, &operated));
        for user in self.topology.users() {
            let found = management.get(&["permissions", vhost, &user.name]).await?;
            differences.extend(found.and_then(|found| of_rights(&user, &found)));
        }
        Ok(differences)
    }

    /// Creates the virtual host when it is missing, which only an administrator of the broker may do.
    async fn vhost_if_missing(&self) -> Result<Vec<String>, TopologyError> {
        let Some(management) = &self.management else { return Ok(Vec::new()) };
        // Who may not ask may not create it either; if it is missing, declaring says so.
        if !matches!(management.get(&["vhosts", &self.vhost]).await, Ok(None)) {
            return Ok(Vec::new());
        }
        management.put(&["vhosts", &self.vhost], &json!({})).await?;
        let ours = r"^ktrdr\.";
        let rights = json!({"configure": ours, "write": ours, "read": ours});
        management.put(&["permissions", &self.vhost, &self.user], &rights).await?;
        Ok(vec![format!("virtual host {}", self.vhost)])
    }

    async fn set_policy(
        &self,
        management: &Management,
        policy: &Policy,
        version: BrokerVersion,
    ) -> Result<(), TopologyError> {
        let body = Value::Object(policy.body(version));
        management.put(&["policies", &self.vhost, &policy.name], &body).await
    }

    /// Proves that each queue is under its policy: a broker may accept one and drop it without a word.
    async fn policies_act(&self, management: &Management) -> Result<(), TopologyError> {
        let mut looks = 0;
        while let Some(difference) = self.inactive_policy(management).await? {
            looks += 1;
            if looks == EFFECT_LOOKS {
                return Err(TopologyError::PolicyWithoutEffect(difference));
            }
            sleep(EFFECT_PAUSE).await;
        }
        Ok(())
    }

    async fn inactive_policy(&self, management: &Management) -> Result<Option<Difference>, TopologyError> {
        let queues = management.queues(&self.vhost).await?;
        Ok(self.topology.queues.iter().find_map(|queue| {
            let policy = self.topology.policy_of(queue)?;
            of_policy(queue, policy, named(&queues, &queue.name)?)
        }))
    }

    async fn set_user(
        &self,
        management: &Management,
        user: &User,
        password: &str,
    ) -> Result<(), TopologyError> {
        let body = json!({"password": password, "tags": user.tags});
        management.put(&["users", &user.name], &body).await?;
        management.put(&["permissions", &self.vhost, &user.name], &user.permissions()).await
    }
}

/// One of a list of the management interface.
pub(super) fn named<'a>(list: &'a Value, name: &str) -> Option<&'a Value> {
    list.as_array()?.iter().find(|item| item["name"] == name)
}
