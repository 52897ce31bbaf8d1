//! What the manual says of the API, of access and of schedules: its tables are made from what is served, and its commands are run
//! as they stand there.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::api::client::Served;
use crate::running::PATIENCE;
use crate::world::World;

const BEGIN: &str = "<!-- made from the table of endpoints by a test: KTRDR_TEST_BLESS=1 cargo test --test end_to_end docs:: -->";
const END: &str = "<!-- end of what is made -->";

fn manual(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
}

/// Every endpoint in a row.
fn endpoints() -> String {
    let description = ktrdr_api::description();
    let mut table = "| | | for | |\n|---|---|---|---|\n".to_owned();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let Some(needs) = operation["description"].as_str() else { continue };
            let scope = needs.split('`').nth(1).unwrap_or("everybody");
            let (method, path) = (method.to_uppercase(), path.trim_start_matches("/api/v1"));
            let summary = operation["summary"].as_str().unwrap();
            writeln!(table, "| `{method}` | `{path}` | {scope} | {summary} |").unwrap();
        }
    }
    table
}

#[test]
fn the_table_of_endpoints_is_that_of_the_description() {
    let page = fs::read_to_string(manual("api.md")).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let now = format!("{before}{BEGIN}\n\n{}\n{END}{after}", endpoints());
    if std::env::var_os("KTRDR_TEST_BLESS").is_some() {
        fs::write(manual("api.md"), &now).unwrap();
    }
    assert!(
        page == now || std::env::var_os("KTRDR_TEST_BLESS").is_some(),
        "docs/api.md is not up to date:\n{}",
        endpoints()
    );
}

/// The commands of a manual's section, or of all of it: as typed, without remarks, each on one line.
fn commands(page: &str, section: Option<&str>) -> Vec<String> {
    let text = fs::read_to_string(manual(page)).unwrap();
    let text = match section {
        None => text.as_str(),
        Some(title) => {
            let level = title.chars().take_while(|&c| c == '#').count();
            let begin =
                text.split_once(&format!("\n{title}\n")).unwrap_or_else(|| panic!("{page} has no {title}")).1;
            let is_next = |line: &&str| {
                line.starts_with('#') && line.chars().take_while(|&c| c == '#').count() <= level
            };
            let end = begin.lines().find(is_next).map_or(begin.len(), |line| begin.find(line).unwrap());
            &begin[..end]
        }
    };
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let typed = blocks.flat_map(|block| {
        let whole = block.replace("\\\n", " ");
        whole.lines().map(|line| line.split("  #").next().unwrap().trim().to_owned()).collect::<Vec<_>>()
    });
    typed.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// A shell in a workspace, whose `ktrdr` is the one that is tested.
struct Shell {
    world: World,
    api: Option<Served>,
}

impl Shell {
    fn new() -> Self {
        let world = World::new();
        fs::create_dir(world.path("bin")).unwrap();
        symlink(env!("CARGO_BIN_EXE_ktrdr"), world.path("bin/ktrdr")).unwrap();
        // Enough that 200 cycles may find something; and nobody designs, so that what is started waits.
        world.json(&["data", "generate", "-s", "EURUSD", "-t", "1h", "--bars", "60000"]);
        world.json(&["queues", "pause", "agent_design"]);
        fs::copy(world.path("data/EURUSD_1h.csv"), world.path("prices.csv")).unwrap();
        Self { world, api: None }
    }

    fn run(&self, line: &str) -> Output {
        let line = match &self.api {
            Some(api) => line.replace("localhost:8000", &api.address),
            None => line.to_owned(),
        };
        let path = format!("{}:{}", self.world.path("bin").display(), std::env::var("PATH").unwrap());
        // Ends the shell and what it began, where that goes on for ever.
        let mut shell = Command::new("timeout");
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KTRDR_")) {
            shell.env_remove(name);
        }
        shell.arg("--kill-after=5").arg(PATIENCE.as_secs().to_string());
        shell.args(["bash", "-euo", "pipefail", "-c", &line]);
        shell.current_dir(self.world.folder()).env("PATH", path);
        shell.output().unwrap()
    }

    /// Runs what must succeed; what it said.
    fn expect(&self, line: &str) -> String {
        let output = self.run(line);
        let (said, beside) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{line}\n{said}{beside}");
        assert!(!said.contains("\"code\":"), "{line} was refused:\n{said}");
        said.into_owned()
    }
}

