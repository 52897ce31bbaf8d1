//! What `--version` says: which program this is, and what it can compute on.

use std::sync::LazyLock;

/// Said where it is built without its repository, as in a container; git is asked otherwise.
const COMMIT: Option<&str> = match option_env!("KTRDR_COMMIT") {
    Some(said) => Some(said),
    None => ktrdr_commit::commit!(),
};

static LONG: LazyLock<String> = LazyLock::new(|| {
    let commit = COMMIT.unwrap_or("not said by this build");
    format!("{}\ncommit    {commit}\ncomputes  {}", env!("CARGO_PKG_VERSION"), ktrdr_neural::COMPUTES_ON)
});

/// With commit and devices.
pub(crate) fn long() -> &'static str {
    &LONG
}
