//! A server that means ill, or is none of ours: what it sends is bounded and typed, and the token goes nowhere else.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::elsewhere::Elsewhere;

const TOKEN: &str = "ktrdr_0123456789abcdef_canarycanarycanary";

/// A server that answers everything so, and counts who came. It ends with the test's process.
struct Trap {
    address: String,
    visitors: Arc<AtomicUsize>,
}

impl Trap {
    fn answering(answer: impl Fn(&mut TcpStream) -> std::io::Result<()> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let visitors = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&visitors);
        std::thread::spawn(move || {
            for visitor in listener.incoming() {
                let mut visitor = visitor.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                // All of a small request comes at once; whoever hangs up has heard enough.
                let _ = visitor.read(&mut [0; 16 << 10]).and_then(|_| answer(&mut visitor));
            }
        });
        Self { address, visitors }
    }

    fn saying(head: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref().to_vec();
        let head = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        Self::answering(move |visitor| {
            visitor.write_all(head.as_bytes())?;
            visitor.write_all(&body)
        })
    }

    fn asked(&self) -> Elsewhere {
        Elsewhere::asking(&format!("http://{}", self.address)).with("KTRDR_TOKEN", TOKEN)
    }
}

#[test]
fn the_token_is_not_taken_along_to_another_address() {
    let other = Trap::saying("200 OK", r#"{"queues":[]}"#);
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let trap = Trap::saying(&format!("{status}\r\nLocation: http://{}/api/v1/queues", other.address), "");
        let said = trap.asked().refused(5, &["queues", "list"]);
        assert!(said.contains("not followed"), "{said}");
    }
    assert_eq!(other.visitors.load(Ordering::SeqCst), 0);
}

#[test]
fn what_does_not_fit_is_told_and_harms_nothing() {
    let deep = format!("{{\"queues\":{}", "[".repeat(1_000_000));
    for body in [
        "",
        "<html>",
        "{",
        "[]",
        "{}",
        r#"{"queues":7}"#,
        r#"{"queues":[{"type":"nobody"}]}"#,
        "\u{0}",
        deep.as_str(),
    ] {
        let said = Trap::saying("200 OK", body).asked().refused(8, &["queues", "list"]);
        assert!(said.contains("not what was asked for"), "{said}");
    }
    // A list that has no end, and a cursor that would say something else.
    for next in [r#""c1&limit=7""#, "7", r#""""#] {
        let body = format!(r#"{{"workers":[],"next":{next},"total":1}}"#);
        Trap::saying("200 OK", body).asked().refused(8, &["workers", "list"]);
    }
}

#[test]
fn a_refusal_that_is_none_of_ours_is_told_and_repeats_no_token() {
    for (status, body, code) in [
        ("500 Internal Server Error", "<html>".to_owned(), 5),
        ("404 Not Found", "nothing".to_owned(), 5),
        ("401 Unauthorized", format!(r#"{{"code":"unauthorized","detail":"{TOKEN}","hint":"{TOKEN}"}}"#), 7),
        ("404 Not Found", format!(r#"{{"code":"not_found","detail":"no {TOKEN} \u001b[31m here"}}"#), 3),
        ("400 Bad Request", format!(r#"{{"code":"{}"}}"#, "x".repeat(100_000)), 5),
        ("418 Teapot", r#"{"code":"teapot","detail":"short","hint":"and stout"}"#.to_owned(), 5),
    ] {
        let said = Trap::saying(status, body).asked().refused(code, &["queues", "list"]);
        assert!(!said.contains("canary") && !said.contains('\u{1b}'), "{said}");
    }
}

#[test]
fn an_answer_without_end_is_given_up() {
    let trap = Trap::answering(|visitor| {
        visitor.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[")?;
        loop {
            visitor.write_all(&[b' '; 64 << 10])?;
        }
    });
    let said = trap.asked().refused(8, &["queues", "list"]);
    assert!(said.contains("given up"), "{said}");
}

#[test]
fn what_changes_something_is_not_said_twice_unless_that_does_no_harm() {
    let trap = Trap::answering(|_| Ok(()));
    let said = trap.asked().refused(5, &["schedules", "delete", "nightly"]);
    assert!(said.contains("nobody knows whether it was done"), "{said}");
    assert_eq!(trap.visitors.load(Ordering::SeqCst), 1);
}
