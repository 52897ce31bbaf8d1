//! Many at once: those that failed, or were cancelled, and to which every filter applies.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::process::ExitCode;

use ktrdr_domain::{Operation, OperationId, Status};
use ktrdr_fabric::store::{Filter, NewOperation, NewRoot, Pace, Submitted};
use ktrdr_research::resume;
use serde_json::json;

use super::{new_leaf, successor};
use crate::cli::operations::RetryGroup;
use crate::commands::Context;
use crate::confirm::confirm;
use crate::exit::{CliError, Kind};
use crate::workspace::Workspace;

/// Rows read at once.
const PAGE: u32 = 1000;

/// Cycles and jobs that are submitted in one go; what remains is for the next.
const GROUP_MAX: usize = 10_000;

/// What a group comes to.
#[derive(Default)]
struct Plan {
    cycles: Vec<NewRoot>,
    jobs: Vec<NewOperation>,
    /// What is left alone, and why.
    others: BTreeMap<String, usize>,
}

impl Plan {
    fn leave(&mut self, why: impl Into<String>) {
        *self.others.entry(why.into()).or_default() += 1;
    }

    fn len(&self) -> usize {
        self.cycles.len() + self.jobs.len()
    }
}

pub(super) async fn run(
    context: &Context<'_>,
    workspace: &Workspace,
    group: &RetryGroup,
    yes: bool,
) -> Result<ExitCode, CliError> {
    let mut plan = plan(workspace, group).await?;
    for (why, count) in &plan.others {
        context.screen.note(format!("{count} left alone: {why}"));
    }
    if plan.len() > 0 {
        let what = format!(
            "this resumes {} research cycles and submits {} jobs again",
            plan.cycles.len(),
            plan.jobs.len()
        );
        confirm(context.screen, &what, yes)?;
    }
    let others = std::mem::take(&mut plan.others);
    let retried = submit(workspace, plan).await?;
    let document = json!({ "retried": retried, "left_alone": others });
    context.screen.answer(&document, |screen| {
        retried.iter().for_each(|id| screen.line(id));
        if retried.is_empty() {
            screen.line("nothing to retry");
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn plan(workspace: &Workspace, group: &RetryGroup) -> Result<Plan, CliError> {
    let (mut plan, mut cycles, mut seen) = (Plan::default(), HashMap::new(), HashSet::new());
    for row in matching(workspace, group).await? {
        let whole = match &row.root {
            None => row,
            Some(root) => match cycle_of(workspace, root, &mut cycles).await? {
                Some(cycle) => cycle,
                None => continue,
            },
        };
        if !seen.insert(whole.id.clone()) {
            continue;
        }
        if plan.len() == GROUP_MAX {
            plan.leave(format!("more than {GROUP_MAX}: say it again"));
        } else if whole.kind.is_root() {
            resume(workspace, &whole, &mut plan).await?;
        } else {
            // Of one operation one repetition, however often a group is retried.
            let key = Some(format!("retry of {}", whole.id));
            plan.jobs.push(NewOperation { idempotency_key: key, ..new_leaf(workspace, &whole)? });
        }
    }
    Ok(plan)
}

async fn resume(workspace: &Workspace, cycle: &Operation, plan: &mut Plan) -> Result<(), CliError> {
    if workspace.store.get(&successor(&cycle.id)).await?.is_some() {
        plan.leave("resumed before");
        return Ok(());
    }
    match resume::plan(&*workspace.store, cycle, workspace.settings.fleet.tries_max).await? {
        Ok(next) => plan.cycles.push(next),
        Err(resume::NotResumed::OnItsMerits(_)) => plan.leave("ended by their own merits"),
        Err(why) => plan.leave(why.to_string()),
    }
    Ok(())
}

/// Every row that the store can tell belongs to the group, newest first.
async fn matching(workspace: &Workspace, group: &RetryGroup) -> Result<Vec<Operation>, CliError> {
    let mut found = Vec::new();
    let mut filter = Filter {
        campaign: group.campaign.clone(),
        status: Some(group.status.unwrap_or(Status::Failed)),
        kind: group.kind,
        dead: group.dead,
        limit: PAGE,
        ..Filter::default()
    };
    loop {
        let page = workspace.store.list(&filter).await?.operations;
        filter.offset += u64::from(PAGE);
        let is_last = page.len() < PAGE as usize;
        let has_reason = |o: &Operation| group.reason.is_none() || group.reason == o.reason;
        found.extend(page.into_iter().filter(has_reason));
        if is_last {
            return Ok(found);
        }
    }
}

/// The cycle of a job, read once.
async fn cycle_of(
    workspace: &Workspace,
    root: &OperationId,
    read: &mut HashMap<OperationId, Option<Operation>>,
) -> Result<Option<Operation>, CliError> {
    if !read.contains_key(root) {
        read.insert(root.clone(), workspace.store.get(root).await?);
    }
    Ok(read.get(root).cloned().flatten())
}

/// Cycles in one campaign, so that no more of them run at a time than is configured.
async fn submit(workspace: &Workspace, plan: Plan) -> Result<Vec<OperationId>, CliError> {
    let mut retried: Vec<OperationId> = plan.cycles.iter().map(|root| root.id.clone()).collect();
    if !plan.cycles.is_empty() {
        let pace = Pace::free(workspace.settings.research.in_flight);
        if let Submitted::Duplicate(id) = workspace.store.submit_roots(plan.cycles, pace).await? {
            let message = format!("somebody else resumes these cycles, {id} among them: say it again");
            return Err(CliError::new(Kind::Conflict, message));
        }
    }
    for job in plan.jobs {
        let id = job.id.clone();
        if workspace.store.submit(job).await? == Submitted::Created {
            retried.push(id);
        }
    }
    Ok(retried)
}
