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
