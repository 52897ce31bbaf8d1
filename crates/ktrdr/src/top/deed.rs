//! What can be done from here: each is a command, which its question shows, and is carried out and recorded as that command is.

use clap::Parser;
use ktrdr_app::cancel::{CancelOutcome, CancelRequest};
use ktrdr_app::retry::RetryRequest;
use ktrdr_domain::{Kind, OperationId};

use crate::cli::Arguments;
use crate::commands::record::Record;
use crate::desk::Desk;
use crate::exit::CliError;

/// Something that changes the fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Ask an operation to stop.
    Cancel(OperationId),
    /// Submit what has ended again.
    Retry(OperationId),
    /// Nobody takes jobs of a kind.
    Pause(Kind),
    /// They are taken again.
    Resume(Kind),
    /// A process takes nothing new, and ends.
    Drain(String),
}

impl Deed {
    /// What somebody has to say yes to.
    pub(crate) fn question(&self) -> String {
        match self {
            Self::Cancel(_) => "Cancel this operation? A cycle's current job is asked to stop too.".into(),
            Self::Retry(_) => {
                "Submit this again, as a new operation? A cycle goes on from the job that did not complete."
                    .into()
            }
            Self::Pause(kind) => {
                format!("Pause {kind}? Nobody takes these jobs until they are resumed; what runs goes on.")
            }
            Self::Resume(kind) => format!("Take {kind} jobs again?"),
            Self::Drain(_) => {
                "Drain this process? It takes nothing new, and ends when its jobs have ended or were given back."
                    .into()
            }
        }
    }

    /// The command that it stands for, after the program's name.
    fn words(&self) -> Vec<String> {
        let words = |noun: &str, verb: &str, what: String| vec![noun.to_owned(), verb.to_owned(), what];
        match self {
            Self::Cancel(id) => words("operations", "cancel", id.to_string()),
            Self::Retry(id) => words("operations", "retry", id.to_string()),
            Self::Pause(kind) => words("queues", "pause", kind.to_string()),
            Self::Resume(kind) => words("queues", "resume", kind.to_string()),
            Self::Drain(boot) => words("workers", "drain", boot.clone()),
        }
    }

    /// The same as it is typed.
    pub(crate) fn command(&self) -> String {
        format!("ktrdr {}", self.words().join(" "))
    }

    /// As the audit log calls the command.
    fn record(&self) -> Record {
        let typed = std::iter::once("ktrdr".to_owned()).chain(self.words());
        Record::of(Arguments::try_parse_from(typed).ok().and_then(|typed| typed.command.deed()))
    }

    /// Does it, and writes it down where this process keeps the log; what came of it.
    pub(crate) async fn carry_out(&self, desk: &Desk) -> Result<String, CliError> {
        let record = self.record();
        if let Desk::Here(workspace) = desk {
            workspace.check().await?;
            record.begin(&workspace.app).await?;
        }
        let answer = self.ask(desk).await;
        record.end(&answer).await;
        answer
    }

    async fn ask(&self, desk: &Desk) -> Result<String, CliError> {
        let app = desk.app();
        Ok(match self {
            Self::Cancel(id) => {
                let answer = app.cancel(&CancelRequest::of(id.clone(), "")).await?;
                match answer.answer {
                    CancelOutcome::Cancelled => format!("{id} is cancelled"),
                    CancelOutcome::Requested => format!("{id} was asked to stop"),
                    CancelOutcome::TooLate => format!("{id} had ended before"),
                }
            }
            Self::Retry(id) => {
                let request = RetryRequest { operation: id.clone(), idempotency_key: None };
                format!("submitted {}", app.retry(&request).await?.operation)
            }
            Self::Pause(kind) => match app.pause(*kind).await?.changed {
                true => format!("{kind} is paused: running jobs go on, nothing new is taken"),
                false => format!("{kind} was paused before"),
            },
            Self::Resume(kind) => match app.resume_queue(*kind).await?.changed {
                true => format!("{kind} is taken again"),
                false => format!("{kind} was not paused"),
            },
            Self::Drain(boot) => {
                app.drain_worker(boot).await?;
                format!("{boot} was asked to end")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_deed_is_a_command_that_changes_something() {
        let id: OperationId = "op_training_20261121_025513_99cb0f94".parse().unwrap();
        for deed in [
            Deed::Cancel(id.clone()),
            Deed::Retry(id),
            Deed::Pause(Kind::Training),
            Deed::Resume(Kind::AgentDesign),
            Deed::Drain("host-1-2".into()),
        ] {
            let typed = Arguments::try_parse_from(deed.command().split(' ')).unwrap();
            assert!(typed.command.deed().is_some(), "{}", deed.command());
        }
    }
}
