//! The nouns of ktrdr and their rules. No IO, no clock, no randomness.
//!
//! | noun | file |
//! |---|---|
//! | names that are safe as file names and queue names; what a mistyped one meant | [`name`], [`timeframe`], [`nearest`] |
//! | instants and half-open spans of time, how JSON tells those of the store's clock | [`time`], [`instant`] |
//! | operations, their statuses and who moves them, what they are about, why they failed | [`operation`], [`status`], [`id`], [`subject`], [`failure`] |
//! | kinds of work, which of two waiting jobs comes first | [`kind`], [`priority`] |
//! | what others follow an operation by | [`trace`], [`traceparent`] |
//! | what a job is told, what it asks to run on, what an event says | [`job`], [`device`], [`event`] |
//! | strategies: grammar 3.0, its resolver into features | [`strategy`] |
//! | dev, gate and vault windows, what became of them | [`window`], [`window_history`] |
//! | what numbers may be | [`range`] |
//! | why a person did what is kept for ever | [`reason`] |
//! | what training, backtesting and assessment report | [`report`] |
//! | quality gates, how a cycle says that one stopped it | [`gate`], [`refusal`] |
//! | what checks of bars and strategies find | [`finding`] |
//! | what the words mean that gates, failures and checks say | [`glossary`] |
//! | which model wrote a strategy, what it may remember | [`author`] |
//! | counted trials and remembered lessons | [`trial`], [`lesson`] |
//! | ideas that are worth a test, and who may allow one | [`hypothesis`] |
//! | what a campaign's verdicts come to when it closes | [`closing`] |
//! | a research cycle's specification, its phases | [`research`], [`phase`] |
//! | what a caller from outside may do | [`scope`] |
//! | what runs by itself, when, and what became of each time | [`schedule`] |
//! | the language of filters | [`terms`] |
//! | money, calendar days, what work may cost | [`money`], [`day`], [`budget`] |

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod author;
pub mod budget;
pub mod closing;
pub mod data;
pub mod day;
pub mod device;
pub mod event;
pub mod evolution;
pub mod excerpt;
pub mod failure;
pub mod finding;
pub mod gate;
pub mod glossary;
pub mod hash;
pub mod hypothesis;
pub mod id;
pub mod instant;
pub mod job;
pub mod kind;
pub mod lesson;
pub mod money;
pub mod name;
pub mod nearest;
pub mod number;
pub mod operation;
pub mod phase;
pub mod positions;
pub mod priority;
pub mod range;
pub mod reason;
pub mod refusal;
pub mod report;
pub mod research;
pub mod schedule;
pub mod scope;
pub mod status;
pub mod strategy;
pub mod subject;
pub mod terms;
pub mod time;
pub mod timeframe;
pub mod trace;
pub mod traceparent;
pub mod trading;
pub mod trial;
pub mod window;
pub mod window_history;

pub use author::{Author, Month};
pub use data::DataRef;
pub use device::{DeviceClass, DeviceRequest};
pub use event::Event;
pub use failure::FailureReason;
pub use finding::{Finding, Severity};
pub use hash::Sha256;
pub use id::OperationId;
pub use job::{JobMessage, JobSpec};
pub use kind::{Kind, Load, Measured};
pub use money::Money;
pub use name::{StrategyName, Symbol};
pub use operation::{Mark, Operation, OperationSummary, Progress, TRIES_MAX};
pub use phase::Phase;
pub use priority::Priority;
pub use reason::Reason;
pub use status::{EndStatus, Status};
pub use strategy::Strategy;
pub use subject::Subject;
pub use time::{Span, Timestamp};
pub use timeframe::Timeframe;
pub use trace::{SpanId, TraceId};
pub use traceparent::TraceParent;
pub use window::{WindowKind, Windows};
