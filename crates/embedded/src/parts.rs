//! Parts of lists that only grow, newest first: read from their end, with the counts that the lists keep of themselves.

use ktrdr_domain::name::CampaignName;
use ktrdr_fabric::ledger::{Part, Stretch};
use ktrdr_fabric::limits;
use ktrdr_fabric::store::StoreError;
use rusqlite::{Connection, Row};

use super::failure::Failure;
use super::row;
use super::store::SqliteStore;
use super::tx::integer;

/// A list: the name of its table, and what is selected of a row.
#[derive(Clone, Copy)]
pub(super) struct List {
    pub(super) table: &'static str,
    pub(super) select: &'static str,
}

impl SqliteStore {
    /// A part of a list, of a campaign or of all.
    pub(super) async fn part<T: Send + 'static>(
        &self,
        list: List,
        campaign: Option<&CampaignName>,
        part: Stretch,
        read: fn(&Row<'_>) -> Result<T, Failure>,
    ) -> Result<Part<T>, StoreError> {
        limits::check_page(part.limit)?;
        let campaign = campaign.map(CampaignName::to_string).unwrap_or_default();
        self.read_apart(move |db| {
            let snapshot = db.unchecked_transaction()?;
            let total = count(&snapshot, list.table, &campaign)?;
            let begin = part.begins_among(total);
            let wanted = if campaign.is_empty() { "?1 = ''" } else { "campaign = ?1" };
            let sql = format!("{} WHERE {wanted} ORDER BY seq DESC LIMIT ?2 OFFSET ?3", list.select);
            let entries = row::all(&snapshot, &sql, (&campaign, part.limit, integer(begin)), read)?;
            Ok(Part::beginning_at(begin, entries, total))
        })
        .await
    }
}

/// How long a list is.
pub(super) fn count(db: &Connection, list: &str, campaign: &str) -> Result<u64, Failure> {
    let sql = "SELECT rows FROM list_counts WHERE list = ?1 AND campaign = ?2";
    let found = row::all(db, sql, (list, campaign), |found| row::count(found, 0))?;
    Ok(found.into_iter().next().unwrap_or_default())
}
