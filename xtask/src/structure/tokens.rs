//! Rust source as words and marks, without comments, texts and lifetimes.

/// A word or a mark, and its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// Splits source into tokens. `::` is one token; of everything else that is no word, each character is one.
pub fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(&char) = chars.get(at) {
        let next = chars.get(at + 1).copied().unwrap_or(' ');
        let end = match char {
            '/' if next == '/' => end_of_line(&chars, at),
            '/' if next == '*' => end_of_comment(&chars, at),
            '"' => end_of_text(&chars, at + 1),
            'r' | 'b' | 'c' if prefixes_text(&chars, at) => end_of_prefixed(&chars, at),
            '\'' => end_of_quote(&chars, at),
            ':' if next == ':' => at + 2,
            c if is_word(c) => at + chars[at..].iter().take_while(|c| is_word(**c)).count(),
            _ => at + 1,
        };
        let text: String = chars[at..end.min(chars.len())].iter().collect();
        let is_code = char != '"' && !text.starts_with("//") && !text.starts_with("/*") && !text.contains(['"', '\'']);
        if is_code && !char.is_whitespace() {
            found.push(Token { text: text.clone(), line });
        }
        line += text.matches('\n').count();
        at = end;
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn end_of_line(chars: &[char], from: usize) -> usize {
    from + chars[from..].iter().take_while(|c| **c != '\n').count()
}

fn end_of_comment(chars: &[char], from: usize) -> usize {
    let (mut depth, mut at) = (0, from);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn end_of_text(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// Returns true at the start of `r"`, `r#"`, `b"`, `br#"`, `c"` and their like.
fn prefixes_text(chars: &[char], at: usize) -> bool {
    let rest = &chars[at..];
    let letters = rest.iter().take_while(|c| matches!(c, 'r' | 'b' | 'c')).count();
    let hashes = rest[letters..].iter().take_while(|c| **c == '#').count();
    letters <= 2 && rest.get(letters + hashes) == Some(&'"')
}

fn end_of_prefixed(chars: &[char], from: usize) -> usize {
    let Some(quote) = chars[from..].iter().position(|c| *c == '"').map(|offset| from + offset) else {
        return chars.len();
    };
    let prefix = &chars[from..quote];
    if !prefix.contains(&'r') {
        return end_of_text(chars, quote + 1);
    }
    let hashes = prefix.iter().filter(|c| **c == '#').count();
    let mut at = quote + 1;
    while at < chars.len() {
        if chars[at] == '"' && chars[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes {
            return at + 1 + hashes;
        }
        at += 1;
    }
    at
}

/// The end of a character such as `'x'` or `'\u{1f600}'`, or of a lifetime.
fn end_of_quote(chars: &[char], from: usize) -> usize {
    if chars.get(from + 1) == Some(&'\\') {
        let rest = chars.get(from + 3..).unwrap_or_default();
        return from + 4 + rest.iter().take_while(|c| **c != '\'').count();
    }
    if chars.get(from + 2) == Some(&'\'') {
        return from + 3;
    }
    from + 1 + chars[from + 1..].iter().take_while(|c| is_word(**c)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<String> {
        tokens(source).into_iter().map(|t| t.text).collect()
    }

    #[test]
    fn code_is_what_is_left_without_comments_texts_and_lifetimes() {
        assert_eq!(words("use a::b; // c::d\n/* e /* f */ g */ h"), ["use", "a", "::", "b", ";", "h"]);
        assert_eq!(words(r##"f("a\"b", r#"x"y"#, b"z", '"', '\'', 'q') /* */"##).concat(), "f(,,,,,)");
        assert_eq!(words("fn f<'a>(x: &'a str) -> raw {}").concat(), "fnf<>(x:&str)->raw{}");
        assert_eq!(words("r br crate"), ["r", "br", "crate"]);
        assert!(words("\"never closed").is_empty() && words("r#\"never closed").is_empty());
    }

    #[test]
    fn lines_are_counted_through_texts() {
        let found = tokens("a\n\"x\ny\"\n/*\n*/ b");
        assert_eq!(found.iter().map(|t| (t.text.as_str(), t.line)).collect::<Vec<_>>(), [("a", 1), ("b", 5)]);
    }
}
