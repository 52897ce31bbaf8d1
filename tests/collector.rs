//! A collector of traces in this process: takes what OTLP sends it, and answers as it is told to.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Said;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use prost::Message;
use serde_json::{Value, json};

use crate::world::wait_for;

/// A span as it was told.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) trace: String,
    pub(crate) id: String,
    pub(crate) parent: String,
    pub(crate) name: String,
    pub(crate) service: String,
    /// From when until when, in nanoseconds.
    pub(crate) times: (u64, u64),
    pub(crate) said: BTreeMap<String, Value>,
    /// Parts of other traces that it leads to: each trace, and the span in it.
    pub(crate) links: Vec<(String, String)>,
    /// What went wrong.
    pub(crate) error: Option<String>,
}

/// How a collector answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It takes everything.
    Takes,
    /// It never answers.
    Silent,
    /// What it answers is no HTTP.
    Babbles,
    /// It says that it took it, in bytes that mean nothing.
    Mumbles,
    /// It wants nothing.
    Refuses,
}

impl Manner {
    fn answer(self) -> &'static [u8] {
        match self {
            Self::Takes => b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            Self::Silent => b"",
            Self::Babbles => b"\0\xff canary \r\n\r\n",
            Self::Mumbles => b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n\xff\xff\xff\xff\xff\xff",
            Self::Refuses => b"HTTP/1.1 400 Bad Request\r\ncontent-length: 6\r\n\r\ncanary",
        }
    }
}

/// A collector, and what it was told.
pub(crate) struct Collector {
    address: SocketAddr,
    told: Arc<Mutex<Vec<Told>>>,
    /// The heads of the requests.
    heads: Arc<Mutex<Vec<String>>>,
}

impl Collector {
    /// One that behaves so until the tests end.
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, told) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<Told>>>::default());
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let (collected, heard) = (Arc::clone(&told), Arc::clone(&heads));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (collected, heard) = (Arc::clone(&collected), Arc::clone(&heard));
                std::thread::spawn(move || serve(stream, manner, &collected, &heard));
            }
        });
        Self { address, told, heads }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The heads of the requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// Every span of a trace, once there is one that is meant.
    pub(crate) fn trace(&self, trace: &str, is_meant: impl Fn(&Told) -> bool) -> Vec<Told> {
        wait_for("a trace", || {
            let told = self.told.lock().unwrap();
            let mut of_it: Vec<Told> = told.iter().filter(|span| span.trace == trace).cloned().collect();
            // Each process sends in its own time what it has seen end.
            of_it.sort_by_key(|span| span.times);
            of_it.iter().any(&is_meant).then_some(of_it)
        })
    }
}

fn serve(stream: TcpStream, manner: Manner, told: &Mutex<Vec<Told>>, heads: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some((head, body)) = request(&mut reader) {
        heads.lock().unwrap().push(head.clone());
        if manner == Manner::Takes {
            assert!(head.starts_with("POST /v1/traces HTTP/1.1"), "{head}");
            let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
            told.lock().unwrap().extend(request.resource_spans.into_iter().flat_map(spans));
        }
        if writer.write_all(manner.answer()).is_err() {
            return;
        }
    }
}

/// The next request: its head and its body.
fn request(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    let mut body = vec![0; length.unwrap_or_default()];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

fn spans(of_one: ResourceSpans) -> Vec<Told> {
    let resource = pairs(of_one.resource.unwrap().attributes);
    let service = resource["service.name"].as_str().unwrap().to_owned();
    let told = move |span: Span| Told {
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        name: span.name,
        service: service.clone(),
        times: (span.start_time_unix_nano, span.end_time_unix_nano),
        said: pairs(span.attributes),
        links: span.links.iter().map(|link| (hex(&link.trace_id), hex(&link.span_id))).collect(),
        error: span.status.filter(|status| status.code == 2).map(|status| status.message),
    };
    of_one.scope_spans.into_iter().flat_map(|scope| scope.spans).map(told).collect()
}

fn pairs(said: Vec<KeyValue>) -> BTreeMap<String, Value> {
    let value = |said: KeyValue| match said.value.unwrap().value.unwrap() {
        Said::StringValue(text) => json!(text),
        Said::BoolValue(flag) => json!(flag),
        Said::IntValue(number) => json!(number),
        Said::DoubleValue(number) => json!(number),
        other => panic!("{other:?}"),
    };
    said.into_iter().map(|said| (said.key.clone(), value(said))).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
