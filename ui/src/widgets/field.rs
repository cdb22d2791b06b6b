//! Labelled fields: text, a choice, a checkbox.

use beacon_shared::typed;
use serde_json::Value;
use web_sys::{HtmlElement, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};
use yew::prelude::*;

use crate::{focus, undo};

/// The most lines that a field grows to while it is typed in.
const MOST_ROWS: usize = 16;

/// The kind of text that a [`Field`] takes.
#[derive(Clone, Copy, PartialEq, Default)]
pub enum FieldKind {
    #[default]
    Text,
    /// Not shown while it is typed, and never filled in from outside.
    Secret,
    /// Text that programs read: keys, event names, addresses.
    Code,
    /// A share in percent, stored in parts of 10,000.
    Share,
    /// Any other percentage, stored as a fraction.
    Percentage,
    /// An amount, such as of money.
    Amount,
    /// Several lines.
    Lines,
    /// Several lines of code.
    CodeLines,
    /// Several lines of JSON.
    Json,
}

impl FieldKind {
    fn is_code(self) -> bool {
        matches!(self, Self::Code | Self::CodeLines | Self::Json)
    }

    fn has_lines(self) -> bool {
        matches!(self, Self::Lines | Self::CodeLines | Self::Json)
    }

    /// Returns true if both texts say the same, so that the one that was typed stays as it was typed.
    fn says_the_same(self, typed: &str, value: &str) -> bool {
        match self {
            Self::Share => typed::share(typed).is_ok_and(|share| typed::share(value) == Ok(share)),
            Self::Percentage => typed::percentage(typed).is_ok_and(|percent| typed::percentage(value) == Ok(percent)),
            Self::Amount => typed::amount(typed).is_ok_and(|amount| typed::amount(value) == Ok(amount)),
            Self::Json => {
                let read = |text: &str| serde_json::from_str::<Value>(text).ok();
                read(typed).is_some_and(|typed| read(value) == Some(typed))
            }
            _ => false,
        }
    }
}

/// True where every problem is shown, also of a field that is empty and was not visited yet.
#[derive(Clone, Copy, PartialEq, Default)]
pub struct Reveal(pub bool);

/// A labelled text field. While it has the focus it shows what was typed, whatever arrives meanwhile.
#[derive(Properties, PartialEq)]
pub struct FieldProps {
    pub label: AttrValue,
    pub testid: AttrValue,
    pub value: AttrValue,
    /// Hears every keystroke.
    #[prop_or_default]
    pub on_input: Callback<String>,
    /// Hears the whole text when the person leaves the field after typing.
    #[prop_or_default]
    pub on_done: Callback<String>,
    #[prop_or_default]
    pub on_blur: Callback<()>,
    #[prop_or_default]
    pub kind: FieldKind,
    #[prop_or_default]
    pub hint: AttrValue,
    #[prop_or_default]
    pub placeholder: AttrValue,
    /// Shown once the person has been in the field, or when it is not empty.
    #[prop_or_default]
    pub problem: Option<AttrValue>,
    #[prop_or_default]
    pub disabled: bool,
    /// Shown behind the value, such as a unit.
    #[prop_or_default]
    pub suffix: AttrValue,
    #[prop_or_default]
    pub class: Classes,
    #[prop_or(2)]
    pub rows: u32,
    /// Takes the focus when it appears.
    #[prop_or_default]
    pub autofocus: bool,
}

/// The text that a person typed, and the number of steps that had been taken back by then.
#[derive(Clone, PartialEq)]
struct Typed {
    text: AttrValue,
    steps: u32,
}

impl Typed {
    fn new(text: AttrValue) -> Self {
        Self { text, steps: undo::taken() }
    }

    /// Returns the text, unless an edit was taken back since: then the field shows what is there now.
    fn text(&self) -> Option<&AttrValue> {
        (self.steps == undo::taken()).then_some(&self.text)
    }
}

