//! Asking before something is done to many at once.

use std::io::{self, IsTerminal};

use crate::exit::{CliError, Kind};
use crate::screen::Screen;

/// Whether to do what `what` says: by `--yes`, or by an answer on the terminal. Refused where nobody can be asked.
pub(crate) fn confirm(screen: &Screen, what: &str, yes: bool) -> Result<(), CliError> {
    if yes {
        screen.note(what);
        return Ok(());
    }
    let can_ask = screen.is_text() && io::stdin().is_terminal() && io::stderr().is_terminal();
    if !can_ask {
        return Err(CliError::new(Kind::Usage, format!("{what}: say so with --yes")));
    }
    screen.note(format!("{what}. Go on? [y/N]"));
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    if read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(CliError::new(Kind::Refused, "nothing was done"))
}
