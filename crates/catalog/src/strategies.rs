//! Strategies by name, `strategies/<name>.yaml`, and the judgement beside each.

use ktrdr_domain::nearest;
use ktrdr_domain::report::AssessmentReport;
use ktrdr_domain::{Author, Sha256, Strategy, StrategyName, number};
use ktrdr_fabric::artifacts::{ArtifactError, Artifacts, Key};
use serde::{Deserialize, Serialize};

use crate::CatalogError;

/// Largest strategy file, in bytes: a hundred times what people write.
pub const BYTES_MAX: u64 = 256 << 10;

/// Where a strategy is.
///
/// # Errors
/// Never for checked names.
pub fn key(name: &StrategyName) -> Result<Key, CatalogError> {
    Ok(format!("strategies/{name}.yaml").parse()?)
}

/// Reads the text of a strategy.
///
/// # Errors
/// When it is not there, too large, or not UTF-8.
pub async fn read(artifacts: &dyn Artifacts, name: &StrategyName) -> Result<String, CatalogError> {
    let key = key(name)?;
    match artifacts.get(&key).await {
        Ok(bytes) => text(key.as_str(), bytes),
        Err(none) => {
            let names = names(artifacts).await.unwrap_or_default();
            let meant = nearest::meant(name.as_str(), names.iter().map(StrategyName::as_str));
            Err(CatalogError::from(none).advising(format!("see `ktrdr strategies list`{meant}")))
        }
    }
}

/// Reads and checks a strategy.
///
/// # Errors
/// When it is not there, or has faults; names all of them.
pub async fn load(artifacts: &dyn Artifacts, name: &StrategyName) -> Result<Strategy, CatalogError> {
    parse(key(name)?.as_str(), &read(artifacts, name).await?)
}

/// Writes a strategy's file, whole.
///
/// # Errors
/// When it can not be written.
pub async fn store(artifacts: &dyn Artifacts, strategy: &Strategy) -> Result<(), CatalogError> {
    Ok(artifacts.put(&key(&strategy.name)?, strategy.to_yaml().as_bytes()).await?)
}

/// Writes a strategy's file where there is none of its name; one that says the same stays as it is.
///
/// # Errors
/// When there is another strategy of that name, or it can not be written.
pub async fn keep(artifacts: &dyn Artifacts, strategy: &Strategy) -> Result<(), CatalogError> {
    let name = &strategy.name;
    let Err(taken) = artifacts.create(&key(name)?, strategy.to_yaml().as_bytes()).await else {
        return Ok(());
    };
    match taken {
        ArtifactError::Exists(_) if load(artifacts, name).await.is_ok_and(|there| there == *strategy) => {
            Ok(())
        }
        other => Err(other.into()),
    }
}

/// Writes the judgement of a strategy beside it.
///
/// # Errors
/// When it can not be written.
pub async fn store_assessment(
    artifacts: &dyn Artifacts,
    name: &StrategyName,
    report: &AssessmentReport,
) -> Result<(), CatalogError> {
    let key: Key = format!("strategies/{name}/assessment.json").parse()?;
    let bytes = number::json_pretty(report).map_err(CatalogError::invalid)?;
    Ok(artifacts.put(&key, &bytes).await?)
}

/// Which language model wrote a strategy, as kept beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Hash of the strategy as the model wrote it: whoever changes that is its author.
    pub strategy_sha256: Sha256,
    /// The model.
    pub author: Author,
}

/// Writes down beside a strategy who wrote it.
///
/// # Errors
/// When it can not be written.
pub async fn store_provenance(
    artifacts: &dyn Artifacts,
    name: &StrategyName,
    provenance: &Provenance,
) -> Result<(), CatalogError> {
    let bytes = number::json_pretty(provenance).map_err(CatalogError::invalid)?;
    Ok(artifacts.put(&provenance_key(name)?, &bytes).await?)
}

/// The language model that wrote a strategy, where one did and nobody changed it since.
///
/// # Errors
/// When what stands beside the strategy can not be read.
pub async fn author(artifacts: &dyn Artifacts, strategy: &Strategy) -> Result<Option<Author>, CatalogError> {
    let key = provenance_key(&strategy.name)?;
    let bytes = match artifacts.get(&key).await {
        Ok(bytes) => bytes,
        Err(ArtifactError::NotFound { .. }) => return Ok(None),
        Err(other) => return Err(other.into()),
    };
    let read: Result<Provenance, _> = serde_json::from_slice(&bytes);
    let provenance = read.map_err(|why| CatalogError::Invalid(format!("{key} can not be read: {why}")))?;
    Ok((provenance.strategy_sha256 == strategy.sha256()).then_some(provenance.author))
}

fn provenance_key(name: &StrategyName) -> Result<Key, CatalogError> {
    Ok(format!("strategies/{name}/author.json").parse()?)
}

/// The names of the strategies there are, sorted; files with other names are none.
///
/// # Errors
/// When the folder can not be listed.
pub async fn names(artifacts: &dyn Artifacts) -> Result<Vec<StrategyName>, CatalogError> {
    let keys = artifacts.list(&"strategies".parse()?).await?;
    let name = |key: &Key| key.as_str().strip_prefix("strategies/")?.strip_suffix(".yaml")?.parse().ok();
    Ok(keys.iter().filter_map(name).collect())
}

/// The text of a strategy file that was read from `place`.
///
/// # Errors
/// When it is too large, or is not UTF-8.
pub fn text(place: &str, bytes: Vec<u8>) -> Result<String, CatalogError> {
    if bytes.len() as u64 > BYTES_MAX {
        let what = format!("{place} is larger than {} KiB, the most that is read", BYTES_MAX >> 10);
        return Err(CatalogError::Invalid(what));
    }
    String::from_utf8(bytes)
        .map_err(|_| CatalogError::Invalid(format!("{place} is not UTF-8 text; save it as UTF-8")))
}

/// The strategy of such a text.
///
/// # Errors
/// When it has faults; names all of them.
pub fn parse(place: &str, text: &str) -> Result<Strategy, CatalogError> {
    let read = Strategy::from_yaml(text);
    read.map(|read| read.strategy)
        .map_err(|faults| CatalogError::Invalid(format!("{place} is not a valid strategy:\n{faults}")))
}
