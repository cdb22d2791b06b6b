//! A result that can be recomputed: everything it came from, with a hash over it.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Analysis, Plan, Reason, Sample, Traffic, analyse};

/// Changes whenever the same inputs could give other outputs.
pub const ENGINE_VERSION: u32 = 3;

/// Sufficient statistics of the visitors of one variant who were first exposed on one day with one dimension value. A
/// visitor is in one cell of a metric only, so cells add.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Variant id.
    pub variant: String,
    /// Metric id.
    pub metric: String,
    /// Day of the first exposure in the site's time zone, since 1970-01-01. `None` for a metric whose days do not add, such
    /// as a quantile: its cell is the whole phase.
    pub day: Option<i64>,
    /// Value of the inputs' dimension at the first exposure.
    pub value: String,
    /// The numbers.
    pub sample: Sample,
}

/// All that a result is computed from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inputs {
    /// Revision of the experiment's definition.
    pub definition_revision: u64,
    /// Sequence number of the last event that was counted.
    pub event_watermark: u64,
    /// What was asked.
    pub plan: Plan,
    /// What the cells are cut by, such as `country`; empty when they are not cut. One dimension only: cut by two, a
    /// visitor would be in two cells.
    pub dimension: String,
    /// Sufficient statistics.
    pub cells: Vec<Cell>,
    /// Who came, and who is in no cell.
    pub traffic: Traffic,
}

/// For each metric, each variant's cells.
type Grouped<'a> = Vec<Vec<Vec<&'a Sample>>>;

impl Inputs {
    /// Merges the cells, in their order, and analyses them. Cells of unknown metrics or variants do not count.
    pub fn analyse(&self) -> Result<Analysis, Reason> {
        let mut all = self.nothing();
        let place = self.places();
        for cell in &self.cells {
            place(cell, &mut all);
        }
        self.conclude(all, &self.traffic)
    }

    /// The same for each value of the dimension, in their order. Who came on which day and who saw several variants is not
    /// known by value.
    pub fn analyse_by_value(&self) -> Result<BTreeMap<String, Analysis>, Reason> {
        let mut by_value: BTreeMap<&str, Grouped<'_>> = BTreeMap::new();
        let place = self.places();
        for cell in &self.cells {
            place(cell, by_value.entry(&cell.value).or_insert_with(|| self.nothing()));
        }
        by_value
            .into_iter()
            .map(|(value, cells)| Ok((value.to_owned(), self.conclude(cells, &Traffic::default())?)))
            .collect()
    }

    fn nothing(&self) -> Grouped<'_> {
        vec![vec![Vec::new(); self.plan.variants.len()]; self.plan.metrics.len()]
    }

    /// Puts a cell where it belongs.
    fn places<'a>(&'a self) -> impl Fn(&'a Cell, &mut Grouped<'a>) {
        let metrics: HashMap<&str, usize> =
            self.plan.metrics.iter().enumerate().map(|(i, m)| (m.id.as_str(), i)).collect();
        let variants: HashMap<&str, usize> =
            self.plan.variants.iter().enumerate().map(|(i, v)| (v.as_str(), i)).collect();
        move |cell, grouped| {
            let metric = metrics.get(cell.metric.as_str()).and_then(|m| grouped.get_mut(*m));
            let variant = variants.get(cell.variant.as_str()).zip(metric).and_then(|(v, metric)| metric.get_mut(*v));
            if let Some(samples) = variant {
                samples.push(&cell.sample);
            }
        }
    }

    fn conclude(&self, grouped: Grouped<'_>, traffic: &Traffic) -> Result<Analysis, Reason> {
        let merge = |arms: Vec<Vec<&Sample>>| arms.into_iter().map(Sample::merged).collect::<Result<Vec<_>, _>>();
        let samples: Vec<Vec<Sample>> = grouped.into_iter().map(merge).collect::<Result<_, _>>()?;
        Ok(analyse(&self.plan, &samples, traffic))
    }

    /// SHA-256 over the inputs as JSON and the engine's version, in hexadecimal.
    fn hash(&self, engine_version: u32) -> Result<String, SnapshotError> {
        let json = serde_json::to_vec(&(engine_version, self)).map_err(|_| SnapshotError::Unwritable)?;
        Ok(Sha256::digest(json).iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// Why a snapshot is not what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// The inputs were changed after the hash was taken.
    #[error("The inputs of this result are not those it was computed from.")]
    Changed,
    /// The inputs give other outputs.
    #[error("The result is not what its inputs give.")]
    Differs,
    /// It was computed by another version of the engine, which may have computed differently.
    #[error("Another version of the engine computed this result.")]
    OtherEngine,
    /// The inputs cannot be analysed.
    #[error("The inputs cannot be analysed: {0}.")]
    Unusable(Reason),
    /// The inputs cannot be written as JSON.
    #[error("The inputs cannot be written.")]
    Unwritable,
}

/// A result with all it came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// [`ENGINE_VERSION`] at the time.
    pub engine_version: u32,
    /// What it was computed from.
    pub inputs: Inputs,
    /// SHA-256 over engine version and inputs, in hexadecimal.
    pub hash: String,
    /// The result.
    pub analysis: Analysis,
}

impl Snapshot {
    /// Computes a result and keeps what it came from.
    pub fn take(inputs: Inputs) -> Result<Self, SnapshotError> {
        let analysis = inputs.analyse().map_err(SnapshotError::Unusable)?;
        Ok(Self { engine_version: ENGINE_VERSION, hash: inputs.hash(ENGINE_VERSION)?, inputs, analysis })
    }

    /// Computes it again: the inputs must be the same, and, by the same engine on the same kind of machine, so must be
    /// the outputs, to the last byte of their JSON.
    pub fn verify(&self) -> Result<(), SnapshotError> {
        if self.inputs.hash(self.engine_version)? != self.hash {
            return Err(SnapshotError::Changed);
        }
        if self.engine_version != ENGINE_VERSION {
            return Err(SnapshotError::OtherEngine);
        }
        let again = Self::take(self.inputs.clone())?;
        let bytes = |analysis: &Analysis| serde_json::to_vec(analysis).map_err(|_| SnapshotError::Unwritable);
        if bytes(&again.analysis)? == bytes(&self.analysis)? { Ok(()) } else { Err(SnapshotError::Differs) }
    }
}
