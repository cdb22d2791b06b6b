//! Deleting: only what no visitor gets and nothing else needs, so that a deletion never changes a site by itself.

use std::sync::Arc;

use beacon_shared::error::{Code, Error, Result};
use beacon_shared::ipc::ById;
use beacon_shared::model::{Kind, Status};
use beacon_shared::sync::{Content, Replica};
use serde_json::{Value, json};

use crate::app::App;

/// Deletes a document of any kind.
pub async fn document(app: &Arc<App>, ById { id }: ById) -> Result<()> {
    let now = app.now();
    let delete = move |s: &mut crate::store::Store| {
        let needed = needed_by(s, &id)?;
        s.change(&id, now, |replica| {
            refuse_live(replica)?;
            if let Some(name) = &needed {
                let message = format!("'{name}' is on this site. Delete it first, or move it to another site.");
                return Err(Error::new(Code::Locked, message));
            }
            replica.edit(Content { deleted: true, body: replica.local.body.clone() });
            Ok(())
        })
    };
    let row = app.store(delete).await?;
    app.after_local_change().await?;
    app.notify_changed([row.replica.kind]);
    Ok(())
}

/// What the person has to take off the sites first.
fn refuse_live(replica: &Replica) -> Result<()> {
    let [draft, released] = ["draft", "released"].map(|part| &replica.local.body[part]);
    let running = |part: &Value| part["status"] == json!(Status::Running);
    let message = match replica.kind {
        Kind::Experiment if running(draft) || running(released) => {
            "The experiment is running. Stop it and publish that, then delete it."
        }
        Kind::Flag if released["enabled"] == json!(true) => {
            "The flag is live. Kill it and publish that, then delete it."
        }
        Kind::Site if released["enabled"] == json!(true) => {
            "The site is live. Switch 'Enabled' off and publish that, then delete it."
        }
        _ => return Ok(()),
    };
    Err(Error::new(Code::Locked, message))
}

/// What people call a living experiment or flag of this site, if there is one.
fn needed_by(s: &crate::store::Store, site: &str) -> Result<Option<String>> {
    for kind in [Kind::Experiment, Kind::Flag] {
        for row in s.documents(kind)? {
            let draft = &row.replica.local.body["draft"];
            let on_site = draft["site_id"] == json!(site)
                || draft["site_ids"].as_array().is_some_and(|ids| ids.contains(&json!(site)));
            if on_site && !row.replica.local.deleted {
                let word = |field: &str| draft[field].as_str().filter(|text| !text.is_empty());
                return Ok(Some(word("name").or_else(|| word("key")).unwrap_or("Something untitled").to_owned()));
            }
        }
    }
    Ok(None)
}
