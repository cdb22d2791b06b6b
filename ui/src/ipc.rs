//! The only way to the core: typed calls over Tauri's bridge, and the notices it sends unasked.

use beacon_shared::error::{Code, Error, Result};
use beacon_shared::ipc::{Call, NOTICE, Notice};
use js_sys::{Function, JSON, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;

/// Calls the core.
pub async fn call<C: Call>(request: C::Request) -> Result<C::Response> {
    let arguments = Object::new();
    set(&arguments, "name", &JsValue::from_str(C::NAME))?;
    // As text: JavaScript's numbers round whole numbers beyond 2^53.
    let request =
        serde_json::to_string(&request).map_err(|e| defect(&format!("The request can't be written: {e}.")))?;
    set(&arguments, "request", &JsValue::from_str(&request))?;
    let (core, invoke) = bridge("core", "invoke")?;
    let promise = invoke
        .call2(&core, &JsValue::from_str("ipc"), &arguments)
        .map_err(|e| refusal(&e))?
        .dyn_into::<Promise>()
        .map_err(|_| defect("The app's core answered in an unknown way. Update Beacon."))?;
    let answer = JsFuture::from(promise).await.map_err(|e| refusal(&e))?;
    let text = answer.as_string().unwrap_or_default();
    serde_json::from_str(&text)
        .map_err(|e| defect(&format!("The window and the core don't understand each other: {e}. Update Beacon.")))
}

/// Hands every notice of the core to `handler`, for as long as the window lives.
pub fn listen(handler: impl Fn(Notice) + 'static) -> Result<()> {
    let (event, listen) = bridge("event", "listen")?;
    let closure = Closure::<dyn Fn(JsValue)>::new(move |event: JsValue| {
        let payload = Reflect::get(&event, &JsValue::from_str("payload")).unwrap_or(JsValue::NULL);
        // A notice of a newer core is left alone.
        if let Some(notice) = from_js::<Notice>(&payload) {
            handler(notice);
        }
    });
    listen.call2(&event, &JsValue::from_str(NOTICE), closure.as_ref()).map_err(|e| refusal(&e))?;
    // One listener, as long as the window: nothing ever takes it down.
    closure.forget();
    Ok(())
}

/// `window.__TAURI__.{part}` and its function `name`.
fn bridge(part: &str, name: &str) -> Result<(JsValue, Function)> {
    let get = |from: &JsValue, key: &str| {
        Reflect::get(from, &JsValue::from_str(key)).ok().filter(|v| !v.is_undefined() && !v.is_null())
    };
    let found = web_sys::window().and_then(|window| {
        let part = get(&get(window.as_ref(), "__TAURI__")?, part)?;
        let function = get(&part, name)?.dyn_into::<Function>().ok()?;
        Some((part, function))
    });
    found.ok_or_else(|| {
        defect("This page is Beacon's interface and works only inside the Beacon app. Open the app instead.")
    })
}

fn set(object: &Object, key: &str, value: &JsValue) -> Result<()> {
    Reflect::set(object, &JsValue::from_str(key), value).map(|_| ()).map_err(|e| refusal(&e))
}

/// A small value of JavaScript's own, such as a notice or an error. It holds nothing that people typed as JSON.
fn from_js<T: serde::de::DeserializeOwned>(value: &JsValue) -> Option<T> {
    let text = JSON::stringify(value).ok()?.as_string()?;
    serde_json::from_str(&text).ok()
}

/// Returns the error of a refusal: the core's [`Error`] or, from the bridge itself, a text.
fn refusal(reason: &JsValue) -> Error {
    let described = || {
        let message = Reflect::get(reason, &JsValue::from_str("message")).ok().and_then(|m| m.as_string());
        reason.as_string().or(message).unwrap_or_else(|| "no reason given".to_owned())
    };
    from_js::<Error>(reason).unwrap_or_else(|| {
        defect(&format!("Beacon's core didn't answer: {}. Restart Beacon; your drafts are kept.", described()))
    })
}

fn defect(message: &str) -> Error {
    Error::new(Code::Internal, message)
}
