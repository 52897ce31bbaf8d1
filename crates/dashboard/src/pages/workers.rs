//! Workers: what each computes on, what it runs and how far that is, and when it was heard of last.

use askama::Template;
use ktrdr_app::AppError;
use ktrdr_app::workers::{HeardWorker, WorkerState};
use ktrdr_domain::scope::Scope;

use super::rows::Row;
use crate::answer::Answer;
use crate::ask::Ask;
use crate::button::Button;
use crate::shell::{Section, Shell};
use crate::time::{Instant, lasting};

/// A process.
struct Worker {
    heard: HeardWorker,
    jobs: Vec<Row>,
    button: Option<Button>,
}

impl Worker {
    fn boot(&self) -> &str {
        &self.heard.worker.boot.0
    }

    fn takes(&self) -> String {
        let takes = self.heard.worker.takes.iter();
        takes.map(|(kind, slots)| format!("{kind} ×{slots}")).collect::<Vec<_>>().join(", ")
    }

    fn state(&self) -> (&'static str, &'static str) {
        match self.heard.state {
            WorkerState::AtWork => ("at work", ""),
            WorkerState::Idle => ("idle", ""),
            WorkerState::Busy => ("busy", "good"),
            WorkerState::Draining => ("draining", ""),
            WorkerState::Silent => ("silent", "bad"),
        }
    }

    /// What its GPU says.
    fn gpu(&self) -> Option<String> {
        let gpu = self.heard.worker.gpu?;
        let [used, all] = [gpu.memory_used_bytes, gpu.memory_bytes].map(|bytes| bytes as f64 / 1e9);
        let busy = gpu.busy_percent.map(|busy| format!(", computes {busy} % of the time"));
        Some(format!("{used:.1} of {all:.1} GB in use{}", busy.unwrap_or_default()))
    }

    fn beat(&self) -> String {
        format!("{} ago", lasting(self.heard.heard_ms_ago))
    }

    fn button(&self) -> String {
        self.button.as_ref().map(|button| button.html().into_string()).unwrap_or_default()
    }
}

#[derive(Template)]
#[template(path = "workers.html")]
struct WorkersPage {
    shell: Shell,
    workers: Vec<Worker>,
}

pub(crate) async fn page(ask: &Ask) -> Result<Answer, AppError> {
    let mut workers = Vec::new();
    for heard in ask.app.workers().await? {
        workers.push(Worker {
            jobs: Row::all(heard.jobs.clone(), Instant::now().0),
            button: ask.may(Scope::Operator).then(|| drain(&heard.worker.boot.0)),
            heard,
        });
    }
    let shell = Shell::new(ask, Section::Workers, "Workers").live("operations queues");
    Answer::page(&WorkersPage { shell, workers })
}

fn drain(boot: &str) -> Button {
    Button::new(format!("/workers/{boot}/drain"), "Drain", format!("ktrdr workers drain {boot}"))
        .about("It takes nothing new, and ends when its jobs have ended or were given back.")
        .grave()
        .asking_why()
        .back("/workers")
}
