//! Processes of prices in which nobody can time anything: whatever is accepted on them is accepted falsely.
//!
//! `n` bars make a year, `z` is standard normal, `μ` the mean return of a year and `σ` its volatility. Each bar opens where
//! the last one closed unless said otherwise, and walks to its close in equal steps, which give its high and low.

use super::calendar::{self, Session, Step};
use super::dice::Dice;
use super::series::Series;

/// A process without an edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Process {
    pub(super) name: &'static str,
    pub(super) session: Session,
    pub(super) step: Step,
    /// `σ`.
    pub(super) volatility: f64,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// `r = (μ − σ²/2)/n + σ/√n · z`: a geometric walk, a martingale where `μ = 0`.
    Walk {
        /// `μ`.
        drift: f64,
    },
    /// `r = √h · t₅`, `h' = (1 − 0.99) σ²/n + 0.05 r² + 0.94 h`, t₅ Student's with variance 1: GARCH(1,1).
    Garch,
    /// `r = c(hour) σ/√n · z`, `c² ∝ exp(1.6 cos(2π (hour − 13)/24))` with mean 1: an hour at noon moves five times as much as
    /// one at midnight.
    Clock,
    /// Mid prices walk as above; each open and each close is dealt at bid or ask, a coin of its own:
    /// `price = mid · exp(± σ/(2√n))`. Returns of closes have the autocorrelation −1/6 at lag 1, and nobody can earn it: the
    /// next open has its own coin.
    Bounce,
    /// A walk of half the variance, and with probability `24/n` a jump `N(0, σ²/48)` at a bar's open: two a month.
    Jumps,
    /// `r = σ(state)/√n · z`: calm (0.6 σ), usual (σ) and stormy (1.6 σ), left with probability 0.3 % each bar for one
    /// of the other two. The price stays a martingale; only its size can be foretold.
    Regimes,
}

const GARCH_ALPHA: f64 = 0.05;
const GARCH_BETA: f64 = 0.94;
const GARCH_FREEDOM: u32 = 5;
/// Half the spread in standard deviations of a bar.
const HALF_SPREAD: f64 = 0.5;
const JUMPS_PER_YEAR: f64 = 24.0;
const REGIMES: [f64; 3] = [0.6, 1.0, 1.6];
const REGIME_ENDS: f64 = 0.003;
const START_PRICE: f64 = 100.0;

impl Process {
    pub(super) const fn walk(
        name: &'static str,
        (session, step): (Session, Step),
        drift: f64,
        volatility: f64,
    ) -> Self {
        Self { name, session, step, volatility, kind: Kind::Walk { drift } }
    }

    pub(super) const fn hourly(name: &'static str, session: Session, volatility: f64, kind: Kind) -> Self {
        Self { name, session, step: Step::Hour, volatility, kind }
    }

    /// A series of its own for each seed.
    pub(super) fn series(&self, years: f64, seed: u64) -> Series {
        let mut state = State::new(*self, seed);
        let mut series = Series::default();
        for time in calendar::opens(self.session, self.step, years) {
            state.next_bar(&mut series, time);
        }
        series
    }
}

/// A process at work.
struct State {
    process: Process,
    dice: Dice,
    /// Volatility of a bar.
    sigma: f64,
    bars_per_year: f64,
    /// Of the last close; of a bounce, its mid.
    price: f64,
    /// GARCH's variance of the next bar.
    variance: f64,
    regime: usize,
}

impl State {
    fn new(process: Process, seed: u64) -> Self {
        let bars_per_year = calendar::bars_per_year(process.session, process.step);
        let sigma = process.volatility / bars_per_year.sqrt();
        let dice = Dice::new(seed);
        Self { process, dice, sigma, bars_per_year, price: START_PRICE, variance: sigma * sigma, regime: 1 }
    }

