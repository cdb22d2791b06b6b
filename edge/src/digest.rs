//! SHA-256 in hex, and a comparison that takes as long for a near miss as for a far one.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// SHA-256 of `bytes`, lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// A finished text with its tag.
pub struct Text {
    /// The text.
    pub text: String,
    /// See [`tag`].
    pub tag: String,
}

impl Text {
    /// Tags a text.
    pub fn new(text: String) -> Self {
        let tag = tag(text.as_bytes());
        Self { text, tag }
    }
}

/// Returns the tag of a text: the first half of its SHA-256.
pub fn tag(bytes: &[u8]) -> String {
    sha256(bytes).chars().take(32).collect()
}

/// Returns true if two secrets are the same. Their digests are compared, in constant time, so not even the length leaks.
pub fn same_secret(a: &str, b: &str) -> bool {
    let (a, b) = (Sha256::digest(a), Sha256::digest(b));
    a.iter().zip(b.iter()).fold(0u8, |differ, (x, y)| differ | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_standard_one() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn only_the_same_secret_is_the_same() {
        assert!(same_secret("bcn_a", "bcn_a"));
        assert!(!same_secret("bcn_a", "bcn_b"));
        assert!(!same_secret("bcn_a", "bcn_a "));
    }
}
