//! The client against a server that speaks the contract and fails in every way that servers fail.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use ktrdr_claude::contract::{Block, Message, Reply, Request, Role, StopReason};
use ktrdr_claude::error::RefusalKind;
use ktrdr_claude::{ApiKey, CallError, Client, Endpoint, Given};
use ktrdr_fake::{Fake, Fault, Mind};

const KEY: &str = "sk-canary-51";

/// How long a server may be silent here.
const SILENCE: Duration = Duration::from_millis(300);

fn client(fake: &Fake) -> Client {
    patient_client(fake, SILENCE)
}

fn patient_client(fake: &Fake, silence_max: Duration) -> Client {
    let given = Given {
        base_url: Some(fake.base_url()),
        own_key: Some(ApiKey::new(KEY).unwrap()),
        ..Given::default()
    };
    Client::new(Endpoint::new(given).unwrap(), silence_max).unwrap()
}

fn request() -> Request {
    Request {
        model: "claude-sonnet-5-5".into(),
        max_tokens: 1_000,
        stream: true,
        output_config: None,
        tools: Vec::new(),
        system: vec![Block::kept_text("word ".repeat(1_000))],
        messages: vec![Message { role: Role::User, content: vec![Block::text("Hello")] }],
    }
}

async fn ask(client: &Client, request: &Request) -> Result<Reply, CallError> {
    client.ask(serde_json::to_vec(request).unwrap()).await
}

/// What one request gets when it goes wrong like this.
async fn answer_to(fault: Fault) -> Result<Reply, CallError> {
    let fake = Fake::start(Mind::Lazy).unwrap();
    fake.fail_next([Some(fault)]);
    ask(&client(&fake), &request()).await
}

#[tokio::test]
async fn an_answer_arrives_whole_with_its_tokens_and_thinking_goes_back_unchanged() {
    let fake = Fake::start(Mind::Lazy).unwrap().with_key(KEY);
    let client = client(&fake);
    let mut request = request();
    let first = ask(&client, &request).await.unwrap();
    assert_eq!((first.stop, first.model.as_str()), (StopReason::EndTurn, "claude-sonnet-5-5"));
    assert!(first.text().contains("relative strength"));
    assert!(matches!(&first.content[0], Block::Thinking { signature, .. } if !signature.is_empty()));
    assert!(first.usage.cache_write_5m > 1_000 && first.usage.cache_read == 0, "{:?}", first.usage);

    request.messages.push(Message { role: Role::Assistant, content: first.content });
    request.messages.push(Message { role: Role::User, content: vec![Block::text("Go on")] });
    let second = ask(&client, &request).await.unwrap();
    assert_eq!((second.usage.cache_read, second.usage.cache_write_5m), (first.usage.cache_write_5m, 0));

    let Block::Thinking { thinking, .. } = &mut request.messages[1].content[0] else { panic!("no thinking") };
    thinking.push('!');
    let Err(CallError::Refused(refusal)) = ask(&client, &request).await else { panic!("taken") };
    assert_eq!(refusal.kind, RefusalKind::InvalidRequest);
}

#[tokio::test]
async fn every_status_is_told_apart_and_those_that_pass_are_known() {
    use RefusalKind::*;
    let all = [
        (400, InvalidRequest, false),
        (401, Authentication, false),
        (402, Billing, false),
        (403, Permission, false),
        (404, NotFound, false),
        (409, Conflict, true),
        (413, TooLarge, false),
        (429, RateLimit, true),
        (500, Server, true),
        (503, Server, true),
        (504, Timeout, true),
        (529, Overloaded, true),
    ];
    for (status, kind, passes) in all {
        let error = answer_to(Fault::Status(status, Some(1.5))).await.unwrap_err();
        assert_eq!((error.passes(), error.is_free()), (passes, true), "{error}");
        assert_eq!(error.retry_after(), Some(Duration::from_millis(1_500)));
        let CallError::Refused(refusal) = error else { panic!("{error}") };
        assert_eq!((refusal.kind, refusal.status), (kind, Some(status)));
        assert_eq!(refusal.request_id.as_deref(), Some("req_fake"));
    }
    let page = answer_to(Fault::Page(502)).await.unwrap_err();
    assert!(page.passes() && page.to_string().contains("without an error of the contract"), "{page}");
}

