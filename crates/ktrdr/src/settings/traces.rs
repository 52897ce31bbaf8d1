//! `[traces]`: whether, how many and where traces are told. The standard variables of OpenTelemetry come before it. What a
//! collector wants to be shown stands in them alone, and goes nowhere but to the address that they say: a workspace's file may
//! come from anybody.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use ktrdr_domain::trace::Sample;
use ktrdr_fabric::local::regular;
use ktrdr_traces::Collector;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Settings, text};

/// Largest file of certificates.
const PEM_BYTES_MAX: u64 = 1 << 20;

/// `[traces]`
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TracesSettings {
    /// A collector that speaks OTLP over HTTP: `http://127.0.0.1:4318`; without one nothing is told.
    pub(crate) endpoint: Option<String>,
    /// Which share of traces is told, 0 to 1: the same ones in every process.
    pub(crate) sample: f64,
}

impl Default for TracesSettings {
    fn default() -> Self {
        Self { endpoint: None, sample: 1.0 }
    }
}

impl TracesSettings {
    fn sample(&self) -> Result<Sample, String> {
        Sample::of(self.sample).ok_or_else(|| "traces.sample must be a share from 0 to 1".to_owned())
    }

    /// What can not be used.
    pub(super) fn check(&self, allow_plaintext: bool) -> Result<(), String> {
        self.sample()?;
        self.collector(allow_plaintext).map(|_| ())
    }

    fn collector(&self, allow_plaintext: bool) -> Result<Option<Collector>, String> {
        let Some(endpoint) = self.endpoint.as_deref().filter(|text| !text.trim().is_empty()) else {
            return Ok(None);
        };
        let collector = Collector::at(endpoint, allow_plaintext);
        collector.map(Some).map_err(|why| format!("traces.endpoint: {why}"))
    }
}

/// What the variables of OpenTelemetry say.
#[derive(Debug, Clone, Default)]
pub(crate) struct TracesAccess {
    /// A collector, or why it can not be told: nothing else is kept from working by that.
    collector: Option<Result<Collector, String>>,
    /// Nothing shall be told, whatever the file says.
    off: bool,
    sample: Option<Sample>,
    service: Option<String>,
}

impl TracesAccess {
    /// As the environment says.
    pub(crate) fn from_env(allow_plaintext: bool) -> Self {
        Self::of(|name| std::env::var_os(name), allow_plaintext)
    }

    fn of(variable: impl Fn(&str) -> Option<OsString>, allow_plaintext: bool) -> Self {
        let word = |name: &str| {
            let value = text(name, &variable(name)?).ok()?.trim().to_owned();
            Some(value).filter(|value| !value.is_empty())
        };
        // What is said of traces alone comes first.
        let of_traces = |name: &str| {
            let general = || word(&format!("OTEL_EXPORTER_OTLP_{name}"));
            word(&format!("OTEL_EXPORTER_OTLP_TRACES_{name}")).or_else(general)
        };
        let is = |name: &str, wanted: &str| word(name).is_some_and(|said| said.eq_ignore_ascii_case(wanted));
        let exact = word("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
        let base = word("OTEL_EXPORTER_OTLP_ENDPOINT");
        let found = match (&exact, &base) {
            (Some(url), _) => Some(Collector::exactly(url, allow_plaintext)),
            (None, Some(url)) => Some(Collector::at(url, allow_plaintext)),
            (None, None) => None,
        };
        let collector = found.map(|found| {
            if of_traces("PROTOCOL").is_some_and(|protocol| protocol == "grpc") {
                return Err("OTEL_EXPORTER_OTLP_PROTOCOL is grpc: http/protobuf is spoken here".to_owned());
            }
            let mut collector = found
                .and_then(|found| found.with_headers(of_traces("HEADERS").as_deref().unwrap_or_default()))
                .map_err(|why| format!("OTEL_EXPORTER_OTLP_…: {why}"))?;
            if let Some(ms) = of_traces("TIMEOUT").and_then(|ms| ms.parse().ok()).filter(|ms| *ms > 0) {
                collector.timeout = Duration::from_millis(ms);
            }
            if let Some(file) = of_traces("CERTIFICATE") {
                let pem = regular::read(Path::new(&file), PEM_BYTES_MAX).ok();
                let pem = pem.and_then(|pem| String::from_utf8(pem).ok());
                collector.ca_pem = Some(pem.ok_or("OTEL_EXPORTER_OTLP_CERTIFICATE: it can not be read")?);
            }
            Ok(collector)
        });
        let share = || word("OTEL_TRACES_SAMPLER_ARG").and_then(|share| share.parse().ok());
        let sample = word("OTEL_TRACES_SAMPLER").and_then(|sampler| match sampler.as_str() {
            "always_off" | "parentbased_always_off" => Some(Sample::NONE),
            "traceidratio" | "parentbased_traceidratio" => Sample::of(share().unwrap_or(1.0)),
            _ => Some(Sample::ALL),
        });
        let off = is("OTEL_SDK_DISABLED", "true") || is("OTEL_TRACES_EXPORTER", "none");
        Self { collector, off, sample, service: word("OTEL_SERVICE_NAME") }
    }
}

impl Settings {
    /// Who is told of traces, if anybody is.
    pub(crate) fn collector(&self) -> Result<Option<Collector>, String> {
        let access = &self.traces_access;
        if access.off {
            return Ok(None);
        }
        let Some(mut collector) = (match &access.collector {
            Some(found) => Some(found.clone()?),
            None => self.traces.collector(self.allow_plaintext)?,
        }) else {
            return Ok(None);
        };
        if access.collector.is_none() {
            collector.ca_pem = self.ca_pem()?;
        }
        collector.sample = self.sampled();
        if let Some(service) = &access.service {
            collector.service.clone_from(service);
        }
        Ok(Some(collector))
    }

