//! `data_load`: check a raw file of bars and store it in the project's own layout.

use ktrdr_catalog::imports::{self, DataLoaded};
use ktrdr_catalog::{CatalogError, series, windows};
use ktrdr_domain::job::{DataLoadSpec, Stamp};
use ktrdr_domain::{Kind, Progress, Timestamp};
use ktrdr_fabric::clock;
use ktrdr_quant::Bars;
use ktrdr_quant::data::health;
use ktrdr_quant::data::import::{FileClock, ImportOptions, Imported, import};
use ktrdr_worker::{Handler, Job, Outcome};

use crate::Services;
use crate::fault::{self, Fault};
use crate::foresight;

/// See the module.
pub struct DataLoad(pub(crate) Services);

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

/// Clocks differ by no more.
const AHEAD_MAX_S: i64 = 300;

/// Nobody has seen a bar that has not begun. Where there is one, dates were misread, or it is a forecast.
fn refuse_the_future(bars: &Bars, now_s: i64) -> Result<(), Fault> {
    let begun = bars.index_at_or_after(Timestamp(now_s.saturating_add(AHEAD_MAX_S + 1)));
    let Some(first) = bars.time.get(begun).filter(|_| !bars.synthetic) else { return Ok(()) };
    let count = bars.len() - begun;
    Err(Fault::input(format!(
        "the bar at {} has not begun yet, nor {} more after it: see to the file's dates (`--date-order`), its clock (`--time-zone`, \
         `--utc-offset`) and which moment its times are (`--stamp`), or leave out what is no price yet",
        Timestamp(*first),
        count - 1
    )))
}

impl Handler for DataLoad {
    fn kind(&self) -> Kind {
        Kind::DataLoad
    }

    fn run(&self, job: &Job) -> Outcome {
        fault::outcome(fault::specification(job).and_then(|spec| self.load(job, &spec)))
    }
}

impl DataLoad {
    fn load(&self, job: &Job, spec: &DataLoadSpec) -> Result<DataLoaded, Fault> {
        let artifacts = &*self.0.artifacts;
        job.progress.step(0.0, "reading the file");
        let raw = self.0.runtime.block_on(imports::read(artifacts, &spec.sha256))?;
        let Imported { mut bars, notes, .. } =
            import(&raw, spec.symbol.clone(), spec.timeframe, &options(spec)?).map_err(Fault::input)?;
        if spec.stamp == Stamp::Close {
            bars.time.iter_mut().for_each(|time| *time -= spec.timeframe.seconds());
        }
        refuse_the_future(&bars, clock::now().0)?;
        let (items_done, step) = (bars.len() as u64, "comparing with other series".to_owned());
        job.progress.set(Progress {
            percentage: 60.0,
            step,
            items_done,
            items_total: Some(items_done),
            ..Progress::default()
        });
        let unread = self.refuse_early_stamps(&bars)?;
        job.progress.step(80.0, "storing the series");
        // A second attempt of the same import finds its own file: that is success.
        let stored =
            self.0.runtime.block_on(windows::store_bars(artifacts, &self.0.windows, &bars, spec.replace));
        let (data, windows) = stored.map_err(|error| match error {
            CatalogError::Exists(_) => {
                Fault::Refused(format!("{error} with other bars; use --replace to replace it"))
            }
            other => other.into(),
        })?;
        let health = health::check(&bars);
        let health = windows.iter().fold(health, |health, windows| health.beside(windows, &bars));
        Ok(DataLoaded {
            data,
            bars: bars.len() as u64,
            windows,
            notes: notes.iter().map(ToString::to_string).chain(unread).collect(),
            health,
        })
    }

    /// Compares the bars with every series of the instrument that is there. Those that can not be read are noted.
    fn refuse_early_stamps(&self, bars: &Bars) -> Result<Vec<String>, Fault> {
        let artifacts = &*self.0.artifacts;
        let listed = self.0.runtime.block_on(series::all(artifacts))?;
        let beside = |(_, symbol, timeframe)| {
            (symbol == bars.symbol && timeframe != bars.timeframe).then_some(timeframe)
        };
        let mut unread = Vec::new();
        for timeframe in listed.into_iter().filter_map(beside) {
            match self.0.runtime.block_on(series::read_now(artifacts, &bars.symbol, timeframe)) {
                Ok((_, finer)) if timeframe < bars.timeframe => {
                    foresight::refuse_early_stamps(&finer, std::slice::from_ref(bars))?;
                }
                Ok((_, coarser)) => foresight::refuse_early_stamps(bars, &[coarser])?,
                Err(_) => unread.push(format!(
                    "{} {timeframe} can not be read, so the times of both were not compared",
                    bars.symbol
                )),
            }
        }
        Ok(unread)
    }
}
