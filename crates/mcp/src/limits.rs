//! The sizes of everything that comes in and goes out.

/// Longest message of a client, in bytes: a strategy's text, and room around it.
pub(crate) const REQUEST_BYTES_MAX: usize = 1 << 20;

/// Longest answer, in bytes of JSON: what a model can read at once.
pub(crate) const ANSWER_BYTES_MAX: usize = 256 << 10;

/// Longest text of a strategy, in bytes.
pub(crate) const STRATEGY_BYTES_MAX: usize = 64 << 10;

/// Longest brief, reason or question, in characters.
pub(crate) const WORDS_MAX: usize = 2000;

/// Longest name, id or key, in characters.
pub(crate) const NAME_MAX: usize = 200;

/// Most entries of a list.
pub(crate) const ENTRIES_MAX: u32 = 100;

/// Entries of a list where none are asked for.
pub(crate) const ENTRIES: u32 = 20;

/// Most cycles of a campaign that a model may start.
pub(crate) const CYCLES_MAX: u32 = 100;

/// Requests of one client that are worked on at a time.
pub(crate) const REQUESTS_AT_A_TIME: usize = 8;
