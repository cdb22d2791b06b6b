//! Sentences that a person should read: news, errors and notes.

use beacon_shared::error::{Code, Error};
use yew::prelude::*;

/// A sentence that the person should read before going on.
#[derive(Properties, PartialEq)]
pub struct BannerProps {
    /// `info`, `warn` or `good`.
    #[prop_or(AttrValue::Static("info"))]
    pub tone: AttrValue,
    pub children: Children,
}

#[component]
pub fn Banner(props: &BannerProps) -> Html {
    html! {
        <div class={classes!("banner", props.tone.to_string())} role="status">
            { props.children.clone() }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct ErrorProps {
    pub error: Option<Error>,
    /// Offers to try again.
    #[prop_or_default]
    pub on_retry: Option<Callback<()>>,
}

/// An error of something that the person asked for, with what to do. Nothing without an error.
#[component]
pub fn ErrorBanner(props: &ErrorProps) -> Html {
    let Some(error) = &props.error else { return Html::default() };
    let rest = error.problems.iter().filter(|p| p.detail != error.message);
    let retry = props.on_retry.clone().map(|on_retry| {
        html! { <button type="button" onclick={move |_| on_retry.emit(())}>{ "Try again" }</button> }
    });
    html! {
        <div class="banner bad" role="alert" data-testid="error-message">
            <div>
                <strong>{ title(error.code) }</strong>
                <p>{ error.message.clone() }</p>
                { for rest.map(|p| html! { <p>{ p.detail.clone() }</p> }) }
            </div>
            { retry }
        </div>
    }
}

fn title(code: Code) -> &'static str {
    match code {
        Code::Invalid | Code::TooLarge => "Something needs fixing",
        Code::NotFound => "It isn't there any more",
        Code::Stale => "It changed in between",
        Code::SealedSince | Code::Gone => "Some events are missing",
        Code::Locked => "Locked while it runs",
        Code::NotConnected => "Not connected",
        Code::Unreachable => "The edge cannot be reached",
        Code::NotAnEdge => "That is not a Beacon edge",
        Code::Unauthorized => "The key was refused",
        Code::RateLimited => "Too many requests",
        Code::SiteRefused => "The site was refused",
        Code::Keychain => "The keychain is not available",
        Code::Storage => "It could not be saved",
        Code::NewerDatabase => "Written by a newer Beacon",
        Code::Cancelled => "Cancelled",
        Code::Internal => "Something went wrong",
    }
}

#[derive(Properties, PartialEq)]
pub struct NoteProps {
    pub text: AttrValue,
}

/// An aside in small type.
#[component]
pub fn Note(props: &NoteProps) -> Html {
    html! { <p class="note">{ props.text.clone() }</p> }
}
