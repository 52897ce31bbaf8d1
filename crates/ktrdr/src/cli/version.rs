//! What `--version` says: which program this is, and what it can compute on.

use std::sync::LazyLock;

/// Set where it is built for others: a build by hand does not know its commit without asking git each time.
const COMMIT: Option<&str> = option_env!("KTRDR_COMMIT");

static LONG: LazyLock<String> = LazyLock::new(|| {
    let commit = COMMIT.unwrap_or("not said by this build");
    format!("{}\ncommit    {commit}\ncomputes  {}", env!("CARGO_PKG_VERSION"), ktrdr_neural::COMPUTES_ON)
});

/// With commit and devices.
pub(crate) fn long() -> &'static str {
    &LONG
}
