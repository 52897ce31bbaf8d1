//! `probe`: sleep, then complete or fail as told. Measures the fleet itself, and how it recovers.

use std::process;
use std::time::{Duration, Instant};

use ktrdr_catalog::CatalogError;
use ktrdr_domain::Kind;
use ktrdr_domain::job::{ChaosAction, ProbeResult, ProbeSpec};
use ktrdr_fabric::clock;
use ktrdr_worker::{Handler, Job, Outcome};

use crate::Services;
use crate::fault::{self, Fault};

/// Longest sleep.
const SLEEP_MS_MAX: u64 = 3_600_000;

/// How often a sleeping probe looks at its stop token.
const NAP: Duration = Duration::from_millis(5);

/// See the module.
pub struct Probe(pub(crate) Services);

impl Handler for Probe {
    fn kind(&self) -> Kind {
        Kind::Probe
    }

    fn run(&self, job: &Job) -> Outcome {
        fault::outcome(self.probe(job))
    }
}

impl Probe {
    fn probe(&self, job: &Job) -> Result<ProbeResult, Fault> {
        let started_us = unix_us();
        let spec: ProbeSpec = fault::specification(job)?;
        self.check(&spec)?;
        sleep(job, &spec)?;
        if let Some(ChaosAction::CrashUntil(attempt)) = spec.chaos
            && job.fence <= attempt
        {
            process::abort();
        }
        if spec.mark {
            self.mark(job)?;
        }
        match spec.fail {
            Some(error) => Err(Fault::BadInput(error)),
            None => Ok(ProbeResult { slept_ms: spec.sleep_ms, attempt: job.fence, started_us }),
        }
    }

    fn check(&self, spec: &ProbeSpec) -> Result<(), Fault> {
        if spec.sleep_ms > SLEEP_MS_MAX {
            return Err(Fault::input(format!("sleep_ms {} is over {SLEEP_MS_MAX}", spec.sleep_ms)));
        }
        if spec.chaos.is_some() && !self.0.chaos_probes {
            return Err(Fault::Refused(
                "this probe would harm its worker, and fleet.chaos_probes is not set there".into(),
            ));
        }
        Ok(())
    }

    fn mark(&self, job: &Job) -> Result<(), Fault> {
        let key = format!("probes/{}/{}", job.id, job.fence).parse().map_err(Fault::input)?;
        let put = self.0.runtime.block_on(self.0.artifacts.put(&key, &[]));
        Ok(put.map_err(CatalogError::from)?)
    }
}

fn sleep(job: &Job, spec: &ProbeSpec) -> Result<(), Fault> {
    let awake_at = Instant::now() + Duration::from_millis(spec.sleep_ms);
    while let Some(left) = awake_at.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        if job.stop.is_stopped() && spec.chaos != Some(ChaosAction::Deaf) {
            return Err(Fault::Stopped);
        }
        std::thread::sleep(left.min(NAP));
    }
    Ok(())
}

/// Unix microseconds of this machine's clock: whoever submitted on the same machine learns how long the way was.
fn unix_us() -> u64 {
    u64::try_from(clock::since_1970().as_micros()).unwrap_or(u64::MAX)
}
