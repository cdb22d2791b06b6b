//! The person's choices about this window, kept by the webview: they belong to the computer and not to a workspace.

use beacon_shared::theme::Theme;
use web_sys::Storage;

const THEME: &str = "beacon.theme";
const ZOOM: &str = "beacon.zoom";
const SITE: &str = "beacon.site";

/// The steps of the zoom, in percent.
const ZOOMS: [u32; 9] = [67, 80, 90, 100, 110, 125, 150, 175, 200];
const NORMAL: u32 = 100;

/// The theme that the person chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeChoice {
    /// The system's theme, whatever it is at the time.
    #[default]
    System,
    Light,
    Dark,
}

impl ThemeChoice {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Returns the choice with this name, or the system's.
    pub fn parse(name: &str) -> Self {
        Self::ALL.into_iter().find(|choice| choice.as_str() == name).unwrap_or_default()
    }

    /// Returns the theme to draw, where the system asks for `system`.
    pub fn resolve(self, system: Theme) -> Theme {
        match self {
            Self::System => system,
            Self::Light => Theme::Light,
            Self::Dark => Theme::Dark,
        }
    }
}

/// A step of the zoom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zoom {
    In,
    Out,
    Reset,
}

pub fn theme() -> ThemeChoice {
    ThemeChoice::parse(&read(THEME))
}

pub fn set_theme(choice: ThemeChoice) {
    write(THEME, choice.as_str());
}

/// Returns the document id of the site that lists are narrowed to; empty for all sites.
pub fn site() -> String {
    read(SITE)
}

pub fn set_site(id: &str) {
    write(SITE, id);
}

/// Changes the zoom and remembers it.
pub fn zoom(step: Zoom) {
    let next = stepped(read(ZOOM).parse().unwrap_or(NORMAL), step);
    write(ZOOM, &next.to_string());
    show_zoom();
}

/// Draws the window at the zoom that was chosen.
pub fn show_zoom() {
    let percent: u32 = read(ZOOM).parse().ok().filter(|percent| ZOOMS.contains(percent)).unwrap_or(NORMAL);
    let root = web_sys::window().and_then(|window| window.document()).and_then(|document| document.document_element());
    let Some(root) = root else { return };
    // Classes, because the page's policy allows no inline styles.
    for step in ZOOMS {
        let _ = root.class_list().toggle_with_force(&format!("zoom-{step}"), step == percent && step != NORMAL);
    }
}

fn stepped(percent: u32, step: Zoom) -> u32 {
    match step {
        Zoom::In => ZOOMS.into_iter().find(|zoom| *zoom > percent).unwrap_or(percent),
        Zoom::Out => ZOOMS.into_iter().rev().find(|zoom| *zoom < percent).unwrap_or(percent),
        Zoom::Reset => NORMAL,
    }
}

/// A webview without a storage forgets the choices with the window.
fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

fn read(name: &str) -> String {
    storage().and_then(|storage| storage.get_item(name).ok().flatten()).unwrap_or_default()
}

fn write(name: &str, value: &str) {
    if let Some(storage) = storage() {
        // A full storage keeps the choice before.
        let _ = storage.set_item(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_theme_stays_and_the_systems_follows_the_system() {
        for choice in ThemeChoice::ALL {
            assert_eq!(ThemeChoice::parse(choice.as_str()), choice);
        }
        assert_eq!(ThemeChoice::parse("sepia"), ThemeChoice::System);
        assert_eq!(ThemeChoice::System.resolve(Theme::Dark), Theme::Dark);
        assert_eq!(ThemeChoice::Light.resolve(Theme::Dark), Theme::Light);
    }

    #[test]
    fn the_zoom_goes_in_steps_and_ends() {
        assert_eq!([stepped(100, Zoom::In), stepped(100, Zoom::Out), stepped(150, Zoom::Reset)], [110, 90, 100]);
        assert_eq!([stepped(200, Zoom::In), stepped(67, Zoom::Out)], [200, 67]);
        assert_eq!(stepped(93, Zoom::In), 100, "a step that is none any more");
    }
}
