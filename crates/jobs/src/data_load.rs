//! `data_load`: check a raw file of bars and store it in the project's own layout.

use ktrdr_domain::job::DataLoadSpec;
use ktrdr_domain::{DataRef, Kind, Sha256};
use ktrdr_fabric::artifacts::{ArtifactError, Key};
use ktrdr_quant::data::import::{FileClock, ImportOptions, import};
use ktrdr_quant::data::{csv, health};
use ktrdr_worker::{Handler, Job, Outcome};
use serde::{Deserialize, Serialize};

use crate::Services;
use crate::fault::{self, Fault};
use crate::series;

/// See the module.
pub struct DataLoad(pub(crate) Services);

/// What an import returns.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DataLoaded {
    /// The stored series.
    pub data: DataRef,
    /// Bars stored.
    pub bars: u64,
    /// What the reader decided, such as a missing volume column.
    pub notes: Vec<String>,
    /// The health report.
    pub health: health::HealthReport,
}

/// Where a raw file waits for its import.
///
/// # Errors
/// Never: a hash makes a key.
pub fn raw_key(sha256: &Sha256) -> Result<Key, ArtifactError> {
    Ok(format!("imports/{sha256}.csv").parse()?)
}

/// The options that travelled as plain data.
fn options(spec: &DataLoadSpec) -> Result<ImportOptions, Fault> {
    let clock = match &spec.time_zone {
        Some(name) => FileClock::Zone(name.parse().map_err(Fault::input)?),
        None => FileClock::Ahead(spec.utc_offset_s),
    };
    Ok(ImportOptions {
        clock: Some(clock),
        date_order: spec.date_order,
        decimal: spec.decimal,
        volume_column: spec.volume_column.clone(),
        sort: spec.sort,
        allow_negative_prices: spec.allow_negative_prices,
        ..ImportOptions::default()
    })
}

impl Handler for DataLoad {
    fn kind(&self) -> Kind {
        Kind::DataLoad
    }

    fn run(&self, job: &Job) -> Outcome {
        fault::outcome(fault::specification(job).and_then(|spec| self.load(&spec)))
    }
}

impl DataLoad {
    fn load(&self, spec: &DataLoadSpec) -> Result<DataLoaded, Fault> {
        let raw = self.0.runtime.block_on(self.0.artifacts.get(&raw_key(&spec.sha256)?))?;
        let imported =
            import(&raw, spec.symbol.clone(), spec.timeframe, &options(spec)?).map_err(Fault::input)?;
        let bytes = csv::write(&imported.bars);
        let key = series::key(&spec.symbol, spec.timeframe)?;
        let stored = self.0.runtime.block_on(async {
            if spec.replace {
                self.0.artifacts.put(&key, &bytes).await
            } else {
                self.0.artifacts.create(&key, &bytes).await
            }
        });
        self.accept_repeat(&key, &bytes, stored)?;
        let span = imported.bars.span().ok_or_else(|| Fault::input("the file holds no bars"))?;
        Ok(DataLoaded {
            data: DataRef {
                symbol: spec.symbol.clone(),
                timeframe: spec.timeframe,
                sha256: Sha256::of(&bytes),
                span,
                synthetic: imported.bars.synthetic,
            },
            bars: imported.bars.len() as u64,
            notes: imported.notes.iter().map(ToString::to_string).collect(),
            health: health::check(&imported.bars),
        })
    }

    /// A second attempt of the same import finds its own file: that is success.
    fn accept_repeat(&self, key: &Key, bytes: &[u8], stored: Result<(), ArtifactError>) -> Result<(), Fault> {
        match stored {
            Err(ArtifactError::Exists(_)) => {
                let there = self.0.runtime.block_on(self.0.artifacts.get(key))?;
                if there == bytes {
                    Ok(())
                } else {
                    Err(Fault::Refused(format!(
                        "{key} exists already with other bars; use --replace to replace it"
                    )))
                }
            }
            other => Ok(other?),
        }
    }
}
