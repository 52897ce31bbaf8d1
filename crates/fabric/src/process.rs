//! This process, as others know it.

use crate::random::random;
use crate::store::BootId;

/// Longest name of a computer in a boot id, in bytes.
const HOST_BYTES_MAX: usize = 64;

/// The computer's name, as one word.
#[must_use]
pub fn host_name() -> String {
    let name = gethostname::gethostname().to_string_lossy().split_whitespace().collect::<Vec<_>>().join("-");
    if name.is_empty() { "localhost".to_owned() } else { name }
}

impl BootId {
    /// A name that no other run of any process has: host, process id, and 64 random bits.
    #[must_use]
    pub fn of_this_process() -> Self {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
        let host: String = host_name().chars().take(HOST_BYTES_MAX).map(plain).collect();
        Self(format!("{host}-{}-{:016x}", std::process::id(), random()))
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
