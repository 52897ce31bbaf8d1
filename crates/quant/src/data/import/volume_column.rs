//! Which of several columns of volume counts what is traded, not what it is paid with.

use super::names::Name;
use crate::data::fault::Problem;

/// Volumes that say which asset they count, as exchanges write them: `Volume BTC`, `Volume_(USDT)`.
pub(super) struct AssetVolumes(Vec<(usize, String)>);

impl AssetVolumes {
    pub(super) fn among(names: &[Name]) -> Self {
        Self(names.iter().enumerate().filter_map(|(at, name)| Some((at, name.volume_asset()?))).collect())
    }

    /// The one in the instrument's base, the asset that its name begins with: `Volume BTC` of BTCUSDT. The order of
    /// columns says nothing; `None` where there is no such column at all.
    pub(super) fn of_base(&self, instrument: &str) -> Result<Option<(usize, String)>, Problem> {
        let pair: String = instrument.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        let quote = |asset: &str| pair.strip_prefix(asset);
        let is_pair = |asset: &str| quote(asset).is_some_and(|quote| self.0.iter().any(|(_, a)| a == quote));
        let bases: Vec<_> = self.0.iter().filter(|(_, asset)| quote(asset).is_some()).collect();
        let of_pair: Vec<_> = bases.iter().copied().filter(|(_, asset)| is_pair(asset)).collect();
        match (of_pair.as_slice(), bases.as_slice(), self.0.is_empty()) {
            (_, _, true) => Ok(None),
            ([(at, asset)], ..) | (_, [(at, asset)], _) => Ok(Some((*at, asset.to_uppercase()))),
            _ => {
                let assets: Vec<String> = self.0.iter().map(|(_, asset)| asset.to_uppercase()).collect();
                Err(Problem::VolumeOfWhat { assets: assets.join(", "), instrument: instrument.to_owned() })
            }
        }
    }
}
