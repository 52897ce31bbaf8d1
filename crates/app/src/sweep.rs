//! A sweep: variants of a strategy side by side, each trained as any training is and examined as any backtest is.
//!
//! A sweep is no kind of job: it says what to submit, under keys that follow from what is asked for. Said again it finds what was
//! submitted before, and goes on from there; a look that was counted is not taken twice.

mod before;
mod swept;

use ktrdr_domain::name::CampaignName;
use ktrdr_domain::strategy::grid::{self, Axis, Variant};
use ktrdr_domain::trading::Account;
use ktrdr_domain::{Operation, Sha256, Status, Strategy, StrategyName, Symbol, Timeframe, WindowKind};

use self::before::Known;
use crate::market::AccountChange;
use crate::submit::SubmittedJob;
use crate::{AppError, ErrorKind, OrKind, UseCases};

pub use swept::{Swept, SweptVariant};

/// Most of a strategy's name that a campaign is called after.
const NAMED_AFTER_BYTES_MAX: usize = 40;

/// What is said with options of its own.
const SAID_ELSEWHERE: [&str; 3] =
    ["training_data.symbols", "training_data.timeframes", "training_data.base_timeframe"];

/// What is to be compared.
#[derive(Debug, Clone)]
pub struct SweepRequest {
    /// The strategy that all variants come from.
    pub strategy: Strategy,
    /// What they differ in.
    pub axes: Vec<Axis>,
    /// The instrument; the strategy's own where it has one.
    pub symbol: Option<Symbol>,
    /// The bars that are traded: the strategy's own, if they are named.
    pub timeframe: Option<Timeframe>,
    /// `dev`: what the trainings say of it; `gate`: a counted look at it for each variant.
    pub window: WindowKind,
    /// Of weights, shuffling and dropout, for all of them.
    pub seed: u64,
    /// What differs from the configured account, at the exam.
    pub account: AccountChange,
    /// Who the looks belong to; named after what is swept otherwise.
    pub campaign: Option<CampaignName>,
}

/// What will be compared, and where.
#[derive(Debug, Clone)]
pub struct Sweep {
    /// Name of the strategy that all variants come from.
    pub strategy: StrategyName,
    /// The variants.
    pub variants: Vec<Variant>,
    /// The instrument.
    pub symbol: Symbol,
    /// The bars that are traded.
    pub timeframe: Timeframe,
    /// What is looked at.
    pub window: WindowKind,
    /// Who the looks belong to.
    pub campaign: CampaignName,
    /// Looks at the gate that were counted before, as a verdict counts them; `None` where that is not known.
    pub looks: Option<u64>,
    /// Other instruments whose looks are among them.
    pub correlated: Vec<Symbol>,
    seed: u64,
    account: AccountChange,
    /// Of the bars, as they are now: other bars make other trainings.
    data: Vec<Sha256>,
    /// What was done before, variant by variant.
    known: Vec<Known>,
}

impl Sweep {
    /// What a request comes to. Nothing is submitted.
    ///
    /// # Errors
    /// When it makes no grid of valid strategies, or does not say what to trade.
    pub async fn of(app: &dyn UseCases, request: SweepRequest) -> Result<Self, AppError> {
        let SweepRequest { strategy, axes, window, seed, account, .. } = &request;
        if *window == WindowKind::Vault {
            return Err(invalid(
                "a sweep looks at dev or at the gate: the vault is opened for one run at a time",
            ));
        }
        if let Some(axis) =
            axes.iter().find(|axis| SAID_ELSEWHERE.iter().any(|place| axis.path.starts_with(place)))
        {
            return Err(invalid(format!("{} is not swept: variants are compared on one series", axis.path)));
        }
        check_account(*account, *window)?;
        let (symbol, timeframe) = (symbol(&request)?, timeframe(&request)?);
        // Variants on another instrument are others, and called otherwise.
        let mut on_it = strategy.clone();
        on_it.training_data.symbols = vec![symbol.clone()];
        let variants = grid::variants(&on_it, axes).or_kind(ErrorKind::InvalidRequest)?;
        let series = app.list_data().await?;
        let of_it = |timeframe: &Timeframe| {
            let mut data = series.iter().filter_map(|listed| listed.data.as_ref());
            data.find(|data| data.symbol == symbol && data.timeframe == *timeframe)
        };
        let timeframes = &strategy.training_data.timeframes;
        let data = timeframes.iter().filter_map(|bars| Some(of_it(bars)?.sha256)).collect();
        let (looks, correlated) = match app.windows(&symbol).await {
            Ok(windows) => (Some(windows.looks_counted), windows.correlated),
            // They are fixed with the first training.
            Err(why) if why.kind == ErrorKind::NotFound => (None, Vec::new()),
            Err(other) => return Err(other),
        };
        let campaign = request.campaign.clone().map_or_else(|| named_after(&request, &symbol), Ok)?;
        let sweep = Self {
            strategy: strategy.name.clone(),
            variants,
            symbol,
            timeframe,
            window: *window,
            campaign,
            looks,
            correlated,
            seed: *seed,
            account: *account,
            data,
            known: Vec::new(),
        };
        let known = sweep.known(app).await?;
        Ok(Self { known, ..sweep })
    }

