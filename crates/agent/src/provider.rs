//! Who designs and assesses: providers, found by the name that a specification carries.
//!
//! A new provider implements [`Designer`] and [`Assessor`] and is registered by whoever wires a process. What it needs to
//! be reached (an address, a key, a budget) is its constructor's matter; a specification carries its name alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use ktrdr_domain::OperationId;
use ktrdr_domain::job::AssessmentSpec;
use ktrdr_domain::name::ProviderName;
use ktrdr_domain::report::AssessmentReport;

use crate::design::{Design, DesignBrief};
use crate::models::Lane;
use crate::purse::Purse;
use crate::{AgentError, EvolvingDesigner, LocalAssessor, LocalDesigner};

/// Proposes one strategy at a time. It fills in a proposal and nothing else: the cycle decides what happens next.
#[async_trait]
pub trait Designer: Send + Sync {
    /// One strategy for one cycle. Dropped before it is ready, it has no effect.
    ///
    /// # Errors
    /// See [`AgentError`].
    async fn design(&self, brief: &DesignBrief<'_>, call: Call<'_>) -> Result<Design, AgentError>;
}

/// Judges one finished cycle in words. The gates have already decided; nothing it says moves a cycle.
#[async_trait]
pub trait Assessor: Send + Sync {
    /// A judgement, signed by whoever made it. Dropped before it is ready, it has no effect.
    ///
    /// # Errors
    /// See [`AgentError`].
    async fn assess(&self, input: &AssessmentSpec, call: Call<'_>) -> Result<AssessmentReport, AgentError>;
}

/// One request to a provider: on whose behalf, and whether its answer is still wanted.
///
/// A provider that waits for others is cancelled by dropping its future; one that computes asks [`Call::is_stopped`]
/// between steps.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The operation that asks.
    pub operation: &'a OperationId,
    /// Its attempt. Together they name what a call costs, so that a repeated attempt is not charged twice.
    pub attempt: u64,
    /// Whether the caller has given up.
    pub stop: &'a (dyn Fn() -> bool + Send + Sync),
    /// How a language model is asked.
    pub lane: Lane,
    /// Pays for what it costs.
    pub purse: &'a dyn Purse,
}

impl Call<'_> {
    /// Whether the caller has given up.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        (self.stop)()
    }
}

/// What one name stands for.
#[derive(Clone)]
pub struct Provider {
    /// Designs.
    pub designer: Arc<dyn Designer>,
    /// Assesses.
    pub assessor: Arc<dyn Assessor>,
}

impl Provider {
    /// One that does both.
    pub fn of<P: Designer + Assessor + 'static>(provider: P) -> Self {
        let provider = Arc::new(provider);
        Self { designer: Arc::clone(&provider) as Arc<dyn Designer>, assessor: provider }
    }

    /// Seeded search and rules, which need no key.
    #[must_use]
    pub fn local() -> Self {
        Self { designer: Arc::new(LocalDesigner), assessor: Arc::new(LocalAssessor) }
    }

    /// Designs that are bred, and the same rules.
    fn evolving() -> Self {
        Self { designer: Arc::new(EvolvingDesigner), assessor: Arc::new(LocalAssessor) }
    }
}

/// The providers of a process, by name. `local` and `evolve` are always among them. One that lacks what it needs is known by what it lacks.
#[derive(Clone)]
pub struct Providers(BTreeMap<ProviderName, Result<Provider, String>>);

impl std::fmt::Debug for Providers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Default for Providers {
    fn default() -> Self {
        Self(BTreeMap::from([
            (ProviderName::default(), Ok(Provider::local())),
            (ProviderName::evolving(), Ok(Provider::evolving())),
        ]))
    }
}

impl Providers {
    /// The same with one more, or with another one of that name.
    #[must_use]
    pub fn with(mut self, name: ProviderName, provider: Provider) -> Self {
        self.0.insert(name, Ok(provider));
        self
    }

    /// The same with one that can not work here, and what it lacks.
    #[must_use]
    pub fn lacking(mut self, name: ProviderName, lack: String) -> Self {
        self.0.insert(name, Err(lack));
        self
    }

    /// The provider of that name.
    ///
    /// # Errors
    /// When this process has none, or it lacks what it needs.
    pub fn get(&self, name: &ProviderName) -> Result<&Provider, NoProvider> {
        let provider = self.known(name)?.as_ref();
        provider.map_err(|lack| NoProvider::Lacking { name: name.clone(), lack: lack.clone() })
    }

    /// Whether there is such a provider, here or on another machine: that it lacks something here does not matter.
    ///
    /// # Errors
    /// When nobody is called so.
    pub fn expect(&self, name: &ProviderName) -> Result<(), NoProvider> {
        self.known(name).map(|_| ())
    }

    fn known(&self, name: &ProviderName) -> Result<&Result<Provider, String>, NoProvider> {
        self.0.get(name).ok_or_else(|| {
            let default = ProviderName::default();
            let others = self.0.keys().filter(|known| **known != default).cloned();
            let known = std::iter::once(default.clone()).chain(others).collect();
            NoProvider::Unknown { name: name.clone(), known }
        })
    }
}

/// Why nobody of that name designs here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoProvider {
    /// A name that stands for nobody.
    #[error("no provider of designs is called {name}; there is {}: choose one with --agent or research.agent", list(.known))]
    Unknown {
        /// What was asked for.
        name: ProviderName,
        /// What there is, the local one first.
        known: Vec<ProviderName>,
    },
    /// One that lacks what it needs in this process.
    #[error("{name} can not design here: {lack}")]
    Lacking {
        /// What was asked for.
        name: ProviderName,
        /// What is missing, and how to give it.
        lack: String,
    },
}

fn list(names: &[ProviderName]) -> String {
    names.iter().map(ProviderName::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_a_provider_is_refused_with_those_there_are() {
        let night = || "night-shift".parse().unwrap();
        let providers = Providers::default().with(night(), Provider::local());
        assert!(providers.get(&night()).is_ok());
        let unknown = providers.get(&"nobody".parse().unwrap()).err().unwrap();
        assert!(
            unknown.to_string().contains("called nobody; there is local, evolve, night-shift:"),
            "{unknown}"
        );
        let lacking = providers.lacking(night(), "no key was given".to_owned());
        assert!(lacking.expect(&night()).is_ok());
        let why = lacking.get(&night()).err().unwrap().to_string();
        assert_eq!(why, "night-shift can not design here: no key was given");
    }
}
