//! Cross-origin headers on every public answer, errors included: without them a refusal looks to a page like a broken
//! network, and it repeats for ever what was refused for good.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use beacon_shared::api::endpoint::{self, Access};

/// The pages that may read an answer.
#[derive(Clone, Copy, PartialEq)]
enum Readers {
    /// None: the endpoint takes keys.
    None,
    /// All, because the answer is public.
    All,
    /// The page that asks; the endpoint checks it by itself.
    Asking,
}

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
const REQUEST_HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, cache-control, content-type, if-none-match, x-api-key");
const RESPONSE_HEADERS: HeaderValue = HeaderValue::from_static("etag, retry-after");
/// Browsers keep a preflight for at most two hours or a day.
const MAX_AGE: HeaderValue = HeaderValue::from_static("86400");

/// The layer around all routes.
pub async fn layer(request: Request, next: Next) -> Response {
    let readers = readers(request.extensions().get::<MatchedPath>());
    let origin = request.headers().get(header::ORIGIN).cloned();
    let preflight = request.method() == Method::OPTIONS && readers != Readers::None;
    let mut response = if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    allow(response.headers_mut(), readers, origin);
    if preflight {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    }
    response
}

/// Lets every page read an answer to a request that no route could be found for.
pub fn allow_all(mut response: Response) -> Response {
    allow(response.headers_mut(), Readers::All, None);
    response
}

fn readers(path: Option<&MatchedPath>) -> Readers {
    let declared = |path: &MatchedPath| endpoint::ALL.iter().find(|d| d.path == path.as_str()).map(|d| d.access);
    match path.and_then(declared) {
        Some(Access::Key(_) | Access::AnyKey) => Readers::None,
        Some(Access::Site) => Readers::Asking,
        Some(Access::Public) | None => Readers::All,
    }
}

fn allow(headers: &mut HeaderMap, readers: Readers, origin: Option<HeaderValue>) {
    let allowed = match readers {
        Readers::None => return,
        Readers::All => HeaderValue::from_static("*"),
        Readers::Asking => {
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
            let Some(origin) = origin else { return };
            origin
        }
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, RESPONSE_HEADERS);
}
