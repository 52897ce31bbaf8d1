//! Take, claim, run with heartbeat, record, acknowledge. Knows no kind of job.
