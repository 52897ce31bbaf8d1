//! Tokens of callers from outside.

use std::time::Duration;

use ktrdr_domain::Sha256;
use ktrdr_domain::scope::Scope;
use ktrdr_fabric::store::StoreError;
use ktrdr_fabric::tokens::{Issued, Token};

use crate::world::World;

const HOUR: Duration = Duration::from_secs(3600);

fn token(id: &str) -> Token {
    Token {
        id: format!("{id:0>8}"),
        name: "somebody".into(),
        scope: Scope::Submit,
        secret_sha256: Sha256::of(id.as_bytes()),
        session_sha256: Sha256::of(b"session"),
        by: "test".into(),
    }
}

async fn issue(w: &World, id: &str, lasts: Duration) -> Issued {
    w.tokens.issue(&token(id), lasts).await.unwrap()
}

async fn in_force(w: &World) -> Vec<String> {
    w.tokens.tokens().await.unwrap().into_iter().map(|issued| issued.token.id).collect()
}

pub(crate) async fn a_token_is_in_force_until_its_time_is_over(w: World) {
    let Issued::Until(until_ms) = issue(&w, "a", HOUR).await else { panic!("not issued") };
    w.pass(Duration::from_millis(1));
    issue(&w, "b", 2 * HOUR).await;
    let found = w.tokens.token("0000000a").await.unwrap().unwrap();
    assert_eq!((&found.token, found.expires_at_ms), (&token("a"), until_ms));
    assert_eq!(found.expires_at_ms - found.created_at_ms, 3_600_000);
    assert_eq!(in_force(&w).await, ["0000000a", "0000000b"]);
    w.pass(HOUR);
    assert_eq!(w.tokens.token("0000000a").await.unwrap(), None);
    assert_eq!(in_force(&w).await, ["0000000b"]);
    // Its id is free again.
    assert!(matches!(issue(&w, "a", HOUR).await, Issued::Until(_)));
}

pub(crate) async fn a_revoked_token_is_gone_at_once(w: World) {
    issue(&w, "a", HOUR).await;
    assert!(w.tokens.revoke("0000000a").await.unwrap());
    assert_eq!(w.tokens.token("0000000a").await.unwrap(), None);
    assert!(!w.tokens.revoke("0000000a").await.unwrap());
    assert!(!w.tokens.revoke("nobody").await.unwrap());
    issue(&w, "b", HOUR).await;
    w.pass(HOUR);
    assert!(!w.tokens.revoke("0000000b").await.unwrap(), "it was over before");
}

pub(crate) async fn an_id_is_taken_once(w: World) {
    issue(&w, "a", HOUR).await;
    let other = Token { name: "somebody else".into(), ..token("a") };
    assert_eq!(w.tokens.issue(&other, HOUR).await.unwrap(), Issued::Taken);
    assert_eq!(w.tokens.token("0000000a").await.unwrap().unwrap().token, token("a"));
}

pub(crate) async fn tokens_that_can_not_be_are_refused(w: World) {
    for wrong in [
        Token { id: "short".into(), ..token("a") },
        Token { id: "not hexadecimal".into(), ..token("a") },
        Token { name: String::new(), ..token("a") },
        Token { name: "x".repeat(101), ..token("a") },
    ] {
        let refused = w.tokens.issue(&wrong, HOUR).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "{wrong:?}");
    }
    assert_eq!(w.tokens.token("").await.unwrap(), None);
}
