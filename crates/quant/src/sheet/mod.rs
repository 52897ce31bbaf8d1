//! What a page about a run is drawn from, beyond its figures. None of it is judged.
//!
//! | what | file |
//! |---|---|
//! | the account day by day beside the market: curves, months, rolling Sharpe ratio | [`daily`] |
//! | the price with the trades on it | [`price`] |
//! | how trades turned out | [`trades`] |
//! | the same strategy under other circumstances | [`stress`] |
//! | how values are spread | [`histogram`] |

pub mod daily;
mod histogram;
pub mod price;
pub mod stress;
pub mod trades;

pub use daily::Daily;
pub use histogram::histogram;
