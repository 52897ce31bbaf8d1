//! Windows of instruments: where they are, what became of them, moving them to a fresh exam.

use ktrdr_catalog::counting::{self, Counted};
use ktrdr_catalog::series::SeriesCache;
use ktrdr_catalog::{CatalogError, series, windows};
use ktrdr_domain::window::WindowError;
use ktrdr_domain::window_history::{WindowDates, WindowEvent, WindowHistory, WindowsRolled, next_gate};
use ktrdr_domain::{DataRef, Reason, Span, Symbol, Timeframe, Windows};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{App, AppError, ErrorKind, OrKind};

/// The windows of an instrument, and what was spent of them.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct InstrumentWindows {
    /// The instrument.
    pub symbol: Symbol,
    /// Where they are; dev begins with its bars and the vault ends with them, on whatever timeframe.
    pub windows: Windows,
    /// Looks at the gate.
    pub looks: u64,
    /// Looks that a verdict on the gate would pay for: these, and those at the same time of instruments that go with this one.
    #[serde(default)]
    pub looks_counted: u64,
    /// The other instruments whose looks are among them.
    #[serde(default)]
    pub correlated: Vec<Symbol>,
    /// Looks after which research on it ends.
    pub looks_max: u64,
    /// Whether research on it has ended: it was looked at too often, or nobody knows any more how often.
    pub burnt: bool,
    /// How often the vault was opened.
    pub vault_openings: u64,
    /// What became of them, in order.
    pub events: Vec<WindowEvent>,
}

/// Turn the gate of an instrument into dev, and the oldest unopened part of its vault into the gate.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RollRequest {
    /// The instrument.
    pub symbol: Symbol,
    /// Why.
    pub reason: Reason,
}

/// What a roll would do.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct RollPlan {
    /// The instrument.
    pub symbol: Symbol,
    /// Why.
    pub reason: Reason,
    /// The windows as they are.
    pub before: Windows,
    /// The windows as they would be.
    pub after: Windows,
    /// Looks at the gate: they are spent, and it is dev from then on.
    pub looks: u64,
    /// What was planned upon: something else may become of the windows first.
    #[serde(skip)]
    known: Option<WindowHistory>,
}

/// An instrument with everything that is known of its windows.
struct Known {
    data: Vec<DataRef>,
    history: WindowHistory,
}

impl Known {
    /// The windows over all bars there are.
    fn windows(&self, dates: WindowDates) -> Option<Windows> {
        let spans = || self.data.iter().map(|data| data.span);
        let (start, end) = (spans().map(|s| s.start).min()?, spans().map(|s| s.end).max()?);
        Some(dates.over(Span { start, end }))
    }
}

impl App {
    /// The windows of an instrument.
    ///
    /// # Errors
    /// When there are none, or their record is damaged.
    pub async fn windows(&self, symbol: &Symbol) -> Result<InstrumentWindows, AppError> {
        let known = self.known_windows(symbol).await?;
        let windows = known.windows(known.history.dates()).ok_or_else(|| windows::never_fixed(symbol))?;
        let looks = self.looks(symbol, windows.gate).await?;
        let finest = known.data.iter().map(|data| data.timeframe).min();
        let finest = finest.ok_or_else(|| windows::never_fixed(symbol))?;
        let counted = self.looks_counted(symbol, finest, windows).await?;
        Ok(InstrumentWindows {
            symbol: symbol.clone(),
            windows,
            looks,
            looks_counted: counted.trials.len() as u64,
            correlated: counted.correlated,
            looks_max: self.policy.looks_max,
            burnt: looks >= self.policy.looks_max || known.history.looks_lost().is_some(),
            vault_openings: known.history.openings().count() as u64,
            events: known.history.events().to_vec(),
        })
    }

    /// What moving the windows of an instrument would do.
    ///
    /// # Errors
    /// When no unopened part of its vault is long enough.
    pub async fn plan_roll_windows(&self, request: &RollRequest) -> Result<RollPlan, AppError> {
        let symbol = &request.symbol;
        let known = self.known_windows(symbol).await?;
        let never_fixed = || windows::never_fixed(symbol);
        let before = known.windows(known.history.dates()).ok_or_else(never_fixed)?;
        // Whoever looked without a word, before one was asked for, has seen it all the same.
        let looked = self.ledger.looks(symbol, before.vault).await?;
        let opened = known.history.openings().map(|opening| opening.span);
        let seen: Vec<Span> = opened.chain(looked.iter().map(|trial| trial.look.span)).collect();
        let dates = next_gate(&before, &seen).or_kind(ErrorKind::Refused)?;
        Ok(RollPlan {
            symbol: symbol.clone(),
            reason: request.reason.clone(),
            before,
            after: known.windows(dates).ok_or_else(never_fixed)?,
            looks: self.looks(symbol, before.gate).await?,
            known: Some(known.history),
        })
    }

