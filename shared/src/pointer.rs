//! JSON pointers (RFC 6901): the address of a part of a document, such as `/variants/1/weight`.

/// Returns the address of a member or an element, whatever its name contains.
pub fn child(pointer: &str, token: &str) -> String {
    format!("{pointer}/{}", escape(token))
}

/// Returns a name as one token of a pointer.
pub fn escape(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

/// Returns the names that a pointer goes through, from the root.
pub fn tokens(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_comes_back() {
        for name in ["a", "", "a/b", "~", "~1", "/~0", "m~n", "ü"] {
            let pointer = child(&child("", "first"), name);
            assert_eq!(tokens(&pointer).collect::<Vec<_>>(), ["first", name]);
            let document = serde_json::json!({"first": {name: 1}});
            assert_eq!(document.pointer(&pointer), Some(&1.into()), "{pointer}");
        }
        assert_eq!(tokens("").count(), 0);
    }
}
