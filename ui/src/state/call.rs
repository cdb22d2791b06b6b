use std::rc::Rc;

use beacon_shared::error::Result;
use beacon_shared::ipc::Call;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::ipc;

/// The last answer to a call that is repeated.
pub struct Answer<T> {
    /// The last one; while a newer one is on its way, the one before.
    pub last: Option<Result<Rc<T>>>,
    /// Asks again.
    pub again: Callback<()>,
}

/// Calls the core now, and again whenever the request or `version` changes. Late answers are dropped.
#[hook]
pub fn use_call<C>(request: C::Request, version: u32) -> Answer<C::Response>
where
    C: Call + 'static,
    C::Request: Clone + PartialEq + 'static,
    C::Response: 'static,
{
    let last = use_state(|| None::<(C::Request, Result<Rc<C::Response>>)>);
    let repeat = use_state(|| 0_u32);
    let newest = use_mut_ref(|| 0_u32);
    {
        let last = last.setter();
        use_effect_with((request.clone(), version, *repeat), move |(request, _, _)| {
            let number = {
                let mut newest = newest.borrow_mut();
                *newest = newest.wrapping_add(1);
                *newest
            };
            let request = request.clone();
            spawn_local(async move {
                let answer = ipc::call::<C>(request.clone()).await.map(Rc::new);
                if *newest.borrow() == number {
                    last.set(Some((request, answer)));
                }
            });
        });
    }
    let again = {
        let repeat = repeat.clone();
        Callback::from(move |()| repeat.set(repeat.wrapping_add(1)))
    };
    // An answer about something else is no answer.
    let last = (*last).as_ref().filter(|(asked, _)| *asked == request).map(|(_, answer)| answer.clone());
    Answer { last, again }
}
