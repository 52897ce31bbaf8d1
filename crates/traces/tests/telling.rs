//! How a collector is told, and that whoever works never waits for it.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use ktrdr_agent::models::{Lane, Usage};
use ktrdr_agent::purse::{CallWatch, Cost, EndedCall, Intent, Spent};
use ktrdr_domain::trace::Sample;
use ktrdr_domain::{Operation, OperationId};
use ktrdr_fabric::history::Transition;
use ktrdr_fabric::store::{
    Backlog, BootId, Filter, OperationReader, OutboxEntry, Page, StoreError, StoreHint,
};
use ktrdr_traces::{Collector, Tracer};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, mpsc};

/// Rows of nobody.
struct NoRows;

#[async_trait]
impl OperationReader for NoRows {
    async fn get(&self, _: &OperationId) -> Result<Option<Operation>, StoreError> {
        Ok(None)
    }
    async fn get_all(&self, _: &[OperationId]) -> Result<Vec<Operation>, StoreError> {
        Ok(Vec::new())
    }
    async fn list(&self, _: &Filter) -> Result<Page, StoreError> {
        Err(StoreError::Invalid("nobody lists".into()))
    }
    async fn history(&self, _: &OperationId) -> Result<Vec<Transition>, StoreError> {
        Ok(Vec::new())
    }
    async fn due(&self, _: &OperationId) -> Result<Option<i64>, StoreError> {
        Ok(None)
    }
    async fn keyed(&self, _: &str) -> Result<Option<OperationId>, StoreError> {
        Ok(None)
    }
    async fn holders(&self, _: &str) -> Result<Vec<OperationId>, StoreError> {
        Ok(Vec::new())
    }
    async fn backlog(&self, _: Duration) -> Result<Backlog, StoreError> {
        Ok(Backlog { ..Backlog::default() })
    }
    async fn outbox(&self, _: Option<u64>, _: u32) -> Result<Vec<OutboxEntry>, StoreError> {
        Ok(Vec::new())
    }
    fn hints(&self) -> broadcast::Receiver<StoreHint> {
        broadcast::channel(1).1
    }
}

/// A collector that answers each request as it is told, then with 200; the names of the spans of each.
async fn collector(answers: &[&'static str]) -> (Collector, mpsc::UnboundedReceiver<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = mpsc::unbounded_channel();
    let answers = Arc::new(Mutex::new(answers.iter().copied().collect::<VecDeque<_>>()));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&answers), tell.clone()));
        }
    });
    (Collector::at(&url, false).unwrap(), told)
}

async fn serve(
    mut stream: TcpStream,
    answers: Arc<Mutex<VecDeque<&'static str>>>,
    tell: mpsc::UnboundedSender<Vec<String>>,
) {
    while let Some(body) = request(&mut stream).await {
        let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
        let scopes = request.resource_spans.into_iter().flat_map(|of_one| of_one.scope_spans);
        let _ = tell.send(scopes.flat_map(|scope| scope.spans).map(|span| span.name).collect());
        let answer = answers.lock().unwrap().pop_front().unwrap_or("200 OK\r\n");
        let answer = format!("HTTP/1.1 {answer}content-length: 0\r\n\r\n");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut read = Vec::new();
    let head = loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        read.push(stream.read_u8().await.ok()?);
    };
    let text = String::from_utf8_lossy(&read[..head]).to_lowercase();
    let length =
        text.split("content-length:").nth(1).unwrap().lines().next().unwrap().trim().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(body)
}

fn tracer(collector: Collector) -> Tracer {
    Tracer::start(collector, &BootId::of_this_process(), "0.0.0", Arc::new(NoRows)).unwrap()
}

/// Tells of so many calls of one operation.
fn call(watch: &dyn CallWatch, calls: u32) {
    let operation: OperationId = "op_agent_design_20261121_025513_99cb0f94".parse().unwrap();
    let now = SystemTime::now();
    for call in 0..calls {
        let worst_case = Cost::default();
        let intent = Intent { attempt: 1, call, lane: Lane::Direct, model: "m".into(), worst_case };
        let spent = Spent::Counted(Usage::default(), Cost { tokens: 3, micro_dollars: 1 });
        watch.ended(&EndedCall { operation: &operation, intent: &intent, spent, began: now, ended: now });
    }
}

#[tokio::test]
async fn what_is_not_taken_now_is_told_again_and_what_never_will_be_is_counted() {
    let (collector, mut told) =
        collector(&["503 No\r\nretry-after: 0\r\n", "200 OK\r\n", "400 No\r\n"]).await;
    let tracer = tracer(collector);
    for expected_lost in [0, 1] {
        call(&*tracer.calls(), 1);
        assert_eq!(told.recv().await.unwrap(), ["chat m"]);
        if expected_lost == 0 {
            assert_eq!(told.recv().await.unwrap(), ["chat m"], "the same once more");
        }
    }
    call(&*tracer.calls(), 1);
    assert_eq!(told.recv().await.unwrap(), ["chat m"], "others are told of all the same");
    assert_eq!(tracer.lost()(), 1);
    tracer.end().await;
}

#[tokio::test]
async fn nobody_waits_for_a_collector_that_is_not_there() {
    let tracer = tracer(Collector::at("http://127.0.0.1:9", false).unwrap());
    let begun = Instant::now();
    call(&*tracer.calls(), 20_000);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let lost = tracer.lost()();
    assert!(lost > 10_000, "{lost}");
    tracer.end().await;
}

#[tokio::test]
async fn what_is_left_at_the_end_is_told_and_a_silent_collector_is_not_waited_for() {
    let (collector, mut told) = collector(&[]).await;
    let tracer_of_it = tracer(collector);
    call(&*tracer_of_it.calls(), 3);
    tracer_of_it.end().await;
    assert_eq!(told.recv().await.unwrap().len(), 3);
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let tracer = tracer(Collector::at(&url, false).unwrap());
    call(&*tracer.calls(), 3);
    let begun = Instant::now();
    tracer.end().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_trace_outside_the_sample_is_not_told_of() {
    let (mut collector, mut told) = collector(&[]).await;
    collector.sample = Sample::NONE;
    let tracer = tracer(collector);
    call(&*tracer.calls(), 3);
    tracer.end().await;
    assert!(told.try_recv().is_err());
}

#[tokio::test]
async fn who_asked_by_a_trace_of_their_own_is_told_of_beside_what_was_asked_for() {
    let (collector, mut told) = collector(&[]).await;
    let tracer = tracer(collector);
    let operation = "op_agent_research_20261121_025513_99cb0f94".parse().unwrap();
    let caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap();
    tracer.links().tell(caller, &operation);
    tracer.end().await;
    assert_eq!(told.recv().await.unwrap(), ["request"]);
}
