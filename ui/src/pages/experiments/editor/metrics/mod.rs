//! The metrics that an experiment is judged by.

mod new_metric;
mod picker;
mod row;

use std::rc::Rc;

use beacon_shared::error::Problem;
use beacon_shared::ipc::Summary;
use beacon_shared::model::{Experiment, ExperimentMetric, Kind, MetricUse, Role};
use beacon_shared::validate::MAX_METRICS;
use yew::prelude::*;

use super::PartProps;
use crate::pages::documents::problem_under;
use crate::state::{Editor, use_rows};
use crate::widgets::keys;
use picker::Picker;
use row::Row;

#[component]
pub fn Metrics(props: &PartProps) -> Html {
    let (e, editor) = (&props.experiment, &props.editor);
    let (known, is_adding) = (use_rows(Kind::Metric), use_state(|| false));
    let known: Vec<Rc<Summary>> = known.value.unwrap_or_default();
    let toggle = {
        let is_adding = is_adding.clone();
        move |_: MouseEvent| is_adding.set(!*is_adding)
    };
    let on_done = {
        let is_adding = is_adding.setter();
        Callback::from(move |()| is_adding.set(false))
    };
    let add = editor.edit(|e: &mut Experiment, id: String| add(e, &id));
    let on_pick = {
        let on_done = on_done.clone();
        Callback::from(move |id: String| {
            add.emit(id);
            on_done.emit(());
        })
    };
    let keys = keys(e.metrics.iter().map(ExperimentMetric::id));
    let rows = e.metrics.iter().zip(keys).enumerate().map(|(index, (metric, key))| {
        let row = metric.document().and_then(|id| known.iter().find(|row| row.id == id)).cloned();
        let (editor, metric, problems) = (editor.clone(), metric.clone(), props.problems.clone());
        html! { <Row {key} {editor} {index} {metric} {row} {problems} /> }
    });
    // Without any metric there is nothing else to do here.
    let is_open = *is_adding || e.metrics.is_empty();
    html! {
        <section class="card" id="metrics">
            <header class="card-head"><h2>{ "Metrics" }</h2></header>
            <div class="metric-uses">{ for rows }</div>
            if let Some(problem) = lists_problem(&props.problems).filter(|_| !e.metrics.is_empty()) {
                <p class="note problem">{ problem }</p>
            }
            if is_open {
                <Picker metrics={unused(&known, e)} taken={known} {on_pick} {on_done}
                    can_close={!e.metrics.is_empty()} />
            }
            if !e.metrics.is_empty() {
                <div class="actions">
                    <button type="button" data-testid="metric-add" onclick={toggle}
                        disabled={e.metrics.len() >= MAX_METRICS}>
                        { if *is_adding { "Done" } else { "Add metric" } }
                    </button>
                </div>
            }
        </section>
    }
}

/// Returns what is wrong with the list itself.
fn lists_problem(problems: &[Problem]) -> Option<AttrValue> {
    let of_list: Vec<Problem> = problems.iter().filter(|p| p.pointer == "/metrics").cloned().collect();
    problem_under(&of_list, "/metrics")
}

/// Returns the metrics that the experiment does not use yet.
fn unused(known: &[Rc<Summary>], e: &Experiment) -> Vec<Rc<Summary>> {
    let is_used = |row: &Summary| e.metrics.iter().any(|metric| metric.document() == Some(&row.id));
    known.iter().filter(|row| !is_used(row) && !row.removed && row.readable).cloned().collect()
}

/// Adds a metric: the first one as the goal. What is there stays.
fn add(e: &mut Experiment, id: &str) {
    let has_goal = e.metrics.iter().any(|metric| metric.role() == Role::Goal);
    if e.metrics.iter().all(|metric| metric.document() != Some(id)) {
        let role = if has_goal { Role::Secondary } else { Role::Goal };
        e.metrics.push(ExperimentMetric::Shared(MetricUse::new(id, role)));
    }
}

#[derive(Clone, Properties, PartialEq)]
pub struct RowProps {
    pub editor: Editor<Experiment>,
    pub index: usize,
    pub metric: ExperimentMetric,
    /// The metric's document; `None` for an own metric, or before it is loaded.
    pub row: Option<Rc<Summary>>,
    pub problems: Vec<Problem>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_metric_decides_and_none_is_added_twice() {
        let mut e = Experiment::default();
        for id in ["a", "b", "a"] {
            add(&mut e, id);
        }
        let added: Vec<_> = e.metrics.iter().map(|m| (m.document(), m.role())).collect();
        assert_eq!(added, [(Some("a"), Role::Goal), (Some("b"), Role::Secondary)]);
    }
}