/// As somebody would type them who has read nothing else: in an empty folder, one after the other in one shell.
#[test]
fn the_first_hour_goes_as_the_guide_says() {
    let shell = Shell::new();
    let folder = shell.world.path("somewhere");
    fs::create_dir(&folder).unwrap();
    let typed = commands("user-guide.md", None);
    assert!(typed.len() > 15, "{typed:#?}");
    let said = shell.expect(&format!("cd {}\n{}", folder.display(), typed.join("\n")));
    for words in ["generated", "valid   strategies/mine.yaml", "learned from", "first", "cycles:"] {
        assert!(said.contains(words), "no {words:?} in what was said:\n{said}");
    }
    for made in ["lab/trades.parquet", "lab/models/mine", "lab/reports/first.html", "lab/data/EURUSD_1h.csv"]
    {
        assert!(folder.join(made).exists(), "{made}");
    }
}

#[test]
fn the_commands_of_the_api_are_true() {
    let mut shell = Shell::new();
    let mut ran = Vec::new();
    let mut token = String::new();
    for line in commands("api.md", None) {
        match line.split(' ').take(3).collect::<Vec<_>>().join(" ").as_str() {
            // The address that is taken where none is given may be somebody's here.
            "ktrdr up --listen" => shell.api = Some(Served::up(&shell.world, &[])),
            // Only a fleet has single roles: what is told is that, and not that the options are wrong.
            "ktrdr serve --listen" => {
                let output = shell.run(&line);
                let said = String::from_utf8_lossy(&output.stderr);
                assert!(said.contains("single roles need the fleet"), "{line}\n{said}");
            }
            "ktrdr token create" => {
                shell.expect(&line);
                let listed = shell.world.json(&["token", "list"]);
                token = listed["tokens"][0]["id"].as_str().unwrap().to_owned();
            }
            "ktrdr token revoke" => {
                drop(shell.expect(&line.replace("revoke ID", &format!("revoke {token}"))));
            }
            // Nobody designs here: whoever waited for the end would wait for ever.
            _ => drop(shell.expect(&line.replace(" --wait", ""))),
        }
        ran.push(line);
    }
    assert!(ran.len() >= 8, "{ran:#?}");
}

#[test]
fn the_commands_of_schedules_are_true() {
    let mut shell = Shell::new();
    shell.api = Some(Served::up(&shell.world, &[]));
    let mut ran = Vec::new();
    for line in commands("operations.md", Some("### Schedules")) {
        if line.starts_with("ktrdr schedules delete") {
            end_nights(&shell.world);
        }
        shell.expect(&line);
        ran.push(line);
    }
    assert!(ran.len() >= 7, "{ran:#?}");
    assert_eq!(shell.world.json(&["schedules", "list"])["schedules"], serde_json::json!([]));
}

/// A schedule is not deleted while a night of it goes on: all of them are ended.
fn end_nights(world: &World) {
    crate::world::wait_for("the end of every night", || {
        let shown = world.json(&["schedules", "show", "nightly"]);
        let open =
            shown["occurrences"].as_array().unwrap().iter().filter(|night| night["state"] == "running");
        let mut went_on = false;
        for night in open {
            let campaign = night["campaign"].as_str().unwrap();
            world.run(&["campaign", "cancel", campaign, "--yes"]);
            went_on = true;
        }
        (!went_on).then_some(())
    });
}