#[component]
pub fn Field(props: &FieldProps) -> Html {
    let typed = use_state(|| None::<Typed>);
    // What was typed before the focus left.
    let kept = use_state(|| None::<AttrValue>);
    let visited = use_state(|| false);
    let reveal = use_context::<Reveal>().unwrap_or_default().0;
    let control = use_node_ref();
    {
        let (control, asked, testid) = (control.clone(), props.autofocus, props.testid.clone());
        use_effect_with((), move |()| {
            if focus::is_wanted(&testid) || asked {
                control.cast::<HtmlElement>().iter().for_each(focus::bring);
            }
        });
    }
    let stays = kept.as_ref().filter(|kept| props.kind.says_the_same(kept, &props.value)).cloned();
    let shown = typed.as_ref().and_then(Typed::text).cloned().or(stays);
    let value = shown.unwrap_or_else(|| props.value.clone());
    let problem = props.problem.clone().filter(|_| reveal || *visited || !value.is_empty());
    let set = {
        let (typed, visited, on_input) = (typed.setter(), visited.setter(), props.on_input.clone());
        move |text: String| {
            typed.set(Some(Typed::new(text.clone().into())));
            visited.set(true);
            on_input.emit(text);
        }
    };
    let onfocus = {
        let (typed, value) = (typed.setter(), value.clone());
        Callback::from(move |_: FocusEvent| typed.set(Some(Typed::new(value.clone()))))
    };
    let onblur = {
        let (seen, visited, kept) = (typed.clone(), visited.setter(), kept.setter());
        let (on_blur, on_done, before) = (props.on_blur.clone(), props.on_done.clone(), props.value.clone());
        Callback::from(move |_: FocusEvent| {
            let text = seen.as_ref().and_then(Typed::text).cloned();
            if let Some(text) = text.as_ref().filter(|text| **text != before) {
                on_done.emit(text.to_string());
            }
            kept.set(text);
            seen.set(None);
            visited.set(true);
            on_blur.emit(());
        })
    };
    let note = AttrValue::from(format!("{}-note", props.testid));
    let invalid = problem.is_some().then_some("true");
    let code = props.kind.is_code().then_some("code");
    let input = if props.kind.has_lines() {
        let oninput =
            Callback::from(move |e: InputEvent| set(e.target_unchecked_into::<HtmlTextAreaElement>().value()));
        let rows = value.split('\n').count().clamp(props.rows as usize, MOST_ROWS.max(props.rows as usize));
        html! {
            <textarea ref={control} id={props.testid.clone()} data-testid={props.testid.clone()}
                class={classes!(code)} {value} {oninput}
                {onfocus} {onblur} rows={rows.to_string()} placeholder={props.placeholder.clone()}
                disabled={props.disabled} aria-invalid={invalid} aria-describedby={note.clone()}
                spellcheck={if code.is_some() { "false" } else { "true" }} />
        }
    } else {
        let oninput = Callback::from(move |e: InputEvent| set(e.target_unchecked_into::<HtmlInputElement>().value()));
        html! {
            <input ref={control} id={props.testid.clone()} data-testid={props.testid.clone()}
                class={classes!(code)} {value} {oninput}
                {onfocus} {onblur} type={if props.kind == FieldKind::Secret { "password" } else { "text" }}
                placeholder={props.placeholder.clone()} disabled={props.disabled} autocomplete="off"
                spellcheck={if props.kind == FieldKind::Text { "true" } else { "false" }}
                aria-invalid={invalid} aria-describedby={note.clone()} />
        }
    };
    html! {
        <div class={classes!("field", props.class.clone())}>
            <label for={props.testid.clone()}>{ props.label.clone() }</label>
            if props.suffix.is_empty() { { input } } else {
                <div class="with-suffix">{ input }<span class="suffix">{ props.suffix.clone() }</span></div>
            }
            <p id={note} data-testid={format!("{}-note", props.testid)}
                class={if problem.is_some() { "note problem" } else { "note" }}>
                { problem.unwrap_or_else(|| props.hint.clone()) }
            </p>
        </div>
    }
}

/// A labelled choice among options, each a value and what people read.
#[derive(Properties, PartialEq)]
pub struct ChoiceProps {
    pub label: AttrValue,
    pub testid: AttrValue,
    pub value: AttrValue,
    pub options: Vec<(AttrValue, AttrValue)>,
    pub on_change: Callback<String>,
    /// Shown while nothing is chosen.
    #[prop_or_default]
    pub placeholder: AttrValue,
    #[prop_or_default]
    pub hint: AttrValue,
    #[prop_or_default]
    pub disabled: bool,
}

#[component]
pub fn Choice(props: &ChoiceProps) -> Html {
    let on_change = props.on_change.clone();
    let onchange =
        Callback::from(move |e: Event| on_change.emit(e.target_unchecked_into::<HtmlSelectElement>().value()));
    let unknown = !props.options.iter().any(|(value, _)| *value == props.value);
    html! {
        <div class="field">
            <label for={props.testid.clone()}>{ props.label.clone() }</label>
            <select id={props.testid.clone()} data-testid={props.testid.clone()} {onchange}
                disabled={props.disabled}>
                if unknown {
                    <option value="" selected=true disabled=true>{ props.placeholder.clone() }</option>
                }
                { for props.options.iter().map(|(value, name)| html! {
                    <option key={value.to_string()} value={value.clone()} selected={*value == props.value}>
                        { name.clone() }
                    </option>
                }) }
            </select>
            <p class="note">{ props.hint.clone() }</p>
        </div>
    }
}

/// A labelled checkbox.
#[derive(Properties, PartialEq)]
pub struct CheckboxProps {
    pub label: AttrValue,
    pub testid: AttrValue,
    pub checked: bool,
    pub on_change: Callback<bool>,
    #[prop_or_default]
    pub hint: AttrValue,
    #[prop_or_default]
    pub disabled: bool,
}

#[component]
pub fn Checkbox(props: &CheckboxProps) -> Html {
    let on_change = props.on_change.clone();
    let onchange =
        Callback::from(move |e: Event| on_change.emit(e.target_unchecked_into::<HtmlInputElement>().checked()));
    html! {
        <label class="checkbox">
            <input type="checkbox" data-testid={props.testid.clone()} checked={props.checked} {onchange}
                disabled={props.disabled} />
            <span>{ props.label.clone() }
                if !props.hint.is_empty() { <span class="note">{ props.hint.clone() }</span> }
            </span>
        </label>
    }
}

#[cfg(test)]
mod tests {
    use super::FieldKind;

    #[test]
    fn what_was_typed_stays_while_it_says_what_is_stored() {
        for (kind, typed, value, expected) in [
            (FieldKind::Share, "33,3", "33.3", true),
            (FieldKind::Share, "33,3", "50", false),
            (FieldKind::Share, "150", "150", false),
            (FieldKind::Json, r#"{"z": 1, "a": 2}"#, r#"{"a":2,"z":1}"#, true),
            (FieldKind::Json, r#"{"z": 1}"#, r#"{"z":9}"#, false),
            (FieldKind::Json, "{", "{", false),
            (FieldKind::Text, " Shop", "Shop", false),
        ] {
            assert_eq!(kind.says_the_same(typed, value), expected, "{typed} {value}");
        }
    }
}
