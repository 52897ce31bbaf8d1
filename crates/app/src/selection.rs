//! Selecting operations by the language of filters ([`terms`]), a part at a time.
//!
//! Statuses, types, one campaign and one root are looked up by the store. Everything else is looked at row by row, and of those
//! a bounded number for one part: one that is not full may still have a next.

use std::str::FromStr;

use ktrdr_domain::name::CampaignName;
use ktrdr_domain::terms::{self, BYTES_MAX, Term};
use ktrdr_domain::{Kind, OperationId, OperationSummary, Status};
use ktrdr_fabric::store::Filter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operations::within_part;
use crate::{App, AppError, ErrorKind, OrKind};

/// Most rows that are looked at for one part.
const LOOKED_AT_MAX: usize = 5000;

/// Rows read at once where they are looked at.
const LOOKED_AT_ONCE: u32 = 500;

/// Fields of which the text of a row is looked at.
const LOOKED_AT: [&str; 5] = ["error", "reason", "worker", "id", "root"];

/// Which operations: those to which every term applies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Every term as it is said in addresses.
    text: String,
    statuses: Option<Vec<Status>>,
    kinds: Option<Vec<Kind>>,
    campaign: Option<CampaignName>,
    root: Option<OperationId>,
    looked_at: Vec<Term>,
}

/// A part of the operations that were selected, newest first.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct SelectedPart {
    /// The rows, without specifications and results.
    pub operations: Vec<OperationSummary>,
    /// Where the next part begins, if there may be one.
    pub next: Option<u64>,
    /// How many match in all, where that is known without looking at each.
    pub total: Option<u64>,
    /// How many operations of any type are pending or running.
    pub active: u64,
    /// When this was so, by the store's clock.
    #[serde(rename = "now", alias = "now_ms", with = "ktrdr_domain::instant")]
    #[schemars(with = "ktrdr_domain::instant::Instant")]
    pub now_ms: i64,
}

impl FromStr for Selection {
    type Err = AppError;
    fn from_str(text: &str) -> Result<Self, AppError> {
        let terms = terms::read(text).or_kind(ErrorKind::InvalidRequest)?;
        let said: Vec<String> = terms.iter().map(ToString::to_string).collect();
        let mut selection = Self { text: said.join("&"), ..Self::default() };
        terms.into_iter().try_for_each(|term| selection.add(term))?;
        Ok(selection)
    }
}

impl Selection {
    /// The filter as it is said in addresses.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    fn add(&mut self, term: Term) -> Result<(), AppError> {
        match (term.field.as_str(), term.is_partial) {
            ("status", false) => narrow(&mut self.statuses, &Status::ALL, &term, str::parse),
            ("type", false) => narrow(&mut self.kinds, Kind::ALL, &term, Kind::meant_by),
            ("campaign", false) => only(&mut self.campaign, &term),
            ("root", false) if !term.is_negated && self.root.is_none() => only(&mut self.root, &term),
            (field, _) if LOOKED_AT.contains(&field) => {
                self.looked_at.push(term);
                Ok(())
            }
            ("status" | "type" | "campaign", true) => refuse(&term, "is one of few words: use = or !="),
            _ => refuse(&term, "is no field: use status, type, campaign, root, id, worker, reason or error"),
        }
    }

    fn filter(&self, before: Option<u64>, limit: u32) -> Filter {
        Filter {
            statuses: self.statuses.clone().unwrap_or_default(),
            kinds: self.kinds.clone().unwrap_or_default(),
            campaign: self.campaign.clone(),
            root: self.root.clone(),
            before,
            limit,
            ..Filter::default()
        }
    }

    /// Whether terms that exclude each other leave nothing.
    fn is_empty(&self) -> bool {
        self.statuses.as_ref().is_some_and(Vec::is_empty) || self.kinds.as_ref().is_some_and(Vec::is_empty)
    }

    fn means(&self, row: &OperationSummary) -> bool {
        self.looked_at.iter().all(|term| applies(term, row))
    }
}

