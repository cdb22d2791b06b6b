//! One row of a list of documents.

use std::rc::Rc;

use beacon_shared::ipc::Summary;
use beacon_shared::model::Kind;
use beacon_shared::wording::title;
use web_sys::HtmlElement;
use yew::prelude::*;

use crate::focus;
use crate::router::{Page, Route, use_router};
use crate::widgets::{Badge, SyncBadge};

#[derive(Properties, PartialEq)]
pub struct DocumentRowProps {
    pub row: Rc<Summary>,
    /// Page that opens the document.
    pub page: Page,
    pub testid: AttrValue,
    /// Line under the name.
    pub note: Html,
    /// True if the document is open beside the list.
    #[prop_or_default]
    pub is_current: bool,
    /// Badges at the row's end.
    #[prop_or_default]
    pub children: Html,
}

/// Names a document, and opens it with a click.
#[component]
pub fn DocumentRow(props: &DocumentRowProps) -> Html {
    let (row, router, button) = (&props.row, use_router(), use_node_ref());
    {
        let (button, id) = (button.clone(), focus::row(&row.id));
        use_effect_with((), move |()| {
            if focus::is_wanted(&id) {
                button.cast::<HtmlElement>().iter().for_each(focus::bring);
            }
        });
    }
    let onclick = {
        let (page, id) = (props.page, row.id.clone());
        move |_: MouseEvent| router.go.emit(Route::document(page, &id))
    };
    html! {
        <button type="button" class="row" ref={button} data-testid={props.testid.clone()} data-key={row.key.clone()}
            data-id={row.id.clone()} aria-current={props.is_current.then_some("true")} {onclick}>
            <span class="row-main">
                <strong>{ title(row.kind, &row.name) }</strong>
                <span class="note">{ props.note.clone() }</span>
            </span>
            { props.children.clone() }
        </button>
    }
}

#[derive(Properties, PartialEq)]
pub struct StateBadgesProps {
    pub row: Rc<Summary>,
}

/// Says what is unusual about a document: unreadable, unfinished, about to be deleted, unpublished or not synced.
#[component]
pub fn StateBadges(props: &StateBadgesProps) -> Html {
    let row = &props.row;
    html! {
        <>
            if !row.readable { <Badge text="Newer version" tone="warn" title="Update Beacon to open it." /> }
            if row.problems > 0 { <Badge text={format!("{} to fix", row.problems)} tone="warn" /> }
            if row.removed {
                <Badge text="Will be deleted" tone="bad" />
            } else if row.live && row.unpublished && row.kind != Kind::Flag {
                <Badge text="Unpublished changes" tone="busy" />
            }
            <SyncBadge sync={row.sync} />
        </>
    }
}
