//! From released documents to what websites get: a GrowthBook payload for each site.

use serde_json::{Map, Value, json};

use crate::api::{Bundle, SiteBundle};
use crate::model::{Body, Document, Experiment, Flag, Kind, Site, Status};
use crate::validate::WHOLE;

/// The bundle of the released parts of `documents`, which are the workspace at sequence number `seq`.
///
/// Deterministic: the same documents give the same bytes, in whatever order they come. Deleted documents and those
/// that were never released are left out; a document that is not of its kind's shape counts as never released.
pub fn bundle(seq: u64, documents: &[Document]) -> Bundle {
    let experiments: Vec<(&str, Experiment)> = released(documents, Kind::Experiment);
    let flags: Vec<(&str, Flag)> = released(documents, Kind::Flag);
    let sites = released::<Site>(documents, Kind::Site).into_iter().map(|(id, site)| {
        let payload = if site.enabled { site_payload(id, &experiments, &flags) } else { empty() };
        let site =
            SiteBundle { domains: site.domains, allow_localhost: site.allow_localhost, enabled: site.enabled, payload };
        (id.to_owned(), site)
    });
    Bundle { seq, sites: sites.collect() }
}

/// What a site without definitions gets.
fn empty() -> Value {
    json!({"features": {}, "experiments": []})
}

fn released<T: serde::de::DeserializeOwned>(documents: &[Document], kind: Kind) -> Vec<(&str, T)> {
    let mut found: Vec<(&str, T)> = documents
        .iter()
        .filter(|d| d.kind == kind && !d.deleted)
        .filter_map(|d| {
            let body: Body<Value> = serde_json::from_value(d.body.clone()).ok()?;
            Some((d.id.as_str(), serde_json::from_value(body.released?).ok()?))
        })
        .collect();
    found.sort_by_key(|(id, _)| *id);
    found
}

fn site_payload(site_id: &str, experiments: &[(&str, Experiment)], flags: &[(&str, Flag)]) -> Value {
    let features: Map<String, Value> = flags
        .iter()
        .filter(|(_, f)| f.site_ids.iter().any(|s| s == site_id))
        .map(|(_, f)| (f.key.clone(), feature(f)))
        .collect();
    let running: Vec<Value> = experiments
        .iter()
        .filter(|(_, e)| e.site_id == site_id && e.status == Status::Running)
        .map(|(_, e)| experiment(e))
        .collect();
    json!({"features": features, "experiments": running})
}

fn feature(f: &Flag) -> Value {
    if !f.enabled {
        return json!({"defaultValue": null});
    }
    let rules: Vec<Value> = f
        .rules
        .iter()
        .map(|r| {
            let mut rule = json!({"id": r.id, "force": r.value});
            if !r.condition.is_empty() {
                rule["condition"] = Value::Object(r.condition.clone());
            }
            if r.coverage < WHOLE {
                // The rule's id is part of the seed, so that two partial rollouts do not pick the same visitors.
                rule["coverage"] = json!(part(r.coverage));
                rule["hashAttribute"] = json!("id");
                rule["hashVersion"] = json!(2);
                rule["seed"] = json!(format!("{}:{}", f.key, r.id));
            }
            rule
        })
        .collect();
    json!({"defaultValue": f.default_value, "rules": rules})
}

fn experiment(e: &Experiment) -> Value {
    let mut out = json!({
        "key": e.key,
        "name": e.name,
        "status": "running",
        "variations": e.variants.iter().map(|v| v.config.clone()).collect::<Vec<_>>(),
        "meta": e.variants.iter().map(|v| json!({"key": v.id, "name": v.name})).collect::<Vec<_>>(),
        "weights": e.variants.iter().map(|v| part(v.weight)).collect::<Vec<_>>(),
        "coverage": part(e.coverage),
        "hashAttribute": e.hash_attribute,
        "hashVersion": e.hash_version,
        "seed": e.seed,
        "phase": e.phases.len().saturating_sub(1).to_string(),
        "autoActivate": e.auto_activate,
    });
    if !e.condition.is_empty() {
        out["condition"] = Value::Object(e.condition.clone());
    }
    out
}

