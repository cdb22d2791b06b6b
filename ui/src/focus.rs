//! The keyboard's place: at what was just added, and where a problem is.

use std::cell::RefCell;

use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition};

thread_local! {
    static WANTED: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Asks the field with this test id, which is about to appear, to take the focus.
pub fn want(testid: impl Into<String>) {
    WANTED.replace(testid.into());
}

/// Returns true once for a field that was asked to take the focus.
pub fn is_wanted(testid: &str) -> bool {
    let is_wanted = WANTED.with_borrow(|wanted| !wanted.is_empty() && wanted == testid);
    if is_wanted {
        WANTED.take();
    }
    is_wanted
}

/// Returns the name by which a list's row is asked to take the focus.
pub fn row(id: &str) -> String {
    format!("row {id}")
}

/// Moves the focus to the row before or behind the one that has it, or to the first row. Returns false where there is
/// no list.
pub fn move_in_list(forward: bool) -> bool {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else { return false };
    let active = document.active_element();
    let next = match active.as_ref().and_then(|active| active.closest("button.row").ok().flatten()) {
        Some(row) if forward => row.next_element_sibling(),
        Some(row) => row.previous_element_sibling(),
        // The person is in another control, where arrows mean something else.
        None if active.is_some_and(|active| active.tag_name() != "BODY" && active.tag_name() != "MAIN") => None,
        None => document.query_selector("main button.row").ok().flatten(),
    };
    let row = next.and_then(|next| next.dyn_into::<HtmlElement>().ok());
    row.iter().for_each(|row| drop(row.focus()));
    row.is_some()
}

/// Takes the focus out of a text that is edited. Returns false if none is.
pub fn leave_text() -> bool {
    let active = web_sys::window().and_then(|window| window.document()).and_then(|document| document.active_element());
    let text = active.filter(|active| matches!(active.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"));
    let text = text.and_then(|text| text.dyn_into::<HtmlElement>().ok());
    text.iter().for_each(|text| drop(text.blur()));
    text.is_some()
}

/// Gives the focus to the first of these test ids that the page shows, and scrolls there.
pub fn give(testids: &[String]) {
    let document = web_sys::window().and_then(|window| window.document());
    let find = |id: &String| document.as_ref()?.query_selector(&format!("[data-testid=\"{id}\"]")).ok().flatten();
    if let Some(element) = testids.iter().find_map(find).and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        bring(&element);
    }
}

/// Focuses an element and scrolls it into the middle of the page.
pub fn bring(element: &HtmlElement) {
    // A field in a part that is folded cannot take the focus.
    if let Ok(Some(folded)) = element.closest("details:not([open])") {
        let _ = folded.set_attribute("open", "");
    }
    let options = ScrollIntoViewOptions::new();
    options.set_block(ScrollLogicalPosition::Center);
    element.scroll_into_view_with_scroll_into_view_options(&options);
    // An element that takes no focus is in sight at least.
    let _ = element.focus();
}
