//! A model that a fake server plays, a market to design for, and a purse that remembers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ktrdr_agent::models::{Lane, Models};
use ktrdr_agent::purse::{Intent, Reservation, Spent};
use ktrdr_agent::{AgentError, BudgetExhausted, Call, Design, DesignBrief, Designer, Purse, PurseError};
use ktrdr_claude::{ApiKey, Claude, Client, Endpoint, Given, Manner, Patience, Recorded, Recording};
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::strategy::DataSplit;
use ktrdr_domain::trading::Account;
use ktrdr_domain::{Kind, OperationId, Timestamp};
use ktrdr_fabric::local::LocalArtifacts;
use ktrdr_fake::{Fake, Mind};
use ktrdr_quant::Bars;

use crate::support;

pub(crate) const KEY: &str = "sk-canary-77";

/// Everything that one design needs.
pub(crate) struct World {
    pub(crate) fake: Fake,
    pub(crate) manner: Manner,
    pub(crate) recording: Recording,
    pub(crate) lessons: Vec<Lesson>,
    pub(crate) text: Option<String>,
    pub(crate) lane: Lane,
    pub(crate) purse: Ledger,
    pub(crate) folder: tempfile::TempDir,
    dev: Vec<Bars>,
}

impl World {
    pub(crate) fn of(mind: Mind) -> Self {
        let model = Models::built_in().unwrap().get("claude-sonnet-5-5").unwrap().clone();
        let patience = Patience {
            first_wait: Duration::from_millis(4),
            wait_max: Duration::from_millis(20),
            ..Patience::default()
        };
        Self {
            fake: Fake::start(mind).unwrap().with_key(KEY),
            manner: Manner { patience, ..Manner::of(model) },
            recording: Recording::Off,
            lessons: Vec::new(),
            text: None,
            lane: Lane::Direct,
            purse: Ledger::default(),
            folder: tempfile::tempdir().unwrap(),
            dev: vec![support::bars(6_000, 0.05, 3)],
        }
    }

    pub(crate) fn claude(&self) -> Claude {
        let given = Given {
            base_url: Some(self.fake.base_url()),
            own_key: Some(ApiKey::new(KEY).unwrap()),
            ..Given::default()
        };
        let client = Client::new(Endpoint::new(given).unwrap(), Duration::from_secs(5)).unwrap();
        let client = (self.recording != Recording::Replay).then_some(client);
        let artifacts = Arc::new(LocalArtifacts::open(self.folder.path()).unwrap());
        Claude::new(client, Recorded::new(artifacts, self.recording), self.manner.clone())
    }

    pub(crate) async fn design(&self, index: u32) -> Result<Design, AgentError> {
        self.design_unless(index, &|| false).await
    }

    pub(crate) async fn design_unless(
        &self,
        index: u32,
        stop: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<Design, AgentError> {
        let brief = DesignBrief {
            symbol: &"EURUSD".parse().unwrap(),
            dev_bars: &self.dev,
            windows: &support::windows(&self.dev),
            split: DataSplit::default(),
            lessons: &self.lessons,
            index,
            part: None,
            generation: 4,
            seed: 7,
            text: self.text.as_deref(),
            account: &Account::default(),
        };
        let attempt = self.purse.begin_attempt();
        let operation = OperationId::new(Kind::AgentDesign, Timestamp(0), 1);
        let call = Call { operation: &operation, attempt, stop, lane: self.lane, purse: &self.purse };
        self.claude().design(&brief, call).await
    }

    /// Why a design failed for good.
    pub(crate) async fn refused(&self) -> String {
        self.refused_at(0).await
    }

    pub(crate) async fn refused_at(&self, index: u32) -> String {
        match self.design(index).await {
            Err(AgentError::NoAnswer { source, .. }) => source.to_string(),
            other => panic!("{other:?}"),
        }
    }

    /// Everything that the server was ever told.
    pub(crate) fn told(&self) -> String {
        self.fake.seen().iter().map(ToString::to_string).collect()
    }
}

/// A purse with a limit, which remembers every call.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) limit: Option<u64>,
    pub(crate) calls: Mutex<Vec<(Intent, Option<Spent>)>>,
    attempts: AtomicU64,
}

impl Ledger {
    /// The next attempt.
    fn begin_attempt(&self) -> u64 {
        self.attempts.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// What was paid: the worst case where nobody counted.
    pub(crate) fn paid(&self) -> u64 {
        let paid = |(intent, spent): &(Intent, Option<Spent>)| match spent {
            Some(Spent::Counted(_, cost)) => cost.micro_dollars,
            Some(Spent::Unknown) | None => intent.worst_case.micro_dollars,
        };
        self.calls.lock().unwrap().iter().map(paid).sum()
    }

    pub(crate) fn spent(&self) -> Vec<Option<Spent>> {
        self.calls.lock().unwrap().iter().map(|(_, spent)| *spent).collect()
    }
}

#[async_trait]
impl Purse for Ledger {
    async fn reserve(&self, intent: &Intent) -> Result<Reservation, PurseError> {
        if self.limit.is_some_and(|limit| self.paid() + intent.worst_case.micro_dollars > limit) {
            return Err(BudgetExhausted { why: "the cycle's limit".into() }.into());
        }
        let mut calls = self.calls.lock().unwrap();
        let of_attempt = calls.iter().filter(|(earlier, _)| earlier.attempt == intent.attempt).count();
        assert_eq!(of_attempt, intent.call as usize, "calls are numbered");
        calls.push((intent.clone(), None));
        Ok(Reservation { intent: intent.clone() })
    }

    async fn settle(&self, reservation: Reservation, spent: Spent) -> Result<(), PurseError> {
        let mut calls = self.calls.lock().unwrap();
        let mine = calls.iter_mut().find(|(intent, _)| *intent == reservation.intent).unwrap();
        let before = mine.1.replace(spent);
        let is_repeated = reservation.intent.lane == Lane::Batch && before == Some(spent);
        assert!(before.is_none() || is_repeated, "{reservation:?} was settled before as {before:?}");
        Ok(())
    }
}
