//! The settings of this computer: the connection, and the workspaces it has.

mod connection;
mod workspaces;

use yew::prelude::*;

use crate::widgets::Note;
use connection::Connection;

#[component]
pub fn Settings() -> Html {
    html! {
        <>
            <header class="page-head">
                <div><h1>{ "Settings" }</h1><Note text="Where this computer publishes to." /></div>
            </header>
            <Connection />
        </>
    }
}
