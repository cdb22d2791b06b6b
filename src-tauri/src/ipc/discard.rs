//! Going back to what is live.

use std::sync::Arc;

use beacon_shared::error::Result;
use beacon_shared::ipc::Confirmed;
use beacon_shared::lifecycle;
use beacon_shared::sync::{Content, Replica};

use super::document::{check_seen, reference};
use crate::app::App;

/// Makes the draft what is live, whatever was changed in it. What a colleague changed at the edge meanwhile comes with
/// the next sync.
pub async fn run(app: &Arc<App>, Confirmed { id, seen }: Confirmed) -> Result<()> {
    let now = app.now();
    let discard = move |replica: &mut Replica| {
        check_seen(replica, &seen)?;
        replica.edit(Content { deleted: false, body: lifecycle::discard(&replica.local.body)? });
        Ok(())
    };
    let row = app.store(move |s| s.apply(&id, now, discard)).await?;
    app.after_local_change().await?;
    app.notify_changed([reference(&row.replica)]);
    Ok(())
}
