//! Labelled fields: text, a choice, a checkbox.

use web_sys::{HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};
use yew::prelude::*;

/// The kind of text that a [`Field`] takes.
#[derive(Clone, Copy, PartialEq, Default)]
pub enum FieldKind {
    #[default]
    Text,
    /// Not shown while it is typed, and never filled in from outside.
    Secret,
    /// Text that programs read: keys, event names, addresses.
    Code,
    /// Several lines.
    Lines,
    /// Several lines of code.
    CodeLines,
}

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
}

#[component]
pub fn Field(props: &FieldProps) -> Html {
    let typed = use_state(|| None::<AttrValue>);
    let visited = use_state(|| false);
    let value = (*typed).clone().unwrap_or_else(|| props.value.clone());
    let problem = props.problem.clone().filter(|_| *visited || !value.is_empty());
    let set = {
        let (typed, on_input) = (typed.setter(), props.on_input.clone());
        move |text: String| {
            typed.set(Some(text.clone().into()));
            on_input.emit(text);
        }
    };
    let onfocus = {
        let (typed, value) = (typed.setter(), value.clone());
        Callback::from(move |_: FocusEvent| typed.set(Some(value.clone())))
    };
    let onblur = {
        let (seen, visited) = (typed.clone(), visited.setter());
        let (on_blur, on_done, before) = (props.on_blur.clone(), props.on_done.clone(), props.value.clone());
        Callback::from(move |_: FocusEvent| {
            if let Some(text) = seen.as_ref().filter(|text| **text != before) {
                on_done.emit(text.to_string());
            }
            seen.set(None);
            visited.set(true);
            on_blur.emit(());
        })
    };
    let note = AttrValue::from(format!("{}-note", props.testid));
    let invalid = problem.is_some().then_some("true");
    let code = matches!(props.kind, FieldKind::Code | FieldKind::CodeLines).then_some("code");
    let control = if matches!(props.kind, FieldKind::Lines | FieldKind::CodeLines) {
        let oninput =
            Callback::from(move |e: InputEvent| set(e.target_unchecked_into::<HtmlTextAreaElement>().value()));
        html! {
            <textarea id={props.testid.clone()} data-testid={props.testid.clone()} class={classes!(code)}
                {value} {oninput}
                {onfocus} {onblur} rows={props.rows.to_string()} placeholder={props.placeholder.clone()}
                disabled={props.disabled} aria-invalid={invalid} aria-describedby={note.clone()}
                spellcheck={if code.is_some() { "false" } else { "true" }} />
        }
    } else {
        let oninput = Callback::from(move |e: InputEvent| set(e.target_unchecked_into::<HtmlInputElement>().value()));
        html! {
            <input id={props.testid.clone()} data-testid={props.testid.clone()} class={classes!(code)} {value}
                {oninput}
                {onfocus} {onblur} type={if props.kind == FieldKind::Secret { "password" } else { "text" }}
                placeholder={props.placeholder.clone()} disabled={props.disabled} autocomplete="off"
                spellcheck={if props.kind == FieldKind::Text { "true" } else { "false" }}
                aria-invalid={invalid} aria-describedby={note.clone()} />
        }
    };
    html! {
        <div class={classes!("field", props.class.clone())}>
            <label for={props.testid.clone()}>{ props.label.clone() }</label>
            if props.suffix.is_empty() { { control } } else {
                <div class="with-suffix">{ control }<span class="suffix">{ props.suffix.clone() }</span></div>
            }
            <p id={note} class={if problem.is_some() { "note problem" } else { "note" }}>
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
