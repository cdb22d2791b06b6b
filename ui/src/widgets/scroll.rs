//! Scrolling to the part of a page that the address names.

use yew::prelude::*;

/// Scrolls to the element with this id when it is another one than before; nothing for an empty id.
#[hook]
pub fn use_scroll_to(id: &str) {
    use_effect_with(id.to_owned(), |id| {
        let document = web_sys::window().and_then(|window| window.document());
        let element = document.filter(|_| !id.is_empty()).and_then(|document| document.get_element_by_id(id));
        element.iter().for_each(web_sys::Element::scroll_into_view);
    });
}
