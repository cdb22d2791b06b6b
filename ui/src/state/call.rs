//! Questions to the core whose answers only one page shows.

use std::rc::Rc;

use beacon_shared::error::Error;
use beacon_shared::ipc::Call;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::store::Read;
use crate::ipc::call;

/// Asks at once, and again whenever `request` or `tick` changes. An answer to an older question is dropped.
#[hook]
pub fn use_call<C>(request: C::Request, tick: u32) -> Read<Rc<C::Response>>
where
    C: Call + 'static,
    C::Request: Clone + PartialEq,
{
    let value = use_state(|| None::<Rc<C::Response>>);
    let error = use_state(|| None::<Error>);
    let busy = use_state(|| false);
    let newest = use_mut_ref(|| 0u32);
    let again = use_state(|| 0u32);
    let ask = {
        let (value, error, busy) = (value.setter(), error.setter(), busy.setter());
        Callback::from(move |request: C::Request| {
            *newest.borrow_mut() += 1;
            busy.set(true);
            let (value, error, busy) = (value.clone(), error.clone(), busy.clone());
            let (newest, number) = (newest.clone(), *newest.borrow());
            spawn_local(async move {
                let answer = call::<C>(request).await;
                if *newest.borrow() != number {
                    return;
                }
                busy.set(false);
                error.set(answer.as_ref().err().cloned());
                if let Ok(response) = answer {
                    value.set(Some(Rc::new(response)));
                }
            });
        })
    };
    use_effect_with((request, tick, *again), move |(request, ..)| ask.emit(request.clone()));
    let reload = {
        let again = again.clone();
        Callback::from(move |()| again.set(*again + 1))
    };
    Read { value: (*value).clone(), error: (*error).clone(), reload, busy: *busy }
}
