//! The one error type that crosses a boundary: a closed [`Code`], a sentence for a person, and,
//! for bad input, the fields that are wrong.

use serde::{Deserialize, Serialize};

/// The kind of an error, for programs to branch on. A variant exists only where somebody handles it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The input breaks a rule of the model; see [`Error::problems`].
    Invalid,
    /// There is no such document, site or object.
    NotFound,
    /// Somebody changed the document in between: read it again and retry.
    Stale,
    /// The running experiment's allocation cannot be edited in place.
    Locked,
    /// No connection to an edge is set up.
    NotConnected,
    /// The edge cannot be reached: network down, name unknown, connection refused, timeout.
    Unreachable,
    /// Something answered, but not a Beacon edge, or not one this version understands.
    NotAnEdge,
    /// The API key is missing, wrong, revoked, or lacks the scope.
    Unauthorized,
    /// Too many requests; retry later.
    RateLimited,
    /// The body or a list in it is over its limit.
    TooLarge,
    /// The open end of a log was sealed since it was listed: list its segments again.
    SealedSince,
    /// A sealed segment of a log is missing from storage; the message names its first and last number.
    Gone,
    /// The site's domains do not include the page that called, or the site is disabled.
    SiteRefused,
    /// The OS keychain is locked, missing or refused.
    Keychain,
    /// The disk is full or the database cannot be written.
    Storage,
    /// The database was written by a newer Beacon.
    NewerDatabase,
    /// The person ended it before it was done, or nobody waits for it any more.
    Cancelled,
    /// A defect in Beacon itself.
    Internal,
}

/// One thing that is wrong with an input, addressed by field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// JSON pointer into the document, such as `/variants/1/weight`.
    pub pointer: String,
    /// A full sentence that says what to do.
    pub detail: String,
}

impl Problem {
    /// A problem at `pointer`.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

/// An error that crosses a boundary. `message` is for people, `code` for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Kind of the error.
    pub code: Code,
    /// A full sentence that says what happened and what to do.
    pub message: String,
    /// The wrong fields, when the input was bad.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
}

impl Error {
    /// An error without field problems.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), problems: Vec::new() }
    }

    /// [`Code::Invalid`] with the fields that are wrong; the message is the first of them.
    pub fn invalid(problems: Vec<Problem>) -> Self {
        let message = problems.first().map_or_else(|| "The input is not valid.".to_owned(), |p| p.detail.clone());
        Self { code: Code::Invalid, message, problems }
    }

    /// Returns true if the same call may succeed later without the person changing anything.
    pub fn retryable(&self) -> bool {
        matches!(self.code, Code::Unreachable | Code::RateLimited | Code::NotAnEdge)
    }
}

/// A result whose error crosses a boundary.
pub type Result<T, E = Error> = std::result::Result<T, E>;
