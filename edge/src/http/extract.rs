//! The parts of a request that handlers ask for: parameters, body, headers.

use std::net::Ipv6Addr;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use beacon_shared::error::{Code, Error, Problem, Result};
use serde::{Serialize, de::DeserializeOwned};

use super::problem::Failure;

/// Returns a header as text.
pub fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Returns the caller's address, and of an IPv6 address the first half: who has one has all that begin with it. Limits count
/// by it; nothing stores it.
pub fn address(headers: &HeaderMap) -> String {
    let text = text(headers, "cf-connecting-ip").unwrap_or_default();
    match text.parse::<Ipv6Addr>() {
        Ok(address) => format!("{}/64", Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        Err(_) => text.to_owned(),
    }
}

/// The parameters in the path of a request, decoded.
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads the path.
    pub async fn of(parts: &mut Parts) -> Result<Self, Failure> {
        let found = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| {
            Failure::with_status(
                StatusCode::BAD_REQUEST,
                Code::Invalid,
                "The address isn't valid: check its % escapes.",
            )
        })?;
        Ok(Self(found.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
    }

    /// Returns a parameter that the route has.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// Returns a query parameter.
pub fn query(parts: &Parts, name: &str) -> Option<String> {
    let query = parts.uri.query()?;
    url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Returns the parameters of the path and the query as the request they stand for.
pub fn parameters<T: DeserializeOwned>(parts: &Parts, parameters: &Parameters) -> Result<T> {
    let query = parts.uri.query().unwrap_or_default();
    let given = url::form_urlencoded::parse(query.as_bytes()).filter(|(_, value)| !value.is_empty());
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    pairs.extend_pairs(&parameters.0);
    pairs.extend_pairs(given);
    crate::json::read_query(&pairs.finish())
}

/// Reads a body of at most `limit` bytes.
pub async fn body(headers: &HeaderMap, body: Body, limit: usize) -> Result<Vec<u8>, Failure> {
    if text(headers, header::CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        let message = "This edge takes uncompressed bodies only. Send it without Content-Encoding.";
        return Err(Failure::with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::Invalid, message));
    }
    let too_large = || Error::new(Code::TooLarge, format!("Send at most {} KiB in one request.", limit / 1024));
    let length = text(headers, header::CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if length.is_some_and(|length| length > limit) {
        return Err(too_large().into());
    }
    match to_bytes(body, limit).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) if is_limit(&error) => Err(too_large().into()),
        Err(_) => {
            let message = "The body breaks off. Send all of it.";
            Err(Failure::with_status(StatusCode::BAD_REQUEST, Code::Invalid, message))
        }
    }
}

fn is_limit(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.to_string().contains("length limit"))
}

/// Reads a body as JSON, whatever its content type says.
pub async fn json<T: DeserializeOwned>(headers: &HeaderMap, given: Body, limit: usize) -> Result<T, Failure> {
    let bytes = body(headers, given, limit).await?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| {
        let detail = "The body isn't UTF-8.";
        Error::invalid(vec![Problem::new("", detail)])
    })?;
    Ok(crate::json::read(text)?)
}

/// Returns JSON that nobody caches.
pub fn answer(value: &impl Serialize) -> Result<Response, Failure> {
    let body = serde_json::to_string(value)
        .map_err(|e| Error::new(Code::Internal, format!("The answer cannot be written: {e}.")))?;
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, body).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_count_as_their_holders_have_them() {
        for (header, expected) in [
            ("203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
            ("nonsense", "nonsense"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("cf-connecting-ip", header.parse().expect("a header"));
            assert_eq!(address(&headers), expected);
        }
    }
}
