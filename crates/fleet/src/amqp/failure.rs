//! The client library's errors in our words: what was tried, what the broker said, what to do.

use std::future::Future;
use std::time::Duration;

use lapin::ErrorKind;
use tokio::time::timeout;

use ktrdr_fabric::broker::BrokerError;
use ktrdr_fabric::cause::Cause;

/// Longest wait for the broker's answer to anything. It answers in milliseconds, or something is wrong.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

// Reply codes of AMQP 0.9.1, section 1.2.
const ACCESS_REFUSED: u16 = 403;
const NOT_FOUND: u16 = 404;
const PRECONDITION_FAILED: u16 = 406;
const NOT_ALLOWED: u16 = 530;

/// Waits for one answer, not for ever.
pub(crate) async fn within<T>(
    doing: &str,
    answer: impl Future<Output = lapin::Result<T>>,
) -> Result<T, BrokerError> {
    match timeout(TIMEOUT, answer).await {
        Ok(answer) => answer.map_err(|why| failure(doing, why)),
        Err(_) => {
            let timeout_s = TIMEOUT.as_secs();
            Err(BrokerError::Unavailable(format!("can not {doing}: no answer within {timeout_s} s").into()))
        }
    }
}

/// What the broker refused is a matter of its topology; everything else may pass by itself.
pub(super) fn failure(doing: &str, why: lapin::Error) -> BrokerError {
    let ErrorKind::ProtocolError(refusal) = why.kind() else {
        return BrokerError::Unavailable(Cause::because(format!("can not {doing}"), why));
    };
    let words = format!("can not {doing}: {}", refusal.get_message());
    let next = match refusal.get_id() {
        NOT_FOUND => "declare what is missing with `ktrdr topology apply`",
        ACCESS_REFUSED => {
            "is this the user of this role, with its password? `ktrdr topology apply` sets the rights"
        }
        NOT_ALLOWED => {
            "make the virtual host with `ktrdr topology apply` (it needs KTRDR_RABBITMQ_MANAGEMENT_URL of an administrator), or \
                        correct it in KTRDR_AMQP_URL"
        }
        PRECONDITION_FAILED => "`ktrdr topology diff` tells what is declared otherwise",
        _ => return BrokerError::Unavailable(Cause::meaning(words, why)),
    };
    BrokerError::Topology(Cause::meaning(format!("{words}; {next}"), why))
}
