//! The database file: how it is opened, recognised and brought up to this version's schema.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::error::OpenError;
use super::identity;

/// Name of the database inside a workspace.
pub(super) const FILE_NAME: &str = "ktrdr.db";

/// `ktrd`: tells our files from anyone else's SQLite files.
const APPLICATION_ID: i32 = 0x6b74_7264;

/// Each step brings a database from version `i` to `i + 1`. Steps that were released never change.
const MIGRATIONS: [&str; 25] = [
    include_str!("schema.sql"),
    include_str!("registry.sql"),
    include_str!("history.sql"),
    include_str!("dead_letters.sql"),
    include_str!("queues.sql"),
    include_str!("losses.sql"),
    include_str!("campaigns.sql"),
    include_str!("durations.sql"),
    include_str!("epoch.sql"),
    include_str!("terms.sql"),
    include_str!("lanes.sql"),
    include_str!("looks.sql"),
    include_str!("closings.sql"),
    include_str!("budget.sql"),
    include_str!("concurrency.sql"),
    include_str!("deferrals.sql"),
    include_str!("access.sql"),
    include_str!("counts.sql"),
    include_str!("hypotheses.sql"),
    include_str!("schedules.sql"),
    include_str!("payloads.sql"),
    include_str!("list_counts.sql"),
    include_str!("retention.sql"),
    include_str!("requests.sql"),
    include_str!("pauses.sql"),
];

/// The version they lead to.
const VERSION: i32 = MIGRATIONS.len() as i32;

/// How long a statement waits for another process that writes. Transactions last milliseconds; a process that
/// holds one for this long hangs.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// SQLite's default, and what the file is created with.
const PAGE_BYTES: u64 = 4096;

/// Statements kept prepared per connection: more than there are in this crate.
const STATEMENTS_MAX: usize = 128;

/// Whether a commit waits until the disk has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// What was acknowledged survives kill -9 and a power loss.
    Full,
    /// What was acknowledged survives kill -9, not a power loss: for tests.
    ProcessOnly,
}

/// Opens the one connection that writes, creating or migrating the database as needed; where an epoch is expected, no
/// other database.
pub(super) fn open_writer(
    path: &Path,
    bytes_max: u64,
    expected: Option<&String>,
) -> Result<Connection, OpenError> {
    identity::check_there(path, expected)?;
    let refuse = |e| OpenError::from_sqlite(path, e);
    let mut db = Connection::open(path).map_err(refuse)?;
    db.busy_timeout(BUSY_TIMEOUT).map_err(refuse)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    recognise(&db, path)?;
    identity::check_epoch(&db, path, expected)?;
    turn_write_ahead_log_on(&db).map_err(refuse)?;
    // Autocheckpoint is off because the writer checkpoints after it has answered, not before. The log is never
    // truncated: overwriting a log that is there is about twice as fast to sync as growing it.
    db.execute_batch(
        "PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = -1; PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -4096;",
    )
    .map_err(refuse)?;
    migrate(&mut db, path)?;
    let pages_max = i64::try_from(bytes_max / PAGE_BYTES).unwrap_or(i64::MAX);
    // Answers with the limit now in force; a file that is larger already keeps what it has.
    db.pragma_update_and_check(None, "max_page_count", pages_max, |_| Ok(())).map_err(refuse)?;
    Ok(db)
}

/// While another process does the same to a new file, SQLite refuses this at once, whatever the busy timeout says: two
/// that wait for each other to let go of the old journal would wait for ever.
fn turn_write_ahead_log_on(db: &Connection) -> rusqlite::Result<()> {
    let until = Instant::now() + BUSY_TIMEOUT;
    loop {
        match db.execute_batch("PRAGMA journal_mode = WAL") {
            Err(e) if e.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(5));
            }
            answer => return answer,
        }
    }
}

/// Whether SQLite found that the file may only be read, and opened it all the same.
pub(super) fn is_read_only(db: &Connection) -> bool {
    db.is_readonly("main").unwrap_or(false)
}

/// What readers need besides the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// The log and its index, so that they see what others write.
    WithLog,
    /// Nothing: there is no log, and no room for an index.
    FileAlone,
}

/// Opens a connection that only reads.
pub(super) fn open_reader(path: &Path, reading: Reading) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = match reading {
        Reading::WithLog => Connection::open_with_flags(path, flags)?,
        Reading::FileAlone => {
            let name = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
            Connection::open_with_flags(
                format!("file:{name}?immutable=1"),
                flags | OpenFlags::SQLITE_OPEN_URI,
            )?
        }
    };
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(db)
}

/// Looks whether a file that can not be written now is a database of ours, and the one that is expected. Whether it is of this
/// version, and so can be read as it is.
pub(super) fn is_fit_to_read(
    path: &Path,
    reading: Reading,
    expected: Option<&String>,
) -> Result<bool, OpenError> {
    let refuse = |e| OpenError::from_sqlite(path, e);
    let db = open_reader(path, reading).map_err(refuse)?;
    recognise(&db, path)?;
    identity::check_epoch(&db, path, expected)?;
    let version: i32 = db.query_row("PRAGMA user_version", (), |row| row.get(0)).map_err(refuse)?;
    Ok(version == VERSION)
}

/// Refuses what is no database, somebody else's, or newer than this program. Changes nothing.
fn recognise(db: &Connection, path: &Path) -> Result<(), OpenError> {
    let number = |pragma: &str| db.query_row(pragma, (), |row| row.get::<_, i32>(0));
    let facts = number("SELECT count(*) FROM sqlite_schema")
        .and_then(|tables| Ok((tables, number("PRAGMA application_id")?, number("PRAGMA user_version")?)));
    let (tables, application, version) = match facts {
        Ok(facts) => facts,
        Err(e) if e.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            return Err(OpenError::Foreign { path: path.into() });
        }
        Err(e) => return Err(OpenError::from_sqlite(path, e)),
    };
    let is_ours = application == APPLICATION_ID || (tables == 0 && application == 0);
    if !is_ours {
        return Err(OpenError::Foreign { path: path.into() });
    }
    if (0..=VERSION).contains(&version) {
        return Ok(());
    }
    Err(OpenError::Newer { path: path.into(), found: version, known: VERSION })
}

/// Runs the missing steps. Two processes may come here at once: the version is read again under the write lock.
fn migrate(db: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let refuse = |e| OpenError::from_sqlite(path, e);
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(refuse)?;
    let version: i32 = tx.query_row("PRAGMA user_version", (), |row| row.get(0)).map_err(refuse)?;
    for step in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or_default()) {
        tx.execute_batch(step).map_err(refuse)?;
    }
    if version < VERSION {
        tx.pragma_update(None, "application_id", APPLICATION_ID).map_err(refuse)?;
        tx.pragma_update(None, "user_version", VERSION).map_err(refuse)?;
    }
    tx.commit().map_err(refuse)
}
