//! Undo and redo of whatever is open: an editor's draft, or the text of a field that belongs to none.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Element};

/// The attribute of an area whose fields belong to no draft, although an editor is open.
const APART: &str = "[data-apart]";

/// The way through the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Undo,
    Redo,
}

type Take = Rc<dyn Fn(Direction)>;

thread_local! {
    static OPEN: RefCell<BTreeMap<u32, Take>> = const { RefCell::new(BTreeMap::new()) };
    static NEXT: Cell<u32> = const { Cell::new(0) };
    static TAKEN: Cell<u32> = const { Cell::new(0) };
}

/// An editor whose edits can be taken back, until this is dropped.
pub struct Registration(u32);

impl Drop for Registration {
    fn drop(&mut self) {
        OPEN.with_borrow_mut(|open| open.remove(&self.0));
    }
}

/// Registers an editor; `take` moves one step through its edits.
pub fn register(take: impl Fn(Direction) + 'static) -> Registration {
    let number = NEXT.get();
    NEXT.set(number.wrapping_add(1));
    OPEN.with_borrow_mut(|open| open.insert(number, Rc::new(take)));
    Registration(number)
}

/// Returns how many steps were taken so far. A field that remembers what was typed in it forgets it with the next one.
pub fn taken() -> u32 {
    TAKEN.get()
}

/// Takes one step in the editor that was opened last, or in the text of a field that belongs to no draft.
pub fn take(direction: Direction) {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else { return };
    let newest = OPEN.with_borrow(|open| open.values().next_back().cloned());
    match newest.filter(|_| !document.active_element().is_some_and(|element| is_apart(&element))) {
        Some(take) => {
            TAKEN.set(TAKEN.get().wrapping_add(1));
            take(direction);
        }
        None => in_text(&document, direction),
    }
}

fn is_apart(element: &Element) -> bool {
    element.closest(APART).ok().flatten().is_some()
}

/// Lets the webview take the step in the text that has the focus.
fn in_text(document: &Document, direction: Direction) {
    let command = match direction {
        Direction::Undo => "undo",
        Direction::Redo => "redo",
    };
    let execute = js_sys::Reflect::get(document, &JsValue::from_str("execCommand")).ok();
    // A webview without it leaves the text as it is.
    if let Some(execute) = execute.and_then(|function| function.dyn_into::<js_sys::Function>().ok()) {
        let _ = execute.call1(document, &JsValue::from_str(command));
    }
}
