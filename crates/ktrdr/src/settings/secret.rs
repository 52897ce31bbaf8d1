//! An address that may hold a password. It is never shown whole: not by `Debug`, not by `ktrdr config show`.

use std::fmt;
use std::path::Path;

use ktrdr_fabric::local::regular;
use serde::{Deserialize, Serialize, Serializer};

/// Longest file that holds an address.
const FILE_BYTES_MAX: u64 = 16 << 10;

/// One URL, or several separated by commas.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

impl Secret {
    /// The text itself, for those who connect.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Reads a secret from a file, as containers hand them over.
    pub(crate) fn from_file(path: &Path) -> Result<Self, String> {
        let refuse = |why: String| format!("{}: {why}", path.display());
        let bytes = regular::read(path, FILE_BYTES_MAX).map_err(|e| refuse(e.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| refuse("is no UTF-8 text".into()))?;
        Ok(Self(text.trim().to_owned()))
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, url) in self.0.split(',').enumerate() {
            f.write_str(if i == 0 { "" } else { "," })?;
            f.write_str(&hidden(url))?;
        }
        Ok(())
    }
}

/// A URL with `***` for its password; `***` alone for what does not look like one.
fn hidden(url: &str) -> String {
    let Some((scheme, rest)) = url.trim().split_once("://") else { return "***".into() };
    let Some((user_info, place)) = rest.rsplit_once('@') else {
        // Whatever follows a colon that is no port may be a password with a mistake around it.
        return if rest.contains('?') { format!("{scheme}://***") } else { format!("{scheme}://{rest}") };
    };
    let user = user_info.split(':').next().unwrap_or_default();
    format!("{scheme}://{user}:***@{}", place.split('?').next().unwrap_or_default())
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let shown = |text: &str| format!("{:?}", Secret(text.into()));
        assert_eq!(
            shown("amqp://u:canary@h:1/v,amqps://u:canary@i/v"),
            "amqp://u:***@h:1/v,amqps://u:***@i/v"
        );
        assert_eq!(shown("redis://:can@ary@h:6379/0"), "redis://:***@h:6379/0");
        assert_eq!(shown("rediss://h:6379/0"), "rediss://h:6379/0");
        for odd in ["canary", "s3://bucket?secret=canary", "amqp:/u:canary@h"] {
            assert!(!shown(odd).contains("canary"), "{odd}");
        }
    }
}
