//! How numbers, names and metrics read, wherever people meet them: pages, charts, sentences and messages.

mod exclusion;
mod metric;
mod number;

use crate::model::Kind;

pub use exclusion::left_out;
pub use metric::{counting, measure, value, value_name};
pub use number::{count, number, percent, signed_percent};

/// Returns the name of a document, or `Untitled experiment` and the like while it has none.
pub fn title(kind: Kind, name: &str) -> String {
    if name.trim().is_empty() { format!("Untitled {}", kind.as_str()) } else { name.to_owned() }
}

/// Returns a phrase with a capital first letter, as a sentence or a label begins.
pub fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
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
    fn labels_begin_with_a_capital() {
        assert_eq!(["no visitors", "éa", ""].map(capitalised), ["No visitors", "Éa", ""]);
    }
}
