//! Colours: the interface's own, so that a chart does not stand out from its page.

use beacon_shared::theme::Theme;
use plotters::style::RGBColor;

pub(super) struct Palette {
    /// The background.
    pub ground: RGBColor,
    /// Text.
    pub ink: RGBColor,
    /// Text that explains.
    pub muted: RGBColor,
    /// Grid lines.
    pub grid: RGBColor,
    /// Zero: where nothing differs.
    pub zero: RGBColor,
    /// The interval is above zero.
    pub better: RGBColor,
    /// The interval is below zero.
    pub worse: RGBColor,
    /// The interval includes zero, or decides nothing yet.
    pub open: RGBColor,
}

/// Every text has a contrast of at least 4.5 on its ground.
pub(super) fn palette(theme: Theme) -> Palette {
    match theme {
        Theme::Light => Palette {
            ground: RGBColor(0xff, 0xff, 0xff),
            ink: RGBColor(0x1a, 0x1f, 0x29),
            muted: RGBColor(0x56, 0x60, 0x72),
            grid: RGBColor(0xe4, 0xe7, 0xec),
            zero: RGBColor(0x8b, 0x93, 0xa1),
            better: RGBColor(0x17, 0x70, 0x3f),
            worse: RGBColor(0xb3, 0x26, 0x1e),
            open: RGBColor(0x56, 0x60, 0x72),
        },
        Theme::Dark => Palette {
            ground: RGBColor(0x1a, 0x1e, 0x26),
            ink: RGBColor(0xe8, 0xeb, 0xf1),
            muted: RGBColor(0xa2, 0xac, 0xbd),
            grid: RGBColor(0x2c, 0x32, 0x3d),
            zero: RGBColor(0x6c, 0x76, 0x88),
            better: RGBColor(0x6f, 0xd3, 0x9a),
            worse: RGBColor(0xff, 0x9a, 0x91),
            open: RGBColor(0xa2, 0xac, 0xbd),
        },
    }
}
