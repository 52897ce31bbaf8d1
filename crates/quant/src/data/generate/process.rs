//! The processes of prices, each with its formula.

use crate::SeededRng;
use ktrdr_domain::excerpt::excerpt;

/// Reversion per bar of a planted edge of strength 1; see [`Process::PlantedEdge`].
const KAPPA_AT_FULL_STRENGTH: f64 = 0.08;
/// Weight of the newest close in the slow average of a planted edge: an exponential average of 100 bars.
const SLOW_ALPHA: f64 = 2.0 / 101.0;
/// Volatility per bar of a planted edge: hours of a lively currency.
const EDGE_SIGMA: f64 = 0.0015;

/// How the price moves from one bar to the next. Each bar's simple return is
/// `mean + sigma × z`, z with mean 0 and variance 1; the processes differ in mean and sigma.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Process {
    /// Nothing to find: `mean = drift`, `sigma = sigma_per_bar`. With drift 0 the price is a martingale.
    RandomWalk {
        /// Standard deviation of a bar's return, 0 to 0.1.
        sigma_per_bar: f64,
        /// Mean of a bar's return, −0.01 to 0.01.
        drift: f64,
    },
    /// Nothing to find in the direction, much in the size: a Markov chain of a calm and a stormy state sets sigma,
    /// and each bar's sigma is multiplied by the factor that makes its return Student's t with 4 degrees of
    /// freedom. Clusters and fat tails like a market's; mean 0.
    RegimeVolatility {
        /// Sigma per bar in the calm state, 0 to 0.1.
        calm_sigma: f64,
        /// Sigma per bar in the stormy state, 0 to 0.1.
        storm_sigma: f64,
        /// Chance per bar that a storm begins, 0 to 1.
        storm_begins: f64,
        /// Chance per bar that a storm ends, 0 to 1.
        storm_ends: f64,
    },
    /// An edge to find: the price is drawn back to its slow average,
    /// `mean = −0.08 × strength × (close / average − 1)` with `average += 2/101 × (close − average)` after each close,
    /// and `sigma = 0.0015`. Distance from a moving average, or RSI, predicts the next bars.
    ///
    /// The simplest rule (long below the average, short above it, 1.5 basis points of cost per side, hourly bars
    /// of a currency) earns an annualised Sharpe ratio near 9 at strength 1 and near 0.5 at strength 0.075.
    PlantedEdge {
        /// 0 (no edge) to 2.
        strength: f64,
    },
}

/// A process that can not run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BadProcess {
    /// No process has this name.
    #[error("process {0:?} is not known: use one of {list}", list = Process::NAMES.join(", "))]
    Name(String),
    /// A parameter out of range.
    #[error("{parameter} {value} is out of range: use {min} to {max}")]
    Parameter {
        /// Which.
        parameter: &'static str,
        /// Its value.
        value: f64,
        /// The least it may be.
        min: f64,
        /// The most it may be.
        max: f64,
    },
}

impl Process {
    /// The names that [`Process::from_name`] knows.
    pub const NAMES: [&'static str; 4] =
        ["random-walk", "regime-volatility", "planted-edge", "planted-edge-weak"];

    /// A process by name, with parameters that suit hourly bars.
    ///
    /// # Errors
    /// [`BadProcess::Name`], with the names there are.
    pub fn from_name(name: &str) -> Result<Self, BadProcess> {
        match name {
            "random-walk" => Ok(Self::RandomWalk { sigma_per_bar: 0.0012, drift: 0.0 }),
            "regime-volatility" => Ok(Self::RegimeVolatility {
                calm_sigma: 0.0008,
                storm_sigma: 0.0025,
                storm_begins: 0.01,
                storm_ends: 0.04,
            }),
            "planted-edge" => Ok(Self::PlantedEdge { strength: 1.0 }),
            "planted-edge-weak" => Ok(Self::PlantedEdge { strength: 0.075 }),
            _ => Err(BadProcess::Name(excerpt(name))),
        }
    }

    pub(super) fn check(self) -> Result<(), BadProcess> {
        let within = |parameter, value: f64, min: f64, max: f64| {
            if (min..=max).contains(&value) {
                Ok(())
            } else {
                Err(BadProcess::Parameter { parameter, value, min, max })
            }
        };
        match self {
            Self::RandomWalk { sigma_per_bar, drift } => {
                within("sigma_per_bar", sigma_per_bar, 0.0, 0.1)?;
                within("drift", drift, -0.01, 0.01)
            }
            Self::RegimeVolatility { calm_sigma, storm_sigma, storm_begins, storm_ends } => {
                within("calm_sigma", calm_sigma, 0.0, 0.1)?;
                within("storm_sigma", storm_sigma, 0.0, 0.1)?;
                within("storm_begins", storm_begins, 0.0, 1.0)?;
                within("storm_ends", storm_ends, 0.0, 1.0)
            }
            Self::PlantedEdge { strength } => within("strength", strength, 0.0, 2.0),
        }
    }
}

/// A process and what it remembers.
pub(super) struct State {
    process: Process,
    stormy: bool,
    average: f64,
}

impl State {
    pub(super) fn new(process: Process, start_price: f64) -> Self {
        Self { process, stormy: false, average: start_price }
    }

    /// Mean and standard deviation of the next bar's return, `price` being the last close.
    pub(super) fn next_bar(&mut self, price: f64, rng: &mut SeededRng) -> (f64, f64) {
        match self.process {
            Process::RandomWalk { sigma_per_bar, drift } => (drift, sigma_per_bar),
            Process::RegimeVolatility { calm_sigma, storm_sigma, storm_begins, storm_ends } => {
                let chance = if self.stormy { storm_ends } else { storm_begins };
                self.stormy ^= rng.unit_coarse() < chance;
                let sigma = if self.stormy { storm_sigma } else { calm_sigma };
                (0.0, sigma * t_factor(4, rng))
            }
            Process::PlantedEdge { strength } => {
                self.average += SLOW_ALPHA * (price - self.average);
                (-KAPPA_AT_FULL_STRENGTH * strength * (price / self.average - 1.0), EDGE_SIGMA)
            }
        }
    }
}

/// The factor that makes a normal variable Student's t with `freedom` degrees of freedom, scaled to variance 1:
/// `√((freedom − 2) / χ²)`. At most 5, so that one bar can not end the market.
fn t_factor(freedom: u32, rng: &mut SeededRng) -> f64 {
    let chi_squared: f64 = (0..freedom).map(|_| rng.normal()).map(|z| z * z).sum();
    (f64::from(freedom.saturating_sub(2)) / chi_squared).sqrt().min(5.0)
}
