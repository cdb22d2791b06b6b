//! The settings of this computer: the connection, and the workspaces it has.

mod appearance;
mod connection;
mod workspaces;

use yew::prelude::*;

use crate::widgets::Note;
use appearance::Appearance;
use connection::Connection;

#[component]
pub fn Settings() -> Html {
    html! {
        <>
            <header class="page-head">
                <div><h1>{ "Settings" }</h1><Note text="This computer's connection and how its window looks." /></div>
            </header>
            <Connection />
            <Appearance />
        </>
    }
}
