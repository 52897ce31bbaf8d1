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
use crate::purse::Purse;
use crate::{AgentError, LocalAssessor, LocalDesigner};

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
}

/// The providers of a process, by name. `local` is always among them.
#[derive(Clone)]
pub struct Providers(BTreeMap<ProviderName, Provider>);

impl Default for Providers {
    fn default() -> Self {
        Self(BTreeMap::from([(ProviderName::default(), Provider::local())]))
    }
}

impl Providers {
    /// The same with one more, or with another one of that name.
    #[must_use]
    pub fn with(mut self, name: ProviderName, provider: Provider) -> Self {
        self.0.insert(name, provider);
        self
    }

    /// The provider of that name.
    ///
    /// # Errors
    /// When this process has none.
    pub fn get(&self, name: &ProviderName) -> Result<&Provider, UnknownProvider> {
        self.0
            .get(name)
            .ok_or_else(|| UnknownProvider { name: name.clone(), known: self.0.keys().cloned().collect() })
    }
}

/// A name that stands for no provider here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no provider of designs is called {name}; there is {}: choose one with --agent or research.agent",
    list(.known)
)]
pub struct UnknownProvider {
    /// What was asked for.
    pub name: ProviderName,
    /// What there is.
    pub known: Vec<ProviderName>,
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
        assert_eq!(unknown.known, [ProviderName::default(), night()]);
        assert!(unknown.to_string().contains("called nobody; there is local, night-shift:"), "{unknown}");
    }
}
