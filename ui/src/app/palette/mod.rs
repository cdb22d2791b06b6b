//! The command palette: documents and commands by a part of their name.

mod ranking;

use std::rc::Rc;

use beacon_shared::ipc::Summary;
use beacon_shared::model::Kind;
use beacon_shared::wording::{capitalised, title};
use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

use crate::commands::{COMMANDS, Command, Situation, hint, use_situation};
use crate::focus;
use crate::router::{Page, Route};
use crate::state::{Part, use_live, use_live_change, use_rows};
use ranking::{best, score};

/// The most entries that are shown.
const SHOWN: usize = 12;

/// One thing to go to, or to do.
#[derive(Clone)]
enum Entry {
    Command(&'static Command),
    Document(Rc<Summary>, Page),
}

impl Entry {
    fn name(&self) -> String {
        match self {
            Self::Command(command) => command.title.to_owned(),
            Self::Document(row, _) => title(row.kind, &row.name),
        }
    }

    fn run(&self, situation: &Situation) {
        match self {
            Self::Command(command) => (command.run)(situation),
            Self::Document(row, page) => situation.router.go.emit(Route::document(*page, &row.id)),
        }
    }

    /// Returns how well it fits what is looked for.
    fn score(&self, wanted: &str) -> Option<u32> {
        match self {
            Self::Command(command) => score(wanted, command.title),
            Self::Document(row, _) => score(wanted, &self.name()).max(score(wanted, &row.key)),
        }
    }
}

/// Opens and closes with the window's state.
#[component]
pub fn Palette() -> Html {
    if use_live().palette {
        html! { <OpenPalette /> }
    } else {
        Html::default()
    }
}

#[component]
fn OpenPalette() -> Html {
    let (situation, change) = (use_situation(), use_live_change());
    let (wanted, chosen, field) = (use_state(String::new), use_state(|| 0usize), use_node_ref());
    let entries = best(use_entries(&situation), SHOWN, |entry| entry.score(&wanted));
    {
        let field = field.clone();
        use_effect_with((), move |()| field.cast::<HtmlElement>().iter().for_each(focus::bring));
    }
    let close = change.reform(|()| Part::Palette(false));
    let run = {
        let (entries, situation, close) = (entries.clone(), situation.clone(), close.clone());
        Callback::from(move |index: usize| {
            close.emit(());
            entries.get(index).iter().for_each(|entry| entry.run(&situation));
        })
    };
    let oninput = {
        let (wanted, chosen) = (wanted.setter(), chosen.setter());
        move |event: InputEvent| {
            wanted.set(event.target_unchecked_into::<HtmlInputElement>().value());
            chosen.set(0);
        }
    };
    let onkeydown = {
        let (chosen, run, close, last) = (chosen.clone(), run.clone(), close.clone(), entries.len().saturating_sub(1));
        move |event: KeyboardEvent| {
            match event.key().as_str() {
                "ArrowDown" => chosen.set((*chosen + 1).min(last)),
                "ArrowUp" => chosen.set(chosen.saturating_sub(1)),
                "Enter" => run.emit(*chosen),
                "Escape" => close.emit(()),
                // The field is all that can have the focus while the palette is open.
                "Tab" => {}
                _ => return,
            }
            event.prevent_default();
            event.stop_propagation();
        }
    };
    html! {
        <div class="palette-ground" onclick={close.reform(|_: MouseEvent| ())}>
            <div class="palette" role="dialog" aria-modal="true" aria-label="Search" data-testid="palette" data-apart=""
                onclick={|event: MouseEvent| event.stop_propagation()}>
                <input ref={field} type="text" role="combobox" aria-expanded="true" aria-controls="palette-entries"
                    aria-activedescendant={format!("palette-{}", *chosen)} aria-label="Search" data-testid="palette-field"
                    placeholder="Search, or type what to do" value={(*wanted).clone()} autocomplete="off" spellcheck="false"
                    {oninput} {onkeydown} />
                <ul id="palette-entries" role="listbox" class="plain">
                    { for entries.iter().enumerate().map(|(i, entry)| line(entry, i, i == *chosen, &run)) }
                </ul>
                if entries.is_empty() { <p class="note pad">{ format!("Nothing matches “{}”.", *wanted) }</p> }
            </div>
        </div>
    }
}

/// Returns everything that can be chosen now: commands first, then documents, the newest change first.
#[hook]
fn use_entries(situation: &Situation) -> Vec<Entry> {
    let experiments = use_rows(Kind::Experiment).value.unwrap_or_default();
    let flags = use_rows(Kind::Flag).value.unwrap_or_default();
    let metrics = use_rows(Kind::Metric).value.unwrap_or_default();
    let sites = use_rows(Kind::Site).value.unwrap_or_default();
    let listed = COMMANDS.iter().filter(|command| command.is_listed && (command.enabled)(situation));
    let of = |rows: Vec<Rc<Summary>>, page| rows.into_iter().map(move |row| Entry::Document(row, page));
    listed
        .map(Entry::Command)
        .chain(of(experiments, Page::Experiments))
        .chain(of(flags, Page::Flags))
        .chain(of(metrics, Page::Metrics))
        .chain(of(sites, Page::Sites))
        .collect()
}

fn line(entry: &Entry, index: usize, is_chosen: bool, run: &Callback<usize>) -> Html {
    let (kind, keys) = match entry {
        Entry::Command(command) => ("Command".to_owned(), hint(command.keys)),
        Entry::Document(row, _) => (capitalised(row.kind.as_str()), None),
    };
    html! {
        <li id={format!("palette-{index}")} role="option" aria-selected={is_chosen.to_string()}
            aria-label={entry.name()} data-testid="palette-entry"
            onclick={run.reform(move |_: MouseEvent| index)}>
            <span class="palette-name">{ entry.name() }</span>
            <span class="note">{ kind }</span>
            if let Some(keys) = keys { <kbd>{ keys }</kbd> }
        </li>
    }
}