    /// Moves windows as planned, on the record.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when something became of them since: of two who move them at once, one wins.
    pub async fn roll_windows(&self, plan: RollPlan) -> Result<InstrumentWindows, AppError> {
        let rolled = |at| WindowsRolled {
            dates: WindowDates::of(&plan.after),
            gate: plan.before.gate,
            looks: plan.looks,
            reason: plan.reason.clone(),
            by: self.by.clone(),
            at,
        };
        let known = plan.known.as_ref().ok_or_else(|| {
            AppError::new(ErrorKind::InvalidRequest, "windows are moved where that was planned")
        })?;
        let written = windows::roll(&*self.artifacts, &plan.symbol, known, rolled).await;
        written.map_err(|fault| match fault {
            CatalogError::Exists(_) => {
                let message = format!(
                    "the windows of {} were moved or its vault was opened meanwhile: nothing was done; see `ktrdr data windows {0}`",
                    plan.symbol
                );
                AppError::new(ErrorKind::Conflict, message)
            }
            other => other.into(),
        })?;
        self.windows(&plan.symbol).await
    }

    /// The windows that research on an instrument keeps to.
    ///
    /// # Errors
    /// When the bars do not reach from dev into the gate, or that is burnt.
    pub(crate) async fn exam_windows(&self, symbol: &Symbol, data: &[DataRef]) -> Result<Windows, AppError> {
        let windows = self.windows_of(data).await?;
        if let Some(short) =
            data.iter().find(|d| !(d.span.overlaps(&windows.dev) && d.span.overlaps(&windows.gate)))
        {
            let message = format!(
                "the bars of {symbol} {} ({}) have no part before the gate window of {symbol} or none within ({}): research \
                 designs on the one and is examined on the other; import a longer file, or these bars under another name",
                short.timeframe, short.span, windows.gate
            );
            return Err(AppError::new(ErrorKind::InvalidInput, message));
        }
        windows::expect_counted(&*self.artifacts, symbol, windows.gate).await??;
        let (looks, looks_max) = (self.looks(symbol, windows.gate).await?, self.policy.looks_max);
        if looks >= looks_max {
            return Err(
                WindowError::Burnt { symbol: symbol.clone(), gate: windows.gate, looks, looks_max }.into()
            );
        }
        Ok(windows)
    }

    pub(crate) async fn looks(&self, symbol: &Symbol, gate: Span) -> Result<u64, AppError> {
        Ok(self.ledger.looks(symbol, gate).await?.len() as u64)
    }

    /// The looks that a verdict on the gate of such bars would pay for by now.
    pub(crate) async fn looks_counted(
        &self,
        symbol: &Symbol,
        timeframe: Timeframe,
        windows: Windows,
    ) -> Result<Counted, AppError> {
        let (artifacts, ledger) = (&*self.artifacts, &*self.ledger);
        let data = self.pins.pin(artifacts, symbol, timeframe).await?;
        let others =
            counting::others::<AppError>(artifacts, ledger, symbol, data.sha256, windows.gate).await?;
        let mut correlated = Vec::new();
        if !others.is_empty() {
            let (_, bars) = series::read_now(artifacts, symbol, timeframe).await?;
            let cache = SeriesCache::default();
            correlated = counting::correlated(artifacts, &cache, others, &bars, windows.dev).await?;
        }
        Ok(counting::looks(ledger, symbol, correlated, windows.gate).await?)
    }

    async fn known_windows(&self, symbol: &Symbol) -> Result<Known, AppError> {
        let history = windows::read(&*self.artifacts, symbol).await?;
        let Some(history) = history else {
            return Err(windows::unknown(&*self.artifacts, symbol).await.into());
        };
        Ok(Known { data: series::of(&*self.artifacts, symbol).await?, history })
    }
}
