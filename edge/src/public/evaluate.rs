//! Evaluation for servers, and for pages without `beacon.js`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use beacon_shared::api::EvaluateRequest;
use beacon_shared::api::endpoint::{Assign, Endpoint, Resolve, ResolveAll};
use beacon_shared::error::{Code, Error, Problem, Result};
use serde::Serialize;

use super::visitor;
use crate::deps::Deps;
use crate::domain::live::{self, Reader};
use crate::evaluation::{self, Published};
use crate::http::{Answer, Parameters, address, answer, json};
use crate::isolate::live::{Entry, Site};
use crate::ports::Limit;

/// The most sites that are searched for what a request without a site asks for.
const MAX_SEARCHED: usize = 20;

/// Returns the variant that a visitor gets.
pub async fn assign(deps: Deps, request: Request) -> Answer {
    let (mut parts, body) = request.into_parts();
    let parameters = Parameters::of(&mut parts).await?;
    let id = parameters.get("id");
    evaluate::<Assign>(
        &deps,
        parts,
        body,
        |site| site.has_experiment(id),
        |site, request| evaluation::assign(site, id, request),
    )
    .await
}

/// Returns a flag's value for a visitor.
pub async fn resolve(deps: Deps, request: Request) -> Answer {
    let (mut parts, body) = request.into_parts();
    let parameters = Parameters::of(&mut parts).await?;
    let key = parameters.get("key");
    evaluate::<Resolve>(
        &deps,
        parts,
        body,
        |site| site.has_flag(key),
        |site, request| evaluation::resolve(site, key, request),
    )
    .await
}

/// Returns several flags' values for a visitor.
pub async fn resolve_all(deps: Deps, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    evaluate::<ResolveAll>(&deps, parts, body, |_| true, evaluation::resolve_all).await
}

async fn evaluate<E: Endpoint<Response: Serialize>>(
    deps: &Deps,
    parts: Parts,
    body: Body,
    has: impl Fn(&Site) -> bool,
    ask: impl Fn(&Published, &EvaluateRequest) -> Result<E::Response>,
) -> Answer {
    let mut request: EvaluateRequest = json(&parts.headers, body, E::DECLARATION.limit).await?;
    let arrival = visitor::arrival(deps, &parts).await?;
    let (id, entry, site) = find(deps, &request, has).await?;
    visitor::check(&entry, &arrival)?;
    within_limit(deps, &id, &address(&parts.headers)).await?;
    if visitor::from_page(&parts.headers) {
        for (name, value) in visitor::attributes(&parts) {
            request.attributes.entry(name).or_insert(value);
        }
    }
    answer(&ask(&site.period(deps.clock.now()).published, &request)?)
}

/// Fails when an address asks about a site too often.
pub async fn within_limit(deps: &Deps, site: &str, address: &str) -> Result<()> {
    match deps.limiter.allow(Limit::Evaluate, &format!("{site}:{address}")).await? {
        true => Ok(()),
        false => Err(Error::new(Code::RateLimited, "Too many evaluations in one minute. Retry in a minute.")),
    }
}

/// Returns the site that is meant: the one that is named, or the only one that has what is asked for.
async fn find(
    deps: &Deps,
    request: &EvaluateRequest,
    has: impl Fn(&Site) -> bool,
) -> Result<(String, Entry, Arc<Site>)> {
    if !request.site_id.is_empty() {
        let entry = live::entry(deps, &request.site_id, Reader::Definitions).await?;
        let site = live::load_site(deps, &request.site_id, &entry).await?;
        return Ok((request.site_id.clone(), entry, site));
    }
    let several = || {
        let detail = "Several sites have this: name the one that is meant.";
        Error::invalid(vec![Problem::new("/site_id", detail)])
    };
    let index = live::index(deps, Reader::Definitions).await?.unwrap_or_default();
    if index.sites.len() > MAX_SEARCHED {
        return Err(several());
    }
    let mut found = None;
    for (id, entry) in &index.sites {
        let site = live::load_site(deps, id, entry).await?;
        if has(&site) && found.replace((id.clone(), entry.clone(), site)).is_some() {
            return Err(several());
        }
    }
    let missing = || Error::new(Code::NotFound, "No published site has this. Check the id, or publish it first.");
    found.ok_or_else(missing)
}
