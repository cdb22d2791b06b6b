//! A page without anything on it yet.

use yew::prelude::*;

/// Says what an empty page is for, and the first step.
#[derive(Properties, PartialEq)]
pub struct EmptyProps {
    pub title: AttrValue,
    pub children: Children,
}

#[component]
pub fn Empty(props: &EmptyProps) -> Html {
    html! {
        <div class="empty">
            <h2>{ props.title.clone() }</h2>
            { props.children.clone() }
        </div>
    }
}
