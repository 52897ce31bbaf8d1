//! The faces of a workspace, asked together, and the processes of a fleet that are started, killed and asked.

use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::world::{Running, World, shown, wait_for};

/// From a fault to the command that tells it: ten seconds on a machine of its own, and other tests share this one.
const WITHIN: Duration = Duration::from_secs(30);

/// Processes of a fleet, each heard of before it is used.
pub(super) struct Crew {
    members: Vec<Option<Running>>,
    /// Where the API answers, if it does.
    address: Option<String>,
}

impl Crew {
    pub(super) fn of(world: &World, roles: &[&[&str]]) -> Self {
        let mut crew = Self { members: Vec::new(), address: None };
        roles.iter().for_each(|role| crew.start(world, role));
        crew
    }

    /// The same with a coordinator that serves the API, before the others.
    pub(super) fn serving(world: &World, roles: &[&[&str]]) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let mut crew = Self::of(world, &[&["serve", "--listen", &address]]);
        wait_for("the API", || TcpStream::connect(&address).ok());
        roles.iter().for_each(|role| crew.start(world, role));
        Self { address: Some(address), ..crew }
    }

    /// Starts one, and waits until it was heard of.
    pub(super) fn start(&mut self, world: &World, role: &[&str]) {
        let process = world.start(role);
        let name = format!("-{}-", process.pid());
        wait_for("the process", || {
            world.json(&["workers", "list"]).to_string().contains(&name).then_some(())
        });
        self.members.push(Some(process));
    }

    /// Without a word of warning.
    pub(super) fn kill(&mut self, member: usize) {
        let process = self.members[member].take().unwrap();
        process.signal("KILL");
        process.end();
    }

    /// Ends by itself; what it said.
    pub(super) fn end(&mut self, member: usize) -> String {
        shown(&self.members[member].take().unwrap().end())
    }

    /// What the API says of the workspace's health.
    pub(super) fn health(&self) -> Option<Value> {
        let url = format!("http://{}/api/v1/health", self.address.as_ref()?);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // Others may have installed it before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let text = runtime.block_on(async { reqwest::get(url).await.unwrap().text().await.unwrap() });
        Some(serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}")))
    }
}

/// Which faces are asked.
pub(super) struct Faces<'a> {
    world: &'a World,
    operation: Option<&'a str>,
    api: Option<&'a Crew>,
    queues: bool,
    since: Instant,
}

impl<'a> Faces<'a> {
    pub(super) fn of(world: &'a World) -> Self {
        Self { world, operation: None, api: None, queues: true, since: Instant::now() }
    }

    /// The same, and why this operation waits.
    pub(super) fn about(self, operation: &'a str) -> Self {
        Self { operation: Some(operation), ..self }
    }

    /// The same, and the API's health answer.
    pub(super) fn with_api(self, crew: &'a Crew) -> Self {
        Self { api: Some(crew), ..self }
    }

    /// The same but for the list of queues, of which the fault is none.
    pub(super) fn but_queues(self) -> Self {
        Self { queues: false, ..self }
    }

    /// What they say now.
    pub(super) fn ask(&self) -> Told {
        let doctor = self.world.run(&["doctor", "--output", "json"]);
        let checks: Value =
            serde_json::from_slice(&doctor.stdout).unwrap_or_else(|e| panic!("{e}: {}", shown(&doctor)));
        let health = self.world.json(&["health"]);
        let explained = self.operation.map(|id| self.world.json(&["operations", "explain", id]));
        let mut faces = vec![
            ("doctor", reasons(&checks["checks"])),
            ("workers list", reasons(&self.world.json(&["workers", "list"])["reasons"])),
            ("health", reasons(&health["reasons"])),
        ];
        faces.extend(
            self.queues.then(|| ("queues list", reasons(&self.world.json(&["queues", "list"])["queues"]))),
        );
        faces.extend(explained.as_ref().map(|told| ("explain", reasons(&told["reasons"]))));
        faces.extend(self.api.and_then(Crew::health).map(|told| ("API", reasons(&told["checks"]))));
        let doctor_exit = doctor.status.code().unwrap();
        Told { faces, doctor_exit, explained: explained.unwrap_or_default() }
    }

    /// Asks until every face names this cause and this command, and no later than allowed.
    pub(super) fn agree(&self, why: &str, run: &str) -> Told {
        let told = self.agree_on(why);
        for (face, reasons) in &told.faces {
            let (_, said) = reasons.iter().find(|(said, _)| said == why).unwrap();
            assert_eq!(said, run, "{face} of {why}");
        }
        told
    }

    /// The same of the cause alone.
    pub(super) fn agree_on(&self, why: &str) -> Told {
        self.until(why, |told| {
            told.faces.iter().all(|(_, reasons)| reasons.iter().any(|(said, _)| said == why))
        })
    }

    /// Asks until the operation's explanation names this cause and this command.
    pub(super) fn only_explained(&self, why: &str, run: &str) -> Told {
        self.until(why, |told| {
            let (_, reasons) = told.faces.iter().find(|(face, _)| *face == "explain").unwrap();
            reasons.contains(&(why.to_owned(), run.to_owned())) && told.says("silent")
        })
    }

    fn until(&self, why: &str, is_so: impl Fn(&Told) -> bool) -> Told {
        loop {
            let asked = self.since.elapsed();
            let told = self.ask();
            if is_so(&told) {
                return told;
            }
            assert!(asked < WITHIN, "after {asked:?} not everybody says {why}: {told:#?}");
        }
    }
}

/// What the faces said: for each the causes and commands.
#[derive(Debug)]
pub(super) struct Told {
    faces: Vec<(&'static str, Vec<(String, String)>)>,
    pub(super) doctor_exit: i32,
    pub(super) explained: Value,
}

impl Told {
    /// Whether any face names this cause.
    pub(super) fn says(&self, why: &str) -> bool {
        self.all().iter().any(|(_, said)| said == why)
    }

    /// Every cause that a face names.
    pub(super) fn all(&self) -> Vec<(&'static str, String)> {
        let of = |(face, reasons): &(&'static str, Vec<(String, String)>)| {
            let face = *face;
            reasons.iter().map(move |(why, _)| (face, why.clone())).collect::<Vec<_>>()
        };
        self.faces.iter().flat_map(of).collect()
    }
}

/// Causes and commands, wherever they stand in a document.
fn reasons(document: &Value) -> Vec<(String, String)> {
    match document {
        Value::Array(items) => items.iter().flat_map(reasons).collect(),
        Value::Object(fields) => {
            let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
            let own =
                text("why").map(|why| (why, text("run").or_else(|| text("action")).unwrap_or_default()));
            own.into_iter().chain(fields.get("reasons").map(reasons).unwrap_or_default()).collect()
        }
        _ => Vec::new(),
    }
}

/// The causes alone.
pub(super) fn kinds_of(document: &Value) -> Vec<String> {
    reasons(document).into_iter().map(|(why, _)| why).collect()
}