/// Keeps those values that a term allows.
fn narrow<T: Copy + PartialEq, E: std::fmt::Display>(
    kept: &mut Option<Vec<T>>,
    all: &[T],
    term: &Term,
    read: impl Fn(&str) -> Result<T, E>,
) -> Result<(), AppError> {
    let value = |text: &String| read(text).or_else(|why| refuse(term, &why.to_string()));
    let named: Vec<T> = term.values.iter().map(value).collect::<Result<_, _>>()?;
    kept.get_or_insert_with(|| all.to_vec()).retain(|value| named.contains(value) != term.is_negated);
    Ok(())
}

/// One value, said once.
fn only<T: FromStr<Err: std::fmt::Display>>(kept: &mut Option<T>, term: &Term) -> Result<(), AppError> {
    match (term.values.as_slice(), term.is_negated, &kept) {
        ([value], false, None) => {
            *kept = Some(parsed(term, value)?);
            Ok(())
        }
        _ => refuse(term, "can only be one: use it once, with = and one value"),
    }
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(term: &Term, value: &str) -> Result<T, AppError> {
    value.parse().or_else(|why: T::Err| refuse(term, &why.to_string()))
}

fn refuse<T>(term: &Term, why: &str) -> Result<T, AppError> {
    Err(AppError::new(ErrorKind::InvalidRequest, format!("the filter's {}: {why}", term.field)))
}

/// Whether a term applies to the text of a row; what a row does not have is the empty text.
fn applies(term: &Term, row: &OperationSummary) -> bool {
    let text = match term.field.as_str() {
        "error" => row.error.as_deref().unwrap_or_default(),
        "reason" => row.reason.as_ref().map_or("", |reason| reason.as_str()),
        "worker" => row.worker.as_deref().unwrap_or_default(),
        "root" => row.root.as_ref().map_or("", OperationId::as_str),
        _ => row.id.as_str(),
    };
    let is_meant = |value: &String| match term.is_partial {
        true => text.to_lowercase().contains(&value.to_lowercase()),
        false => text == value,
    };
    term.values.iter().any(is_meant) != term.is_negated
}

impl App {
    /// A part of the operations that a selection means, behind the position where the part before it ended.
    ///
    /// # Errors
    /// When a value is out of range.
    pub async fn select(
        &self,
        selection: &Selection,
        before: Option<u64>,
        limit: u32,
    ) -> Result<SelectedPart, AppError> {
        within_part(limit)?;
        let is_looked_at = !selection.looked_at.is_empty();
        let at_once = if is_looked_at { LOOKED_AT_ONCE } else { limit };
        let (mut operations, mut position, mut looked_at) = (Vec::new(), before, 0);
        loop {
            let mut page = self.store.list(&selection.filter(position, at_once)).await?;
            if selection.is_empty() {
                page.operations.clear();
                page.total = 0;
            }
            let is_last = page.operations.len() < at_once as usize;
            let mut rows = page.operations.into_iter().zip(page.positions);
            for (row, at) in rows.by_ref() {
                (position, looked_at) = (Some(at), looked_at + 1);
                if selection.means(&row) {
                    operations.push(row);
                }
                if operations.len() == limit as usize {
                    break;
                }
            }
            let is_full = operations.len() == limit as usize;
            let has_more = rows.next().is_some() || !is_last;
            if is_full || !has_more || looked_at >= LOOKED_AT_MAX {
                return Ok(SelectedPart {
                    operations,
                    next: position.filter(|_| has_more),
                    total: (!is_looked_at).then_some(page.total),
                    active: page.active,
                    now_ms: page.now_ms,
                });
            }
        }
    }
}

const _: () = assert!(BYTES_MAX <= 8192, "a filter fits into an address");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_narrow_each_other() {
        let read: Selection = "status=failed,running&status!=running&type!=probe,training".parse().unwrap();
        assert_eq!(read.statuses, Some(vec![Status::Failed]));
        assert_eq!(read.kinds.unwrap().len(), Kind::ALL.len() - 2);
        let nothing: Selection = "status=failed&status=running".parse().unwrap();
        assert!(nothing.is_empty());
    }

    #[test]
    fn what_can_not_be_meant_is_refused() {
        for wrong in [
            "status=lost",
            "status~fail",
            "colour=red",
            "campaign=a,b",
            "campaign!=a",
            "campaign=a&campaign=b",
            "type=x",
        ] {
            assert!(wrong.parse::<Selection>().is_err(), "{wrong}");
        }
    }
}
