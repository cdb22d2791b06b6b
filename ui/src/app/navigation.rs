//! The way between the pages.

use beacon_shared::model::Kind;
use beacon_shared::wording::title;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::commands::{command, hint, use_situation};
use crate::preferences;
use crate::router::Page;
use crate::state::{Part, use_live, use_live_change, use_rows};

#[component]
pub fn Navigation() -> Html {
    let situation = use_situation();
    let item = |page: Page| {
        let Some(command) = command(&format!("go.{}", page.as_str())) else { return Html::default() };
        let current = (page == situation.router.route.page).then_some("page");
        let onclick = {
            let situation = situation.clone();
            move |_: MouseEvent| (command.run)(&situation)
        };
        html! {
            <button type="button" data-testid={format!("nav-{}", page.as_str())} {onclick}
                aria-current={current}
                title={hint(command.keys)}>{ icon(page) }<span>{ command.title }</span></button>
        }
    };
    html! {
        <nav aria-label="Main">
            <div class="brand">
                <img src="./logo.svg" alt="" width="24" height="24" /><span>{ "Beacon" }</span>
            </div>
            <SiteSwitcher />
            { for Page::ALL.into_iter().filter(|page| *page != Page::Publish).map(item) }
        </nav>
    }
}

/// Narrows every list to one site.
#[component]
fn SiteSwitcher() -> Html {
    let (live, change, sites) = (use_live(), use_live_change(), use_rows(Kind::Site));
    let sites = sites.value.unwrap_or_default();
    if sites.len() < 2 {
        // The same height, so that nothing below moves under the pointer when the sites are known.
        let only = sites.first().map(|site| title(Kind::Site, &site.name));
        return html! { <p class="site-slot">{ only }</p> };
    }
    let onchange = change.reform(|event: Event| {
        let site = event.target_unchecked_into::<HtmlSelectElement>().value();
        preferences::set_site(&site);
        Part::Site(site)
    });
    let is_known = sites.iter().any(|site| site.id == live.site);
    html! {
        <select class="site-switcher" aria-label="Site" data-testid="site-switcher" {onchange}>
            <option value="" selected={!is_known}>{ "All sites" }</option>
            { for sites.iter().map(|site| html! {
                <option key={site.id.clone()} value={site.id.clone()} selected={site.id == live.site}>
                    { title(Kind::Site, &site.name) }
                </option>
            }) }
        </select>
    }
}

fn icon(page: Page) -> Html {
    let d = match page {
        Page::Sites => {
            "M2 8h12M8 2c2 2 2.5 4 2.5 6S10 12 8 14c-2-2-2.5-4-2.5-6S6 4 8 2zM8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z"
        }
        Page::Experiments => "M6 2h4M7 2v4L3 13a1 1 0 0 0 1 1h8a1 1 0 0 0 1-1L9 6V2M5 10h6",
        Page::Flags => "M4 14V2M4 3h8l-2 3 2 3H4",
        Page::Metrics => "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 8h.01",
        Page::Publish => "M8 11V2M5 5l3-3 3 3M3 10v3h10v-3",
        Page::Results => "M2 14h12M4 12V8M8 12V3M12 12V6",
        Page::Settings => "M2 5h6M12 5h2M2 11h2M8 11h6M10 3v4M6 9v4",
    };
    html! {
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" fill="none" stroke="currentColor"
            stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round"><path {d} /></svg>
    }
}
