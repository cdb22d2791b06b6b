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
        <span class={classes!("badge", props.tone.to_string())} title={props.title.clone()}>{ props.text.clone() }</span>
    }
}

#[derive(Properties, PartialEq)]
pub struct StatusProps {
    pub status: Status,
}

/// Where an experiment is in its life.
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

/// How a document stands towards the edge; nothing when all is well.
#[component]
pub fn SyncBadge(props: &SyncProps) -> Html {
    let (text, tone, title) = match props.sync {
        SyncState::Synced => return Html::default(),
        SyncState::Pending => ("On this computer", "", "Saved here; the edge gets it with the next sync."),
        SyncState::Conflict => ("Conflict", "warn", "Changed here and elsewhere in the same place."),
        SyncState::Rejected => ("Refused", "bad", "The edge refuses it as it is; see what must be fixed."),
    };
    html! { <Badge {text} {tone} {title} /> }
}
