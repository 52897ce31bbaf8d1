//! One run: build, load, inject faults, wait until nothing moves, judge.

use std::collections::BTreeMap;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::arena::{Arena, Fleet};
use super::evidence;
use super::fault::Fault;
use super::fault_record::{self, FaultRecord};
use super::faults::{EVENTS, FaultInjector, QUEUES};
use super::jobs::Expectation;
use super::load::{self, Answers};
use super::oracle::{Evidence, judge};
use super::plan::{Plan, Size};
use super::poison_messages::{Foreign, PoisonPublisher};
use super::sightings::{self, Sightings};
use super::table::{self, Row};
use crate::processes::Ends;

/// How long everything may take to end once the last fault is over.
const QUIET_WITHIN: Duration = Duration::from_secs(180);
/// How long consumers may take to be back: a connection that hangs is noticed after a minute at the latest, and
/// whoever can not connect waits up to ten seconds.
const LISTENING_WITHIN: Duration = Duration::from_secs(100);
/// How long a run may take beyond the time in which faults happen.
const OVER_WITHIN: Duration = Duration::from_secs(900);
/// How often to look whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Runs, prints what it showed, and fails when a promise was broken.
pub(crate) fn run(size: Size) -> BTreeMap<Fault, Row> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let plan = Arc::new(Plan::of(size));
    let replay = replay(&plan.size);
    eprintln!("chaos: {replay}");
    runtime.block_on(async {
        let mut arena = Arc::new(Arena::build(&plan.size).await);
        let bound = plan.size.window + OVER_WITHIN;
        let outcome = timeout(bound, Outcome::of(&mut arena, &plan)).await;
        let outcome = outcome.unwrap_or_else(|_| panic!("not over after {bound:?}\nreplay: {replay}"));
        outcome.report(Arc::get_mut(&mut arena).unwrap(), &plan, &replay)
    })
}

/// The command that does the same again.
fn replay(size: &Size) -> String {
    let faults: Vec<String> = size.faults.iter().map(|(fault, times)| format!("{fault}={times}")).collect();
    format!(
        "scripts/chaos --seed {} --jobs {} --cycles {} --seconds {} --nodes {} --faults {}",
        size.seed,
        size.jobs,
        size.cycles,
        size.window.as_secs(),
        size.nodes,
        faults.join(",")
    )
}

/// What a run left behind.
struct Outcome {
    evidence: Evidence,
    records: Vec<FaultRecord>,
    answers: Answers,
    /// How the processes ended before they were asked to.
    ends: Ends,
    sightings: Sightings,
    /// From the last fault until nothing moved any more.
    quiet_after: Duration,
    /// From the last fault until every consumer was back.
    listening_after: Duration,
}

impl Outcome {
    async fn of(arena: &mut Arc<Arena>, plan: &Arc<Plan>) -> Self {
        let cycles = super::research::begin(arena, plan.size.cycles);
        let start = Instant::now();
        let foreign = Arc::new(Mutex::new(Foreign::default()));
        let injected = tokio::spawn(inject(Arc::clone(arena), Arc::clone(plan), start, Arc::clone(&foreign)));
        let answers = load::hand_in(arena, plan, start).await;
        let records = injected.await.unwrap();
        let over = Instant::now();
        let mut complaints = Vec::new();
        if !until_quiet(arena).await {
            complaints.push(format!("not everything had ended after {QUIET_WITHIN:?}"));
        }
        let quiet_after = over.elapsed();
        if !until_all_listen(arena, plan).await {
            complaints.push(format!("consumers are missing: {:?}", arena.aside(evidence::consumers).await));
        }
        let listening_after = over.elapsed();
        let publisher = PoisonPublisher::connect(arena.servers.admin_url()).await;
        let mut foreign = foreign.lock().await.clone();
        publisher.collect(&mut foreign, Duration::from_secs(5)).await;
        let logs = arena.logs();
        let fleet = Arc::get_mut(arena).unwrap().take_fleet();
        let ends = tokio::task::spawn_blocking(move || drain(fleet)).await.unwrap();
        let ends = ends.unwrap_or_else(|why| {
            complaints.push(why);
            Ends::new()
        });
        complaints.extend(sightings::strange_ends(&ends, &plan.size.faults));
        let mut sightings = Sightings::read(&logs);
        complaints.append(&mut sightings.panics);
        let evidence = evidence::gather(arena, plan, cycles, &answers, foreign, complaints).await;
        Self { evidence, records, answers, ends, sightings, quiet_after, listening_after }
    }

