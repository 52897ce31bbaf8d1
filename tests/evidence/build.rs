//! Which program and which configuration a book is about.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::laboratory::Workspace;

pub(super) struct Build {
    /// First line of the book.
    pub(super) described: Value,
    /// Of this build alone.
    pub(super) folder: PathBuf,
    /// A copy of the program there: a later build does not exchange it between two runs.
    pub(super) program: PathBuf,
}

impl Build {
    pub(super) fn of(program: &Path, evidence: &Path) -> Self {
        let bytes = fs::read(program).unwrap_or_else(|e| panic!("{}: {e}", program.display()));
        let program_sha256 = hash(&bytes);
        let configuration = Workspace::new(program).ask(&["config", "show"]).expect("the program works");
        let id = hash(format!("{program_sha256} {configuration}").as_bytes());
        let folder = evidence.join(&id[..12]);
        let copy = folder.join("ktrdr");
        if !copy.exists() {
            fs::create_dir_all(&folder).expect("the folder of evidence can be made");
            let part = folder.join("ktrdr.part");
            fs::copy(program, &part).and_then(|_| fs::rename(&part, &copy)).expect("the program is copied");
        }
        let described = json!({
            "version": said(Command::new(program).arg("--version")),
            "git": said(Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12"])),
            "program_sha256": program_sha256,
            "configuration": configuration,
        });
        Self { described, folder, program: copy }
    }
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn said(command: &mut Command) -> Option<String> {
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
