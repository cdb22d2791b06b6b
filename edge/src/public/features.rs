//! Definitions as a GrowthBook payload.

use axum::extract::Request;

use crate::deps::Deps;
use crate::domain::live;
use crate::http::{Answer, Parameters, respond};

/// Nothing on the way may keep an answer: a kill switch must reach the next page.
pub const REVALIDATE: &str = "public, max-age=0, must-revalidate";

/// Returns a site's definitions.
pub async fn features(deps: Deps, request: Request) -> Answer {
    let (mut parts, _) = request.into_parts();
    let parameters = Parameters::of(&mut parts).await?;
    let site = live::site(&deps, parameters.get("site_id")).await?;
    let period = site.period(deps.clock.now());
    let payload = &period.payload;
    Ok(respond(&parts.headers, &payload.tag, || payload.text.clone(), "application/json", REVALIDATE))
}
