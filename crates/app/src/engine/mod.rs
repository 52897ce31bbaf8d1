//! Opening a workspace by the engine that is configured, and making sure that its store is the one it remembers.
//!
//! Here alone it is known which engines there are. What comes out are the seams ([`App`]), the store's [`Identity`], and
//! messages for those who play roles.

mod config;
mod embedded;
pub mod examine;
mod fleet;
mod identity;
mod own_store;

use std::path::PathBuf;
use std::sync::Arc;

use ktrdr_catalog::windows;
use ktrdr_domain::window_history::LooksLost;
use ktrdr_domain::{DeviceClass, Reason};
use ktrdr_embedded::Role;
use ktrdr_fabric::artifacts::{ArtifactError, Artifacts};
use ktrdr_fabric::broker::{Broker, Queue};
use ktrdr_fabric::epochs::{Epoch, Epochs};
use ktrdr_fabric::local::LocalArtifacts;
use ktrdr_fabric::store::{BootId, Topic};

pub use config::{EngineConfig, EngineName, FleetConfig, Secret};
pub use fleet::{administration, broker, explain_broker, explain_topology, store_facts};
pub use identity::Identity;
pub use own_store::{OwnStore, Room};

use crate::{App, AppError, ErrorKind, OrKind, Policy, clock};
use identity::{Known, met};

/// A workspace that can be opened: where it is, and what it is configured to.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Its folder.
    pub folder: PathBuf,
    /// Which engine carries jobs and state.
    pub engine: EngineConfig,
    /// What requests are filled in with.
    pub policy: Policy,
    /// Who opens it, as its memory of stores says it: `user@host`.
    pub by: String,
}

/// A workspace that was opened.
pub struct Opened {
    /// What can be asked of it.
    pub app: App,
    /// Its store as itself.
    pub identity: Identity,
    /// How this process gets at messages.
    pub messages: Messages,
}

/// How a process gets at messages.
pub struct Messages(Way);

enum Way {
    /// They never leave it.
    Here(Arc<dyn Broker>),
    /// Each role connects for itself.
    Fleet(Box<FleetConfig>),
}

/// How one process takes part: its name in the broker's list of connections, and the queues that must be there.
#[derive(Debug)]
pub struct Part {
    /// Such as `worker/training`.
    pub role: String,
    /// This run of this process.
    pub boot: BootId,
    /// Checked when connecting.
    pub needs: Vec<Queue>,
    /// Whether it takes or publishes messages, and does not only look at them: the virtual host must be its fleet's then.
    pub plays: bool,
    /// What its jobs compute on: a GPU is served first.
    pub device: DeviceClass,
}

impl Part {
    /// One that only looks.
    #[must_use]
    pub fn looking(role: &str) -> Self {
        let (boot, device) = (BootId::of_this_process(), DeviceClass::Cpu);
        Self { role: role.to_owned(), boot, needs: Vec::new(), plays: false, device }
    }
}

/// How sure whoever opens a store has to be that it is the one that is remembered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    /// No work is done otherwise.
    Sure,
    /// People who look, submit and cancel are not kept from it because the artefacts are out of reach.
    AsFarAsSeen,
}

impl Opening {
    /// Opens it to run roles that hear these hints. On the embedded engine that is for one process at a time, which hears
    /// everything.
    ///
    /// # Errors
    /// When another process runs on it, its store can not be reached, or is not the one it remembers.
    pub async fn to_run(&self, hears: &[Topic]) -> Result<Opened, AppError> {
        match &self.engine {
            EngineConfig::Embedded => self.open_embedded(Role::Runner, Care::Sure).await,
            EngineConfig::Fleet(fleet) => self.open_fleet(fleet, hears, Care::Sure).await,
        }
    }

    /// Opens it to read, submit and cancel, beside those who run roles.
    ///
    /// # Errors
    /// When its store can not be reached, or is not the one it remembers.
    pub async fn beside(&self) -> Result<Opened, AppError> {
        match &self.engine {
            EngineConfig::Embedded => self.open_embedded(Role::Client, Care::AsFarAsSeen).await,
            EngineConfig::Fleet(fleet) => self.open_fleet(fleet, &Topic::ALL, Care::AsFarAsSeen).await,
        }
    }

