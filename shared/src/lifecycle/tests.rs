use serde_json::{Value, json};

use super::*;
use crate::error::Code;
use crate::model::{Cause, Experiment, Kind, PhasePlan, Status, Weight};
use crate::validate;

fn draft() -> Experiment {
    serde_json::from_value(json!({
        "key": "hero", "name": "Hero", "site_id": "sit_1", "status": "draft", "coverage": 10_000, "hash_attribute": "id",
        "hash_version": 2, "seed": "hero", "auto_activate": true,
        "variants": [{"id": "a", "name": "A", "weight": 5000}, {"id": "b", "name": "B", "weight": 5000}],
        "metrics": [{"id": "m", "name": "M", "role": "goal", "kind": "conversion", "event": "buy"}],
    }))
    .expect("an experiment")
}

fn phase(id: &str, visitors: Visitors) -> NewPhase {
    NewPhase { id: id.to_owned(), cause: Cause::Person, visitors, plan: None }
}

fn start(e: &Experiment, id: &str, visitors: Visitors) -> Experiment {
    change_experiment(e, Command::Start(phase(id, visitors))).expect("started")
}

fn stop(e: &Experiment) -> Experiment {
    change_experiment(e, Command::Stop).expect("stopped")
}

/// Publishes the draft at `now`, and returns it as the desktop then pulls it.
fn publish(body: &mut Value, draft: &Experiment, now: i64) -> Experiment {
    body["draft"] = json!(draft);
    let Ok(Released::Live(live)) = release(Kind::Experiment, body, now) else { panic!("not released") };
    *body = live;
    assert_eq!(body["draft"], body["released"]);
    serde_json::from_value(body["draft"].clone()).expect("an experiment")
}

fn seeds(e: &Experiment) -> Vec<&str> {
    e.phases.iter().filter_map(|p| Some(p.assignment.as_ref()?.seed.as_str())).collect()
}

fn times(e: &Experiment) -> Vec<(Option<i64>, Option<i64>)> {
    e.phases.iter().map(|p| (p.started, p.ended)).collect()
}

#[test]
fn a_new_phase_reassigns_unless_visitors_are_kept() {
    let mut body = json!({"schema": 2, "released": null});
    let first = publish(&mut body, &start(&draft(), "p1", Visitors::Reassign), 10);
    let second = publish(&mut body, &start(&stop(&first), "p2", Visitors::Reassign), 20);
    let third = publish(&mut body, &start(&stop(&second), "p3", Visitors::Keep), 30);
    assert_eq!(seeds(&third), ["hero", "hero:p2", "hero:p2"]);
}

/// A plan is made once for a start; who only moves the weights has the plan of before.
#[test]
fn a_phase_has_a_plan() {
    let plan = |visitors| PhasePlan { visitors, days: 28, ..PhasePlan::default() };
    let begin = |e: &Experiment, id, visitors: Option<u64>| {
        let next = NewPhase { plan: visitors.map(plan), ..phase(id, Visitors::Reassign) };
        change_experiment(e, Command::Start(next)).expect("started")
    };
    let mut body = json!({"schema": 2, "released": null});
    let first = publish(&mut body, &begin(&draft(), "p1", Some(4000)), 10);
    let second = publish(&mut body, &begin(&stop(&first), "p2", None), 20);
    let third = begin(&stop(&second), "p3", Some(9000));
    let planned: Vec<_> = third.phases.iter().map(|p| p.plan.as_ref().map(|plan| plan.visitors)).collect();
    assert_eq!(planned, [Some(4000), Some(4000), Some(9000)]);
    assert_eq!(start(&draft(), "p1", Visitors::Reassign).phases[0].plan, None);
}

