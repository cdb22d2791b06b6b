//! The list of a page, a part at a time: a window with ten thousand rows would be slow.

use std::rc::Rc;

use beacon_shared::ipc::Summary;
use beacon_shared::model::Kind;
use beacon_shared::wording::title;
use yew::prelude::*;

/// Rows that are shown at first, and with each click.
const STEP: usize = 200;

#[derive(Properties, PartialEq)]
pub struct RowsProps {
    pub rows: Vec<Rc<Summary>>,
    /// Draws one row.
    pub draw: Callback<Rc<Summary>, Html>,
    #[prop_or_default]
    pub class: Classes,
}

#[component]
pub fn Rows(props: &RowsProps) -> Html {
    let shown = use_state(|| STEP);
    let rest = props.rows.len().saturating_sub(*shown);
    let more = {
        let shown = shown.clone();
        Callback::from(move |_: MouseEvent| shown.set(*shown + STEP))
    };
    html! {
        <div class={classes!("list", props.class.clone())} role="list">
            { for props.rows.iter().take(*shown).map(|row| props.draw.emit(row.clone())) }
            if rest > 0 {
                <button type="button" class="row quiet" data-testid="rows-more" onclick={more}>
                    { format!("Show more ({rest} left)") }
                </button>
            }
        </div>
    }
}

/// Returns the rows that are on a site; all of them for an empty id.
pub fn on_site(rows: Vec<Rc<Summary>>, site: &str) -> Vec<Rc<Summary>> {
    let is_there = |row: &Rc<Summary>| site.is_empty() || row.sites.iter().any(|id| id == site);
    rows.into_iter().filter(is_there).collect()
}

/// Returns sites as a choice takes them: id and name.
pub fn site_options(sites: &[Rc<Summary>]) -> Vec<(AttrValue, AttrValue)> {
    sites.iter().map(|site| (site.id.clone().into(), title(Kind::Site, &site.name).into())).collect()
}
