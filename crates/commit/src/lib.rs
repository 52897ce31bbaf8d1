//! The commit that a program is built from.
//!
//! A macro and no build script: git is asked exactly when the file that says the commit is compiled. The log of HEAD is named as one
//! of that file's sources, so that a commit has it compiled again, and nothing else.

use std::path::{Path, PathBuf};
use std::process::Command;

use proc_macro::TokenStream;

/// `Some("1a2b3c4")` in a checkout, `Some("1a2b3c4-dirty")` where files that git knows differ from that commit, and `None` where git
/// or its repository is missing, or it is somebody else's.
#[proc_macro]
pub fn commit(_: TokenStream) -> TokenStream {
    said().parse().unwrap_or_default()
}

/// The expression.
fn said() -> String {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let Some((folder, commit)) = folder.and_then(|folder| Some((folder.clone(), commit_of(&folder)?))) else {
        return "None::<&str>".to_owned();
    };
    let log = git(&folder, &["rev-parse", "--path-format=absolute", "--git-path", "logs/HEAD"]);
    let source = log.filter(|log| Path::new(log).is_file());
    let source = source.map(|log| format!("const _: &[u8] = include_bytes!({log:?});")).unwrap_or_default();
    format!("{{ {source} Some({commit:?}) }}")
}

fn commit_of(folder: &Path) -> Option<String> {
    // A copy of the sources within another repository has no commit of that one's.
    git(folder, &["ls-files", "--error-unmatch", "Cargo.toml"])?;
    git(folder, &["describe", "--always", "--dirty", "--abbrev=7", "--exclude=*"])
}

/// What git answers; `None` where there is none, or it refuses.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    // Looking must not take the lock that somebody else commits under.
    let asked =
        Command::new("git").env("GIT_OPTIONAL_LOCKS", "0").arg("-C").arg(folder).args(arguments).output();
    let answer = asked.ok().filter(|answer| answer.status.success())?;
    let text = String::from_utf8(answer.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}
