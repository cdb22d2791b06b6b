use yew::prelude::*;

/// A place where nothing is yet: what it is for, and the first step.
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
