use beacon_shared::error::{Code, Error, Result};
use beacon_shared::ipc::Notice;

use crate::app::App;
use crate::edge::Target;

/// Fetches new events of every site. What one site's log refuses does not keep the others back.
pub async fn fetch(app: &App, target: &Target) -> Result<()> {
    let mut first_error = None;
    for site in app.store(|s| s.sites()).await? {
        match fetch_site(app, target, &site).await {
            Ok(true) => app.notify(Notice::Events),
            Ok(false) => {}
            // Not published yet, so nothing can have been collected.
            Err(error) if matches!(error.code, Code::NotFound | Code::SiteRefused) => {}
            Err(error) if matches!(error.code, Code::Unreachable | Code::Unauthorized) => return Err(error),
            Err(error) => {
                first_error.get_or_insert(error);
            }
        }
    }
    first_error.map_or(Ok(()), Err)
}

/// Each segment is on disk before the next is asked for. Answers whether there were new events.
async fn fetch_site(app: &App, target: &Target, site: &str) -> Result<bool> {
    let head = |site: String| app.events(move |e| e.head(&site));
    let before = head(site.to_owned()).await?;
    let list = app.edge().segments(target, site, before).await?;
    for segment in list.segments.iter().filter(|s| s.last > before) {
        let events = app.edge().segment(target, site, &segment.id).await?;
        let owner = site.to_owned();
        app.events(move |e| e.append(&owner, &events)).await?;
    }
    let now = head(site.to_owned()).await?;
    if now < list.head {
        let message = "Some events did not arrive; they are fetched again shortly.";
        return Err(Error::new(Code::Internal, message));
    }
    let owner = site.to_owned();
    app.events(move |e| e.set_as_of(&owner, list.as_of)).await?;
    Ok(now > before)
}
