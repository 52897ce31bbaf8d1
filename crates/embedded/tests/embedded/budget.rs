//! A budget that several processes spend from at once. Two engines in one test process are two connections, as two
//! processes are.

use std::sync::Arc;
use std::time::Duration;

use ktrdr_domain::Money;
use ktrdr_domain::budget::{Cost, Limit, Limits};
use ktrdr_fabric::budget::{Budget, CallId, Payers, Reservation, Reserved};

use crate::{client, id, runner};

fn wish(n: u32) -> Reservation {
    let worst = Cost { money: Money::micro_dollars(30), ..Cost::ZERO };
    let call = CallId::of(&id("a"), 1, n);
    Reservation { call, payers: Payers::default(), worst, lasts: Duration::from_secs(600) }
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_race_for_what_is_left_never_get_more_than_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let (runner, client) = (runner(folder.path()), client(folder.path()));
    let day = Limit { money: Some(Money::micro_dollars(1_000)), ..Limit::default() };
    let limits = Limits { day, ..Limits::default() };
    let race: Vec<_> = (0..60)
        .map(|n| {
            let store = if n % 2 == 0 { Arc::clone(&runner.store) } else { Arc::clone(&client.store) };
            tokio::spawn(async move {
                let granted = store.reserve(&wish(n), &limits).await.unwrap() == Reserved::Granted;
                if granted && n % 3 == 0 {
                    store.settle(&wish(n).call, wish(n).worst).await.unwrap();
                }
                granted
            })
        })
        .collect();
    let mut granted = 0;
    for one in race {
        granted += u32::from(one.await.unwrap());
    }
    assert_eq!(granted, 33, "990 of 1000");
    // What was acknowledged is there for whoever comes next.
    drop((runner, client));
    let later = crate::client(folder.path());
    assert!(matches!(later.store.reserve(&wish(99), &limits).await.unwrap(), Reserved::Refused(_)));
}
