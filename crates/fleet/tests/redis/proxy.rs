//! A wire between store and server that can be tampered with.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};

use crate::server::RedisServer;

/// What happens to the call that a trap waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The server gets it; its answer is lost with the connection.
    AnswerLost,
    /// Nothing moves on its connection any more, in neither direction, and nobody is told.
    Silence,
}

/// A wire to one server.
pub(crate) struct Proxy {
    port: u16,
    trap: Trap,
}

/// The words a call is recognised by, and its fate.
type Trap = Arc<Mutex<Option<(String, Fate)>>>;

impl Proxy {
    pub(crate) fn to(server: &RedisServer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (trap, path) = (Trap::default(), server.url().strip_prefix("unix://").unwrap().to_owned());
        let trap_of_wires = trap.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = UnixStream::connect(&path) else { continue };
                Wire::lay(client, server, &trap_of_wires);
            }
        });
        Self { port, trap }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The next call that contains these words meets this fate.
    pub(crate) fn set_trap(&self, words: &str, fate: Fate) {
        *self.trap.lock().unwrap() = Some((words.to_owned(), fate));
    }
}

/// One connection through the proxy.
struct Wire {
    client: TcpStream,
    server: UnixStream,
    /// What happened to it.
    fate: Mutex<Option<Fate>>,
}

impl Wire {
    fn lay(client: TcpStream, server: UnixStream, trap: &Trap) {
        let wire = Arc::new(Self { client, server, fate: Mutex::default() });
        let (there, back, trap) = (wire.clone(), wire, trap.clone());
        std::thread::spawn(move || there.carry_calls(&trap));
        std::thread::spawn(move || back.carry_answers());
    }

    fn carry_calls(&self, trap: &Trap) {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(n @ 1..) = (&self.client).read(&mut bytes) {
            let mut trap = trap.lock().unwrap();
            let caught =
                trap.as_ref().filter(|(words, _)| contains(&bytes[..n], words)).map(|(_, fate)| *fate);
            if let Some(fate) = caught {
                *trap = None;
                *self.fate.lock().unwrap() = Some(fate);
            }
            if *self.fate.lock().unwrap() != Some(Fate::Silence)
                && (&self.server).write_all(&bytes[..n]).is_err()
            {
                break;
            }
        }
        let _ = self.server.shutdown(Shutdown::Both);
    }

    fn carry_answers(&self) {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(n @ 1..) = (&self.server).read(&mut bytes) {
            match *self.fate.lock().unwrap() {
                None => {}
                Some(Fate::AnswerLost) => break,
                Some(Fate::Silence) => continue,
            }
            if (&self.client).write_all(&bytes[..n]).is_err() {
                break;
            }
        }
        let _ = self.client.shutdown(Shutdown::Both);
    }
}

fn contains(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|window| window == words.as_bytes())
}
