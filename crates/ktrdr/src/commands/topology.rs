//! `ktrdr topology …`: the broker's exchanges, queues, policies and users, as `queues/topology.toml` wants them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use ktrdr_app::engine::{administration, explain_topology};
use ktrdr_fleet::acl;
use ktrdr_fleet::redis::Prefix;
use ktrdr_fleet::topology::{BrokerVersion, Difference, Passwords, Topology};

use super::Context;
use crate::cli::fleet::{TopologyArguments, TopologyVerb};
use crate::describe::counted;
use crate::exit::{CliError, Kind, OrExit};
use crate::files;

/// Largest file of passwords, in bytes.
const PASSWORDS_BYTES_MAX: u64 = 64 << 10;

pub(crate) fn run(context: &Context<'_>, arguments: &TopologyArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        match &arguments.verb {
            TopologyVerb::Apply { passwords, remove_foreign_bindings } => {
                apply(context, passwords.as_deref(), *remove_foreign_bindings).await
            }
            TopologyVerb::Diff => diff(context).await,
            TopologyVerb::Show { broker_version, passwords } => {
                show(context, broker_version.as_deref(), passwords.as_deref()).await
            }
            TopologyVerb::RedisAcl { passwords } => redis_acl(context, passwords),
        }
    })
}

async fn apply(context: &Context<'_>, file: Option<&Path>, remove: bool) -> Result<ExitCode, CliError> {
    let passwords = passwords(file)?;
    let administration = administration(&context.settings.fleet_config()?)?;
    let mut applied = administration.apply(&passwords).await.map_err(explain_topology)?;
    let mut to_allow = None;
    if remove {
        let removed = administration.remove_foreign_bindings().await.map_err(explain_topology)?;
        applied.done.extend(removed.gone.iter().map(|binding| format!("removed {}", binding.subject)));
        (applied.foreign, to_allow) = (removed.left, removed.by_hand);
    }
    let foreign: Vec<String> = applied.foreign.iter().map(Difference::to_string).collect();
    let document = serde_json::json!({ "done": applied.done, "by_hand": applied.by_hand, "foreign": foreign, "to_allow": to_allow });
    context.screen.answer(&document, |screen| {
        applied.done.iter().for_each(|done| screen.line(done));
        let count = counted(applied.done.len() as u64, "thing");
        screen.note(format!("{count} declared as they should be; saying it again changes nothing"));
        if !applied.by_hand.is_empty() {
            screen.line("without rabbitmq_management_url these are left to do by hand:");
            applied.by_hand.iter().for_each(|command| screen.line(format!("  {command}")));
        }
        for binding in &applied.foreign {
            match to_allow {
                Some(_) => screen.note(format!("not removed, since our user may not: {binding}")),
                None => screen.note(format!("left alone: {binding}; {}", binding.mend)),
            }
        }
        if let Some(command) = &to_allow {
            screen.note(format!("allow it with `{command}`, then say the same again"));
        }
    })?;
    Ok(ExitCode::from(u8::from(to_allow.is_some())))
}

async fn diff(context: &Context<'_>) -> Result<ExitCode, CliError> {
    let differences =
        administration(&context.settings.fleet_config()?)?.diff().await.map_err(explain_topology)?;
    let words: Vec<String> = differences.iter().map(Difference::to_string).collect();
    context.screen.list("differences", &words, |screen| {
        for difference in &differences {
            screen.line(format!("{difference}; {}", difference.mend));
        }
        screen.note(match words.len() {
            0 => "the broker is as it should be".to_owned(),
            n => counted(n as u64, "difference"),
        });
    })?;
    Ok(ExitCode::from(u8::from(!words.is_empty())))
}

async fn show(
    context: &Context<'_>,
    version: Option<&str>,
    file: Option<&Path>,
) -> Result<ExitCode, CliError> {
    let version: BrokerVersion = match version {
        Some(text) => text.parse().or_exit(Kind::Usage)?,
        None => {
            let asked = administration(&context.settings.fleet_config()?)?
                .version()
                .await
                .map_err(explain_topology)?;
            asked.unwrap_or(BrokerVersion::OLDEST)
        }
    };
    let topology = Topology::built_in().map_err(explain_topology)?;
    let passwords = passwords(file)?;
    topology.check_users(&passwords).map_err(explain_topology)?;
    let fleet = context.settings.fleet_config()?;
    let definitions = topology.definitions(version, &fleet.vhost(), &fleet.fleet_name(), &passwords);
    context.screen.raw(&serde_json::to_string_pretty(&definitions).or_exit(Kind::InvalidInput)?);
    Ok(ExitCode::SUCCESS)
}

/// Written as the server reads it, in every form of output.
fn redis_acl(context: &Context<'_>, file: &Path) -> Result<ExitCode, CliError> {
    let prefix: Prefix = match &context.settings.prefix {
        Some(text) => Prefix::new(text).or_exit(Kind::InvalidInput)?,
        None => Prefix::default(),
    };
    let passwords = read_passwords(file)?;
    let password = |user: &str| {
        let missing = || CliError::new(Kind::InvalidInput, format!("{} has no {user:?}", file.display()));
        passwords.get(user).ok_or_else(missing)
    };
    let (fleet, monitor) = (prefix.name().to_owned(), format!("{}-monitor", prefix.name()));
    let lines = acl::users(&prefix, password(&fleet)?, password(&monitor)?);
    context.screen.raw(&lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

fn passwords(file: Option<&Path>) -> Result<Passwords, CliError> {
    let read = file.map(read_passwords).transpose()?;
    Ok(read.unwrap_or_default().into_iter().collect())
}

fn read_passwords(file: &Path) -> Result<BTreeMap<String, String>, CliError> {
    let bytes = files::read(file, PASSWORDS_BYTES_MAX)?;
    // The parser's words could repeat what it read.
    serde_json::from_slice(&bytes).map_err(|e| {
        let place = format!("{}, line {}", file.display(), e.line());
        CliError::new(Kind::InvalidInput, format!("{place}: expected a JSON object of passwords by user"))
    })
}
