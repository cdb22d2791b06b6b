use std::sync::Arc;

use beacon_shared::api::{PRODUCT, WhoAmI};
use beacon_shared::error::{Code, Error, Problem, Result};
use beacon_shared::ipc::{ConnectionInput, ConnectionOutcome, ConnectionView, Notice, OtherWorkspace};
use url::Url;

use super::workspace;
use crate::app::{App, target};
use crate::edge::{Target, is_loopback};
use crate::store::Setting;
use crate::sync;
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
    Ok(ConnectionView {
        url,
        has_key,
        keychain_problem,
        edge: app.session().identity(),
        workspaces: app.workspaces().view(),
    })
}

/// Asks the edge with the key before anything is stored, and the person before anything goes to another workspace.
pub async fn save(app: &Arc<App>, input: ConnectionInput) -> Result<ConnectionOutcome> {
    app.session().keys().ask_again();
    let url = address(&input.url)?;
    let given = input.key.map(|key| key.trim().to_owned()).filter(|key| !key.is_empty());
    if given.as_ref().is_some_and(|key| key.len() > MAX_KEY) {
        return Err(invalid("/key", "This is too long for an API key. Copy the key alone."));
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
        let message = "Something answers there, but it isn't a Beacon edge. Check the address.";
        return Err(Error::new(Code::NotAnEdge, message));
    }
    let workspace = sync::workspace_of(app, &target, &who).await?;
    let current = app.store(|s| s.workspace()).await?;
    let other = current.is_some_and(|current| current != workspace);
    let choice = input.choice.filter(|choice| choice.workspace == workspace);
    let action = match choice {
        None if other => return Ok(ConnectionOutcome::OtherWorkspace(question(app, url, workspace).await?)),
        choice => choice.map(|choice| choice.action),
    };
    if given.is_some() {
        app.session().keys().set(&url, &target.key).await?;
    }
    match action {
        Some(action) if other => {
            workspace::open_other(app, &url, &workspace, action).await?;
            Ok(ConnectionOutcome::Opening)
        }
        _ => connect(app, url, workspace, target, who).await.map(ConnectionOutcome::Connected),
    }
}

async fn connect(app: &App, url: String, workspace: String, target: Target, who: WhoAmI) -> Result<ConnectionView> {
    {
        // A sync with the edge before must not write its answers over the new beginning.
        let _no_documents = app.sync().exclusive_documents().await;
        let _no_events = app.sync().exclusive_events().await;
        let address = url.clone();
        app.store(move |s| s.connect(&address, &workspace)).await?;
        app.reconnect(Some((url, target)), Some(who));
    }
    app.recount().await?;
    app.notify(Notice::Resync);
    view(app).await
}

/// The question that the person has to answer before anything goes to another workspace.
async fn question(app: &App, url: String, workspace: String) -> Result<OtherWorkspace> {
    let (drafts, from) = app.store(|s| Ok((s.draft_counts()?, s.setting(Setting::LastEdge)?))).await?;
    let known = app.workspaces().has(&workspace);
    Ok(OtherWorkspace { workspace, url, from, drafts, pending: app.sync().view().pending, known })
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