#[test]
fn the_edge_says_when_phases_start_and_end() {
    let mut body = json!({"schema": 2, "released": null});
    let started = start(&draft(), "p1", Visitors::Reassign);
    assert_eq!(times(&started), [(None, None)], "pressing Start starts nothing on the site");
    let first = publish(&mut body, &started, 10);
    assert_eq!(times(&first), [(Some(10), None)]);
    assert_eq!(times(&publish(&mut body, &first, 15)), [(Some(10), None)], "publishing again starts nothing");
    let second = publish(&mut body, &start(&stop(&first), "p2", Visitors::Reassign), 20);
    assert_eq!(times(&second), [(Some(10), Some(20)), (Some(20), None)], "one publication ends and begins");
    let last = publish(&mut body, &stop(&second), 30);
    assert_eq!(times(&last), [(Some(10), Some(20)), (Some(20), Some(30))]);
}

#[test]
fn a_phase_that_never_went_live_is_replaced() {
    let e = start(&stop(&start(&draft(), "p1", Visitors::Reassign)), "p2", Visitors::Reassign);
    assert_eq!(e.phases.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), ["p2"]);
    assert_eq!(seeds(&e), ["hero:p2"]);
}

#[test]
fn times_that_a_draft_claims_do_not_go_live() {
    let mut forged = start(&draft(), "p1", Visitors::Reassign);
    forged.phases[0].started = Some(1);
    let mut body = json!({"schema": 2, "released": null});
    assert_eq!(times(&publish(&mut body, &forged, 10)), [(Some(10), None)]);
}

#[test]
fn phases_of_schema_1_go_on() {
    let old = json!({"schema": 1, "released": null, "draft": json!(draft())});
    let mut old = old;
    old["draft"]["status"] = json!("running");
    old["draft"]["phases"] = json!([{"started_at": 1, "ended_at": null}]);
    old["released"] = old["draft"].clone();
    let Ok(Released::Live(same)) = release(Kind::Experiment, &old, 50) else { panic!("not released") };
    assert_eq!(same, old, "what runs goes on as it is");
    let stopped = transition(Kind::Experiment, &old, Action::Stop, 60).expect("stopped");
    for part in ["draft", "released"] {
        let e: Experiment = serde_json::from_value(stopped[part].clone()).expect("an experiment");
        assert_eq!((e.status, times(&e)), (Status::Stopped, vec![(Some(1), Some(60))]), "{part}");
    }
}

#[test]
fn a_phase_keeps_its_weights() {
    let mut body = json!({"schema": 2, "released": null});
    let first = publish(&mut body, &start(&draft(), "p1", Visitors::Reassign), 10);
    let weights = [("a", 1000), ("b", 9000)].map(|(v, weight)| Weight { variant: v.into(), weight });
    let command = Command::Reweigh(phase("p2", Visitors::Keep), weights.to_vec());
    let e = change_experiment(&first, command).expect("reweighed");
    let of = |i: usize| ["a", "b"].map(|v| e.assignment(&e.phases[i]).weight(v));
    assert_eq!((of(0), of(1)), ([5000, 5000], [1000, 9000]));
    assert_eq!(validate::locked_changes(&first, &e), [], "a new phase may have other weights");
    assert_eq!(times(&publish(&mut body, &e, 20)), [(Some(10), Some(20)), (Some(20), None)]);
}

#[test]
fn what_runs_cannot_be_changed_in_place() {
    let running = start(&draft(), "p1", Visitors::Reassign);
    let mut sneaky = running.clone();
    if let Some(assignment) = &mut sneaky.phases[0].assignment {
        assignment.audience.coverage = 1;
    }
    assert_eq!(validate::locked_changes(&running, &sneaky)[0].pointer, "/phases");
    keep_state(Some(&running), &mut sneaky);
    assert_eq!(sneaky, running);
}

