//! A fleet as tests see it.

use std::collections::BTreeMap;

use ktrdr_app::campaign::{CampaignList, ListedCampaign};
use ktrdr_app::dead_letters::{DeadLetterList, GivenUp};
use ktrdr_app::diagnosis::Reason;
use ktrdr_app::explain::Explanation;
use ktrdr_app::metrics::Reading;
use ktrdr_app::operations::{History, OperationDetail, Resumption};
use ktrdr_app::queues::QueueStatus;
use ktrdr_app::readiness::{Look, Readiness};
use ktrdr_app::workers::{HeardWorker, WorkerState};
use ktrdr_domain::{
    DeviceClass, FailureReason, Kind, Operation, OperationId, OperationSummary, Phase, Progress, Status,
    Subject, TraceId,
};
use ktrdr_fabric::campaign::{Campaign, Outcome};
use ktrdr_fabric::history::{Change, Transition};
use ktrdr_fabric::registry::WorkerInfo;
use ktrdr_fabric::store::BootId;
use serde_json::Value;

use super::sight::{Detail, Sight};

/// Of the operations, and of the queue that is paused.
const KIND: Kind = Kind::Training;

pub(super) const NOW_MS: i64 = 1_795_000_000_000;

pub(super) fn id(n: u32) -> OperationId {
    format!("op_training_20261129_2200{n:02}_99cb0f{n:02}").parse().unwrap()
}

pub(super) fn row(n: u32, status: Status) -> OperationSummary {
    let is_running = status == Status::Running;
    OperationSummary {
        id: id(n),
        kind: KIND,
        subject: Subject {
            strategy: "fx_pullback".parse().ok(),
            symbol: "EURUSD".parse().ok(),
            timeframe: "1h".parse().ok(),
        },
        status,
        reason: None,
        error: (status == Status::Failed).then(|| "no bars of EURUSD 1h: import some\nmore words".to_owned()),
        caveat: None,
        fence: 1,
        tries: 1,
        tries_max: 4,
        worker: is_running.then(|| "lab-4711-1".to_owned()),
        lease_until_ms: None,
        cancel: None,
        progress: is_running.then(|| Progress {
            percentage: 62.0,
            step: "epoch 12/30".into(),
            figures: vec![("loss".into(), 1.0412)],
            ..Progress::default()
        }),
        waits_for: None,
        campaign: "night-7".parse().ok(),
        root: None,
        phase: None,
        waiting: None,
        created_at_ms: NOW_MS - 240_000,
        started_at_ms: (status != Status::Pending).then_some(NOW_MS - 200_000),
        finished_at_ms: status.is_terminal().then_some(NOW_MS - 100_000),
        took_ms: status.is_terminal().then_some(10_600),
        rescues: 0,
    }
}

pub(super) fn paused() -> Reason {
    Reason {
        why: "paused".into(),
        message: "training jobs are paused".into(),
        run: "ktrdr queues resume training".into(),
        since_ms: Some(NOW_MS - 180_000),
        until_ms: None,
    }
}

fn queue(kind: Kind, pending: u64, running: u64) -> QueueStatus {
    QueueStatus {
        kind,
        pending,
        delayed: 0,
        running,
        ended: 0,
        oldest_pending_ms: (pending > 0).then_some(180_000),
        workers: 1,
        slots: 2,
        paused: false,
        reasons: Vec::new(),
        pinned: Vec::new(),
    }
}

fn worker() -> HeardWorker {
    HeardWorker {
        worker: WorkerInfo {
            boot: BootId("lab-4711-1".into()),
            role: "worker".into(),
            host: "lab".into(),
            version: "0.1.0".into(),
            takes: BTreeMap::from([(KIND, 2)]),
            class: DeviceClass::Cpu,
            device: "cpu".into(),
            gpu: None,
            running: vec![id(1)],
            is_draining: false,
            every_ms: 2_000,
            broker: None,
        },
        heard_ms_ago: 1_200,
        jobs: vec![row(1, Status::Running)],
        state: WorkerState::Busy,
        until_ms: None,
    }
}

/// One runs, one waits because its queue is paused, one failed, one is done.
pub(super) fn sight() -> Sight {
    let mut queues: Vec<QueueStatus> = Kind::with_jobs().take(3).map(|kind| queue(kind, 0, 0)).collect();
    let training = QueueStatus { paused: true, reasons: vec![paused()], delayed: 7, ..queue(KIND, 1_234, 1) };
    queues[0].running = 1;
    queues[1] = training;
    let look = Look { name: "queues".into(), ok: false, found: String::new(), reasons: vec![paused()] };
    let dead =
        GivenUp { operation: row(3, Status::Failed), fingerprint: "no bars".into(), retried_as: Some(id(4)) };
    let outcome = |status, cycles| Outcome { status, phase: None, reason: None, stopped_by: None, cycles };
    let campaign = Campaign {
        name: "night-7".parse().unwrap(),
        begun_at_ms: NOW_MS - 7_200_000,
        cycles: 12,
        forgotten: 0,
        cancel: None,
        is_cancelling: false,
        outcomes: vec![
            outcome(Status::Running, 2),
            outcome(Status::Failed, 3),
            Outcome {
                phase: Some(Phase::Training),
                reason: Some(FailureReason::Gate),
                ..outcome(Status::Failed, 7)
            },
        ],
    };
    Sight {
        now_ms: NOW_MS,
        readiness: Readiness { ready: true, sound: false, checks: vec![look], pruned: None },
        queues,
        workers: vec![worker()],
        operations: vec![
            row(1, Status::Running),
            row(2, Status::Pending),
            row(3, Status::Failed),
            row(4, Status::Completed),
        ],
        total: Some(1_000_000),
        dead: DeadLetterList { dead_letters: vec![dead], next: None, total: 1, now_ms: NOW_MS },
        campaigns: CampaignList {
            campaigns: vec![ListedCampaign { campaign, accepted: None }],
            next: None,
            total: 1,
        },
    }
}

/// The one that runs.
pub(super) fn detail() -> Detail {
    let operation = Operation { summary: row(1, Status::Running), spec: Value::Null, result: None };
    let resumption = Resumption { resumes: None, resumed_by: None };
    let claimed = Transition { what: Change::Claimed, fence: 1, ..Transition::created(NOW_MS - 200_000) };
    let readings = (1..=12_u32).map(|epoch| Reading {
        item: epoch.into(),
        time: None,
        figures: BTreeMap::from([("loss".to_owned(), 1.1 - 0.005 * f64::from(epoch))]),
    });
    Detail {
        operation: OperationDetail {
            operation,
            children: Vec::new(),
            resumption: resumption.clone(),
            trace: TraceId::of(&id(1)),
        },
        explanation: Explanation {
            operation: id(1),
            job: id(1),
            status: Status::Running,
            since_ms: NOW_MS - 200_000,
            reasons: Vec::new(),
            eta_ms: None,
        },
        history: History { events: vec![Transition::created(NOW_MS - 240_000), claimed], resumption },
        readings: readings.collect(),
    }
}