fn part(parts: u32) -> f64 {
    f64::from(parts) / f64::from(WHOLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(id: &str, kind: Kind, draft: Value, released: Value, deleted: bool) -> Document {
        let body = json!({"schema": 1, "draft": draft, "released": released});
        Document { id: id.into(), kind, key: id.into(), rev: 1, seq: 1, deleted, body }
    }

    fn site(enabled: bool) -> Value {
        json!({"key": "s", "name": "S", "domains": ["s.example"], "enabled": enabled, "time_zone": "UTC"})
    }

    fn an_experiment(key: &str, status: &str) -> Value {
        json!({
            "key": key, "name": "E", "site_id": "sit_1", "status": status,
            "variants": [
                {"id": "control", "name": "C", "weight": 3000, "config": {"h": 1}},
                {"id": "b", "name": "B", "weight": 7000, "config": {"h": 2}}
            ],
            "coverage": 5000, "hash_attribute": "id", "hash_version": 2, "seed": "first-key", "auto_activate": true,
            "phases": [{"started_at": 1, "ended_at": 2}, {"started_at": 3, "ended_at": null}],
            "metrics": []
        })
    }

    #[test]
    fn only_the_released_part_of_what_runs_is_served() {
        let documents = [
            document("exp_3", Kind::Experiment, an_experiment("draft", "running"), json!(null), false),
            document(
                "exp_2",
                Kind::Experiment,
                an_experiment("gone", "running"),
                an_experiment("gone", "running"),
                true,
            ),
            document(
                "exp_1",
                Kind::Experiment,
                an_experiment("edited", "running"),
                an_experiment("live", "running"),
                false,
            ),
            document(
                "exp_0",
                Kind::Experiment,
                an_experiment("over", "stopped"),
                an_experiment("over", "stopped"),
                false,
            ),
            document("sit_1", Kind::Site, site(true), site(true), false),
        ];
        let bundle = bundle(7, &documents);
        assert_eq!(bundle.seq, 7);
        let payload = &bundle.sites["sit_1"].payload;
        assert_eq!(
            payload["experiments"],
            json!([{
                "key": "live", "name": "E", "status": "running", "variations": [{"h": 1}, {"h": 2}],
                "meta": [{"key": "control", "name": "C"}, {"key": "b", "name": "B"}],
                "weights": [0.3, 0.7], "coverage": 0.5, "hashAttribute": "id", "hashVersion": 2, "seed": "first-key",
                "phase": "1", "autoActivate": true
            }])
        );
    }

    #[test]
    fn a_disabled_site_gets_nothing() {
        let documents = [
            document("sit_1", Kind::Site, site(false), site(false), false),
            document("exp_1", Kind::Experiment, an_experiment("e", "running"), an_experiment("e", "running"), false),
        ];
        assert_eq!(bundle(1, &documents).sites["sit_1"].payload, empty());
    }

    #[test]
    fn a_killed_flag_serves_null_and_a_rollout_has_its_own_seed() {
        let flag = |enabled: bool| {
            json!({
                "key": "nav", "name": "Nav", "site_ids": ["sit_1"], "enabled": enabled, "default_value": false,
                "rules": [{"id": "r1", "coverage": 2500, "value": true, "condition": {"country": "DE"}}]
            })
        };
        let serve = |enabled: bool| {
            let documents = [
                document("sit_1", Kind::Site, site(true), site(true), false),
                document("flg_1", Kind::Flag, flag(enabled), flag(enabled), false),
            ];
            bundle(1, &documents).sites["sit_1"].payload["features"]["nav"].clone()
        };
        assert_eq!(serve(false), json!({"defaultValue": null}));
        assert_eq!(
            serve(true),
            json!({"defaultValue": false, "rules": [{
                "id": "r1", "force": true, "condition": {"country": "DE"},
                "coverage": 0.25, "hashAttribute": "id", "hashVersion": 2, "seed": "nav:r1"
            }]})
        );
    }

    #[test]
    fn the_order_of_documents_does_not_change_the_bytes() {
        let mut documents = vec![
            document("sit_1", Kind::Site, site(true), site(true), false),
            document("exp_1", Kind::Experiment, an_experiment("a", "running"), an_experiment("a", "running"), false),
            document("exp_2", Kind::Experiment, an_experiment("b", "running"), an_experiment("b", "running"), false),
        ];
        let bytes = serde_json::to_string(&bundle(1, &documents)).expect("JSON");
        documents.reverse();
        assert_eq!(serde_json::to_string(&bundle(1, &documents)).expect("JSON"), bytes);
    }
}
