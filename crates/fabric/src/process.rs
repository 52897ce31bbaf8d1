//! This process, as others know it.

use std::hash::{BuildHasher, RandomState};

use crate::store::BootId;

/// Longest name of a computer in a boot id, in bytes.
const HOST_BYTES_MAX: usize = 64;

/// The computer's name where the system shows it as a file, `localhost` elsewhere.
#[must_use]
pub fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.split_whitespace().collect::<Vec<_>>().join("-") {
        name if name.is_empty() => "localhost".to_owned(),
        name => name,
    }
}

impl BootId {
    /// A name that no other run of any process has: host, process id, and 64 random bits.
    #[must_use]
    pub fn of_this_process() -> Self {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
        let host: String = host_name().chars().take(HOST_BYTES_MAX).map(plain).collect();
        // The seed of a hash map is the randomness the standard library offers.
        let random = RandomState::new().hash_one(());
        Self(format!("{host}-{}-{random:016x}", std::process::id()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_boot_id_is_another_and_none_needs_quoting() {
        let (one, other) = (BootId::of_this_process(), BootId::of_this_process());
        assert_ne!(one, other);
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        assert!(one.0.chars().all(plain) && one.0.len() < 100, "{one}");
        assert!(one.0.contains(&format!("-{}-", std::process::id())), "{one}");
    }
}
