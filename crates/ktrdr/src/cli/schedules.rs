//! `ktrdr schedules …`

use std::time::Duration;

use clap::{Args, Subcommand};
use humantime::parse_duration;
use ktrdr_app::schedules::ScheduleRequest;
use ktrdr_domain::Timestamp;
use ktrdr_domain::name::ScheduleName;
use ktrdr_domain::reason::Reason;
use ktrdr_domain::schedule::{Overlap, Rules};

use super::KeyArguments;
use super::research::CampaignOptions;

#[derive(Debug, Args)]
pub(crate) struct SchedulesArguments {
    #[command(subcommand)]
    pub(crate) verb: SchedulesVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SchedulesVerb {
    /// Begin a campaign at every tick of a clock: `ktrdr up`, in a fleet `ktrdr serve`, keeps schedules.
    ///
    /// Refused (exit code 7, in JSON `nothing_to_find`) where its nights could confirm nothing that anybody should hope for.
    Create(Box<CreateArguments>),
    /// Schedules, each with its next tick and what became of the latest.
    List,
    /// One schedule, and what became of its ticks, the latest first.
    Show {
        /// The schedule.
        name: ScheduleName,
        /// At most so many records.
        #[arg(long, short, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Skip its ticks until it is resumed. A night that goes on is left alone.
    Pause {
        /// The schedule.
        name: ScheduleName,
        /// Why: shown wherever the schedule is.
        #[arg(long)]
        note: Reason,
    },
    /// End a pause.
    Resume {
        /// The schedule.
        name: ScheduleName,
    },
    /// Begin a night now, whether or not the schedule is paused.
    Trigger {
        /// The schedule.
        name: ScheduleName,
        #[command(flatten)]
        key: KeyArguments,
    },
    /// Ticks to come, with the days on which a clock changes.
    Next {
        /// How many.
        #[arg(default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
        count: u32,
        /// The schedule; all of them otherwise.
        name: Option<ScheduleName>,
    },
    /// Make up for ticks that were skipped, or came before the schedule was there: they run one after the other.
    Backfill {
        /// The schedule.
        name: ScheduleName,
        /// The first time that is meant, such as 2026-11-20 or 2026-11-20T06:30:00Z.
        #[arg(long, value_name = "TIME")]
        from: Timestamp,
        /// The first time that is not.
        #[arg(long, value_name = "TIME")]
        to: Timestamp,
    },
    /// Remove a schedule. What became of its ticks stays on record.
    Delete {
        /// The schedule.
        name: ScheduleName,
        /// Why, for the audit log.
        #[arg(long, default_value = "")]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CreateArguments {
    /// Its name. Its campaigns are called after it and the tick.
    pub(crate) name: ScheduleName,

    /// When: minute, hour, day of the month, month, day of the week, such as "30 1 * * *".
    #[arg(long, value_name = "TEXT")]
    pub(crate) cron: String,

    /// On whose clock: a name of the IANA database, such as America/New_York.
    #[arg(long = "tz", value_name = "ZONE")]
    pub(crate) zone: String,

    #[command(flatten)]
    pub(crate) options: CampaignOptions,

    /// Give every night the same seed; otherwise each has its own, which follows from that one and its tick.
    #[arg(long)]
    pub(crate) same_seed: bool,

    /// What becomes of a tick while the night before it goes on: skip it, buffer one, cancel the other, or allow both.
    #[arg(long, value_name = "WORD", default_value_t = Overlap::Skip)]
    pub(crate) overlap: Overlap,

    /// How old a tick may be that came while nobody was there; of those within it the latest one runs.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = parse_duration)]
    pub(crate) catch_up: Duration,

    /// How long after its tick a night may begin.
    #[arg(long, value_name = "TIME", default_value = "12h", value_parser = parse_duration)]
    pub(crate) max_lateness: Duration,

    /// Begin up to so much later, always the same for the same tick.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration)]
    pub(crate) jitter: Duration,

    /// How long a night may take before it is cancelled.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) max_time: Option<Duration>,

    /// How long the jobs of a night may run, added up, before it is cancelled.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) max_machine_time: Option<Duration>,

    /// Pause the schedule after a night that failed, did not finish, or could not begin.
    #[arg(long)]
    pub(crate) pause_on_failure: bool,

    /// Why it is worth it although there is nothing to find.
    #[arg(long, value_name = "REASON")]
    pub(crate) anyway: Option<Reason>,
}

impl From<&CreateArguments> for ScheduleRequest {
    fn from(typed: &CreateArguments) -> Self {
        Self {
            name: typed.name.clone(),
            cron: typed.cron.clone(),
            zone: typed.zone.clone(),
            campaign: (&typed.options).into(),
            same_seed: typed.same_seed,
            rules: Rules {
                overlap: typed.overlap,
                catch_up_s: typed.catch_up.as_secs(),
                max_lateness_s: typed.max_lateness.as_secs(),
                jitter_s: typed.jitter.as_secs(),
                max_time_s: typed.max_time.map(|time| time.as_secs()),
                max_machine_time_s: typed.max_machine_time.map(|time| time.as_secs()),
                pause_on_failure: typed.pause_on_failure,
            },
            anyway: typed.anyway.clone(),
        }
    }
}