#[tokio::test]
async fn an_error_after_a_success_a_cut_and_silence_are_no_answer_and_cost_what_nobody_knows() {
    let overloaded = answer_to(Fault::ErrorAfter(3, "overloaded_error")).await.unwrap_err();
    assert!(
        matches!(&overloaded, CallError::Refused(r) if r.kind == RefusalKind::Overloaded && r.status.is_none())
    );
    for fault in [Fault::Cut(4), Fault::Cut(0), Fault::Silent, Fault::Slow(Duration::from_secs(1))] {
        let broken = answer_to(fault.clone()).await.unwrap_err();
        assert!(matches!(&broken, CallError::Broke(_)), "{fault:?}: {broken}");
        assert!(broken.passes() && !broken.is_free(), "{fault:?}");
    }
    assert!(overloaded.passes() && !overloaded.is_free());
}

#[tokio::test]
async fn nonsense_and_giants_are_given_up_and_not_asked_for_again() {
    for fault in [Fault::BadEvent, Fault::BadInput] {
        let error = answer_to(fault.clone()).await.unwrap_err();
        assert!(matches!(&error, CallError::Nonsense(_)) && !error.passes(), "{fault:?}: {error}");
    }
    for fault in [Fault::Huge(10 << 20), Fault::Endless] {
        let fake = Fake::start(Mind::Lazy).unwrap();
        fake.fail_next([Some(fault.clone())]);
        let error = ask(&patient_client(&fake, Duration::from_secs(20)), &request()).await.unwrap_err();
        assert!(matches!(&error, CallError::TooLarge(_)) && !error.passes(), "{fault:?}: {error}");
    }
    let html = answer_to(Fault::Html).await.unwrap_err();
    assert!(matches!(&html, CallError::Broke(_)), "{html}");
    let fake = Fake::start(Mind::Lazy).unwrap();
    let error = client(&fake).ask(vec![b'x'; 5 << 20]).await.unwrap_err();
    assert!(matches!(error, CallError::TooLarge(_)) && fake.seen().is_empty());
}

#[tokio::test]
async fn the_key_is_never_repeated_and_never_follows_a_redirect() {
    for fault in [Fault::RepeatKey(false), Fault::RepeatKey(true)] {
        let said = format!("{:?}", answer_to(fault).await.unwrap_err());
        assert!(!said.contains("canary"), "{said}");
    }
    let thief = Fake::start(Mind::Lazy).unwrap();
    let fake = Fake::start(Mind::Lazy).unwrap();
    let to: &'static str = Box::leak(format!("{}/v1/messages", thief.base_url()).into_boxed_str());
    fake.fail_next([Some(Fault::Redirect(to))]);
    assert!(ask(&client(&fake), &request()).await.is_err());
    assert!(thief.seen().is_empty(), "the key was taken elsewhere");
    assert!(!format!("{:?}", client(&fake)).contains("canary"));
}

#[tokio::test]
async fn a_wrong_key_and_nobody_there_are_told() {
    let fake = Fake::start(Mind::Lazy).unwrap().with_key("another");
    let refused = ask(&client(&fake), &request()).await.unwrap_err().to_string();
    assert!(refused.contains("KTRDR_AGENT__API_KEY"), "{refused}");
    let client = client(&fake);
    drop(fake);
    let error = ask(&client, &request()).await.unwrap_err();
    assert!(matches!(&error, CallError::Unreachable(_)) && error.passes() && error.is_free(), "{error}");
}

#[tokio::test]
async fn an_answer_that_is_given_up_ends_its_connection_at_once() {
    let fake = Fake::start(Mind::Lazy).unwrap();
    fake.fail_next([Some(Fault::Slow(Duration::from_millis(200)))]);
    let client = client(&fake);
    let asked = tokio::spawn(async move { ask(&client, &request()).await });
    while fake.seen().is_empty() {
        tokio::task::yield_now().await;
    }
    let cancelled = Instant::now();
    asked.abort();
    while fake.given_up() == 0 {
        assert!(cancelled.elapsed() < Duration::from_millis(100), "the server still answers");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
