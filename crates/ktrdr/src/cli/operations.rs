//! `ktrdr operations …` and `ktrdr dead-letters …`

use clap::{Args, Subcommand};
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{Kind, OperationId, Status};

use super::campaign::PartArguments;

#[derive(Debug, Args)]
pub(crate) struct OperationsArguments {
    #[command(subcommand)]
    pub(crate) verb: OperationsVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OperationsVerb {
    /// Newest first.
    List(ListArguments),
    /// Everything the store knows of one operation, with its children.
    Status {
        /// The operation.
        id: OperationId,
    },
    /// What an operation went through: every change of its row, oldest first.
    Events {
        /// The operation.
        id: OperationId,
    },
    /// Follow one operation to its end; Ctrl-C detaches.
    Watch {
        /// The operation.
        id: OperationId,
    },
    /// Ask an operation to stop, a research cycle's current child too; or a group of operations that have not ended.
    Cancel(CancelArguments),
    /// Submit an ended operation again, as a new one.
    Retry {
        /// The operation.
        id: OperationId,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CancelArguments {
    /// The operation; or a group of them, by what follows.
    pub(crate) id: Option<OperationId>,

    #[command(flatten)]
    pub(crate) group: CancelGroup,

    /// Kept in the rows.
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
    #[arg(long = "type", short = 't', value_name = "TYPE", conflicts_with = "id")]
    pub(crate) kind: Option<Kind>,

    /// Only pending, or only running ones.
    #[arg(long, short, conflicts_with = "id", value_parser = not_ended)]
    pub(crate) status: Option<Status>,
}

impl CancelGroup {
    /// Whether it says nothing: then it would be everything.
    pub(crate) fn is_empty(&self) -> bool {
        self.campaign.is_none() && self.kind.is_none() && self.status.is_none()
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
    /// Only this campaign: its cycles and their jobs.
    #[arg(long)]
    pub(crate) campaign: Option<CampaignName>,

    /// Only this type, such as training.
    #[arg(long = "type", short = 't', value_name = "TYPE")]
    pub(crate) kind: Option<Kind>,

    /// Only this status.
    #[arg(long, short)]
    pub(crate) status: Option<Status>,

    /// Only pending and running ones.
    #[arg(long, short)]
    pub(crate) active: bool,

    /// At most this many.
    #[arg(long, short, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,

    /// Skip this many.
    #[arg(long, default_value_t = 0)]
    pub(crate) offset: u64,
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
    /// One of them, whole.
    Show {
        /// The operation, or the message.
        #[arg(value_parser = letter)]
        id: String,
    },
    /// Submit an operation again, as a new one.
    Retry {
        /// The operation.
        id: OperationId,
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
