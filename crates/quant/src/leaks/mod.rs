//! Data that knows the future before anyone computes anything: leaks that no examination of the code can see.
//!
//! | leak | file |
//! |---|---|
//! | an input column that holds what the traded price does next | [`columns`] |
//! | a coarser series that is stamped before its prices were known | [`stamps`] |

pub mod columns;
pub mod stamps;

pub use columns::Foresight;
pub use stamps::EarlyStamp;
