//! What each command does: one file per noun.

pub(crate) mod agent;
mod approvals;
pub(crate) mod backtest;
pub(crate) mod bench;
pub(crate) mod budget;
pub(crate) mod campaign;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod data;
pub(crate) mod dead_letters;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod health;
pub(crate) mod init;
pub(crate) mod ledger;
pub(crate) mod man;
pub(crate) mod mcp;
pub(crate) mod memory;
pub(crate) mod models;
pub(crate) mod operations;
pub(crate) mod plan;
pub(crate) mod prune;
pub(crate) mod queues;
pub(crate) mod record;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod research;
pub(crate) mod roles;
pub(crate) mod schedules;
pub(crate) mod schema;
pub(crate) mod start;
pub(crate) mod store;
pub(crate) mod strategies;
mod sweep;
pub(crate) mod token;
pub(crate) mod topology;
pub(crate) mod training;
pub(crate) mod up;
pub(crate) mod workers;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ktrdr_app::engine::Opening;
use ktrdr_client::Client;
use ktrdr_fabric::artifacts::Artifacts;
use ktrdr_fabric::store::Topic;

use self::record::Record;
use crate::cli::{Arguments, Command};
use crate::desk::{Desk, takes_work};
use crate::exit::{CliError, Kind, OrExit};
use crate::screen::Screen;
use crate::server;
use crate::settings::{EngineName, Settings};
use crate::workspace::{self, Workspace};

/// How long the end of a command waits for threads that are still at work.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// What every command gets.
#[derive(Clone)]
pub(crate) struct Context<'a> {
    /// Where answers go.
    pub(crate) screen: &'a Screen,
    /// The workspace's folder.
    pub(crate) folder: PathBuf,
    /// Its configuration.
    pub(crate) settings: Settings,
    /// What it changes, for the audit log; a server keeps its own.
    pub(crate) record: Arc<Record>,
    /// Who answers in its place, if a server was named: then there need be no workspace.
    pub(crate) server: Option<Client>,
    /// Whether the command changes nothing: then it begins no store in a folder that is no workspace.
    only_reads: bool,
}

impl<'a> Context<'a> {
    /// Reads the configuration of the workspace that the arguments name, or who answers in its place.
    pub(crate) fn new(arguments: &Arguments, screen: &'a Screen) -> Result<Self, CliError> {
        let folder = arguments.workspace.clone();
        if arguments.server.address().is_some() {
            let settings = Settings::of_environment()?;
            let server = server::named(&arguments.server, &settings)?;
            return Ok(Self { screen, folder, settings, record: Arc::default(), server, only_reads: true });
        }
        if !folder.is_dir() && !matches!(arguments.command, Command::Init(_)) {
            let message = format!(
                "the workspace {} is no folder; `ktrdr init` makes one, --workspace names another",
                folder.display()
            );
            return Err(CliError::new(Kind::NotFound, message));
        }
        let deed = arguments.command.deed();
        let only_reads = deed.is_none() && arguments.command.only_looks();
        let record = Arc::new(Record::of(deed));
        Ok(Self { screen, settings: Settings::load(&folder)?, folder, record, server: None, only_reads })
    }

    /// The same in another folder.
    pub(crate) fn at(&self, folder: &Path) -> Self {
        Self { folder: folder.to_owned(), ..self.clone() }
    }

    /// The same on the embedded engine, whatever is configured: for work that runs in this process.
    pub(crate) fn embedded(&self) -> Self {
        let settings = Settings { engine: EngineName::Embedded, ..self.settings.clone() };
        Self { settings, ..self.clone() }
    }

    /// The workspace, ready to be opened.
    pub(crate) fn opening(&self) -> Result<Opening, CliError> {
        self.settings.opening(&self.folder)
    }

    /// Bars, models and reports alone, without a store.
    pub(crate) fn artifacts(&self) -> Result<Arc<dyn Artifacts>, CliError> {
        Ok(self.opening()?.artifacts()?)
    }

    /// The same of a workspace that is there: outside of one nothing is listed as if it were empty.
    pub(crate) fn artifacts_there(&self) -> Result<Arc<dyn Artifacts>, CliError> {
        workspace::expect(&self.folder, self.settings.engine)?;
        self.artifacts()
    }

    /// Whoever answers: the workspace, opened beside whoever runs it, or the server that was named.
    pub(crate) async fn desk(&self) -> Result<Desk, CliError> {
        match &self.server {
            Some(server) => Ok(Desk::There(server.clone())),
            None => self.open_beside().await.map(|workspace| Desk::Here(Box::new(workspace))),
        }
    }

    /// Whether an engine takes what is handed over.
    pub(crate) fn has_engine(&self) -> Result<bool, CliError> {
        match &self.server {
            Some(_) => Ok(true),
            None => self.opening().map(|opening| takes_work(&opening)),
        }
    }

    /// Opens the workspace beside whoever runs it.
    pub(crate) async fn open_beside(&self) -> Result<Workspace, CliError> {
        if self.only_reads {
            workspace::expect(&self.folder, self.settings.engine)?;
        }
        let opening = self.opening()?;
        let opened = opening.beside().await?;
        let workspace = Workspace::new(opening, self.settings.clone(), opened);
        if workspace.app.own.is_read_only() {
            self.screen.note("this workspace can not be written: it is read as it is");
        }
        self.record.begin(&workspace.app).await?;
        Ok(workspace)
    }

    /// Opens the workspace to run every role on it.
    pub(crate) async fn open_to_run(&self) -> Result<Workspace, CliError> {
        self.open_to_hear(&Topic::ALL).await
    }

    /// Opens the workspace to run roles on it that hear these hints.
    pub(crate) async fn open_to_hear(&self, hints: &[Topic]) -> Result<Workspace, CliError> {
        let opening = self.opening()?;
        let opened = opening.to_run(hints).await?;
        let workspace = Workspace::new(opening, self.settings.clone(), opened);
        self.record.begin(&workspace.app).await?;
        Ok(workspace)
    }

    /// Runs a future on a small runtime of its own; jobs compute on threads of their own, never here. A thread that
    /// waits for a file which never answers is left behind at the end.
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("ktrdr-io")
            .enable_all()
            .build()
            .or_exit(Kind::Files)?;
        let answer = runtime.block_on(async {
            let answer = work.await;
            self.record.end(&answer).await;
            answer
        });
        runtime.shutdown_timeout(LAST_WAIT);
        answer
    }
}
