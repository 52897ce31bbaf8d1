//! The Redis users the fleet needs, and no right more.
//!
//! Limit: whoever holds the fleet's password can write any of its operations. Users for single roles would not change
//! that, since all roles share the same keys.

use ktrdr_domain::hash::Hex;
use sha2::{Digest, Sha256};

use super::redis::Prefix;

/// What the fleet's user may do. In this order: later rules take from earlier ones, and give back.
///
/// `+@scripting` would also allow `SCRIPT FLUSH`, hence the single commands; `FUNCTION` comes in through `@write`, hence
/// its removal; `INFO` counts as dangerous and is given back.
const FLEET: &str = "-@all +@read +@write +eval +evalsha +script|load +publish +subscribe +unsubscribe +@connection \
                     +time -@dangerous -select -swapdb -function +info";

/// What someone who only looks may do.
const MONITOR: &str = "resetchannels -@all +@read +@connection -@dangerous -select +info";

/// Lines of an ACL file (`aclfile` in redis.conf) for one fleet: the fleet itself, someone who only looks, and nobody
/// else. Without the first word, a line is what `ACL SETUSER` takes. Passwords appear as their SHA-256 only: choose
/// long random ones.
#[must_use]
pub fn users(prefix: &Prefix, fleet_password: &str, monitor_password: &str) -> Vec<String> {
    let (name, p) = (prefix.name(), prefix.as_str());
    let (fleet, monitor) = (hashed(fleet_password), hashed(monitor_password));
    vec![
        format!("user {name} reset on #{fleet} ~{p}* &{p}* {FLEET}"),
        format!("user {name}-monitor reset on #{monitor} ~{p}* {MONITOR}"),
        "user default off".to_owned(),
    ]
}

fn hashed(password: &str) -> String {
    Hex(&Sha256::digest(password.as_bytes())).to_string()
}
