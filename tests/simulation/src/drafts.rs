//! Drafts, and the edits that people make in them. Every edit leaves a draft that could go live.

use beacon_shared::model::Kind;
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::ledger::Ledger;

/// Makes a draft of a kind on a site.
pub fn fresh(kind: Kind, key: &str, site: &str, ledger: &mut Ledger) -> Value {
    match kind {
        Kind::Site => json!({
            "key": key, "name": ledger.fresh(), "domains": ["shop.example"], "enabled": true, "time_zone": "UTC",
        }),
        Kind::Experiment => json!({
            "key": key, "name": ledger.fresh(), "hypothesis": ledger.fresh(), "site_id": site, "status": "draft",
            "variants": [
                {"id": "a", "name": ledger.fresh(), "weight": 5000, "config": {}},
                {"id": "b", "name": ledger.fresh(), "weight": 5000, "config": {}},
            ],
            "coverage": 10_000, "hash_attribute": "id", "hash_version": 2, "seed": key, "auto_activate": true,
            "metrics": [{"id": "m", "name": ledger.fresh(), "role": "goal", "kind": "conversion", "event": "buy"}],
        }),
        _ => json!({
            "key": key, "name": ledger.fresh(), "description": ledger.fresh(), "site_ids": [site], "enabled": true,
            "default_value": 0, "rules": [rule(ledger), rule(ledger)],
        }),
    }
}

fn rule(ledger: &mut Ledger) -> Value {
    let note = ledger.fresh();
    json!({"id": note.replace("tok-", "r"), "condition": {}, "coverage": 10_000, "value": 1, "note": note})
}

/// Changes a draft as a person would. `newer` types into a field that other versions do not know.
pub fn edit(kind: Kind, draft: &mut Value, newer: bool, ledger: &mut Ledger, rng: &mut StdRng) {
    if newer && rng.random_ratio(1, 2) {
        return edit_unknown(kind, draft, ledger, rng);
    }
    match kind {
        Kind::Site => draft["name"] = json!(ledger.fresh()),
        Kind::Metric => draft[["name", "description"][rng.random_range(0..2)]] = json!(ledger.fresh()),
        Kind::Experiment => edit_experiment(draft, ledger, rng),
        _ => edit_flag(draft, ledger, rng),
    }
}

fn edit_flag(draft: &mut Value, ledger: &mut Ledger, rng: &mut StdRng) {
    let count = draft["rules"].as_array().map_or(0, Vec::len);
    match rng.random_range(0..6) {
        0 => draft["name"] = json!(ledger.fresh()),
        1 => draft["description"] = json!(ledger.fresh()),
        2 if count > 0 => draft["rules"][rng.random_range(0..count)]["note"] = json!(ledger.fresh()),
        3 if count < 6 => {
            let place = rng.random_range(0..=count);
            if let Some(rules) = draft["rules"].as_array_mut() {
                rules.insert(place, rule(ledger));
            }
        }
        4 if count > 1 => {
            if let Some(rules) = draft["rules"].as_array_mut() {
                rules.remove(rng.random_range(0..count));
            }
        }
        5 if count > 1 => {
            if let Some(rules) = draft["rules"].as_array_mut() {
                let moved = rules.remove(rng.random_range(0..count));
                rules.insert(rng.random_range(0..count), moved);
            }
        }
        _ => draft["name"] = json!(ledger.fresh()),
    }
}

fn edit_experiment(draft: &mut Value, ledger: &mut Ledger, rng: &mut StdRng) {
    match rng.random_range(0..5) {
        0 => draft["name"] = json!(ledger.fresh()),
        1 => draft["hypothesis"] = json!(ledger.fresh()),
        2 => draft["variants"][rng.random_range(0..2)]["name"] = json!(ledger.fresh()),
        // A metric of the workspace has its name in a document of its own.
        3 if draft["metrics"][0]["metric"].is_null() => draft["metrics"][0]["name"] = json!(ledger.fresh()),
        _ => {
            let weight = rng.random_range(1..10_000);
            draft["variants"][0]["weight"] = json!(weight);
            draft["variants"][1]["weight"] = json!(10_000 - weight);
        }
    }
}

/// Types into a field of a newer version, at the top or in an element of a list.
fn edit_unknown(kind: Kind, draft: &mut Value, ledger: &mut Ledger, rng: &mut StdRng) {
    let list = if kind == Kind::Experiment { "variants" } else { "rules" };
    let count = draft[list].as_array().map_or(0, Vec::len);
    let place = match count {
        0 => &mut draft["newer"],
        _ if rng.random_ratio(1, 3) => &mut draft["newer"],
        _ => &mut draft[list][rng.random_range(0..count)]["newer"],
    };
    *place = json!({"text": ledger.fresh()});
}
