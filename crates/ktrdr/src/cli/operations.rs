//! `ktrdr operations …` and `ktrdr dead-letters …`

use clap::{Args, Subcommand};
use ktrdr_app::IdempotencyKey;
use ktrdr_app::cancel::{GroupCancelRequest, OPERATOR};
use ktrdr_app::operations::{ListRequest, PartRequest};
use ktrdr_app::retry::GroupRetryRequest;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{FailureReason, Kind, OperationId, Status};

use super::KeyArguments;
use super::campaign::PartArguments;
use super::fleet::kind;
use crate::reference::Reference;

#[derive(Debug, Args)]
pub(crate) struct OperationsArguments {
    #[command(subcommand)]
    pub(crate) verb: OperationsVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OperationsVerb {
    /// Operations, newest first: jobs and research cycles, with what each is about and how it stands.
    List(ListArguments),
    /// Everything the store knows of one operation, with its children.
    #[command(alias = "show")]
    Status {
        /// The operation: its id, or enough of it; @last.
        id: Reference,
    },
    /// Why an operation does not run, since when, and what to do about it.
    Explain {
        /// The operation: its id, or enough of it; @last.
        id: Reference,
    },
    /// What is measured of an operation, by its type: epochs of a training, bars of a backtest, segments of a data load; of
    /// anything else its history.
    Metrics {
        /// The operation: its id, or enough of it; @last.
        id: Reference,
    },
    /// What an operation went through: every change of its row, oldest first.
    Events {
        /// The operation: its id, or enough of it; @last.
        id: Reference,
    },
    /// Follow one operation to its end; Ctrl-C detaches.
    Watch {
        /// The operation: its id, or enough of it; @last.
        id: Reference,
    },
    /// Ask an operation to stop, a research cycle's current child too; or a group of operations that have not ended.
    Cancel(CancelArguments),
    /// Submit what has ended again, as something new. A research cycle that was cut short is resumed: it goes on from the
    /// job that did not complete. One operation, or a group of those that failed.
    Retry(RetryArguments),
}

#[derive(Debug, Args)]
pub(crate) struct RetryArguments {
    /// The operation; of a research cycle the cycle itself or any of its jobs.
    pub(crate) id: Option<OperationId>,

    /// Makes a repeated retry of one operation the same one: the answer is the operation of the first time.
    #[arg(long, value_name = "KEY", requires = "id")]
    pub(crate) idempotency_key: Option<IdempotencyKey>,

    #[command(flatten)]
    pub(crate) group: RetryGroup,

    /// Really do it: asked for when a group is meant and nobody can be asked.
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// Which operations are retried together: those to which all of it applies.
#[derive(Debug, Args)]
pub(crate) struct RetryGroup {
    /// Only of this campaign.
    #[arg(long, conflicts_with = "id")]
    pub(crate) campaign: Option<CampaignName>,

    /// Only what ended so: failed (the default) or cancelled.
    #[arg(long, conflicts_with = "id", value_parser = cut_short)]
    pub(crate) status: Option<Status>,

    /// Only what failed for this reason, such as attempts_exhausted.
    #[arg(long, conflicts_with = "id")]
    pub(crate) reason: Option<String>,

    /// Only this type, such as training.
    #[arg(long = "type", value_name = "TYPE", value_parser = kind, conflicts_with = "id")]
    pub(crate) kind: Option<Kind>,

