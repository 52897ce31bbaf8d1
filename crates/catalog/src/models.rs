//! Stored models: `models/<strategy>/<timeframe>_v<N>/` with `model.safetensors`, `metadata.json` and, written
//! last, `manifest.json` with the checksums of both. A folder without a manifest is no model: an attempt died there.

use std::collections::BTreeMap;

use ktrdr_domain::nearest;
use ktrdr_domain::number;
use ktrdr_domain::report::{InSample, Learned, ModelRef, TrainingReport, TrainingSheet};
use ktrdr_domain::strategy::Feature;
use ktrdr_domain::{Author, DataRef, OperationId, Sha256, Span, Strategy, StrategyName, Timeframe};
use ktrdr_fabric::artifacts::{ArtifactError, Artifacts, Key};
use ktrdr_neural::{Network, NetworkShape};
use ktrdr_quant::features::Scaling;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CatalogError, reports, strategies};

/// Attempts at a free version number before giving up: more than any strategy has versions.
const VERSION_MAX: u32 = 100_000;

/// What stands beside the weights: everything needed to use them, and how they came about.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Metadata {
    /// The strategy, as trained.
    pub strategy: Strategy,
    /// The language model that wrote it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// The feature vector, in order: a backtest must resolve to the same.
    pub features: Vec<Feature>,
    /// Scaling fitted on training rows.
    pub scaling: Scaling,
    /// The network's shape.
    pub shape: NetworkShape,
    /// The data it saw.
    pub data: Vec<DataRef>,
    /// What of it the model learned from; empty in models from before this was kept.
    #[serde(default)]
    pub learned: Vec<Learned>,
    /// The seed.
    pub seed: u64,
    /// Version of the program.
    pub code: String,
    /// The report. Its `model.sha256` is the hash of no bytes here: a file can not hold the hash of what holds its hash.
    pub report: TrainingReport,
}

impl Metadata {
    /// The first stretch that the model learned from and that `exam` meets, of whatever instrument: markets move together.
    #[must_use]
    pub fn in_sample(&self, exam: Span) -> Option<InSample> {
        let met = self.learned().into_iter().find(|learned| learned.span.overlaps(&exam));
        met.map(|learned| InSample { learned, exam })
    }

    /// What it learned from. A model that does not say it learned from no more than its training's window: nothing else
    /// was in reach.
    fn learned(&self) -> Vec<Learned> {
        if !self.learned.is_empty() {
            return self.learned.clone();
        }
        let of = |data: &DataRef| Learned {
            symbol: data.symbol.clone(),
            timeframe: data.timeframe,
            span: self.report.window,
        };
        self.data.iter().map(of).collect()
    }
}

/// The last file written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The training.
    pub operation: OperationId,
    /// Its attempt.
    pub fence: u64,
    /// Hash of its specification: an attempt that finds this need not train again.
    pub spec_sha256: Sha256,
    /// Checksums by file name.
    pub files: BTreeMap<String, Sha256>,
}

/// A model, read and checked.
#[derive(Debug, Clone)]
pub struct StoredModel {
    /// Where it is.
    pub reference: ModelRef,
    /// What stands beside the weights.
    pub metadata: Metadata,
    /// The network.
    pub network: Network,
}

const WEIGHTS: &str = "model.safetensors";
const METADATA: &str = "metadata.json";
const MANIFEST: &str = "manifest.json";
const RESERVATION: &str = "reserved.json";
const SHEET: &str = "sheet.json";

/// What to do about a model that is not whole.
const REMEDY: &str = "restore it, or train the strategy again";

fn key(folder: &str, file: &str) -> Result<Key, CatalogError> {
    Ok(format!("{folder}/{file}").parse()?)
}