    fn next_bar(&mut self, series: &mut Series, time: i64) {
        let open = self.price;
        match self.process.kind {
            Kind::Walk { drift } => {
                let mean = (drift - self.process.volatility.powi(2) / 2.0) / self.bars_per_year;
                series.walk(time, open, mean, self.sigma, &mut self.dice);
            }
            Kind::Garch => {
                let sigma = self.variance.sqrt() * self.dice.student_factor(GARCH_FREEDOM);
                series.walk(time, open, 0.0, sigma, &mut self.dice);
                let moved = (series.close[series.len() - 1] / open).ln();
                let long_run = (1.0 - GARCH_ALPHA - GARCH_BETA) * self.sigma.powi(2);
                self.variance = long_run + GARCH_ALPHA * moved.powi(2) + GARCH_BETA * self.variance;
            }
            Kind::Clock => series.walk(time, open, 0.0, self.sigma * clock(time), &mut self.dice),
            Kind::Bounce => {
                self.bounced(series, time);
                return;
            }
            Kind::Jumps => {
                let jumps = self.dice.uniform() < JUMPS_PER_YEAR / self.bars_per_year;
                let spread = self.process.volatility / (2.0 * JUMPS_PER_YEAR).sqrt();
                let jump = if jumps { spread * self.dice.normal() } else { 0.0 };
                let sigma = self.sigma / 2.0_f64.sqrt();
                series.walk(time, open * jump.exp(), 0.0, sigma, &mut self.dice);
            }
            Kind::Regimes => {
                if self.dice.uniform() < REGIME_ENDS {
                    self.regime = (self.regime + 1 + self.dice.below(2)) % 3;
                }
                series.walk(time, open, 0.0, self.sigma * REGIMES[self.regime], &mut self.dice);
            }
        }
        self.price = series.close[series.len() - 1];
    }

    fn bounced(&mut self, series: &mut Series, time: i64) {
        let half = HALF_SPREAD * self.sigma;
        let mid = self.price * (self.sigma * self.dice.normal()).exp();
        let open = self.price * (half * self.dice.sign()).exp();
        let close = mid * (half * self.dice.sign()).exp();
        self.price = mid;
        series.push(time, [open, open.max(close), open.min(close), close]);
    }
}

