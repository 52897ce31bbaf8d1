//! Where the values of an argument come from.

use std::any::TypeId;
use std::collections::BTreeSet;
use std::ffi::OsStr;

use clap::Arg;
use clap_complete::CompletionCandidate;
use ktrdr_app::operations::PartRequest;
use ktrdr_app::{AppError, UseCases};
use ktrdr_domain::glossary;
use ktrdr_domain::name::{CampaignName, ScheduleName, StrategyName, Symbol};
use ktrdr_domain::{Kind, OperationId, OperationSummary, Timeframe};

use super::asked::Asked;
use crate::commands::schema;
use crate::reference::{LAST, Reference};

/// Most values that are offered: a screenful or two.
const OFFERED: u32 = 100;

/// Values of one sort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// Those that a filter means; the newest by its own name, too, where that is understood.
    Operations {
        filter: &'static str,
        has_last: bool,
    },
    Symbols,
    Timeframes,
    Strategies,
    Campaigns,
    Schedules,
    Workers,
    /// Types of operations: of all, or of those that wait in queues.
    Kinds {
        has_roots: bool,
    },
    /// Words of gates, failures and checks.
    Words,
    /// What comes next in the name of a command that prints a document.
    Documents,
}

/// A value, and what is said of it.
type Value = (String, String);

impl Source {
    /// What can stand for an argument of the command at this path; nothing where anything can.
    pub(super) fn of(argument: &Arg, path: &[String]) -> Option<Self> {
        let is = |wanted: TypeId| argument.get_value_parser().type_id() == wanted;
        let noun = path.first().map_or("", String::as_str);
        let verb = path.last().map_or("", String::as_str);
        let operations = |has_last| Self::Operations { filter: filter(noun, verb), has_last };
        if is(TypeId::of::<Reference>()) {
            return Some(operations(true));
        }
        let by_type = [
            (TypeId::of::<OperationId>(), operations(false)),
            (TypeId::of::<Symbol>(), Self::Symbols),
            (TypeId::of::<Timeframe>(), Self::Timeframes),
            (TypeId::of::<StrategyName>(), Self::Strategies),
            (TypeId::of::<CampaignName>(), Self::Campaigns),
            (TypeId::of::<ScheduleName>(), Self::Schedules),
            (TypeId::of::<Kind>(), Self::Kinds { has_roots: noun != "queues" }),
        ];
        let known = by_type.into_iter().find(|(wanted, _)| is(*wanted)).map(|(_, source)| source);
        known.or_else(|| match (noun, argument.get_id().as_str()) {
            (_, "boot") => Some(Self::Workers),
            (_, "strategy" | "strategies") => Some(Self::Strategies),
            ("dead-letters", "id" | "ids") => Some(operations(false)),
            ("explain", "word") => Some(Self::Words),
            ("schema", "command") => Some(Self::Documents),
            _ => None,
        })
    }

    /// Those that begin as what was typed; none where nobody answers in time.
    pub(super) fn candidates(&self, typed: &OsStr) -> Vec<CompletionCandidate> {
        let typed = typed.to_string_lossy();
        let values = Asked::of_this_process().and_then(|asked| asked.answer(self)).unwrap_or_default();
        let fitting = values.into_iter().filter(|(value, _)| value.starts_with(&*typed)).enumerate();
        let offered = fitting.map(|(at, (value, about))| {
            let about = Some(about).filter(|about| !about.is_empty()).map(Into::into);
            CompletionCandidate::new(value).help(about).display_order(Some(at))
        });
        offered.collect()
    }

    /// What a store, or a server, says.
    pub(super) async fn values(&self, app: &dyn UseCases) -> Result<Vec<Value>, AppError> {
        let part = PartRequest { limit: OFFERED, after: None };
        let plain = |value: String| (value, String::new());
        Ok(match self {
            Self::Operations { filter, has_last } => {
                let rows = app.select(&filter.parse()?, None, OFFERED).await?.operations;
                let last = rows.first().filter(|_| *has_last).map(|row| (LAST.to_owned(), about(row)));
                last.into_iter().chain(rows.iter().map(|row| (row.id.to_string(), about(row)))).collect()
            }
            Self::Symbols => {
                let all = app.list_data().await?;
                let names = all.iter().filter_map(|series| Some(series.data.as_ref()?.symbol.to_string()));
                names.collect::<BTreeSet<String>>().into_iter().map(plain).collect()
            }
            Self::Timeframes => {
                let all = app.list_data().await?;
                let bars = all.iter().filter_map(|series| Some(series.data.as_ref()?.timeframe));
                let bars: BTreeSet<Timeframe> = bars.collect();
                bars.into_iter().map(|bars| plain(bars.to_string())).collect()
            }
            Self::Strategies => {
                app.strategies().await?.into_iter().map(|listed| plain(listed.name.to_string())).collect()
            }
            Self::Campaigns => {
                let listed = app.campaigns(part).await?.campaigns;
                listed.into_iter().map(|listed| plain(listed.campaign.name.to_string())).collect()
            }
            Self::Schedules => {
                let all = app.list_schedules().await?;
                all.into_iter().map(|status| plain(status.schedule.name.to_string())).collect()
            }
            Self::Workers => {
                let all = app.workers().await?;
                all.into_iter().map(|heard| (heard.worker.boot.to_string(), heard.worker.role)).collect()
            }
            Self::Kinds { .. } | Self::Words | Self::Documents => Vec::new(),
        })
    }

    /// What needs neither a workspace nor a server; `typed` are the words of the line before the one that is typed.
    pub(super) fn known(&self, typed: &[String]) -> Option<Vec<Value>> {
        Some(match self {
            Self::Kinds { has_roots } => kinds(*has_roots),
            Self::Words => {
                glossary::all().map(|entry| (entry.word.to_owned(), entry.meaning.to_owned())).collect()
            }
            Self::Documents => documents(typed),
            _ => return None,
        })
    }
}

fn kinds(has_roots: bool) -> Vec<Value> {
    let wanted = Kind::ALL.iter().filter(|kind| has_roots || !kind.is_root());
    wanted.map(|kind| (kind.to_string(), kind.facts().does.to_owned())).collect()
}

/// The words that may come next in the names of commands whose documents have a schema.
fn documents(typed: &[String]) -> Vec<Value> {
    let before = typed.iter().rev().take_while(|word| *word != "schema");
    let before: Vec<&str> = before.map(String::as_str).collect();
    let before: Vec<&str> = before.into_iter().rev().filter(|word| !word.starts_with('-')).collect();
    let next = schema::names().filter_map(|name| {
        let words: Vec<&str> = name.split(' ').collect();
        words.strip_prefix(before.as_slice())?.first().map(|next| (*next).to_owned())
    });
    let next: BTreeSet<String> = next.collect();
    next.into_iter().map(|word| (word, String::new())).collect()
}

/// What a verb can be done to.
fn filter(noun: &str, verb: &str) -> &'static str {
    match (noun, verb) {
        ("backtest", "cancel") => "type=backtesting&status=pending,running",
        ("backtest" | "replay", _) => "type=backtesting&status=completed",
        ("agent", "cancel") => "type=agent_research&status=pending,running",
        ("agent" | "memory", _) => "type=agent_research",
        (_, "cancel") => "status=pending,running",
        ("dead-letters", _) => "status=failed&reason=attempts_exhausted",
        (_, "retry") => "status=failed,cancelled",
        _ => "",
    }
}

fn about(row: &OperationSummary) -> String {
    let subject = row.subject.to_string();
    let words = [row.kind.to_string(), row.status.to_string(), subject];
    words.join(" ").trim_end().to_owned()
}
