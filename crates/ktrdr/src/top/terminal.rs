//! The terminal, in the hands of this program, and given back as it was: at the end, after an error, and when something panics.

use std::io::{self, Stdout, Write};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{self, Event, KeyEvent, KeyEventKind};
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{cursor, execute};
use ratatui::{Frame, Terminal};
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::logging;

/// How long the thread that waits for keys does not see that nobody wants them any more.
const LOOK_UP: Duration = Duration::from_millis(100);

/// Keys that wait to be read: more come from no hand.
const KEYS_MAX: usize = 64;

/// Whether the terminal is ours.
static IS_OURS: AtomicBool = AtomicBool::new(false);

/// The terminal while it is ours.
pub(crate) struct OurTerminal(Terminal<CrosstermBackend<Stdout>>);

impl OurTerminal {
    /// Takes it.
    pub(crate) fn take() -> io::Result<Self> {
        give_back_when_something_panics();
        IS_OURS.store(true, Ordering::SeqCst);
        logging::hold(true);
        let taken = enable_raw_mode()
            .and_then(|()| execute!(io::stdout(), EnterAlternateScreen, cursor::Hide))
            .and_then(|()| Terminal::new(CrosstermBackend::new(io::stdout())));
        taken.map(Self).inspect_err(|_| give_back())
    }

    /// Draws, unless another thread panicked and it is no longer ours.
    pub(crate) fn draw(&mut self, what: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        if !IS_OURS.load(Ordering::SeqCst) {
            return Err(io::Error::other("a part of this program came to grief, as it said above"));
        }
        self.0.draw(what).map(|_| ())
    }
}

impl Drop for OurTerminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// Once, however many ask. Nobody is left to hear that it failed.
fn give_back() {
    if IS_OURS.swap(false, Ordering::SeqCst) {
        let _ = disable_raw_mode();
        let _ = execute!(io::stdout(), LeaveAlternateScreen, cursor::Show);
        let _ = io::stdout().flush();
        logging::hold(false);
    }
}

/// So that what a panic says can be read.
fn give_back_when_something_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |what| {
            give_back();
            before(what);
        }));
    });
}

/// What somebody does at the terminal.
pub(crate) enum Touch {
    Key(KeyEvent),
    Resized,
}

/// Keys as they are pressed, read on a thread of their own; they end with the terminal.
pub(crate) fn touches() -> Receiver<Touch> {
    let (sender, touches) = mpsc::channel(KEYS_MAX);
    std::thread::spawn(move || while read(&sender).unwrap_or(false) {});
    touches
}

/// Whether there is more to come.
fn read(touches: &Sender<Touch>) -> io::Result<bool> {
    if !event::poll(LOOK_UP)? {
        return Ok(!touches.is_closed());
    }
    let touch = match event::read()? {
        Event::Key(key) if key.kind != KeyEventKind::Release => Touch::Key(key),
        Event::Resize(..) => Touch::Resized,
        _ => return Ok(true),
    };
    Ok(touches.blocking_send(touch).is_ok())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Noted before and after, on a terminal of its own.
    fn after_a_panic(of: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let [before, after] = ["before", "after"].map(|name| folder.path().join(name).display().to_string());
        let program = std::env::current_exe().unwrap().display().to_string();
        let line = format!(
            "stty -g > '{before}'; '{program}' --ignored --exact --nocapture top::terminal::tests::{of}; stty -g > '{after}'"
        );
        let mut script = Command::new("script");
        let script = script.args(["--quiet", "--flush", "--command", &line, "/dev/null"]);
        let output = script.env("TERM", "xterm-256color").output().unwrap();
        let settings = |file: &str| std::fs::read_to_string(file).unwrap();
        assert_eq!(settings(&before), settings(&after), "the terminal's settings");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    #[test]
    #[ignore = "panics with a terminal in its hands: the test below gives it one"]
    fn panics() {
        let mut ours = OurTerminal::take().unwrap();
        ours.draw(|_| {}).unwrap();
        panic!("it came to grief");
    }

    #[test]
    #[ignore = "panics beside who has a terminal in its hands: the test below gives it one"]
    fn panics_elsewhere() {
        let mut ours = OurTerminal::take().unwrap();
        let elsewhere = std::thread::spawn(|| panic!("it came to grief"));
        assert!(elsewhere.join().is_err());
        let why = ours.draw(|_| {}).unwrap_err();
        assert!(why.to_string().contains("a part of this program"), "{why}");
    }

    #[test]
    fn a_panic_gives_the_terminal_back_and_is_said_there() {
        for of in ["panics", "panics_elsewhere"] {
            let text = after_a_panic(of);
            let (taken, given_back) = text.split_once("\u{1b}[?1049l").unwrap_or_else(|| panic!("{text:?}"));
            assert!(taken.contains("\u{1b}[?1049h"), "{text:?}");
            assert!(
                given_back.contains("\u{1b}[?25h") && given_back.contains("it came to grief"),
                "{text:?}"
            );
            assert_eq!(given_back.contains("1 passed"), of == "panics_elsewhere", "{text:?}");
        }
    }
}