    /// How many trainings there would be.
    #[must_use]
    pub fn trainings_left(&self) -> u64 {
        self.known.iter().filter(|known| known.training.is_none()).count() as u64
    }

    /// How many looks at the gate would be taken.
    #[must_use]
    pub fn looks_left(&self) -> u64 {
        match self.window {
            WindowKind::Gate => self.known.iter().filter(|known| known.exam.is_none()).count() as u64,
            WindowKind::Dev | WindowKind::Vault => 0,
        }
    }

    /// Submits a training of each variant that has none, and keeps its strategy in the workspace.
    ///
    /// # Errors
    /// As a training is refused.
    pub async fn train(&self, app: &dyn UseCases) -> Result<Vec<SubmittedJob>, AppError> {
        let mut jobs = Vec::with_capacity(self.variants.len());
        for (variant, known) in self.variants.iter().zip(&self.known) {
            let job = match &known.training {
                Some(earlier) => SubmittedJob { operation: earlier.clone(), created: false },
                None => self.submit_training(app, variant).await?,
            };
            jobs.push(job);
        }
        Ok(jobs)
    }

    /// Submits a backtest of each variant whose training completed and was not examined before.
    ///
    /// # Errors
    /// As a backtest is refused.
    pub async fn examine(
        &self,
        app: &dyn UseCases,
        trainings: &[Operation],
    ) -> Result<Vec<SubmittedJob>, AppError> {
        let mut jobs = Vec::with_capacity(trainings.len());
        for (training, known) in trainings.iter().zip(&self.known) {
            if training.status != Status::Completed {
                continue;
            }
            let job = match &known.exam {
                Some(earlier) => SubmittedJob { operation: earlier.clone(), created: false },
                None => self.submit_exam(app, training).await?,
            };
            jobs.push(job);
        }
        Ok(jobs)
    }
}

fn invalid(message: impl std::fmt::Display) -> AppError {
    AppError::new(ErrorKind::InvalidRequest, message)
}

/// An exam would refuse it only after all trainings, and dev would not look at it.
fn check_account(account: AccountChange, window: WindowKind) -> Result<(), AppError> {
    if window == WindowKind::Dev && account != AccountChange::default() {
        return Err(invalid(
            "what a training says of dev is of the configured account: leave options of the account out, or use --window gate",
        ));
    }
    account.on(Account::default()).map(|_| ())
}

fn symbol(request: &SweepRequest) -> Result<Symbol, AppError> {
    match (&request.symbol, request.strategy.training_data.symbols.as_slice()) {
        (Some(symbol), _) | (None, [symbol]) => Ok(symbol.clone()),
        (None, several) => {
            let named: Vec<&str> = several.iter().map(Symbol::as_str).collect();
            Err(invalid(format!(
                "{} learns from {}: say with --symbol on which one its variants are compared",
                request.strategy.name,
                named.join(", ")
            )))
        }
    }
}

fn timeframe(request: &SweepRequest) -> Result<Timeframe, AppError> {
    let (name, base) = (&request.strategy.name, request.strategy.training_data.base_timeframe);
    match request.timeframe {
        Some(other) if other != base => {
            Err(invalid(format!("{name} decides on {base} bars, not {other}; use --timeframe {base}")))
        }
        _ => Ok(base),
    }
}

/// The same sweep is the same campaign.
fn named_after(request: &SweepRequest, symbol: &Symbol) -> Result<CampaignName, AppError> {
    let axes: Vec<_> = request.axes.iter().map(|axis| (&axis.path, &axis.values)).collect();
    let what = (request.strategy.sha256(), axes, symbol, request.seed);
    let hash = Sha256::of_json(&what).or_kind(ErrorKind::InvalidRequest)?.short();
    let name = request.strategy.name.as_str();
    let name = &name[..name.len().min(NAMED_AFTER_BYTES_MAX)];
    format!("sweep-{name}-{hash}").parse().or_kind(ErrorKind::InvalidRequest)
}
