//! Every tool: its words, what it takes, what it does to the world, and the function that answers it.

mod reading;
mod scheduling;
mod schema;
mod writing;

use std::pin::Pin;
use std::sync::Arc;

use ktrdr_app::reading::read;
use ktrdr_app::{AppError, ErrorKind};
use ktrdr_domain::OperationId;
use ktrdr_domain::scope::Scope;
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Access;
use crate::server::Server;

/// Who asks, in rows.
pub(crate) const BY: &str = "mcp";

/// What a tool does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// Nothing.
    Reads,
    /// It starts work.
    Starts,
    /// It stops work.
    Stops,
}

/// What a tool answered.
pub(crate) enum Answer {
    /// This.
    Said(Value),
    /// This, of an operation that was started.
    Started(OperationId, Value),
}

type Answered<'a> = Pin<Box<dyn Future<Output = Result<Answer, AppError>> + Send + 'a>>;

/// One tool.
pub(crate) struct Definition {
    pub(crate) name: &'static str,
    title: &'static str,
    about: &'static str,
    effect: Effect,
    /// What whoever uses it may do.
    needs: Scope,
    /// The schema of its arguments.
    takes: fn() -> JsonObject,
    pub(crate) run: for<'a> fn(&'a Server, JsonObject) -> Answered<'a>,
}

impl Definition {
    /// Whether it starts or stops work.
    pub(crate) fn changes(&self) -> bool {
        self.effect != Effect::Reads
    }
}

/// A tool, by the function that answers it.
macro_rules! tool {
    ($effect:ident $needs:ident $home:ident::$name:ident, $title:literal, $about:literal, $takes:path) => {
        Definition {
            name: stringify!($name),
            title: $title,
            about: $about,
            effect: Effect::$effect,
            needs: Scope::$needs,
            takes: $takes,
            run: |server, arguments| Box::pin($home::$name(server, arguments)),
        }
    };
}

