//! Synthetic bars from seeded, documented processes: nulls that no strategy can beat, and markets with a planted edge
//! that a sound one must find.
//!
//! The same recipe gives the same bits on every platform: the generator is ChaCha8, and the arithmetic is `+ − × ÷ √`
//! alone, which IEEE 754 rounds exactly. No function of the platform's mathematics library is used.

mod process;
mod sessions;

use ktrdr_domain::{Symbol, Timeframe, Timestamp};

use self::process::State;
pub use self::process::{BadProcess, Process};
pub use self::sessions::Sessions;
use crate::{Bars, SeededRng};

/// A bar's open, high, low and close come from a path of this many steps.
const STEPS_PER_BAR: u32 = 8;
/// One step moves the price by at most this share, so that prices stay positive whatever the parameters.
const STEP_MAX: f64 = 0.5;
/// Prices beyond this ratio to the first, up or down, are no market any more.
const PRICE_RATIO_MAX: f64 = 1e9;
const BARS_MAX: usize = 10_000_000;
/// 2200-01-01, where the readers' years end.
const TIME_MAX: i64 = 7_258_118_400;

/// Everything that determines a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// The process of prices.
    pub process: Process,
    /// When the market is open.
    pub sessions: Sessions,
    /// What to call the instrument.
    pub symbol: Symbol,
    /// The length of each bar.
    pub timeframe: Timeframe,
    /// The first bar opens at or after this.
    pub start: Timestamp,
    /// How many bars, 1 to 10 million.
    pub bars: usize,
    /// The first open, over 0.
    pub start_price: f64,
    /// Same seed, same bars.
    pub seed: u64,
}

/// A recipe that gives no bars.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BadRecipe {
    /// Too few or too many.
    #[error("{0} bars can not be generated: ask for 1 to {BARS_MAX}")]
    Count(usize),
    /// A price that is none.
    #[error("start price {0} is not a number between 0.000001 and 1000000; choose one")]
    StartPrice(f64),
    /// A parameter of the process.
    #[error(transparent)]
    Process(#[from] BadProcess),
    /// Bars that do not fit into the sessions.
    #[error("bars of {0} do not fit into sessions of 7 hours; use 2h at most, or 1d and longer")]
    Timeframe(Timeframe),
    /// Bars before 1970 or after 2199.
    #[error("the bars would not lie between 1970 and 2199; start at another time or ask for fewer")]
    Time,
    /// The process left any sensible range.
    #[error("the price left the range after {0} bars; lower sigma or drift, or ask for fewer bars")]
    Exploded(usize),
}

/// Generates bars. Volume is noise around 1,000 and tells nothing about prices. Each bar opens where the last closed.
///
/// # Errors
/// [`BadRecipe`], with what to change.
pub fn generate(recipe: &Recipe) -> Result<Bars, BadRecipe> {
    check(recipe)?;
    let mut bars = Bars::with_capacity(recipe.symbol.clone(), recipe.timeframe, recipe.bars);
    bars.synthetic = true;
    bars.time = recipe.sessions.opens(recipe.start, recipe.timeframe).take(recipe.bars).collect();
    if bars.time.last().is_none_or(|last| *last + recipe.timeframe.seconds() > TIME_MAX) {
        return Err(BadRecipe::Time);
    }
    let mut rng = SeededRng::new(recipe.seed);
    let mut state = State::new(recipe.process, recipe.start_price);
    let mut price = recipe.start_price;
    for i in 0..recipe.bars {
        price = push_bar(&mut bars, &mut state, &mut rng, price);
        let ratio = price / recipe.start_price;
        if !(1.0 / PRICE_RATIO_MAX..=PRICE_RATIO_MAX).contains(&ratio) {
            return Err(BadRecipe::Exploded(i + 1));
        }
    }
    Ok(bars)
}

fn check(recipe: &Recipe) -> Result<(), BadRecipe> {
    if !(1..=BARS_MAX).contains(&recipe.bars) {
        return Err(BadRecipe::Count(recipe.bars));
    }
    if !(1e-6..=1e6).contains(&recipe.start_price) {
        return Err(BadRecipe::StartPrice(recipe.start_price));
    }
    if !(0..TIME_MAX).contains(&recipe.start.0) {
        return Err(BadRecipe::Time);
    }
    if !recipe.sessions.fit(recipe.timeframe) {
        return Err(BadRecipe::Timeframe(recipe.timeframe));
    }
    Ok(recipe.process.check()?)
}

/// Walks one bar's path from `open`, records the bar and returns its close.
fn push_bar(bars: &mut Bars, state: &mut State, rng: &mut SeededRng, open: f64) -> f64 {
    let (mean, sigma) = state.next_bar(open, rng);
    let steps = f64::from(STEPS_PER_BAR);
    let (step_mean, step_sigma) = (mean / steps, sigma / steps.sqrt());
    let (mut price, mut high, mut low) = (open, open, open);
    for _ in 0..STEPS_PER_BAR {
        let step = step_mean + step_sigma * rng.normal();
        price *= 1.0 + step.clamp(-STEP_MAX, STEP_MAX);
        high = high.max(price);
        low = low.min(price);
    }
    bars.open.push(open);
    bars.high.push(high);
    bars.low.push(low);
    bars.close.push(price);
    bars.volume.push((500.0 + 1_000.0 * rng.unit_coarse()).round());
    price
}
