//! Words with a colour.

use beacon_shared::ipc::SyncState;
use beacon_shared::model::Status;
use yew::prelude::*;

/// A word with a colour. The word alone carries the meaning.
#[derive(Properties, PartialEq)]
pub struct BadgeProps {
    pub text: AttrValue,
    /// `good`, `busy`, `warn`, `bad` or nothing.
    #[prop_or_default]
    pub tone: AttrValue,
    #[prop_or_default]
    pub title: AttrValue,
}

#[component]
pub fn Badge(props: &BadgeProps) -> Html {
    html! {
        <span class={classes!("badge", props.tone.to_string())}
            title={props.title.clone()}>{ props.text.clone() }</span>
    }
}

#[derive(Properties, PartialEq)]
pub struct StatusProps {
    pub status: Status,
}

/// The status of an experiment.
#[component]
pub fn StatusBadge(props: &StatusProps) -> Html {
    let (text, tone) = match props.status {
        Status::Draft => ("Draft", ""),
        Status::Running => ("Running", "good"),
        Status::Stopped => ("Stopped", "warn"),
        Status::Archived => ("Archived", ""),
    };
    html! { <Badge {text} {tone} /> }
}

#[derive(Properties, PartialEq)]
pub struct SyncProps {
    pub sync: SyncState,
}

/// The sync state of a document. Nothing when the edge has it as it is here.
#[component]
pub fn SyncBadge(props: &SyncProps) -> Html {
    let (text, tone, title) = match props.sync {
        SyncState::Synced => return Html::default(),
        SyncState::Pending => ("On this computer", "", "Saved here. The edge gets it with the next sync."),
        SyncState::Conflict => ("Conflict", "warn", "Someone else changed the same fields."),
        SyncState::Rejected => ("Refused", "bad", "The edge refuses this draft. Fix what is marked in it."),
    };
    html! { <Badge {text} {tone} {title} /> }
}
