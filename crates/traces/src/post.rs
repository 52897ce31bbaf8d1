//! One request to the collector, and what its answer means.

use std::collections::BTreeMap;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};

use crate::collector::{BadCollector, Collector};
use crate::names;
use crate::part::{By, Part, pair};

/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Most bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Longest wait that a collector may ask for, in seconds.
const RETRY_AFTER_S_MAX: u64 = 60;

/// What became of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It was taken, but for so many parts.
    Taken { refused: usize },
    /// It will never be taken.
    Refused(String),
    /// Not now; perhaps after this long.
    Later(String, Option<Duration>),
}

/// Tells a collector.
pub(crate) struct Post {
    http: Client,
    collector: Collector,
    version: &'static str,
    /// This process.
    boot: String,
}

impl Post {
    pub(crate) fn new(
        collector: Collector,
        version: &'static str,
        boot: String,
    ) -> Result<Self, BadCollector> {
        // The first to choose wins; whoever chose before chose as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let refuse = |why: reqwest::Error| BadCollector::Tls(why.to_string());
        // A redirect would take the headers along.
        let mut http = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(collector.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("ktrdr/", env!("CARGO_PKG_VERSION")));
        if collector.is_on_this_machine() {
            http = http.no_proxy();
        }
        if let Some(pem) = &collector.ca_pem {
            http =
                http.tls_certs_merge(reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(refuse)?);
        }
        Ok(Self { http: http.build().map_err(refuse)?, collector, version, boot })
    }

    pub(crate) fn host(&self) -> String {
        self.collector.host()
    }

    /// Tells of these parts.
    pub(crate) async fn tell(&self, parts: &[Part]) -> Answer {
        let body = self.request(parts).encode_to_vec();
        let request = self.http.post(self.collector.url().clone());
        let request = request.headers(self.collector.headers().clone());
        match request.header(CONTENT_TYPE, "application/x-protobuf").body(body).send().await {
            Ok(answer) => read(answer, parts.len()).await,
            Err(why) => Answer::Later(words(&why), None),
        }
    }

    /// As OTLP has it: sorted by who did it.
    fn request(&self, parts: &[Part]) -> ExportTraceServiceRequest {
        let mut sorted: BTreeMap<&By, Vec<Span>> = BTreeMap::new();
        for Part { by, span } in parts {
            sorted.entry(by).or_default().push(span.clone());
        }
        let resource_spans = sorted.into_iter().map(|(by, spans)| self.of_one(by, spans)).collect();
        ExportTraceServiceRequest { resource_spans }
    }

    fn of_one(&self, by: &By, spans: Vec<Span>) -> ResourceSpans {
        let service = &self.collector.service;
        let (name, instance) = match by {
            By::Teller => (format!("{service}-coordinator"), &self.boot),
            By::Worker(boot) => (format!("{service}-worker"), boot),
        };
        let mut attributes =
            vec![pair(names::SERVICE, name.as_str()), pair(names::INSTANCE, instance.as_str())];
        // Of which version others are is not known here.
        if *instance == self.boot {
            attributes.push(pair(names::VERSION, self.version));
        }
        let scope = InstrumentationScope {
            name: "ktrdr".to_owned(),
            version: self.version.to_owned(),
            ..InstrumentationScope::default()
        };
        ResourceSpans {
            resource: Some(Resource { attributes, ..Resource::default() }),
            scope_spans: vec![ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() }],
            ..ResourceSpans::default()
        }
    }
}

/// An answer, as the protocol has it: 429, 502, 503 and 504 pass, everything else that is no success stays.
async fn read(answer: Response, told: usize) -> Answer {
    let status = answer.status();
    let wait = answer.headers().get(RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.trim().parse().ok());
    let wait = wait.map(|s: u64| Duration::from_secs(s.min(RETRY_AFTER_S_MAX)));
    match status {
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Answer::Later(format!("it answers {}", status.as_u16()), wait),
        _ if status.is_success() => {
            let body = ExportTraceServiceResponse::decode(&*body(answer).await).ok();
            let refused =
                body.and_then(|body| body.partial_success).map_or(0, |partly| partly.rejected_spans);
            Answer::Taken { refused: usize::try_from(refused).unwrap_or(0).min(told) }
        }
        _ => Answer::Refused(format!("it answers {}", status.as_u16())),
    }
}

/// As much of it as is read.
async fn body(mut answer: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(bytes)) = answer.chunk().await {
        if body.len() + bytes.len() > ANSWER_BYTES_MAX {
            return Vec::new();
        }
        body.extend_from_slice(&bytes);
    }
    body
}

/// Why there was no answer, without the address.
fn words(why: &reqwest::Error) -> String {
    match why {
        _ if why.is_connect() => "it can not be reached",
        _ if why.is_timeout() => "it does not answer in time",
        _ => "it does not answer as HTTP does",
    }
    .to_owned()
}
