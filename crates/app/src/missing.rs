//! Bars that a strategy asks for: which are not there, and how they can be had; which have no volume although it is read.

use ktrdr_catalog::series;
use ktrdr_domain::strategy::IndicatorSpec;
use ktrdr_domain::{Strategy, Symbol, Timeframe};
use ktrdr_fabric::artifacts::Artifacts;
use ktrdr_quant::features::volume;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::AppError;
use crate::resample;

/// A series that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct MissingSeries {
    /// The instrument.
    pub symbol: Symbol,
    /// The bar length.
    pub timeframe: Timeframe,
    /// What to run to have it.
    pub run: String,
}

/// What a workspace lacks of a strategy's data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFound {
    /// Series that are not there.
    pub missing: Vec<MissingSeries>,
    /// What deserves a second thought in those that are.
    pub warnings: Vec<String>,
}

/// Looks for the bars that a strategy is trained on.
///
/// # Errors
/// When the folder can not be listed.
pub async fn look(artifacts: &dyn Artifacts, strategy: &Strategy) -> Result<DataFound, AppError> {
    let all = series::all(artifacts).await?;
    let reads_volume = strategy.indicators.values().any(IndicatorSpec::reads_volume);
    let mut found = DataFound::default();
    for symbol in &strategy.training_data.symbols {
        for &timeframe in &strategy.training_data.timeframes {
            let is_there = all.iter().any(|(_, of, bars)| of == symbol && *bars == timeframe);
            if !is_there {
                found.missing.push(missing(artifacts, symbol, timeframe).await?);
            } else if reads_volume && let Ok((_, bars)) = series::read_now(artifacts, symbol, timeframe).await
            {
                found.warnings.extend(volume::missing(strategy, &bars));
            }
        }
    }
    Ok(found)
}

async fn missing(
    artifacts: &dyn Artifacts,
    symbol: &Symbol,
    timeframe: Timeframe,
) -> Result<MissingSeries, AppError> {
    let run = match resample::source(artifacts, symbol, timeframe).await? {
        Some(_) => format!("ktrdr data resample {symbol} {timeframe}"),
        None => format!("ktrdr data import FILE --symbol {symbol} --timeframe {timeframe}"),
    };
    Ok(MissingSeries { symbol: symbol.clone(), timeframe, run })
}
