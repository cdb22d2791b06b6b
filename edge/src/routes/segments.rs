//! Exporting a site's log.

use axum::extract::{Path, Request, State};
use axum::http::header;
use axum::response::IntoResponse;
use beacon_shared::api::{Scope, SegmentList};
use beacon_shared::error::{Code, Error, Problem};
use worker::Env;

use super::collect::{log, log_url};
use super::request::{answer, authorize, query};
use crate::events::segment::SegmentName;
use crate::failure::Answer;

#[worker::send]
pub async fn list(State(env): State<Env>, request: Request) -> Answer {
    authorize(&env, request.headers(), Scope::Read).await?;
    let site = query(&request, "site").filter(|site| (1..=64).contains(&site.len()));
    let site = site.ok_or_else(|| Error::invalid(vec![Problem::new("/site", "Name the site by its id.")]))?;
    let after = query(&request, "after").unwrap_or_else(|| "0".to_owned());
    let after: u64 = after
        .parse()
        .map_err(|_| Error::invalid(vec![Problem::new("/after", "Send the last sequence number you have.")]))?;
    let url = log_url("segments", &site, &[("after", after)])?;
    let mut found = log(&env, &site)?.fetch_with_str(&url).await?;
    answer(&found.json::<SegmentList>().await?)
}

#[worker::send]
pub async fn read(State(env): State<Env>, Path(id): Path<String>, request: Request) -> Answer {
    authorize(&env, request.headers(), Scope::Read).await?;
    let missing = || Error::new(Code::NotFound, "There is no such segment, or it was sealed since: list them again.");
    let name = SegmentName::parse(&id).filter(|name| name.site.len() <= 64).ok_or_else(missing)?;
    let url = log_url("segment", &name.site, &[("first", name.first), ("last", name.last)])?;
    let mut found = log(&env, &name.site)?.fetch_with_str(&url).await?;
    match found.status_code() {
        200 => {}
        404 => return Err(missing().into()),
        _ => return Err(Error::new(Code::Storage, "The site's log did not answer: retry in a moment.").into()),
    }
    let sealed = found.headers().get("x-sealed")?.is_some();
    let caching = if sealed { "private, max-age=31536000, immutable" } else { "no-store" };
    let headers = [(header::CONTENT_TYPE, "application/x-ndjson"), (header::CACHE_CONTROL, caching)];
    Ok((headers, found.bytes().await?).into_response())
}
