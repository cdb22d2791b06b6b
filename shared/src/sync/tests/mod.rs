mod merging;
mod planning;

use serde_json::{Value, json};

use super::Content;

/// A living document with this draft.
fn draft(draft: Value) -> Content {
    Content { deleted: false, body: json!({"schema": 1, "draft": draft, "released": null}) }
}
