use std::sync::Arc;

use beacon_shared::api::PRODUCT;
use beacon_shared::error::{Code, Error, Problem, Result};
use beacon_shared::ipc::{ConnectionInput, ConnectionView};
use beacon_shared::model::Kind;
use url::{Host, Url};

use crate::app::{App, target};
use crate::store::Setting;
use crate::vault::Secret;

const MAX_URL: usize = 2_000;
const MAX_KEY: usize = 512;

pub async fn get(app: &Arc<App>, (): ()) -> Result<ConnectionView> {
    view(app).await
}

/// The connection without its key. A keychain that does not answer is said, and stops nothing.
pub async fn view(app: &App) -> Result<ConnectionView> {
    let url = app.session().url();
    let (has_key, keychain_problem) = match app.session().target().await {
        Ok(target) => (target.is_some(), None),
        Err(error) if error.code == Code::Keychain => (false, Some(error.message)),
        Err(error) => return Err(error),
    };
    Ok(ConnectionView { url, has_key, keychain_problem, edge: app.session().identity() })
}

/// Asks the edge with the key before anything is stored.
pub async fn save(app: &Arc<App>, input: ConnectionInput) -> Result<ConnectionView> {
    app.session().keys().ask_again();
    let url = address(&input.url)?;
    let given = input.key.map(|key| key.trim().to_owned()).filter(|key| !key.is_empty());
    if given.as_ref().is_some_and(|key| key.len() > MAX_KEY) {
        return Err(invalid("/key", "This is too long for an API key: copy the key alone."));
    }
    let key = match &given {
        Some(key) => Secret::new(key.as_str()),
        None => {
            let missing = || Error::new(Code::Unauthorized, "Enter the API key of this edge.");
            app.session().keys().get(&url).await?.ok_or_else(missing)?
        }
    };
    let target = target(&url, key)?;
    let who = app.edge().whoami(&target).await?;
    if who.product != PRODUCT {
        let message = "Something answers there, but it is not a Beacon edge: check the address.";
        return Err(Error::new(Code::NotAnEdge, message));
    }
    if given.is_some() {
        app.session().keys().set(&url, &target.key).await?;
    }
    {
        // A sync with the edge before must not write its answers over the new beginning.
        let _no_documents = app.sync().exclusive_documents().await;
        let _no_events = app.sync().exclusive_events().await;
        let (address, now) = (url.clone(), app.now());
        app.store(move |s| s.connect(&address, now)).await?;
        app.reconnect(Some((url, target)), Some(who));
    }
    app.recount().await?;
    app.notify_changed(Kind::ALL);
    view(app).await
}

/// Forgets the key first: an address without a key is harmless, a key without an address is not.
pub async fn forget(app: &Arc<App>, (): ()) -> Result<ConnectionView> {
    if let Some(url) = app.session().url() {
        app.session().keys().forget(&url).await?;
    }
    app.store(|s| s.set(Setting::Edge, None)).await?;
    app.reconnect(None, None);
    view(app).await
}

/// The address as it is stored. A key must not cross a network in the clear.
fn address(input: &str) -> Result<String> {
    let input = input.trim();
    if input.len() > MAX_URL {
        return Err(invalid("/url", "This is too long for an address."));
    }
    let begin = "Begin the address with https://, such as https://beacon.example.com.";
    let mut url = Url::parse(input).map_err(|_| invalid("/url", begin))?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err(invalid("/url", "Use https://: only an edge on this machine may use http://.")),
        _ => return Err(invalid("/url", begin)),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("/url", "Leave the name and password out of the address: the API key is enough."));
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn invalid(pointer: &str, detail: &str) -> Error {
    Error::invalid(vec![Problem::new(pointer, detail)])
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn the_key_goes_only_where_nobody_listens() {
        for good in ["https://e.example", " https://e.example/beacon/ ", "http://127.0.0.1:1", "http://[::1]:1/"] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in
            ["", "e.example", "http://e.example", "http://127.0.0.1.example", "file:///x", "https://a:b@e.example"]
        {
            let error = address(bad).unwrap_err();
            assert_eq!(error.problems[0].pointer, "/url", "{bad}");
        }
        assert_eq!(address("https://e.example/b/?q#f").unwrap(), "https://e.example/b");
    }
}