const TOOLS: &[Definition] = &[
    tool!(Reads Viewer reading::research_status, "Research status",
        "Triggered cycles that go on with their phases, how many more may, and how busy the workers are.", schema::nothing),
    tool!(Reads Viewer reading::list_operations, "Operations",
        "Operations, newest first: cycles (agent_research) and jobs.", schema::list_operations),
    tool!(Reads Viewer reading::get_operation, "Operation",
        "One operation with its children and what it returned. Figures of an exam are left out.", schema::one_operation),
    tool!(Reads Viewer reading::list_campaigns, "Campaigns",
        "Campaigns of cycles, counted by what became of them.", schema::campaigns),
    tool!(Reads Viewer reading::get_campaign, "Campaign",
        "One campaign with a part of its cycles.", schema::one_campaign),
    tool!(Reads Viewer reading::get_budget, "Budget",
        "What was spent, what is set aside and what is left: by day and by campaign.", schema::budget),
    tool!(Reads Viewer reading::list_strategies, "Strategies",
        "Strategies of the workspace, each with what is wrong with it.", schema::page),
    tool!(Reads Viewer reading::get_strategy, "Strategy",
        "One strategy of the workspace, with the features that its network sees.", schema::one_strategy),
    tool!(Reads Viewer reading::validate_strategy, "Validate a strategy",
        "Every fault of a strategy's text (grammar 3.0, YAML), and what deserves a second thought. Stores nothing.",
        schema::strategy_text),
    tool!(Reads Viewer reading::list_data, "Data",
        "Every series of bars, with its span and its dev, gate and vault windows.", schema::page),
    tool!(Reads Viewer reading::get_report, "Backtest report",
        "The report of a completed backtest: its circumstances, and its figures where it traded dev.", schema::one_operation),
    tool!(Reads Viewer reading::list_lessons, "Lessons",
        "What research remembers, newest first: figures of dev, how far each strategy came and the code of what stopped it.",
        schema::of_campaign),
    tool!(Reads Viewer reading::recall_lessons, "Recall",
        "The lessons most worth knowing now, ranked and short: alike strategies that fared differently, and telling failures.",
        schema::recall),
    tool!(Reads Viewer reading::get_lesson, "Lesson",
        "One lesson with the strategy's text.", schema::one_lesson),
    tool!(Reads Viewer reading::list_trials, "Trials",
        "Counted looks at data. What a look at an exam showed is left out.", schema::of_campaign),
    tool!(Reads Viewer scheduling::list_schedules, "Schedules",
        "Campaigns that begin by themselves, each with its next tick and its latest night.", schema::page),
    tool!(Reads Viewer scheduling::get_schedule, "Schedule",
        "One schedule and what became of its ticks, the latest first.", schema::one_schedule),
    tool!(Reads Viewer scheduling::next_ticks, "Ticks to come",
        "When nights begin next, by the schedule's clock, with the days on which it changes.", schema::next_ticks),
    tool!(Starts Submit writing::trigger_cycle, "Trigger a cycle",
        "Start one research cycle; with a strategy of your own it is trained at once, gated and counted as any other.",
        schema::trigger_cycle),
    tool!(Starts Submit writing::start_campaign, "Start a campaign",
        "Start several research cycles that learn from each other. Each look at the gate is counted for ever.",
        schema::start_campaign),
    tool!(Starts Submit writing::train_strategy, "Train a strategy",
        "Train a strategy's network on the dev window, and trade it there walk-forward.", schema::train_strategy),
    tool!(Stops Submit writing::cancel_operation, "Cancel an operation",
        "Ask an operation to stop; of a cycle its current job too. What it has not finished is lost.",
        schema::cancel_operation),
    tool!(Starts Submit scheduling::trigger_schedule, "Begin a night",
        "Begin a night of a schedule now, whether or not it is paused.", schema::trigger_schedule),
    tool!(Starts Operator scheduling::create_schedule, "Make a schedule",
        "Begin a campaign at every tick of a clock. Refused where its nights could find nothing.", schema::create_schedule),
    tool!(Stops Operator scheduling::pause_schedule, "Pause a schedule",
        "Skip its ticks until it is resumed; a night that goes on is left alone.", schema::pause_schedule),
    tool!(Starts Operator scheduling::resume_schedule, "Resume a schedule", "End a pause.", schema::named_schedule),
    tool!(Stops Operator scheduling::delete_schedule, "Delete a schedule",
        "Remove a schedule; what became of its ticks stays on record.", schema::delete_schedule),
];

/// The tools that a client with such access has.
fn open_to(access: Access) -> impl Iterator<Item = &'static Definition> {
    TOOLS.iter().filter(move |tool| access.scope >= tool.needs)
}

/// The tool of a name.
pub(crate) fn find(name: &str, access: Access) -> Option<&'static Definition> {
    open_to(access).find(|tool| tool.name == name)
}

/// As the protocol lists them.
pub(crate) fn listed(access: Access) -> impl Iterator<Item = Tool> {
    open_to(access).map(|tool| {
        let hints = ToolAnnotations::with_title(tool.title)
            .read_only(tool.effect == Effect::Reads)
            .destructive(tool.effect == Effect::Stops)
            .idempotent(tool.effect != Effect::Starts)
            .open_world(false);
        Tool::new(tool.name, tool.about, Arc::new((tool.takes)())).with_annotations(hints)
    })
}

/// Arguments as a request.
fn request<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, AppError> {
    read("the call", &Value::Object(arguments))
}

/// Words of a client, where they are not too many.
fn bounded<'a>(what: &str, text: &'a str, max: usize) -> Result<&'a str, AppError> {
    match text.len() {
        0..=0 => Err(AppError::new(ErrorKind::InvalidRequest, format!("the {what} is empty"))),
        length if length <= max => Ok(text),
        length => {
            let message = format!("the {what} has {length} bytes; use at most {max}");
            Err(AppError::new(ErrorKind::InvalidRequest, message))
        }
    }
}
