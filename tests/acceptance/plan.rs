//! What was promised, as data: each promise with its id, what it is for and what is expected. Whoever tests one names its id here.
//!
//! M1–M7 are milestones of the research agent, B1.1–B4.5 scenarios of backtests, A1–A16 what was planned of asynchronous operations and
//! what the system before this one could not do.

/// One promise.
#[derive(Debug)]
pub(crate) struct Promise {
    pub(crate) id: &'static str,
    pub(crate) purpose: &'static str,
    /// As it was planned, with what replaces the letter where the design is better.
    pub(crate) expected: &'static str,
}

/// The promise of an id.
pub(super) fn promise(id: &str) -> &'static Promise {
    PROMISES.iter().find(|promise| promise.id == id).unwrap_or_else(|| panic!("{id} is no promise"))
}

const fn promise_of(id: &'static str, purpose: &'static str, expected: &'static str) -> Promise {
    Promise { id, purpose, expected }
}

/// All of them, in the order of the book.
pub(crate) const PROMISES: &[Promise] = &[
    promise_of(
        "M1",
        "a cycle is triggered and watched",
        "`Research cycle started! Operation ID: op_agent_research_…`; designing → training → backtesting → assessing → completed; listed under its type; with stand-ins within 30 s",
    ),
    promise_of(
        "M2",
        "a language model designs, and the design is saved",
        "`strategies/<name>.yaml` exists and validates; its name is in the status; tokens are counted in the cycle's account",
    ),
    promise_of(
        "M3",
        "the real training, then a gate",
        "one operation of type training, no wrapper; symbols, timeframes and dates of the strategy, in the older grammars too; `models/<strategy>/…` with metadata; else `Training gate failed: …`. `model.safetensors` instead of a pickle",
    ),
    promise_of(
        "M4",
        "the real backtest on held-out bars, then a gate",
        "one operation of type backtesting on the gate window; six metrics nested under `metrics`; else `Backtest gate failed: …`",
    ),
    promise_of(
        "M5",
        "an assessment is written",
        "`strategies/<name>/assessment.json` with verdict, strengths, weaknesses, suggestions; the cycle completes with a summary; idle again",
    ),
    promise_of(
        "M6",
        "cycles are cancelled in every phase",
        "`DELETE /agent/cancel`: parent and child cancelled, a running child within 2 s (the plan's 100 ms are reported), nothing orphaned, the next one starts",
    ),
    promise_of(
        "M7",
        "costs are bounded and seen",
        "a day's budget of $0.01: `budget_exhausted`; spend and rest are shown; the cycle is one trace with all child spans. Grafana's dashboards are provisioned, and each of their expressions answers over a fleet that runs (`observe::faults`)",
    ),
    promise_of(
        "B1.1",
        "a backtest here",
        "completed within 5 s; five figures, each a number or null with its reason; progress was told; no error in the log",
    ),
    promise_of(
        "B1.2",
        "its progress here",
        "percentages and items grow through 25, 50 and 75 to 100 %, with date, P&L and trades",
    ),
    promise_of(
        "B1.3",
        "it is cancelled here",
        "`ktrdr backtest cancel`: cancelled, progress frozen, nothing half-written; the next one starts at once",
    ),
    promise_of(
        "B1.4",
        "an invalid strategy here",
        "refused within 2 s; the message names field and file; nothing is created",
    ),
    promise_of("B2.1", "a backtest by HTTP", "202 with its id; listed under its type; completed at 100 %"),
    promise_of(
        "B2.2",
        "its progress by HTTP",
        "monotone, several updates, items and percentage agree. Told as events, so that nobody polls",
    ),
    promise_of(
        "B2.3",
        "it is cancelled by HTTP",
        "DELETE → 200; cancelled; frozen; a new one starts at once",
    ),
    promise_of(
        "B2.4",
        "no data, by HTTP",
        "404 at submit with the expected path; no operation is left behind",
    ),
    promise_of(
        "B3.1",
        "a worker on its own",
        "a process of its own takes a backtest and completes it. On the embedded engine that is the process that plays every role",
    ),
    promise_of(
        "B3.2",
        "coordinator → worker",
        "what is submitted at one process runs in another; one id; both views agree",
    ),
    promise_of(
        "B3.3",
        "progress from elsewhere",
        "what the coordinator shows is within 1 % of what the worker's log says, with equal items; both end at 100 %",
    ),
    promise_of(
        "B3.4",
        "cancelled elsewhere",
        "both sides cancelled and stable; nothing orphaned; the worker takes the next job",
    ),
    promise_of(
        "B4.1",
        "an invalid strategy",
        "422 with the field, 404 with the searched path; a good run succeeds afterwards",
    ),
    promise_of(
        "B4.2",
        "missing bars",
        "404 with symbol, timeframe and expected path; a good run succeeds afterwards",
    ),
    promise_of(
        "B4.3",
        "cancelled at several points",
        "waiting, begun, half done: cancelled each time, nothing left over; a good run succeeds afterwards",
    ),
    promise_of(
        "B4.4",
        "a model that is not there",
        "404 with the path, or failed at once; no stack trace; a good run succeeds afterwards",
    ),
    promise_of(
        "B4.5",
        "too few bars",
        "an error that names the minimum and what was found; never completed; a good run succeeds afterwards",
    ),
    promise_of(
        "A1",
        "metrics by type",
        "trainings append `epochs`, backtests `bars`, data loads `segments`, others `history`",
    ),
    promise_of("A2", "progress every 50 bars", "bar, total, date, P&L, trades, win rate, every 50 bars"),
    promise_of(
        "A3",
        "cancel looked at every 100 bars",
        "every 50 bars, and at each draw of chance; at most 2 s from the request to the end",
    ),
    promise_of("A4", "a start answers at once", "id in the answer; p50 < 5 ms"),
    promise_of(
        "A5",
        "one door for every type",
        "progress and cancel of training, backtest and data load through `/operations`",
    ),
    promise_of(
        "A6",
        "`ktrdr backtest run`, `cancel`",
        "symbol, timeframe, strategy and dates as options; live progress; cancelled by its own command",
    ),
    promise_of("A7", "a progress write", "< 1 µs"),
    promise_of("A8", "progress costs a backtest", "< 1 % of its time"),
    promise_of("A9", "a request to elsewhere", "< 5 ms: one operation, read by HTTP, p50"),
    promise_of("A10", "the queue costs a backtest", "< 20 % of a backtest of a second, from submit to end"),
    promise_of("A11", "tests cover the code", "≥ 90 % of lines, by `scripts/coverage`"),
    promise_of(
        "A12",
        "kinds of documentation",
        "user guide, API, CLI, developer guide, operations guide, migration guide",
    ),
    promise_of(
        "A13",
        "a second job right behind the first",
        "waits its turn and runs; never fails for lack of a free worker",
    ),
    promise_of(
        "A14",
        "every role is restarted mid-cycle",
        "the cycle completes; each job has one row, the exam one look",
    ),
    promise_of(
        "A15",
        "paths of the system before",
        "each that belongs to this project is answered, by the same path or a better one",
    ),
    promise_of(
        "A16",
        "embedded or fleet by configuration",
        "the same requests and rows; `KTRDR_ENGINE` switches",
    ),
];

/// The scenarios and milestones of the plans, which no row may be missing of.
pub(super) const OF_THE_PLANS: usize = 24;

#[test]
fn no_promise_of_the_plans_is_missing() {
    let counted = |prefix: &str| PROMISES.iter().filter(|promise| promise.id.starts_with(prefix)).count();
    assert_eq!((counted("M"), counted("B")), (7, 17));
    assert_eq!(counted("M") + counted("B"), OF_THE_PLANS);
    let ids: std::collections::BTreeSet<&str> = PROMISES.iter().map(|promise| promise.id).collect();
    assert_eq!(ids.len(), PROMISES.len());
}
