use std::sync::Arc;

use beacon_shared::error::Result;
use beacon_shared::ipc::SyncView;

use crate::app::App;

pub async fn now(app: &Arc<App>, (): ()) -> Result<SyncView> {
    crate::sync::sync_now(app).await
}

pub async fn wake(app: &Arc<App>, (): ()) -> Result<()> {
    app.sync().wake();
    Ok(())
}
