//! What a job may look at. The worker reads the windows for itself: a message that reached it may not have passed our submit.

use ktrdr_catalog::{series, windows};
use ktrdr_domain::job::{BacktestSpec, Origin};
use ktrdr_domain::window::WindowError;
use ktrdr_domain::window_history::OpenVault;
use ktrdr_domain::{DataRef, OperationId, Span, Symbol, Windows};

use crate::Services;
use crate::fault::Fault;

impl Services {
    /// The windows of a job's data. A message that says otherwise is refused: whoever wrote it could have moved the exam.
    pub(crate) fn windows_of(&self, data: &[DataRef], claimed: &Windows) -> Result<Windows, Fault> {
        let own = self.runtime.block_on(windows::of(&*self.artifacts, &self.windows, data))?;
        if own == *claimed {
            Ok(own)
        } else {
            Err(Fault::Refused(format!(
                "the job was submitted with other windows (gate {}) than are in force (gate {}): they were moved, or were \
                 never these; submit again",
                claimed.gate, own.gate
            )))
        }
    }

    /// The windows of a backtest, if it may look at what it was told. A research cycle may look at its gate window and
    /// nowhere else, as long as that is not burnt; a person may look anywhere, and is counted. A replay shows what was seen
    /// under the windows of its day.
    pub(crate) fn admit(&self, spec: &BacktestSpec, look: &OperationId) -> Result<Windows, Fault> {
        let windows = match spec.origin {
            Origin::Replay => self.windows_of_replay(spec)?,
            Origin::Research | Origin::Person => self.windows_of(&spec.data, &spec.windows)?,
        };
        if spec.origin == Origin::Research {
            if !windows.gate.covers(&spec.window) {
                return Err(Fault::Refused(format!(
                    "a research cycle is examined on the gate window ({}) only, not on {}",
                    windows.gate, spec.window
                )));
            }
            self.refuse_burnt(&spec.symbol, &windows, look)?;
        }
        windows.allow_look(&spec.window, spec.open_vault.is_some())?;
        Ok(windows)
    }

    fn windows_of_replay(&self, spec: &BacktestSpec) -> Result<Windows, Fault> {
        let read = windows::read(&*self.artifacts, &spec.symbol);
        let span = series::common_span(&spec.data)?;
        if let Some(history) = self.runtime.block_on(read)?
            && history.all_dates().any(|dates| dates.over(span) == spec.windows)
        {
            return Ok(spec.windows);
        }
        self.windows_of(&spec.data, &spec.windows)
    }

    /// Another attempt of a look that was counted is not another look.
    fn refuse_burnt(&self, symbol: &Symbol, windows: &Windows, look: &OperationId) -> Result<(), Fault> {
        self.runtime.block_on(windows::expect_counted(&*self.artifacts, symbol, windows.gate))??;
        let looks = self.runtime.block_on(self.ledger.looks(symbol, windows.gate))?;
        let (others, looks_max) =
            (looks.iter().filter(|trial| trial.look.operation != *look).count(), self.looks_max);
        if others as u64 >= looks_max {
            let (symbol, gate, looks) = (symbol.clone(), windows.gate, others as u64);
            return Err(WindowError::Burnt { symbol, gate, looks, looks_max }.into());
        }
        Ok(())
    }

    /// Counts an opening of the vault of each instrument of `data`, durably, before anything of it is shown.
    pub(crate) fn open_vault(
        &self,
        data: &[DataRef],
        operation: &OperationId,
        span: Span,
        word: &OpenVault,
    ) -> Result<(), Fault> {
        for symbol in windows::symbols(data) {
            let opening = windows::open_vault(&*self.artifacts, symbol, operation, span, word);
            self.runtime.block_on(opening)?;
        }
        Ok(())
    }

    /// How often the vault of an instrument was opened.
    pub(crate) fn vault_openings(&self, symbol: &Symbol) -> Result<u64, Fault> {
        let history = self.runtime.block_on(windows::read(&*self.artifacts, symbol))?;
        Ok(history.map_or(0, |history| history.openings().count() as u64))
    }
}
