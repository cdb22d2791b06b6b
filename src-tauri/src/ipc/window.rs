use std::sync::Arc;

use beacon_shared::error::Result;

use crate::app::App;

pub async fn flushed(app: &Arc<App>, (): ()) -> Result<()> {
    app.window_flushed();
    Ok(())
}
