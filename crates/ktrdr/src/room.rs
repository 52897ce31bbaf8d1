//! Whether a store has room for new work, in figures and with what to do about it.

use ktrdr_fleet::redis::StoreFacts;

/// How a store stands.
pub(crate) struct Room {
    /// New work is refused now.
    pub(crate) refuses: bool,
    /// It soon may be.
    pub(crate) is_scarce: bool,
    /// What is used, and of how much.
    pub(crate) figures: String,
    /// What to do about it.
    pub(crate) action: &'static str,
}

impl Room {
    /// Of Redis: its memory, and whether it takes a write.
    pub(crate) fn of_redis(facts: &StoreFacts) -> Self {
        let used = megabytes(facts.memory_bytes);
        let figures = match facts.memory_bytes_max {
            Some(max) => format!("{used} of {} MB of memory used, {}", megabytes(max), facts.eviction),
            None => format!("{used} MB of memory used, no limit set, {}", facts.eviction),
        };
        let is_scarce = facts.memory_bytes_max.is_some_and(|max| facts.memory_bytes > max / 10 * 8);
        let figures = match &facts.refuses {
            Some(said) => format!("{figures}; it says {said}"),
            None => figures,
        };
        let action = "raise maxmemory in redis.conf and by CONFIG SET, or free its disk; new work is refused meanwhile, \
                      everything else goes on";
        Self { refuses: facts.refuses.is_some(), is_scarce, figures, action }
    }

    /// Of SQLite: its disk, and its own limit.
    pub(crate) fn of_sqlite(room: &ktrdr_embedded::Room) -> Self {
        let figures = format!(
            "{} MB free of {} MB on its disk; the database has {} MB and may have {} MB",
            megabytes(room.disk_free),
            megabytes(room.disk_bytes),
            megabytes(room.bytes),
            megabytes(room.bytes_max)
        );
        let is_scarce = room.disk_free < room.disk_bytes / 50;
        let action = "free some space on its disk; new work is refused meanwhile, reading goes on";
        Self { refuses: room.is_full(), is_scarce, figures, action }
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}