    fn report(&self, arena: &mut Arena, plan: &Plan, replay: &str) -> BTreeMap<Fault, Row> {
        let records: Vec<_> = self.records.iter().cloned().chain(table::of_jobs(&self.evidence)).collect();
        let rows = table::rows(&self.evidence, &records);
        let attempts: u64 = self.evidence.rows.values().map(|row| row.fence).sum();
        let twice = self.evidence.marks.values().filter(|marks| marks.len() > 1).count();
        let innocent = self.evidence.jobs.iter().filter(|job| job.expected == Expectation::Complete);
        let tries = innocent.filter_map(|job| Some(self.evidence.rows.get(&job.id)?.tries)).max();
        eprintln!(
            "{}\n{} operations in {attempts} attempts, {twice} run twice to the end, at most {} tries of one \
             that did no harm, {} cycles; the burst of {} was \
             accepted in {:.1} s, {} calls were made again; quiet {:.1} s and \
             every consumer back {:.1} s after the last fault\nprocesses ended: {:?}\n{:?}",
            table::table(&rows),
            self.evidence.rows.len(),
            tries.unwrap_or_default(),
            self.evidence.cycles.len(),
            plan.jobs.iter().filter(|job| job.at.is_zero()).count(),
            self.answers.burst.as_secs_f64(),
            self.answers.repeated,
            self.quiet_after.as_secs_f64(),
            self.listening_after.as_secs_f64(),
            self.ends,
            self.sightings.counts,
        );
        let violations = judge(&self.evidence);
        if !violations.is_empty() || std::env::var_os("KTRDR_CHAOS_KEEP").is_some() {
            std::fs::write(arena.logs().join("faults"), fault_record::diary(&self.records)).unwrap();
            eprintln!("logs and data: {}", arena.keep().display());
        }
        let some = &violations[..violations.len().min(20)];
        assert!(violations.is_empty(), "{} broken promises: {some:#?}\nreplay: {replay}", violations.len());
        rows
    }
}

/// Every fault at its time; those that are over late are waited for.
async fn inject(
    arena: Arc<Arena>,
    plan: Arc<Plan>,
    start: Instant,
    foreign: Arc<Mutex<Foreign>>,
) -> Vec<FaultRecord> {
    let mut each = JoinSet::new();
    for planned in &plan.faults {
        let (injector, at) = (FaultInjector::new(&arena, &plan, planned, &foreign), start + planned.at);
        each.spawn(async move {
            sleep_until(at).await;
            injector.inject().await
        });
    }
    each.join_all().await.into_iter().flatten().collect()
}

/// Until nothing is pending, running, or on its way.
async fn until_quiet(arena: &Arc<Arena>) -> bool {
    let deadline = Instant::now() + QUIET_WITHIN;
    while Instant::now() < deadline {
        if evidence::is_quiet(arena).await && arena.aside(evidence::is_empty).await {
            return true;
        }
        sleep(LOOK_EVERY).await;
    }
    false
}

/// Until every process consumes what it should: one that waits at a queue which is gone would wait for ever.
async fn until_all_listen(arena: &Arc<Arena>, plan: &Plan) -> bool {
    let deadline = Instant::now() + LISTENING_WITHIN;
    while Instant::now() < deadline {
        let consumers = arena.aside(evidence::consumers).await;
        let expected = |name: &str| match name {
            EVENTS => plan.size.orchestrators,
            _ => plan.size.workers,
        };
        if QUEUES.iter().all(|name| consumers.get(*name) == Some(&(expected(name) as u64))) {
            return true;
        }
        sleep(LOOK_EVERY).await;
    }
    false
}

/// Asks every process to end as an operator would. How they had ended before.
fn drain(fleet: Fleet) -> Result<Ends, String> {
    let mut all = Ends::new();
    for process in fleet.all() {
        let name = process.name.clone();
        let (last, ends) = process.drain();
        for (end, times) in ends {
            *all.entry(end).or_default() += times;
        }
        if !last.is_some_and(|status: ExitStatus| status.success()) {
            return Err(format!("{name} was asked to drain and ended with {last:?}"));
        }
        // The last end was asked for.
        *all.entry("exit 0".to_owned()).or_default() -= 1;
    }
    all.retain(|_, times| *times > 0);
    Ok(all)
}
