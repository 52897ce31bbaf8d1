//! Data that knows the future before anyone computes anything, and results that tell of it: leaks that no examination of
//! the code can see.
//!
//! | leak | file |
//! |---|---|
//! | an input column that holds what the traded price does next | [`columns`] |
//! | a coarser series that is stamped before its prices were known | [`stamps`] |
//! | whatever else, by results that nobody has | [`results`] |

pub mod columns;
pub mod results;
pub mod stamps;

pub use columns::Foresight;
pub use stamps::EarlyStamp;
