use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::phase::{Assignment, Weight, numbered};
use super::{Audience, Definition, ExperimentMetric, Kind, Phase, Schedule};

/// The state of an experiment: draft → running → stopped → archived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    #[default]
    /// Never started; pages do not know it.
    Draft,
    /// Visitors are assigned. Allocation and targeting are locked.
    Running,
    /// Everybody gets the page as it is; results stay.
    Stopped,
    /// Hidden from lists.
    Archived,
}

/// An A/B test on one site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    /// Name on pages and in events, such as `home_hero_test`.
    pub key: String,
    /// Display name.
    pub name: String,
    /// The expected effect, and the reason for it.
    #[serde(default)]
    pub hypothesis: String,
    /// Document id of the site.
    pub site_id: String,
    /// State.
    pub status: Status,
    /// The first one is the control. Weights are parts of 10,000 and sum to 10,000.
    pub variants: Vec<Variant>,
    /// The visitors who take part in the next phase.
    #[serde(flatten)]
    pub audience: Audience,
    /// The seed of the first phase's hash: the key at creation, so that renaming reshuffles nobody.
    pub seed: String,
    /// True if `beacon.js` applies it without being asked.
    pub auto_activate: bool,
    /// Condition for eligible visitors; an empty object is everybody.
    #[serde(default)]
    pub condition: Map<String, Value>,
    /// True if redirects take the page's parameters along.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep_query: bool,
    /// Time in which it assigns while it is running.
    #[serde(default, skip_serializing_if = "Schedule::is_always")]
    pub schedule: Schedule,
    /// One for every start, oldest first.
    #[serde(default, deserialize_with = "numbered")]
    pub phases: Vec<Phase>,
    /// Metrics that decide it.
    pub metrics: Vec<ExperimentMetric>,
    /// Fields of a newer schema.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One arm of an experiment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// Name on pages and in events, such as `control`.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Share of the participants, in parts of 10,000.
    pub weight: u32,
    /// Handed to `activate(config)` on the page.
    #[serde(default)]
    pub config: Value,
    /// The address that its visitors are sent to; `None` stays on the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect: Option<String>,
    /// Fields of a newer schema.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Default for Experiment {
    /// A draft without a name: everybody, on every page, by the visitor id.
    fn default() -> Self {
        Self {
            key: String::new(),
            name: String::new(),
            hypothesis: String::new(),
            site_id: String::new(),
            status: Status::Draft,
            variants: Vec::new(),
            audience: Audience::default(),
            seed: String::new(),
            auto_activate: true,
            condition: Map::new(),
            keep_query: false,
            schedule: Schedule::default(),
            phases: Vec::new(),
            metrics: Vec::new(),
            extra: Map::new(),
        }
    }
}

impl Definition for Experiment {
    const KIND: Kind = Kind::Experiment;
    fn key(&self) -> &str {
        &self.key
    }
    fn name(&self) -> &str {
        &self.name
    }
}

impl Experiment {
    /// Returns the assignment that the experiment's fields describe: what the next phase gets.
    pub fn next_assignment(&self) -> Assignment {
        let weight = |v: &Variant| Weight { variant: v.id.clone(), weight: v.weight };
        Assignment {
            seed: self.seed.clone(),
            weights: self.variants.iter().map(weight).collect(),
            audience: self.audience.clone(),
            condition: self.condition.clone(),
        }
    }

    /// Returns the assignment of one of the experiment's phases.
    pub fn assignment(&self, phase: &Phase) -> Assignment {
        phase.assignment.clone().unwrap_or_else(|| self.next_assignment())
    }

    /// Returns the version of the newest phase's assignments, and the oldest version that doesn't keep visitors out.
    ///
    /// The version grows with each phase that has another seed than the one before: such a phase gives visitors new
    /// variants. A phase that keeps the seed, such as a bandit's, keeps visitors where they are.
    pub fn bucket_versions(&self) -> (u32, u32) {
        let sticky = |a: &Assignment| a.audience.sticky.as_ref().map_or((0, 0), |s| (s.version, s.min_version));
        let Some(newest) = self.phase() else { return sticky(&self.next_assignment()) };
        let (version, least) = sticky(&self.assignment(newest));
        let (mut seeds, mut least_began, mut last) = (0, None, None);
        for assignment in self.phases.iter().map(|phase| self.assignment(phase)) {
            if last.as_ref().is_some_and(|seed| *seed != assignment.seed) {
                seeds += 1;
            }
            if sticky(&assignment).0 >= least && least_began.is_none() {
                least_began = Some(seeds);
            }
            last = Some(assignment.seed);
        }
        (version + seeds, if least == 0 { 0 } else { least + least_began.unwrap_or(seeds) })
    }

    /// Returns true if visitors of a phase keep variants that other weights gave them: an earlier phase with its seed had
    /// another split.
    pub fn keeps_another_split(&self, phase: &Phase) -> bool {
        let own = self.assignment(phase);
        let earlier = self.phases.iter().take_while(|other| other.id != phase.id).map(|other| self.assignment(other));
        let mut same_seed = earlier.filter(|earlier| earlier.seed == own.seed);
        same_seed.any(|earlier| self.variants.iter().any(|v| earlier.weight(&v.id) != own.weight(&v.id)))
    }

    /// Returns the newest phase, whether it runs or has ended.
    pub fn phase(&self) -> Option<&Phase> {
        self.phases.last()
    }
}