/// Standard deviation of an hour, in those of the average hour.
fn clock(time: i64) -> f64 {
    // The mean of exp(1.6 cos) over a day is the modified Bessel function I₀(1.6).
    const MEAN: f64 = 1.749_980_639_738_909_7;
    let angle = std::f64::consts::TAU * (calendar::hour(time) - 13) as f64 / 24.0;
    ((1.6 * angle.cos()).exp() / MEAN).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Shape {
        mean: f64,
        deviation: f64,
        kurtosis: f64,
        /// Of returns at lag 1, and of their squares at lag 5.
        echo: f64,
        clusters: f64,
    }

    /// Shape of what can be traded: returns from open to open.
    fn shape(series: &Series) -> Shape {
        shape_of(&series.open.windows(2).map(|pair| (pair[1] / pair[0]).ln()).collect::<Vec<f64>>())
    }

    fn shape_of(returns: &[f64]) -> Shape {
        let n = returns.len() as f64;
        let mean = returns.iter().sum::<f64>() / n;
        let centred: Vec<f64> = returns.iter().map(|r| r - mean).collect();
        let variance = centred.iter().map(|r| r * r).sum::<f64>() / n;
        let squares: Vec<f64> = centred.iter().map(|r| r * r - variance).collect();
        let along = |x: &[f64], lag: usize| {
            let products: f64 = x.iter().zip(&x[lag..]).map(|(a, b)| a * b).sum();
            products / x.iter().map(|a| a * a).sum::<f64>()
        };
        Shape {
            mean,
            deviation: variance.sqrt(),
            kurtosis: centred.iter().map(|r| r.powi(4)).sum::<f64>() / n / variance.powi(2),
            echo: along(&centred, 1),
            clusters: along(&squares, 5),
        }
    }

    fn process(kind: Kind) -> Process {
        Process::hourly("test", Session::Currency, 0.1, kind)
    }

    const YEARS: f64 = 12.0;

    #[test]
    fn walks_drift_as_they_claim_and_remember_nothing() {
        // By long daily walks: the mean of 900 years is known to half a percent.
        for drift in [0.0, 0.25, -0.25] {
            let means = (0..30).map(|seed| {
                let walk = Process::walk("test", (Session::Currency, Step::Day), drift, 0.15);
                shape(&walk.series(30.0, seed)).mean * calendar::DAYS_PER_YEAR
            });
            let mean = means.sum::<f64>() / 30.0 + 0.15_f64.powi(2) / 2.0;
            assert!((mean - drift).abs() < 0.02, "{mean} for {drift}");
        }
        let shape = shape(&process(Kind::Walk { drift: 0.0 }).series(YEARS, 1));
        let volatility = shape.deviation * calendar::bars_per_year(Session::Currency, Step::Hour).sqrt();
        assert!((volatility - 0.1).abs() < 0.002, "{volatility}");
        assert!(shape.echo.abs() < 0.02 && shape.clusters.abs() < 0.02 && (shape.kurtosis - 3.0).abs() < 0.1);
    }

    #[test]
    fn garch_clusters_with_fat_tails() {
        let shape = shape(&process(Kind::Garch).series(YEARS, 2));
        assert!(shape.clusters > 0.03 && shape.kurtosis > 5.0 && shape.echo.abs() < 0.03);
    }

    #[test]
    fn volatility_follows_its_clock() {
        let series = process(Kind::Clock).series(YEARS, 3);
        let at = |wanted: i64| {
            let bars = (1..series.len()).filter(|i| calendar::hour(series.time[*i]) == wanted);
            shape_of(&bars.map(|i| (series.close[i] / series.open[i]).ln()).collect::<Vec<f64>>()).deviation
        };
        let ratio = at(13) / at(1);
        assert!((ratio - 1.6_f64.exp()).abs() < 0.3, "{ratio}");
    }

    #[test]
    fn a_bounce_echoes_in_closes_and_pays_nobody() {
        let series = process(Kind::Bounce).series(YEARS, 4);
        let echo = shape_of(&series.log_returns()).echo;
        assert!((echo + 1.0 / 6.0).abs() < 0.02, "{echo}");
        // Fading each close, filled at the next open and closed at the one after: nothing before costs.
        let fades = (2..series.len() - 2).map(|i| {
            let seen = (series.close[i] / series.close[i - 1]).ln();
            -seen.signum() * (series.open[i + 2] / series.open[i + 1]).ln()
        });
        let fades = shape_of(&fades.collect::<Vec<f64>>());
        let standard_error = fades.deviation / (series.len() as f64).sqrt();
        assert!(fades.mean.abs() < 3.5 * standard_error, "{} {standard_error}", fades.mean);
    }

    #[test]
    fn jumps_are_rare_and_half_of_the_variance() {
        let series = process(Kind::Jumps).series(YEARS, 5);
        let gaps: Vec<f64> = (1..series.len()).map(|i| (series.open[i] / series.close[i - 1]).ln()).collect();
        let jumps: Vec<f64> = gaps.iter().copied().filter(|gap| gap.abs() > 1e-6).collect();
        let per_year = jumps.len() as f64 / YEARS;
        assert!((per_year - JUMPS_PER_YEAR).abs() < 5.0, "{per_year}");
        let variance = jumps.iter().map(|jump| jump * jump).sum::<f64>() / YEARS;
        assert!((variance - 0.005).abs() < 0.0015, "{variance}");
    }

    #[test]
    fn regimes_last_and_keep_the_price_a_martingale() {
        let shape = shape(&process(Kind::Regimes).series(YEARS, 6));
        assert!(shape.clusters > 0.05 && shape.kurtosis > 3.5 && shape.echo.abs() < 0.02);
        assert!(shape.mean.abs() < 3.5 * shape.deviation / (YEARS * 6_261.0).sqrt(), "{}", shape.mean);
    }
}
