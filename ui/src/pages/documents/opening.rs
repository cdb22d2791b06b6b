//! One opening of an editor, from the address that opened it to the next one.

use yew::prelude::*;

use crate::focus;
use crate::router::{Open, Page, Route, address_is, use_router};

/// An editor that is open.
pub struct Opening {
    /// Tells one opening from the next, so that a new document keeps its editor when it gets an id.
    pub number: u32,
    /// Hears the id of a document that this editor made.
    pub on_created: Callback<String>,
    /// Goes back to the list.
    pub on_close: Callback<()>,
}

/// Returns the list of a page. The row of the document that was open takes the focus there.
fn up(page: Page, open: &Open) -> Route {
    if let Open::Document(id) = open {
        focus::want(focus::row(id));
    }
    Route::page(page)
}

/// Follows the address of a page. When a new document gets its id, the address changes and the opening stays.
#[hook]
pub fn use_opening(page: Page, open: &Open) -> Opening {
    let router = use_router();
    let current = use_mut_ref(|| (0u32, Open::List));
    if current.borrow().1 != *open {
        let number = current.borrow().0.wrapping_add(1);
        current.replace((number, open.clone()));
    }
    let number = current.borrow().0;
    let shown = current.borrow().1.clone();
    let on_created = {
        let replace = router.replace.clone();
        Callback::from(move |id: String| {
            // By then the person may be elsewhere, and stays there.
            let is_open = *current.borrow() == (number, Open::New) && address_is(&Route::new(page, Open::New));
            if is_open {
                let document = Open::Document(id);
                current.replace((number, document.clone()));
                replace.emit(Route::new(page, document));
            }
        })
    };
    let on_close = router.go.reform(move |()| up(page, &shown));
    Opening { number, on_created, on_close }
}