    /// Bars, models, strategies and reports alone, without a store.
    ///
    /// # Errors
    /// When they can not be reached.
    pub fn artifacts(&self) -> Result<Arc<dyn Artifacts>, AppError> {
        match &self.engine {
            EngineConfig::Embedded => {
                Ok(Arc::new(LocalArtifacts::open(&self.folder).or_kind(ErrorKind::Files)?))
            }
            EngineConfig::Fleet(fleet) => fleet::artifacts(&self.folder, fleet),
        }
    }

    /// Who plays the roles of this workspace, where that is one process at a time; `None`: nobody does.
    #[must_use]
    pub fn holder(&self) -> Option<String> {
        match &self.engine {
            EngineConfig::Embedded => ktrdr_embedded::holder(&self.folder).map(|holder| holder.to_string()),
            EngineConfig::Fleet(_) => None,
        }
    }

    /// What the workspace remembers of its stores. Needs no store: also right when there is none.
    ///
    /// # Errors
    /// When its artefacts can not be reached.
    pub fn epochs(&self) -> Result<Epochs, AppError> {
        let epochs = Epochs::new(self.artifacts()?, self.engine.name().as_str());
        epochs.or_kind(ErrorKind::InvalidRequest)
    }

    /// Begins a new epoch with the store that is there, whatever it is; recorded.
    ///
    /// # Errors
    /// When the store is the one that is remembered already, or there is no reason.
    pub async fn begin_epoch(&self, reason: &str) -> Result<Epoch, AppError> {
        let reason: Reason = reason
            .parse()
            .map_err(|why| AppError::new(ErrorKind::InvalidRequest, format!("{why} (--reason)")))?;
        let epochs = self.epochs()?;
        let store = match &self.engine {
            EngineConfig::Embedded => embedded::meet(&self.folder)?,
            EngineConfig::Fleet(fleet) => fleet::meet(fleet).await?,
        };
        let before = match Known::of(&epochs).await {
            Known::Remembered(epoch) => Some(epoch.epoch),
            // A damaged record is superseded by the new one.
            Known::Nothing | Known::Unreadable(ArtifactError::Unreadable { .. }) => None,
            Known::Unreadable(why) => return Err(why.into()),
        };
        let (epoch, place) = (store.epoch(), store.place());
        if before.as_deref() == Some(epoch) {
            let message = format!(
                "{place} is the store that is remembered (epoch {epoch}): there is nothing to begin anew"
            );
            return Err(AppError::new(ErrorKind::Conflict, message));
        }
        let begun = met(epoch, place, &self.by, Some(reason.to_string()), before);
        // Where only the record was damaged, the store may be the one that counted all along.
        if begun.before.is_some() {
            let lost = LooksLost { reason, by: self.by.clone(), at: clock::now() };
            // Before the new store may be used: whoever dies between the two says it again.
            windows::lose_looks(&*self.artifacts()?, &lost).await?;
        }
        epochs.add(&begun).await?;
        Ok(begun)
    }

    /// The store as itself, once it is known to be the one that is remembered, or was remembered just now.
    async fn settled(&self, identity: Identity, known: Known, care: Care) -> Result<Identity, AppError> {
        let settled = match known {
            Known::Remembered(_) => Ok(()),
            Known::Nothing => identity.remember(&self.by).await,
            Known::Unreadable(why) => Err(why.into()),
        };
        match (settled, care) {
            (Err(why), Care::AsFarAsSeen) if why.kind != ErrorKind::StoreLost => {
                tracing::warn!(%why, "whether this is the store of before can not be seen, or not be remembered");
                Ok(identity)
            }
            (settled, _) => settled.map(|()| identity),
        }
    }
}

impl Messages {
    /// Messages, for one part that this process plays.
    ///
    /// # Errors
    /// When the broker can not be reached, or lacks a queue.
    pub async fn broker(&self, part: Part) -> Result<Arc<dyn Broker>, AppError> {
        match &self.0 {
            Way::Here(broker) => Ok(Arc::clone(broker)),
            Way::Fleet(fleet) => Ok(Arc::new(fleet::broker(fleet, part).await?)),
        }
    }
}
