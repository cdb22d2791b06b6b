//! Deleting a document, and taking that back.

use std::pin::Pin;
use std::rc::Rc;

use beacon_shared::error::Error;
use beacon_shared::ipc::{ById, DocumentRestore, Save};
use beacon_shared::model::Kind;
use beacon_shared::wording::capitalised;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlElement;
use yew::prelude::*;

use crate::focus;
use crate::ipc::call;
use crate::state::{Editable, Editor};
use crate::toast;
use crate::widgets::{Banner, ErrorBanner};

#[derive(Properties, PartialEq)]
pub struct DeletionProps {
    pub id: Option<String>,
    pub kind: Kind,
    /// True if something of it is live: then publishing deletes it.
    pub live: bool,
    /// True if the next publication deletes it.
    pub removed: bool,
    /// Hears that the editor has nothing left to show.
    pub on_deleted: Callback<()>,
    /// Makes the document again, as it was when it was deleted.
    pub again: Callback<()>,
    /// Hears the question, and returns what the answer does: it deletes what was seen with the question.
    pub ask: Callback<(), Delete>,
}

/// Deletes a document as it was seen.
pub type Delete = Rc<dyn Fn() -> Deleted>;
type Deleted = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

/// Returns a callback that takes an editor's draft as what the person saw, and gives what deletes it.
pub fn ask<T: Editable>(editor: &Editor<T>) -> Callback<(), Delete> {
    let editor = editor.clone();
    Callback::from(move |()| {
        let (editor, seen) = (editor.clone(), editor.draft());
        Rc::new(move || -> Deleted {
            let (editor, seen) = (editor.clone(), seen.clone());
            Box::pin(async move { editor.delete(seen).await })
        }) as Delete
    })
}

/// Returns a callback that makes the document of an editor again, with what was in it. It is a new draft: what is deleted
/// stays deleted on other computers.
pub fn again<T: Editable>(editor: &Editor<T>) -> Callback<()> {
    let editor = editor.clone();
    Callback::from(move |()| {
        let save = Save { id: None, base: None, draft: editor.draft() };
        spawn_local(async move {
            if let Err(error) = call::<T::Save>(save).await {
                toast::say(error.message, None);
            }
        });
    })
}

/// Deletes after a second click. What is live is only marked, and stays until that is published.
#[component]
pub fn Deletion(props: &DeletionProps) -> Html {
    let (asked, error) = (use_state(|| None::<Delete>), use_state(|| None::<Error>));
    let Some(id) = props.id.clone() else { return Html::default() };
    let name = props.kind.as_str();
    let answer = |delete: Option<Callback<(), Delete>>| {
        let (asked, error) = (asked.setter(), error.setter());
        Callback::from(move |_: MouseEvent| {
            asked.set(delete.as_ref().map(|ask| ask.emit(())));
            error.set(None);
        })
    };
    let delete = {
        let (asked, error, on_deleted) = (asked.clone(), error.setter(), props.on_deleted.clone());
        let (stays, again, what) = (props.live, props.again.clone(), capitalised(name));
        move |_: MouseEvent| {
            let (asked, error, on_deleted) = (asked.clone(), error.clone(), on_deleted.clone());
            let said = (format!("{what} deleted"), Some(again.clone()));
            let Some(delete) = (*asked).clone() else { return };
            spawn_local(async move {
                asked.set(None);
                match delete().await {
                    Ok(()) if stays => error.set(None),
                    Ok(()) => {
                        toast::say(said.0, said.1);
                        on_deleted.emit(());
                    }
                    Err(e) => error.set(Some(e)),
                }
            });
        }
    };
    let restore = {
        let error = error.setter();
        move |_: MouseEvent| {
            let (error, request) = (error.clone(), ById { id: id.clone() });
            spawn_local(async move { error.set(call::<DocumentRestore>(request).await.err()) });
        }
    };
    let question = if props.live {
        format!("Delete this {name}? It stays live until you publish.")
    } else {
        format!("Delete this {name} on all computers?")
    };
    html! {
        <div class="delete">
            <ErrorBanner error={(*error).clone()} />
            if props.removed {
                <Banner tone="warn">
                    <p>{ format!("This {name} will be deleted when you publish.") }</p>
                    <div class="actions">
                        <button type="button" data-testid="delete-undo"
                            onclick={restore}>{ "Keep it" }</button>
                    </div>
                </Banner>
            } else if asked.is_some() {
                <div class="actions">
                    <span>{ question }</span>
                    <button type="button" class="danger" data-testid="delete-confirm" onclick={delete}>
                        { "Delete" }
                    </button>
                    <Keep onclick={answer(None)} />
                </div>
            } else {
                <button type="button" class="quiet bad" data-testid="delete" onclick={answer(Some(props.ask.clone()))}>
                    { format!("Delete this {name}…") }
                </button>
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct KeepProps {
    onclick: Callback<MouseEvent>,
}

/// The answer that changes nothing. It has the focus first, so that Enter deletes nothing.
#[component]
fn Keep(props: &KeepProps) -> Html {
    let button = use_node_ref();
    {
        let button = button.clone();
        use_effect_with((), move |()| button.cast::<HtmlElement>().iter().for_each(focus::bring));
    }
    html! {
        <button type="button" ref={button} data-testid="delete-keep"
            onclick={props.onclick.clone()}>{ "Cancel" }</button>
    }
}
