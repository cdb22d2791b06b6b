use std::sync::Arc;

use beacon_shared::error::Result;
use beacon_shared::ipc::OverviewView;
use beacon_shared::model::Kind;

use super::connection;
use crate::app::App;

pub async fn get(app: &Arc<App>, (): ()) -> Result<OverviewView> {
    let count = |kind| app.store(move |s| s.count(kind));
    Ok(OverviewView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sites: count(Kind::Site).await?,
        experiments: count(Kind::Experiment).await?,
        flags: count(Kind::Flag).await?,
        connection: connection::view(app).await?,
        sync: app.sync().view(),
    })
}