/// Takes the next free version for one attempt of one training.
///
/// # Errors
/// When none is free, or it can not be written down.
pub async fn reserve(
    artifacts: &dyn Artifacts,
    strategy: &StrategyName,
    timeframe: Timeframe,
    operation: &OperationId,
    fence: u64,
) -> Result<u32, CatalogError> {
    let note = serde_json::json!({ "operation": operation, "fence": fence }).to_string();
    let mut version = versions(artifacts, strategy, timeframe).await?.into_iter().max().unwrap_or(0) + 1;
    while version <= VERSION_MAX {
        let folder = format!("models/{strategy}/{timeframe}_v{version}");
        match artifacts.create(&key(&folder, RESERVATION)?, note.as_bytes()).await {
            Ok(()) => return Ok(version),
            Err(ArtifactError::Exists(_)) => version += 1,
            Err(other) => return Err(other.into()),
        }
    }
    Err(CatalogError::invalid(format!("models/{strategy} has {VERSION_MAX} versions; remove old ones")))
}

/// Version numbers taken, finished or not.
async fn versions(
    artifacts: &dyn Artifacts,
    strategy: &StrategyName,
    timeframe: Timeframe,
) -> Result<Vec<u32>, CatalogError> {
    let folder: Key = format!("models/{strategy}").parse()?;
    let prefix = format!("{folder}/{timeframe}_v");
    let of_key = |k: &Key| k.as_str().strip_prefix(&prefix)?.split('/').next()?.parse().ok();
    Ok(artifacts.list(&folder).await?.iter().filter_map(of_key).collect())
}

/// Writes a model, its manifest last; the hash of that is the model's.
///
/// # Errors
/// When it can not be written.
pub async fn store(
    artifacts: &dyn Artifacts,
    folder: &str,
    network: &Network,
    metadata: &Metadata,
    manifest: impl FnOnce(BTreeMap<String, Sha256>) -> Manifest,
) -> Result<Sha256, CatalogError> {
    let weights = network.to_safetensors().map_err(CatalogError::invalid)?;
    let described = number::json_pretty(metadata).map_err(CatalogError::invalid)?;
    artifacts.put(&key(folder, WEIGHTS)?, &weights).await?;
    artifacts.put(&key(folder, METADATA)?, &described).await?;
    let files = BTreeMap::from([
        (WEIGHTS.to_owned(), Sha256::of(&weights)),
        (METADATA.to_owned(), Sha256::of(&described)),
    ]);
    let listed = number::json_pretty(&manifest(files)).map_err(CatalogError::invalid)?;
    artifacts.put(&key(folder, MANIFEST)?, &listed).await?;
    Ok(Sha256::of(&listed))
}

/// Stores what pages about the training are drawn from beside its model. It is no part of the model: no checksum covers it.
///
/// # Errors
/// When it can not be written.
pub async fn store_sheet(
    artifacts: &dyn Artifacts,
    folder: &str,
    sheet: &TrainingSheet,
) -> Result<(), CatalogError> {
    let bytes = number::json(sheet).map_err(CatalogError::invalid)?;
    Ok(artifacts.put(&key(folder, SHEET)?, &bytes).await?)
}

/// Reads that sheet; `None` where there is none, or one of another version.
///
/// # Errors
/// When it can not be read, or is no sheet.
pub async fn read_sheet(
    artifacts: &dyn Artifacts,
    model: &ModelRef,
) -> Result<Option<TrainingSheet>, CatalogError> {
    reports::sheet(artifacts, &key(&model.folder(), SHEET)?).await
}

/// A finished model.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema, Deserialize)]
pub struct ListedModel {
    /// Its strategy.
    pub strategy: StrategyName,
    /// The bars it decides on.
    pub timeframe: Timeframe,
    /// Its version.
    pub version: u32,
}

impl From<&ModelRef> for ListedModel {
    fn from(model: &ModelRef) -> Self {
        Self { strategy: model.strategy.clone(), timeframe: model.timeframe, version: model.version }
    }
}

impl ListedModel {
    fn folder(&self) -> String {
        format!("models/{}/{}_v{}", self.strategy, self.timeframe, self.version)
    }

