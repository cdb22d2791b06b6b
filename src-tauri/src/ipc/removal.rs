//! Deleting: a draft state that the review shows and publishing carries out, so that no deletion changes a site by itself.

use std::sync::Arc;

use beacon_shared::error::{Code, Error, Result};
use beacon_shared::ipc::{ById, Confirmed};
use beacon_shared::lifecycle;
use beacon_shared::model::Kind;
use beacon_shared::sync::{Content, Replica};
use beacon_shared::wording::title;
use serde_json::{Value, json};

use super::document::{check_seen, reference};
use crate::app::App;
use crate::store::{Row, Store};

/// Deletes a document of any kind, or marks it for removal while something of it is live.
pub async fn delete(app: &Arc<App>, Confirmed { id, seen }: Confirmed) -> Result<()> {
    let now = app.now();
    let delete = move |s: &mut Store| {
        let needed = needed_by(s, &id)?;
        s.apply(&id, now, |replica| {
            if let Some(name) = &needed {
                let message = format!("'{name}' uses this. Delete that first, or let it use something else.");
                return Err(Error::new(Code::Locked, message));
            }
            check_seen(replica, &seen)?;
            let (body, deleted) = lifecycle::remove(replica.kind, &replica.local.body)?;
            replica.edit(Content { deleted, body });
            Ok(())
        })
    };
    let row = app.store(delete).await?;
    finish(app, row).await
}

/// Takes back a removal that is not published yet.
pub async fn restore(app: &Arc<App>, ById { id }: ById) -> Result<()> {
    let now = app.now();
    let restore = |replica: &mut Replica| {
        replica.edit(Content { deleted: false, body: lifecycle::restore(&replica.local.body) });
        Ok(())
    };
    let row = app.store(move |s| s.apply(&id, now, restore)).await?;
    finish(app, row).await
}

async fn finish(app: &Arc<App>, row: Row) -> Result<()> {
    app.after_local_change().await?;
    app.notify_changed([reference(&row.replica)]);
    Ok(())
}

/// Returns the name of a living document that refers to this one, if there is one.
fn needed_by(s: &Store, id: &str) -> Result<Option<String>> {
    let Some(row) = s.document(id)? else { return Ok(None) };
    let (kind, key) = (row.replica.kind, row.replica.local.text("key").to_owned());
    let name = if matches!(kind, Kind::Site | Kind::Metric) { id } else { &key };
    for other in [Kind::Experiment, Kind::Flag, Kind::Segment] {
        for row in s.documents_saying(other, name)? {
            let draft = &row.replica.local.body["draft"];
            if row.replica.id == id || row.replica.local.deleted || lifecycle::is_removed(&row.replica.local.body) {
                continue;
            }
            if refers(draft, kind, id, &key) {
                let word = |field: &str| draft[field].as_str().filter(|text| !text.is_empty());
                return Ok(Some(title(other, word("name").or_else(|| word("key")).unwrap_or_default())));
            }
        }
    }
    Ok(None)
}

/// Returns true if a draft names the document: a site and a metric by id, a flag and a segment by key.
fn refers(draft: &Value, kind: Kind, id: &str, key: &str) -> bool {
    match kind {
        Kind::Site => {
            draft["site_id"] == json!(id) || draft["site_ids"].as_array().is_some_and(|ids| ids.contains(&json!(id)))
        }
        Kind::Segment => names_segment(draft, key),
        Kind::Flag => names_flag(draft, key),
        Kind::Metric => draft["metrics"].as_array().is_some_and(|all| all.iter().any(|m| m["metric"] == json!(id))),
        Kind::Experiment | Kind::Unknown => false,
    }
}

/// Returns true if a condition anywhere in the value asks for the segment.
fn names_segment(value: &Value, key: &str) -> bool {
    match value {
        Value::Object(fields) => fields.iter().any(|(name, value)| match name.as_str() {
            "$inGroup" | "$notInGroup" => *value == json!(key),
            "$savedGroup" => value["id"] == json!(key),
            _ => names_segment(value, key),
        }),
        Value::Array(list) => list.iter().any(|value| names_segment(value, key)),
        _ => false,
    }
}

/// Returns true if a prerequisite anywhere in the value waits for the flag.
fn names_flag(value: &Value, key: &str) -> bool {
    match value {
        Value::Object(fields) => fields.iter().any(|(name, value)| {
            let waits = |list: &Vec<Value>| list.iter().any(|p| p["flag"] == json!(key));
            (name == "prerequisites" && value.as_array().is_some_and(waits)) || names_flag(value, key)
        }),
        Value::Array(list) => list.iter().any(|value| names_flag(value, key)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_by_id_and_by_key() {
        let draft = json!({
            "site_id": "sit_1",
            "condition": {"$or": [{"id": {"$inGroup": "staff"}}, {"$savedGroup": {"id": "beta"}}]},
            "rules": [{"prerequisites": [{"flag": "checkout"}]}],
        });
        for (kind, id, key, expected) in [
            (Kind::Site, "sit_1", "", true),
            (Kind::Site, "sit_2", "", false),
            (Kind::Segment, "", "staff", true),
            (Kind::Segment, "", "beta", true),
            (Kind::Segment, "", "other", false),
            (Kind::Flag, "", "checkout", true),
            (Kind::Flag, "", "other", false),
        ] {
            assert_eq!(refers(&draft, kind, id, key), expected, "{kind:?} {id}{key}");
        }
    }
}
