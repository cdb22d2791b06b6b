//! How the window looks.

use yew::prelude::*;

use crate::commands::{command, use_situation};
use crate::preferences::ThemeChoice;
use crate::state::use_live;
use crate::widgets::Note;

#[component]
pub fn Appearance() -> Html {
    let (live, situation) = (use_live(), use_situation());
    let option = |choice: ThemeChoice| {
        let name = choice.as_str();
        let Some(command) = command(&format!("view.{name}")) else { return Html::default() };
        let onchange = {
            let situation = situation.clone();
            move |_: Event| (command.run)(&situation)
        };
        html! {
            <label class="checkbox">
                <input type="radio" name="theme" data-testid={format!("theme-{name}")} checked={live.choice == choice}
                    {onchange} />
                <span>{ command.title }</span>
            </label>
        }
    };
    html! {
        <section class="card narrow">
            <h2>{ "Appearance" }</h2>
            <div class="choices" role="radiogroup" aria-label="Theme">{ for ThemeChoice::ALL.into_iter().map(option) }</div>
            <Note text="Ctrl + and Ctrl − change the size of everything, Ctrl 0 brings it back." />
        </section>
    }
}