    /// Only dead letters: those that used up their tries and were not dropped.
    #[arg(long, conflicts_with = "id")]
    pub(crate) dead: bool,
}

impl From<&RetryGroup> for GroupRetryRequest {
    fn from(typed: &RetryGroup) -> Self {
        Self {
            campaign: typed.campaign.clone(),
            status: typed.status,
            reason: typed.reason.as_deref().map(FailureReason::of),
            kind: typed.kind,
            dead: typed.dead,
            within: None,
        }
    }
}

fn cut_short(text: &str) -> Result<Status, String> {
    match text.parse() {
        Ok(status @ (Status::Failed | Status::Cancelled)) => Ok(status),
        _ => Err("what is retried together has failed or was cancelled: use failed or cancelled".into()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct CancelArguments {
    /// The operation; or a group of them, by what follows.
    pub(crate) id: Option<OperationId>,

    #[command(flatten)]
    pub(crate) group: CancelGroup,

    /// Why; kept in the rows.
    #[arg(long, default_value = "")]
    pub(crate) reason: String,

    /// Really do it: needed for a group when nobody can be asked.
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// Which operations are cancelled together: those to which all of it applies.
#[derive(Debug, Args)]
pub(crate) struct CancelGroup {
    /// Only of this campaign: its cycles, unless a type is given.
    #[arg(long, conflicts_with = "id")]
    pub(crate) campaign: Option<CampaignName>,

    /// Only this type, such as training.
    #[arg(long = "type", value_name = "TYPE", value_parser = kind, conflicts_with = "id")]
    pub(crate) kind: Option<Kind>,

    /// Only pending, or only running ones.
    #[arg(long, conflicts_with = "id", value_parser = not_ended)]
    pub(crate) status: Option<Status>,
}

impl CancelGroup {
    /// An operator's request to stop them.
    pub(crate) fn request(&self, reason: &str) -> GroupCancelRequest {
        GroupCancelRequest {
            within: None,
            campaign: self.campaign.clone(),
            kind: self.kind,
            status: self.status,
            reason: reason.to_owned(),
            by: OPERATOR.to_owned(),
        }
    }
}

fn not_ended(text: &str) -> Result<Status, String> {
    match text.parse() {
        Ok(status @ (Status::Pending | Status::Running)) => Ok(status),
        _ => Err("what is cancelled has not ended: use pending or running".into()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Only those to which every term applies: 'status=failed,running&type!=probe&error~timeout', with the fields status, type,
    /// campaign, root, id, worker, reason and error.
    #[arg(long, value_name = "TERMS", conflicts_with_all = ["campaign", "kind", "status", "active"])]
    pub(crate) filter: Option<String>,

    /// Go on behind the part that answered with this as `next`.
    #[arg(long, value_name = "NEXT")]
    pub(crate) after: Option<u64>,

    /// Only this campaign: its cycles and their jobs.
    #[arg(long)]
    pub(crate) campaign: Option<CampaignName>,

    /// Only this type, such as training.
    #[arg(long = "type", value_name = "TYPE", value_parser = kind)]
    pub(crate) kind: Option<Kind>,

    /// Only this status.
    #[arg(long)]
    pub(crate) status: Option<Status>,

    /// Only pending and running ones.
    #[arg(long)]
    pub(crate) active: bool,

    /// At most this many.
    #[arg(long, short, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
}

impl From<&ListArguments> for ListRequest {
    fn from(typed: &ListArguments) -> Self {
        Self {
            campaign: typed.campaign.clone(),
            kind: typed.kind,
            status: typed.status,
            active: typed.active,
            part: PartRequest { limit: typed.limit, after: typed.after },
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct DeadLettersArguments {
    #[command(subcommand)]
    pub(crate) verb: DeadLettersVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeadLettersVerb {
    /// What was given up, grouped by error: operations that used up their tries, and messages nobody could read.
    List {
        #[command(flatten)]
        part: PartArguments,
    },
    /// One dead letter, whole: the operation, or the message that nobody could read.
    Show {
        /// The operation, or the message.
        #[arg(value_parser = letter)]
        id: String,
    },
    /// Submit an operation again, as a new one; of a research cycle's job the cycle, which goes on from there.
    Retry {
        /// The operation.
        id: String,

        #[command(flatten)]
        key: KeyArguments,
    },
    /// Take operations off the list (their rows stay), or drop messages for good.
    Drop {
        /// Operations or messages.
        #[arg(required_unless_present = "error", value_parser = letter)]
        ids: Vec<String>,
        /// Every operation whose error begins so.
        #[arg(long, value_name = "TEXT", conflicts_with = "ids")]
        error: Option<String>,
        /// Really do it: needed for more than one.
        #[arg(long, short)]
        yes: bool,
    },
}

/// The id of a dead letter: an operation's, or the 16 hex digits of a message.
fn letter(text: &str) -> Result<String, String> {
    let is_message = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
    match is_message || text.parse::<OperationId>().is_ok() {
        true => Ok(text.to_owned()),
        false => Err("not the id of an operation, nor the 16 hex digits of a message".into()),
    }
}
