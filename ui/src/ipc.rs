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
    set(&arguments, "request", &to_js(&request)?)?;
    let (core, invoke) = bridge("core", "invoke")?;
    let promise = invoke
        .call2(&core, &JsValue::from_str("ipc"), &arguments)
        .map_err(|e| refusal(&e))?
        .dyn_into::<Promise>()
        .map_err(|_| defect("The app's core answered in an unknown way. Update Beacon."))?;
    let answer = JsFuture::from(promise).await.map_err(|e| refusal(&e))?;
    from_js(&answer)
}

/// Hands every notice of the core to `handler`, for as long as the window lives.
pub fn listen(handler: impl Fn(Notice) + 'static) -> Result<()> {
    let (event, listen) = bridge("event", "listen")?;
    let closure = Closure::<dyn Fn(JsValue)>::new(move |event: JsValue| {
        let payload = Reflect::get(&event, &JsValue::from_str("payload")).unwrap_or(JsValue::NULL);
        // A notice that this version does not know is none of its business.
        if let Ok(notice) = from_js::<Notice>(&payload) {
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

fn to_js(value: &impl serde::Serialize) -> Result<JsValue> {
    let text = serde_json::to_string(value).map_err(|e| defect(&format!("The request cannot be written: {e}.")))?;
    JSON::parse(&text).map_err(|e| refusal(&e))
}

fn from_js<T: serde::de::DeserializeOwned>(value: &JsValue) -> Result<T> {
    // `undefined` is how the bridge says nothing; JSON has no word for it.
    let text = JSON::stringify(value).ok().and_then(|s| s.as_string()).unwrap_or_else(|| "null".to_owned());
    serde_json::from_str(&text)
        .map_err(|e| defect(&format!("The interface and the core do not understand each other: {e}. Update Beacon.")))
}

/// What the core refused with: an [`Error`], or, from the bridge itself, a text.
fn refusal(reason: &JsValue) -> Error {
    let described = || {
        let message = Reflect::get(reason, &JsValue::from_str("message")).ok().and_then(|m| m.as_string());
        reason.as_string().or(message).unwrap_or_else(|| "no reason given".to_owned())
    };
    from_js::<Error>(reason).unwrap_or_else(|_| {
        defect(&format!("Beacon's core did not answer: {}. Restart Beacon; your drafts are kept.", described()))
    })
}

fn defect(message: &str) -> Error {
    Error::new(Code::Internal, message)
}