    /// The model whose manifest lies under a key.
    fn of_key(key: &Key) -> Option<Self> {
        let (strategy, folder) =
            key.as_str().strip_prefix("models/")?.strip_suffix("/manifest.json")?.split_once('/')?;
        let (timeframe, version) = folder.rsplit_once("_v")?;
        Some(Self {
            strategy: strategy.parse().ok()?,
            timeframe: timeframe.parse().ok()?,
            version: version.parse().ok()?,
        })
    }
}

/// The model, finished or not, that a file under a key belongs to; `None` of a key that is none of its files.
#[must_use]
pub fn model_at(key: &Key) -> Option<ListedModel> {
    let (folder, file) = key.as_str().rsplit_once('/')?;
    let is_ours = [WEIGHTS, METADATA, MANIFEST, RESERVATION, SHEET].contains(&file);
    let manifest = format!("{folder}/{MANIFEST}").parse().ok()?;
    ListedModel::of_key(&manifest).filter(|model| is_ours && folder == model.folder())
}

/// The training that made a model, or died making it; `None` where nobody can tell.
pub async fn maker(artifacts: &dyn Artifacts, model: &ListedModel) -> Option<OperationId> {
    #[derive(Deserialize)]
    struct Made {
        operation: OperationId,
    }
    for file in [MANIFEST, RESERVATION] {
        let key = key(&model.folder(), file).ok()?;
        match artifacts.get(&key).await {
            Ok(bytes) => return serde_json::from_slice::<Made>(&bytes).ok().map(|made| made.operation),
            Err(ArtifactError::NotFound { .. }) => {}
            Err(_) => return None,
        }
    }
    None
}

/// Whether a key is that of a model's manifest: without one it is none.
#[must_use]
pub fn is_manifest(key: &Key) -> bool {
    key.as_str().rsplit('/').next() == Some(MANIFEST)
}

/// Whether a key is that of the note by which an attempt took a version number.
#[must_use]
pub fn is_reservation(key: &Key) -> bool {
    key.as_str().rsplit('/').next() == Some(RESERVATION)
}

/// Every finished model, by strategy, timeframe and version.
///
/// # Errors
/// When the folder can not be listed.
pub async fn all(artifacts: &dyn Artifacts) -> Result<Vec<ListedModel>, CatalogError> {
    let keys = artifacts.list(&"models".parse()?).await?;
    let mut models: Vec<ListedModel> = keys.iter().filter_map(ListedModel::of_key).collect();
    models.sort();
    Ok(models)
}

/// The newest finished model of a strategy, or the version asked for.
///
/// # Errors
/// When there is none; says how to make one.
pub async fn find(
    artifacts: &dyn Artifacts,
    strategy: &StrategyName,
    version: Option<u32>,
) -> Result<ModelRef, CatalogError> {
    let folder: Key = format!("models/{strategy}").parse()?;
    let finished = artifacts.list(&folder).await?;
    let versions = finished.iter().filter_map(ListedModel::of_key).map(|m| (m.version, m.timeframe));
    let newest = versions.filter(|(v, _)| version.is_none_or(|wanted| wanted == *v)).max();
    let Some((version, timeframe)) = newest else {
        let wanted = version.map_or_else(|| "model".to_owned(), |v| format!("model version {v}"));
        return Err(CatalogError::NotFound(format!(
            "{wanted} of {strategy} was not found in {}/{folder}; train one with `ktrdr training run --strategy {strategy}`{}",
            artifacts.place(),
            meant(artifacts, strategy).await
        )));
    };
    let manifest = artifacts.get(&key(&format!("{folder}/{timeframe}_v{version}"), MANIFEST)?).await?;
    Ok(ModelRef { strategy: strategy.clone(), timeframe, version, sha256: Sha256::of(&manifest) })
}