    /// Which traces are told.
    fn sampled(&self) -> Sample {
        self.traces_access.sample.or_else(|| self.traces.sample().ok()).unwrap_or(Sample::NONE)
    }

    /// Which traces somebody is told, as messages and figures say.
    pub(crate) fn told(&self) -> Sample {
        self.collector().ok().flatten().map_or(Sample::NONE, |collector| collector.sample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(toml: &str, variables: &[(&str, &str)]) -> Settings {
        let found =
            |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| OsString::from(value));
        let settings: Settings = toml::from_str(toml).unwrap();
        Settings { traces_access: TracesAccess::of(found, settings.allow_plaintext), ..settings }
    }

    const FILE: &str = "[traces]\nendpoint = \"http://127.0.0.1:1\"\nsample = 0.25\n";

    #[test]
    fn the_environment_comes_before_the_file_and_headers_go_nowhere_but_where_it_says() {
        let headers = ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=canary");
        let of_file = settings(FILE, &[headers]).collector().unwrap().unwrap();
        assert_eq!((of_file.host(), of_file.sample), ("127.0.0.1:1".into(), Sample::of(0.25).unwrap()));
        let elsewhere = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4318");
        let sampler = [("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0.5")];
        let set = settings(FILE, &[&[headers, elsewhere][..], &sampler].concat());
        let of_environment = set.collector().unwrap().unwrap();
        assert_eq!(
            (of_environment.host(), of_environment.sample),
            ("collector:4318".into(), Sample::of(0.5).unwrap())
        );
        assert!(
            format!("{of_file:?}").contains("headers: 0")
                && format!("{of_environment:?}").contains("headers: 1")
        );
        assert!(!format!("{set:?}{of_environment:?}").contains("canary"));
    }

    #[test]
    fn what_is_switched_off_or_can_not_be_used_tells_nothing() {
        let told = |file: &str, variables: &[(&str, &str)]| settings(file, variables).collector();
        assert!(told("", &[]).unwrap().is_none());
        let plain = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
        for off in [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")] {
            assert!(told(FILE, &[off]).unwrap().is_none(), "{off:?}");
        }
        for bad in [plain, ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "canary")] {
            let why = told(FILE, &[bad]).unwrap_err();
            assert!(why.contains("OTEL_") && !why.contains("canary"), "{why}");
        }
        assert!(told("allow_plaintext = true", &[plain]).unwrap().is_some());
        let grpc = [plain, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")];
        assert!(told("allow_plaintext = true", &grpc).unwrap_err().contains("grpc"));
    }

    #[test]
    fn a_file_that_makes_no_sense_is_refused() {
        for (toml, why) in [
            ("[traces]\nsample = 2.0", "share"),
            ("[traces]\nendpoint = \"http://elsewhere:4318\"", "plain http"),
            ("[traces]\nendpoint = \"https://u:canary@h\"", "password"),
        ] {
            let refused = settings(toml, &[]).traces.check(false).unwrap_err();
            assert!(refused.contains(why) && !refused.contains("canary"), "{refused}");
        }
    }
}
