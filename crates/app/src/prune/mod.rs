//! Files that nobody needs any more: which may go, why, and what stays and why. First somebody looks, then it is done.
//!
//! What a counted look at data needs for its replay never goes, whatever its age; nor does what is under way, since files are looked
//! at first, rows second, and nothing goes that was written within the last hour. A file whose name is none of ours is not touched,
//! nor is a link, or what lies behind one.
//!
//! | part | idea |
//! |---|---|
//! | [`mod@self`] | what is asked, and what is answered |
//! | `needs` | what the rows of a store need |
//! | `fate` | whether a file may go, by its sort |
//! | `things` | files that belong together, as they lie there |

mod fate;
mod needs;
mod things;

use std::collections::BTreeMap;
use std::time::Duration;

use ktrdr_fabric::artifacts::Unfinished;
use ktrdr_fabric::clock::unix_ms;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::fate::Fate;
use self::needs::Needs;
use self::things::Thing;
use crate::{App, AppError, ErrorKind};

/// What is younger is never looked at: it may be under way.
pub const YOUNGEST: Duration = Duration::from_secs(3600);

/// How long what nobody needs is left alone unless somebody says otherwise: the copy of a file whose import failed is needed by
/// whoever retries it.
pub const USUAL: Duration = Duration::from_secs(86_400);

/// A sort of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Copies of files that were handed over for import.
    Imports,
    /// Target positions that were handed over for a backtest.
    Signals,
    /// Trained models, and what attempts left that died.
    Models,
    /// Reports of backtests.
    Reports,
    /// Pages that `ktrdr report` wrote where nothing else was said.
    Pages,
    /// What writers left unfinished who died.
    Unfinished,
}

impl Sort {
    /// Each of them.
    pub const ALL: [Self; 6] =
        [Self::Imports, Self::Signals, Self::Models, Self::Reports, Self::Pages, Self::Unfinished];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Imports => "imports",
            Self::Signals => "signals",
            Self::Models => "models",
            Self::Reports => "reports",
            Self::Pages => "pages",
            Self::Unfinished => "unfinished",
        }
    }
}

/// Which files may go.
#[derive(Debug, Clone)]
pub struct FilePruneRequest {
    /// Only what was written so long ago, at least [`YOUNGEST`].
    pub older_than: Duration,
    /// Only these sorts; every one where none is named.
    pub only: Vec<Sort>,
}

/// Files of one sort with one fate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Pile {
    /// Which.
    pub sort: Sort,
    /// Why they may go, or stay.
    pub why: &'static str,
    /// How many: of models and reports those, not their files.
    pub count: u64,
    /// How long they are together, in bytes.
    pub bytes: u64,
    /// When the oldest was written.
    #[serde(rename = "oldest", with = "ktrdr_domain::instant")]
    #[schemars(with = "ktrdr_domain::instant::Instant")]
    pub oldest_ms: i64,
}

/// What may go and what stays.
#[derive(Debug, Clone, Serialize)]
pub struct FilePrune {
    /// What may go.
    pub goes: Vec<Pile>,
    /// What stays.
    pub stays: Vec<Pile>,
    #[serde(skip)]
    doomed: Vec<Thing>,
    #[serde(skip)]
    unfinished: Vec<Unfinished>,
}

impl App {
    /// What of a workspace's files nobody needs any more.
    ///
    /// # Errors
    /// When rows or artefacts can not be read, or what is asked for may be under way.
    pub async fn plan_file_prune(&self, request: &FilePruneRequest) -> Result<FilePrune, AppError> {
        if request.older_than < YOUNGEST {
            let message = "what is younger than an hour may be under way: --older-than is 1h at least";
            return Err(AppError::new(ErrorKind::InvalidRequest, message));
        }
        let sorts = if request.only.is_empty() { &Sort::ALL[..] } else { &request.only };
        let age_ms = u64::try_from(request.older_than.as_millis()).unwrap_or(u64::MAX);
        let before_ms = unix_ms().saturating_sub_unsigned(age_ms);
        // Files first: of what came meanwhile the rows tell, and nothing is thought to have none.
        let (mut things, mut unfinished) = (Vec::new(), Vec::new());
        for sort in sorts {
            match sort {
                Sort::Unfinished => unfinished = self.artifacts.unfinished().await,
                sort => things.extend(things::of(&*self.artifacts, *sort).await?),
            }
        }
        let mut needs = Needs::of(self, sorts).await?;
        let (mut goes, mut stays, mut doomed) = (Piles::default(), Piles::default(), Vec::new());
        for thing in things {
            match needs.fate(self, &thing, before_ms).await? {
                Fate::Goes(why) => {
                    goes.add(thing.sort, why, thing.bytes, thing.written_at_ms);
                    doomed.push(thing);
                }
                Fate::Stays(why) => stays.add(thing.sort, why, thing.bytes, thing.written_at_ms),
            }
        }
        unfinished.retain(|part| part.written_at_ms < before_ms);
        for part in &unfinished {
            goes.add(Sort::Unfinished, fate::UNFINISHED, part.bytes, part.written_at_ms);
        }
        Ok(FilePrune { goes: goes.all(), stays: stays.all(), doomed, unfinished })
    }

    /// Removes what a plan says. A model loses its manifest first: without one it is none.
    ///
    /// # Errors
    /// When something can not be removed; what went before is gone.
    pub async fn prune_files(&self, plan: &FilePrune) -> Result<(), AppError> {
        for key in plan.doomed.iter().flat_map(|thing| &thing.keys) {
            self.artifacts.remove(key).await?;
        }
        self.artifacts.remove_unfinished(&plan.unfinished).await;
        Ok(())
    }
}

/// Counts by sort and reason.
#[derive(Default)]
struct Piles(BTreeMap<(Sort, &'static str), Pile>);

impl Piles {
    fn add(&mut self, sort: Sort, why: &'static str, bytes: u64, written_at_ms: i64) {
        let empty = Pile { sort, why, count: 0, bytes: 0, oldest_ms: i64::MAX };
        let pile = self.0.entry((sort, why)).or_insert(empty);
        (pile.count, pile.bytes) = (pile.count + 1, pile.bytes + bytes);
        pile.oldest_ms = pile.oldest_ms.min(written_at_ms);
    }

    fn all(self) -> Vec<Pile> {
        self.0.into_values().collect()
    }
}
