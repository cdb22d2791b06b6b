//! Every endpoint, declared once: the edge's routes, scope checks and limits come from here.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{
    AssignResponse, BatchResponse, CollectRequest, Cursor, EvaluateRequest, Heads, Health, MAX_EVALUATE_BYTES, MAX_OPS,
    Publication, PublishRequest, PullResponse, PushRequest, PushResponse, ResolveAllResponse, ResolveResponse, Scope,
    SegmentId, SegmentList, SegmentsQuery, WhoAmI, route,
};
use crate::event::MAX_BODY_BYTES;
use crate::validate::MAX_BODY;

/// The HTTP method of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The request is in the path and the query.
    Get,
    /// The request is the body.
    Post,
}

/// The callers of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody, from any page.
    Public,
    /// A page of the site that the request names, by its Origin, or a server with a key for [`Scope::Evaluate`].
    Site,
    /// The holder of any key.
    AnyKey,
    /// The holder of a key with the scope.
    Key(Scope),
}

impl Access {
    /// Returns true if pages may ask, so that they must be able to read every answer.
    pub fn is_public(self) -> bool {
        matches!(self, Self::Public | Self::Site)
    }
}

/// The fixed properties of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Declaration {
    /// The endpoint's name.
    pub name: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Its path, with parameters in braces.
    pub path: &'static str,
    /// Callers.
    pub access: Access,
    /// The most bytes of a body; 0 where there is none.
    pub limit: usize,
}

/// A request as an address has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Address {
    /// The parts of the path, parameters filled in; not percent-encoded.
    pub path: Vec<String>,
    /// Parameters that the path does not have.
    pub query: Vec<(String, String)>,
}

impl Declaration {
    /// Returns the address of a request. If it has no body, its members are parameters: those that the path names are
    /// in the path, and the others in the query. `None` if the path lacks one, or if one is a list or an object.
    pub fn address(&self, request: &impl Serialize) -> Option<Address> {
        let mut given = match (self.method, serde_json::to_value(request).ok()?) {
            (Method::Get, Value::Object(members)) => members,
            _ => Map::new(),
        };
        let mut parameter = |name: &str| given.remove(name).as_ref().and_then(text);
        let path = self.path.split('/').filter(|part| !part.is_empty());
        let path = path.map(|part| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => parameter(name),
            None => Some(part.to_owned()),
        });
        let path = path.collect::<Option<Vec<_>>>()?;
        let query = given.into_iter().filter(|(_, value)| !value.is_null());
        let query = query.map(|(name, value)| Some((name, text(&value)?))).collect::<Option<Vec<_>>>()?;
        Some(Address { path, query })
    }
}

/// Returns a parameter's value as text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// One endpoint.
pub trait Endpoint {
    /// The endpoint's fixed properties.
    const DECLARATION: Declaration;
    /// The request's body.
    type Request: Serialize + DeserializeOwned;
    /// The answer's body.
    type Response;
}

/// A response that is not JSON: a script, or lines of JSON.
#[derive(Clone, Copy, Debug)]
pub struct Raw;

/// The most bytes of a push.
const MAX_PUSH_BYTES: usize = MAX_OPS * (MAX_BODY + 4 * 1024);
/// The most bytes of a publish command: its documents by id and revision.
const MAX_PUBLISH_BYTES: usize = 4 * 1024 * 1024;

