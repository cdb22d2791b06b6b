//! Numbers, names and metrics as people read them in pages, charts, sentences and messages.

mod exclusion;
mod metric;
mod number;

use crate::model::Kind;

pub use exclusion::left_out;
pub use metric::{counting, measure, value, value_name};
pub use number::{count, number, percent, signed_percent, signed_percent_to};

/// Returns the name of a document, or `Untitled experiment` and the like while it has none.
pub fn title(kind: Kind, name: &str) -> String {
    if name.trim().is_empty() { format!("Untitled {}", kind.as_str()) } else { name.to_owned() }
}

/// Returns a phrase with a capital first letter, as a sentence or a label begins.
pub fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Returns names as a sentence lists them: `Bold, Wild and Quiet`.
pub fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => (*last).to_owned(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_without_a_name_is_untitled() {
        assert_eq!(title(Kind::Flag, "Banner"), "Banner");
        assert_eq!(title(Kind::Flag, " "), "Untitled flag");
    }

    #[test]
    fn lists_end_with_and() {
        assert_eq!(listed(&["Bold"]), "Bold");
        assert_eq!(listed(&["Bold", "Wild", "Quiet"]), "Bold, Wild and Quiet");
        assert_eq!(listed::<&str>(&[]), "");
    }

    #[test]
    fn labels_begin_with_a_capital() {
        assert_eq!(["no visitors", "éa", ""].map(capitalised), ["No visitors", "Éa", ""]);
    }
}