/// Which trained strategy was meant by a name that none has; one that is there and was never trained means itself.
async fn meant(artifacts: &dyn Artifacts, strategy: &StrategyName) -> String {
    if strategies::names(artifacts).await.unwrap_or_default().contains(strategy) {
        return String::new();
    }
    let models = all(artifacts).await.unwrap_or_default();
    let others = models.iter().map(|model| &model.strategy).filter(|other| *other != strategy);
    nearest::meant(strategy.as_str(), others.map(StrategyName::as_str))
}

/// Reads a model and checks every hash on the way.
///
/// # Errors
/// When a file is missing, changed or unreadable.
pub async fn load(artifacts: &dyn Artifacts, reference: &ModelRef) -> Result<StoredModel, CatalogError> {
    let folder = reference.folder();
    let listed = checked(artifacts, &folder, MANIFEST, Some(reference.sha256)).await?;
    let manifest: Manifest = parse(&folder, MANIFEST, &listed)?;
    let hash_of = |file: &str| manifest.files.get(file).copied();
    let described = checked(artifacts, &folder, METADATA, hash_of(METADATA)).await?;
    let metadata: Metadata = parse(&folder, METADATA, &described)?;
    let weights = checked(artifacts, &folder, WEIGHTS, hash_of(WEIGHTS)).await?;
    let network = Network::from_safetensors(&weights, &metadata.shape)
        .map_err(|e| CatalogError::invalid(format!("{folder}/{WEIGHTS}: {e}")))?;
    if metadata.features != metadata.strategy.features() {
        return Err(CatalogError::invalid(format!(
            "{folder}: the stored feature list is not the one its strategy resolves to; train the strategy again"
        )));
    }
    Ok(StoredModel { reference: reference.clone(), metadata, network })
}

async fn checked(
    artifacts: &dyn Artifacts,
    folder: &str,
    file: &str,
    expected: Option<Sha256>,
) -> Result<Vec<u8>, CatalogError> {
    let key = key(folder, file)?;
    let bytes = artifacts.get(&key).await.map_err(|e| CatalogError::from(e).advising(REMEDY))?;
    let found = Sha256::of(&bytes);
    match expected {
        Some(expected) if expected == found => Ok(bytes),
        Some(expected) => Err(CatalogError::invalid(format!(
            "{key} has sha256 {found}, its model was made with {expected}: it was changed or damaged; {REMEDY}"
        ))),
        None => Err(CatalogError::invalid(format!("{folder}/{MANIFEST} does not list {file}; {REMEDY}"))),
    }
}

fn parse<T: serde::de::DeserializeOwned>(folder: &str, file: &str, bytes: &[u8]) -> Result<T, CatalogError> {
    serde_json::from_slice(bytes)
        .map_err(|e| CatalogError::invalid(format!("{folder}/{file} is unreadable ({e}); {REMEDY}")))
}

/// The report of an earlier attempt of this very training that finished its model but not its operation.
///
/// # Errors
/// When there is one, and it can not be read.
pub async fn finished_before(
    artifacts: &dyn Artifacts,
    strategy: &StrategyName,
    timeframe: Timeframe,
    operation: &OperationId,
    spec_sha256: &Sha256,
) -> Result<Option<TrainingReport>, CatalogError> {
    for version in versions(artifacts, strategy, timeframe).await? {
        let folder = format!("models/{strategy}/{timeframe}_v{version}");
        let Ok(listed) = artifacts.get(&key(&folder, MANIFEST)?).await else { continue };
        let Ok(manifest) = parse::<Manifest>(&folder, MANIFEST, &listed) else { continue };
        if manifest.operation == *operation && manifest.spec_sha256 == *spec_sha256 {
            let reference =
                ModelRef { strategy: strategy.clone(), timeframe, version, sha256: Sha256::of(&listed) };
            let stored = load(artifacts, &reference).await?;
            return Ok(Some(TrainingReport { model: reference, ..stored.metadata.report }));
        }
    }
    Ok(None)
}
