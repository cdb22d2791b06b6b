//! The bar above every page: where the person is, search, and what waits for publishing.

use beacon_shared::ipc::PublishCount;
use beacon_shared::model::Kind;
use beacon_shared::wording::title;
use yew::prelude::*;

use crate::commands::{CommandButton, command, hint, use_situation};
use crate::router::{Open, Page, Route, use_router};
use crate::state::{use_call, use_live, use_rows};

#[component]
pub fn TopBar() -> Html {
    let live = use_live();
    // What a sync changes counts as an edit.
    let changes = use_call::<PublishCount>((), live.edits).value.map_or(0, |count| *count);
    html! {
        <div class="top-bar">
            <Breadcrumb />
            <div class="actions">
                <Search />
                <Review changes={changes} />
            </div>
        </div>
    }
}

/// The page, and the document that is open on it.
#[component]
fn Breadcrumb() -> Html {
    let router = use_router();
    let Route { page, open, .. } = &router.route;
    let list = {
        let (router, page) = (router.clone(), *page);
        Callback::from(move |_: MouseEvent| router.go.emit(Route::page(page)))
    };
    let name = command(&format!("go.{}", page.as_str())).map_or("", |command| command.title);
    html! {
        <nav class="breadcrumb" aria-label="Place">
            if *open == Open::List {
                <span aria-current="page">{ name }</span>
            } else {
                <button type="button" class="quiet" data-testid="breadcrumb-list" onclick={list}>{ name }</button>
                <span aria-hidden="true">{ "/" }</span>
                <Here page={*page} open={open.clone()} />
            }
        </nav>
    }
}

#[derive(Properties, PartialEq)]
struct HereProps {
    page: Page,
    open: Open,
}

/// The name of what is open.
#[component]
fn Here(props: &HereProps) -> Html {
    let kind = props.page.kind().unwrap_or(Kind::Experiment);
    let rows = use_rows(kind).value.unwrap_or_default();
    let name = match &props.open {
        Open::New => format!("New {}", kind.as_str()),
        Open::Import => "Import and export".to_owned(),
        Open::Document(id) => {
            rows.iter().find(|row| row.id == *id).map(|row| title(kind, &row.name)).unwrap_or_default()
        }
        Open::List => String::new(),
    };
    html! { <span aria-current="page" data-testid="breadcrumb" title={name.clone()}>{ name }</span> }
}

/// The way to everything by its name.
#[component]
fn Search() -> Html {
    let situation = use_situation();
    let Some(command) = command("palette.open") else { return Html::default() };
    html! {
        <button type="button" class="search-all" data-testid="palette-open"
            onclick={move |_: MouseEvent| (command.run)(&situation)}>
            <span>{ "Search" }</span><kbd>{ hint(command.keys) }</kbd>
        </button>
    }
}

#[derive(Properties, PartialEq)]
struct ReviewProps {
    changes: usize,
}

/// The one way to publishing, on every page.
#[component]
fn Review(props: &ReviewProps) -> Html {
    let class = if props.changes > 0 { "primary" } else { "" };
    html! { <CommandButton command="go.publish" testid="nav-publish" text={review(props.changes)} {class} /> }
}

/// Returns the words of the button.
fn review(changes: usize) -> String {
    match changes {
        0 => "Nothing to publish".to_owned(),
        1 => "Review 1 change".to_owned(),
        n => format!("Review {n} changes"),
    }
}

#[cfg(test)]
mod tests {
    use super::review;

    #[test]
    fn the_button_counts() {
        assert_eq!([0, 1, 2].map(review), ["Nothing to publish", "Review 1 change", "Review 2 changes"]);
    }
}
