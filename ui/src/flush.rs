//! The saves that must happen before the window closes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;

use beacon_shared::ipc::WindowFlushed;

use crate::ipc::call;

type Save = Rc<dyn Fn() -> Pin<Box<dyn Future<Output = ()>>>>;

thread_local! {
    static OPEN: RefCell<BTreeMap<u32, Save>> = const { RefCell::new(BTreeMap::new()) };
    static NEXT: Cell<u32> = const { Cell::new(0) };
}

/// An editor whose text is saved when the window closes, until this is dropped.
pub struct Registration(u32);

impl Drop for Registration {
    fn drop(&mut self) {
        OPEN.with_borrow_mut(|open| open.remove(&self.0));
    }
}

/// Registers an editor; `save` ends when everything typed in it is in the core.
pub fn register<F: Future<Output = ()> + 'static>(save: impl Fn() -> F + 'static) -> Registration {
    let number = NEXT.get();
    NEXT.set(number.wrapping_add(1));
    OPEN.with_borrow_mut(|open| open.insert(number, Rc::new(move || Box::pin(save()))));
    Registration(number)
}

/// Saves all open editors, and says so to the core.
pub async fn all() {
    let saves: Vec<Save> = OPEN.with_borrow(|open| open.values().cloned().collect());
    for save in saves {
        save().await;
    }
    // A core that does not hear this closes the window a moment later.
    let _ = call::<WindowFlushed>(()).await;
}