macro_rules! endpoints {
    ($($(#[$doc:meta])* $name:ident = $method:ident $path:expr, $access:expr, $limit:expr, $request:ty => $response:ty;)*) => {
        $($(#[$doc])* #[derive(Clone, Copy, Debug)] pub struct $name;
        impl Endpoint for $name {
            const DECLARATION: Declaration = Declaration {
                name: stringify!($name),
                method: Method::$method,
                path: $path,
                access: $access,
                limit: $limit,
            };
            type Request = $request;
            type Response = $response;
        })*
        /// All endpoints.
        pub const ALL: &[Declaration] = &[$($name::DECLARATION),*];
    };
}

endpoints! {
    /// The worker runs.
    GetHealth = Get route::HEALTH, Access::Public, 0, () => Health;
    /// The holder of the key. The desktop tests a connection with it.
    GetWhoAmI = Get route::WHOAMI, Access::AnyKey, 0, () => WhoAmI;
    /// Pushes operations.
    Push = Post route::PUSH, Access::Key(Scope::Write), MAX_PUSH_BYTES, PushRequest => PushResponse;
    /// Pulls documents.
    Pull = Get route::PULL, Access::Key(Scope::Read), 0, Cursor => PullResponse;
    /// Publishes.
    Publish = Post route::PUBLISH, Access::Key(Scope::Publish), MAX_PUBLISH_BYTES, PublishRequest => Publication;
    /// The newest publications.
    ListPublications = Get route::PUBLICATIONS, Access::Key(Scope::Read), 0, () => Vec<Publication>;
    /// Sends events.
    Collect = Post route::COLLECT, Access::Site, MAX_BODY_BYTES, CollectRequest => BatchResponse;
    /// Sends events: the same as [`Collect`].
    CollectBatch = Post route::BATCH, Access::Site, MAX_BODY_BYTES, CollectRequest => BatchResponse;
    /// The end of every published site's log.
    ListHeads = Get route::HEADS, Access::Key(Scope::Read), 0, () => Heads;
    /// The segments of a site's log.
    ListSegments = Get route::SEGMENTS, Access::Key(Scope::Read), 0, SegmentsQuery => SegmentList;
    /// The lines of a segment.
    ReadSegment = Get route::SEGMENT, Access::Key(Scope::Read), 0, SegmentId => Raw;
    /// A GrowthBook payload.
    Features = Get route::FEATURES, Access::Public, 0, () => Raw;
    /// The variant that a visitor gets.
    Assign = Post route::ASSIGN, Access::Site, MAX_EVALUATE_BYTES, EvaluateRequest => AssignResponse;
    /// A flag's value for a visitor.
    Resolve = Post route::RESOLVE, Access::Site, MAX_EVALUATE_BYTES, EvaluateRequest => ResolveResponse;
    /// Several flags' values.
    ResolveAll = Post route::RESOLVE_ALL, Access::Site, MAX_EVALUATE_BYTES, EvaluateRequest => ResolveAllResponse;
    /// OFREP's bulk evaluation.
    OfrepAll = Post route::OFREP_ALL, Access::Public, MAX_EVALUATE_BYTES, Value => Raw;
    /// OFREP's evaluation of one flag.
    OfrepOne = Post route::OFREP_ONE, Access::Public, MAX_EVALUATE_BYTES, Value => Raw;
    /// The script.
    Script = Get route::SCRIPT, Access::Public, 0, () => Raw;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_becomes_an_address() {
        for (declaration, request, path, query) in [
            (Pull::DECLARATION, json!({"epoch": "e", "seq": 7}), "api/sync/pull", "epoch=e&seq=7"),
            (ReadSegment::DECLARATION, json!({"id": "a/b"}), "api/events/segments/a/b", ""),
            (Features::DECLARATION, json!({"site_id": "s", "x": true}), "api/features/s", "x=true"),
            (GetWhoAmI::DECLARATION, json!(null), "api/whoami", ""),
            (Push::DECLARATION, json!({"device": "d"}), "api/sync/push", ""),
        ] {
            let address = declaration.address(&request).expect("an address");
            let pairs: Vec<String> = address.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!((address.path.join("/").as_str(), pairs.join("&").as_str()), (path, query));
        }
        assert_eq!(ReadSegment::DECLARATION.address(&json!({})), None);
        assert_eq!(Pull::DECLARATION.address(&json!({"seq": [1]})), None);
    }
}
