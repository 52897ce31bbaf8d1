//! One interleaving: a few cycles in lanes and a few loose operations, thrown to the actors.

use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{Kind, OperationId, Phase, Priority};
use ktrdr_fabric::store::{NewChild, NewOperation, NewRoot, Pace, Submitted};
use serde_json::json;

use crate::actors::{Actors, Chaos};
use crate::dice::Dice;
use crate::oracle::{Cycle, Oracle};
use crate::world::World;

/// The phases of a cycle, as far as a scenario goes.
/// Steps of chaos before the canceller and the crashes rest, so that everything can end.
const CHAOS_STEPS: u64 = 150;

/// Steps after which what has not ended is stuck.
const STEPS_MAX: u64 = 4000;

/// What a scenario is about.
pub(crate) struct Scenario {
    name: String,
    roots: usize,
    in_flight: usize,
    generation: usize,
    phases: usize,
    leaves: usize,
}

impl Scenario {
    /// Plays one seed to its end; what was seen, and what it broke.
    pub(crate) async fn run(world: &World, seed: u64) -> Oracle {
        let mut dice = Dice::new(seed);
        let scenario = Self {
            name: format!("op_{seed}"),
            roots: dice.index(5),
            in_flight: 1 + dice.index(3),
            generation: 1 + dice.index(3),
            phases: 1 + dice.index(Phase::ALL.len()),
            leaves: 1 + dice.index(3),
        };
        let name = scenario.campaign();
        let chaos = Chaos::of_some_kind(&mut dice);
        let mut oracle = Oracle::new(scenario.cycles(), scenario.leaves(), scenario.in_flight);
        scenario.submit(world).await;
        let mut actors = Actors::new(world, scenario, chaos);
        for step in 0.. {
            let calm = step >= CHAOS_STEPS;
            actors.step(calm, &mut dice, &mut oracle).await;
            if dice.percent(if calm { 4 } else { 10 }) && oracle.look(world.store.as_ref()).await && calm {
                break;
            }
            if step == STEPS_MAX {
                oracle.complain("stuck", format!("not all has ended after {STEPS_MAX} steps"));
                return oracle;
            }
            if !oracle.violations.is_empty() {
                return oracle;
            }
        }
        actors.empty_the_outbox(&mut oracle).await;
        oracle.look_at_lists(world.store.as_ref()).await;
        oracle.look_at_the_campaign(world.campaigns.as_ref(), &name).await;
        oracle.look_at_histories(world.store.as_ref()).await;
        oracle.conclude();
        oracle
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn campaign(&self) -> CampaignName {
        self.name.replacen("op_", "c-", 1).parse().unwrap()
    }

    fn root(&self, i: usize) -> OperationId {
        format!("{}_r{i}", self.name).parse().unwrap()
    }

    fn leaf(&self, i: usize) -> OperationId {
        format!("{}_l{i}", self.name).parse().unwrap()
    }

    fn leaves(&self) -> Vec<OperationId> {
        (0..self.leaves).map(|i| self.leaf(i)).collect()
    }

    /// Everything that someone could want to cancel.
    pub(crate) fn targets(&self) -> Vec<OperationId> {
        let cycles =
            self.cycles().into_iter().flat_map(|cycle| cycle.children.into_iter().chain([cycle.root]));
        cycles.chain(self.leaves()).collect()
    }

    fn cycles(&self) -> Vec<Cycle> {
        let cycle = |i| {
            let root = self.root(i);
            let children = Phase::ALL[..self.phases].iter().map(|phase| phase.child_of(&root)).collect();
            Cycle { root, children, generation: i / self.generation }
        };
        (0..self.roots).map(cycle).collect()
    }

    /// The phase that a child belongs to, and the one after it.
    pub(crate) fn phase_of(&self, child: &OperationId) -> (usize, Option<usize>) {
        let phase = Phase::ALL.iter().position(|phase| child.is_of(phase.kind())).unwrap();
        (phase, Some(phase + 1).filter(|next| *next < self.phases))
    }

    pub(crate) fn phase(phase: usize) -> Phase {
        Phase::ALL[phase]
    }

    pub(crate) fn child(root: &OperationId, phase: usize) -> NewChild {
        let kind = Phase::ALL[phase].kind();
        NewChild { id: root.child(kind, 1), kind, spec: json!({}), tries_max: 4, priority: Priority::Normal }
    }

    async fn submit(&self, world: &World) {
        let new_root = |i| {
            let id = self.root(i);
            NewRoot {
                kind: Kind::AgentResearch,
                first: Self::child(&id, 0),
                id,
                campaign: self.campaign(),
                spec: json!({}),
                phase: Self::phase(0),
            }
        };
        let roots: Vec<NewRoot> = (0..self.roots).map(new_root).collect();
        if !roots.is_empty() {
            let [in_flight, generation] =
                [self.in_flight, self.generation].map(|count| u32::try_from(count).unwrap());
            let pace = Pace { in_flight, generation };
            let submitted = world.store.submit_roots(roots.clone(), pace).await.unwrap();
            assert_eq!(submitted, Submitted::Created);
            let again = world.store.submit_roots(roots, pace).await.unwrap();
            assert_eq!(again, Submitted::Duplicate(self.root(0)));
        }
        for id in self.leaves() {
            let new = NewOperation {
                idempotency_key: Some(format!("key of {id}")),
                id,
                kind: Kind::Probe,
                spec: json!({}),
                tries_max: 3,
                priority: Priority::Normal,
            };
            assert_eq!(world.store.submit(new.clone()).await.unwrap(), Submitted::Created);
            assert_eq!(world.store.submit(new.clone()).await.unwrap(), Submitted::Duplicate(new.id));
        }
    }
}
