//! The log that proves what happened: Redis' own append-only file, which holds every write that ever happened, in order. What an operation
//! went through is read from there and not from the fleet's word.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ktrdr_domain::Status;

/// What one operation went through.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Story {
    pub(crate) steps: Vec<Step>,
    /// Terminal events written by the transition itself.
    pub(crate) events: u32,
    /// Phases a cycle was moved to, with the child it waited for then.
    pub(crate) moves: Vec<(String, String)>,
}

/// One write of a status.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) status: Status,
    pub(crate) fence: u64,
    /// Unix milliseconds of a claim or an end.
    pub(crate) at_ms: Option<i64>,
}

impl Story {
    /// When it was claimed with a later fence, or ended, at this moment or after it.
    pub(crate) fn next_step_ms(&self, after_ms: i64, fence: u64) -> Option<i64> {
        let goes_on = |s: &&Step| (s.status == Status::Running && s.fence > fence) || s.status.is_terminal();
        let times = self.steps.iter().filter(goes_on).filter_map(|step| step.at_ms);
        times.filter(|at| *at >= after_ms).min()
    }

    /// Fence and moment of each claim.
    pub(crate) fn claims(&self) -> impl Iterator<Item = (u64, i64)> {
        let claims = self.steps.iter().filter(|step| step.status == Status::Running);
        claims.filter_map(|step| Some((step.fence, step.at_ms?)))
    }
}

/// The stories of all operations below a prefix such as `{ktrdr}:`.
pub(crate) fn read(folder: &Path, prefix: &str) -> BTreeMap<String, Story> {
    let log = folder.join("appendonly.aof.1.incr.aof");
    tell(&fs::read(log).expect("the first part of the append-only file: was it rewritten?"), prefix)
}

fn tell(log: &[u8], prefix: &str) -> BTreeMap<String, Story> {
    let mut stories = BTreeMap::<String, Story>::new();
    let mut fences = BTreeMap::<String, u64>::new();
    for command in commands(log) {
        let words: Vec<&str> = command.iter().map(|word| std::str::from_utf8(word).unwrap_or("")).collect();
        let Some(key) = words.get(1).and_then(|key| key.strip_prefix(prefix)) else { continue };
        match (words[0].to_ascii_uppercase().as_str(), key.strip_prefix("op:")) {
            ("HSET", Some(id)) => {
                let fence = fences.entry(id.to_owned()).or_default();
                wrote(stories.entry(id.to_owned()).or_default(), fence, &words[2..]);
            }
            ("XADD", None) if key == "outbox" => {
                let fields = &words[3..];
                if fields[0] == "event" && value(&fields[2..], "again") == Some("0") {
                    stories.entry(fields[1].to_owned()).or_default().events += 1;
                }
            }
            _ => {}
        }
    }
    stories
}

/// One write of some fields of a row.
fn wrote(story: &mut Story, fence: &mut u64, fields: &[&str]) {
    let number = |name| value(fields, name).and_then(|text| text.parse().ok());
    *fence = value(fields, "fence").and_then(|text| text.parse().ok()).unwrap_or(*fence);
    if let Some(status) = value(fields, "status") {
        let at_ms = number("finished_at_ms").or_else(|| number("started_at_ms"));
        story.steps.push(Step { status: status.parse().unwrap(), fence: *fence, at_ms });
    } else if let (Some(phase), Some(child)) = (value(fields, "phase"), value(fields, "waiting")) {
        story.moves.push((phase.to_owned(), child.to_owned()));
    }
}

fn value<'a>(fields: &[&'a str], name: &str) -> Option<&'a str> {
    fields.chunks_exact(2).find(|pair| pair[0] == name).map(|pair| pair[1])
}

/// The commands of a log: `*2\r\n$3\r\nDEL\r\n$1\r\na\r\n` and so on.
fn commands(log: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    let mut rest = log;
    std::iter::from_fn(move || {
        while rest.first() == Some(&b'#') {
            line(&mut rest)?;
        }
        let words = count(line(&mut rest)?, b'*');
        (0..words)
            .map(|_| {
                let length = count(line(&mut rest)?, b'$');
                let (word, after) = (rest.get(..length)?, rest.get(length + 2..)?);
                rest = after;
                Some(word)
            })
            .collect()
    })
}

fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.windows(2).position(|pair| pair == b"\r\n" || pair[0] == b'\n')?;
    let line = &rest[..end];
    *rest = &rest[end + if rest[end] == b'\r' { 2 } else { 1 }..];
    Some(line)
}

fn count(line: &[u8], sign: u8) -> usize {
    let number = line.strip_prefix(&[sign]).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    number.unwrap_or_else(|| panic!("no append-only file: {:?}", String::from_utf8_lossy(line)))
}

#[test]
fn a_log_tells_claims_ends_events_and_moves() {
    let command = |words: &[&str]| {
        let words: String = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
        move |n: usize| format!("*{n}\r\n{words}")
    };
    let log: String = [
        "SELECT 0",
        "HSET {t}:op:op_a id op_a status pending fence 0",
        "HSET {t}:op:op_a status running fence 1 started_at_ms 10",
        "HSET {t}:op:op_a status completed finished_at_ms 20 result {}",
        "XADD {t}:outbox 1-1 event op_a kind probe root - status completed fence 1 again 0",
        "XADD {t}:outbox 1-2 event op_a kind probe root - status completed fence 1 again 1",
        "XADD {t}:outbox 1-3 job op_b",
        "HSET {t}:op:op_r phase training waiting op_r.training.1",
        "HSET {other}:op:op_a status failed finished_at_ms 30",
    ]
    .map(|text| {
        let words: Vec<&str> = text.split(' ').collect();
        command(&words)(words.len())
    })
    .concat();
    let stories = tell(format!("#TS:1\r\n{log}*2\r\n$3\r\nDE").as_bytes(), "{t}:");
    let a = &stories["op_a"];
    let step = |status, fence, at_ms| Step { status, fence, at_ms };
    let claim = step(Status::Running, 1, Some(10));
    assert_eq!(a.steps, [step(Status::Pending, 0, None), claim, step(Status::Completed, 1, Some(20))]);
    assert_eq!((a.events, a.next_step_ms(5, 0), a.next_step_ms(5, 1)), (1, Some(10), Some(20)));
    assert_eq!(a.next_step_ms(21, 1), None);
    assert_eq!(a.claims().collect::<Vec<_>>(), [(1, 10)]);
    assert_eq!(stories["op_r"].moves, [("training".to_owned(), "op_r.training.1".to_owned())]);
    assert_eq!(stories.len(), 2);
}