#[test]
fn commands_that_the_state_does_not_allow() {
    let running = start(&draft(), "p1", Visitors::Reassign);
    let refused = |e: &Experiment, command| change_experiment(e, command).expect_err("refused").code;
    assert_eq!(refused(&running, Command::Archive), Code::Locked);
    let archived = change_experiment(&draft(), Command::Archive).expect("archived");
    assert_eq!(refused(&archived, Command::Start(phase("p", Visitors::Keep))), Code::Locked);
    assert_eq!(refused(&draft(), Command::Reweigh(phase("p", Visitors::Keep), Vec::new())), Code::Locked);
    assert_eq!(change_experiment(&archived, Command::Unarchive).map(|e| e.status), Ok(Status::Draft));
    let unfinished = Experiment { variants: Vec::new(), ..draft() };
    let error = change_experiment(&unfinished, Command::Start(phase("p", Visitors::Keep))).expect_err("refused");
    assert_eq!(error.problems[0].pointer, "/variants");
    assert_eq!(start(&running, "p2", Visitors::Reassign), running, "starting twice starts once");
}

#[test]
fn a_stop_leaves_what_is_half_typed_alone() {
    let mut body = json!({"schema": 2, "released": null});
    let live = publish(&mut body, &start(&draft(), "p1", Visitors::Reassign), 10);
    body["draft"]["name"] = json!("");
    body["draft"]["future"] = json!({"kept": 9_007_199_254_740_993_u64});
    let stopped = transition(Kind::Experiment, &body, Action::Stop, 20).expect("stopped");
    assert_eq!(stopped["released"]["status"], json!("stopped"));
    assert_eq!(stopped["draft"]["status"], json!("stopped"));
    assert_eq!(stopped["released"]["name"], json!("Hero"), "the draft's text does not go live with it");
    assert_eq!(stopped["draft"]["future"], body["draft"]["future"]);
    assert_eq!(stopped["released"]["phases"][0]["ended"], json!(20));
    assert_eq!(transition(Kind::Experiment, &stopped, Action::Stop, 30), Ok(stopped.clone()), "twice is once");

    let mut next = body.clone();
    next["draft"] = json!(start(&stop(&live), "p2", Visitors::Reassign));
    let stopped = transition(Kind::Experiment, &next, Action::Stop, 20).expect("stopped");
    assert_eq!(stopped["draft"]["status"], json!("running"), "a phase that waits for publishing still does");
    assert_eq!(stopped["draft"]["phases"][0]["ended"], json!(20));
}

#[test]
fn a_kill_needs_something_live() {
    let flag = json!({"key": "f", "enabled": true, "default_value": 1});
    let live = json!({"schema": 2, "draft": {"enabled": true, "half": "typ"}, "released": flag});
    let killed = transition(Kind::Flag, &live, Action::Kill, 1).expect("killed");
    assert_eq!((&killed["released"]["enabled"], &killed["draft"]["enabled"]), (&json!(false), &json!(false)));
    assert_eq!(killed["draft"]["half"], json!("typ"));
    let never = json!({"schema": 2, "draft": flag, "released": null});
    assert_eq!(transition(Kind::Flag, &never, Action::Kill, 1).expect_err("refused").code, Code::Locked);
    assert_eq!(transition(Kind::Site, &live, Action::Kill, 1).expect_err("refused").code, Code::Locked);
}

#[test]
fn a_removal_is_released_like_any_other_change() {
    let body = json!({"schema": 2, "draft": {"key": "f"}, "released": {"key": "f"}, "removed": true});
    let Ok(Released::Removed(body)) = release(Kind::Flag, &body, 1) else { panic!("not removed") };
    assert_eq!(body["released"], Value::Null);
}

#[test]
fn what_is_live_is_removed_by_publishing() {
    let draft = json!({"schema": 2, "draft": {"key": "f"}, "released": null});
    assert_eq!(remove(Kind::Flag, &draft), Ok((draft.clone(), true)));
    let live = json!({"schema": 2, "draft": {"key": "f"}, "released": {"key": "f"}});
    let (marked, deleted) = remove(Kind::Flag, &live).expect("marked");
    assert_eq!((is_removed(&marked), deleted), (true, false));
    assert_eq!(restore(&marked), live);
    let running = json!({"draft": {"status": "stopped"}, "released": {"status": "running"}});
    assert_eq!(remove(Kind::Experiment, &running).expect_err("refused").code, Code::Locked);
}
