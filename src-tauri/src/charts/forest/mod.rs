//! The forest plot: one lift with its interval for each variant and goal.

#[cfg(test)]
mod tests;

use beacon_shared::error::{Code, Error, Result};
use beacon_shared::stats::{Analysis, Estimate};
use beacon_shared::theme::Theme;
use beacon_shared::wording::{capitalised, signed_percent};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::palette::{Palette, palette};
use super::rows::{Row, groups, interval, name, shorten};
use super::scale::Scale;

const WIDTH: u32 = 780;
const LEFT: i32 = 212;
const RIGHT: i32 = 578;
const TOP: i32 = 40;
const ROW: i32 = 52;
const HEADING: i32 = 38;
const BOTTOM: i32 = 34;
/// More rows than anybody compares; the table has them all.
const MAX_ROWS: usize = 40;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = std::result::Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// Draws the lift over the baseline. The SVG has no size of its own, only proportions: the page sizes it.
pub fn forest(analysis: &Analysis, theme: Theme) -> Result<String> {
    let plot = Plot::new(analysis, theme);
    let (width, height) = (WIDTH, plot.height.unsigned_abs());
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        plot.draw(&area)
            .and_then(|()| area.present())
            .map_err(|_| Error::new(Code::Internal, "The chart could not be drawn. The table has the same numbers."))?;
    }
    Ok(svg.replacen(&format!(" width=\"{width}\" height=\"{height}\""), "", 1))
}

/// A line of the plot.
enum Line<'a> {
    Heading(&'a str),
    Lift(Row<'a>),
}

struct Plot<'a> {
    title: String,
    lines: Vec<Line<'a>>,
    scale: Scale,
    palette: Palette,
    height: i32,
}

impl<'a> Plot<'a> {
    fn new(analysis: &'a Analysis, theme: Theme) -> Self {
        let groups = groups(analysis);
        let several = groups.len() > 1;
        let mut lines = Vec::new();
        for (metric, rows) in groups {
            if several {
                lines.push(Line::Heading(&metric.metric.name));
            }
            lines.extend(rows.into_iter().map(Line::Lift));
        }
        lines.truncate(MAX_ROWS);
        let estimates: Vec<Estimate> = lines.iter().filter_map(Line::estimate).collect();
        Self {
            title: format!("Lift over {}, {}", shorten(name(analysis, analysis.plan.baseline), 32), interval(analysis)),
            scale: Scale::new(&estimates, LEFT, RIGHT),
            palette: palette(theme),
            height: TOP + lines.iter().map(Line::height).sum::<i32>().max(ROW) + BOTTOM,
            lines,
        }
    }

    fn draw(&self, area: &Area<'_>) -> Drawn {
        area.fill(&self.palette.ground)?;
        self.axis(area)?;
        let mut y = TOP;
        for line in &self.lines {
            match line {
                Line::Heading(metric) => text(area, &shorten(metric, 40), (0, y + HEADING - 12), self.bold(14.0))?,
                Line::Lift(row) => self.row(area, row, y + ROW / 2)?,
            }
            y += line.height();
        }
        if self.lines.is_empty() {
            self.note(area, "There is nothing to compare yet", TOP + ROW / 2)?;
        }
        Ok(())
    }

    fn axis(&self, area: &Area<'_>) -> Drawn {
        let bottom = self.height - BOTTOM;
        text(area, &self.title, (0, 12), self.style(13.0, self.palette.muted))?;
        if self.lines.iter().any(|line| line.estimate().is_some()) {
            let legend = self.style(12.0, self.palette.muted).pos(Pos::new(HPos::Right, VPos::Center));
            let edge = i32::try_from(WIDTH).unwrap_or(RIGHT);
            text(area, "Filled: decided. Hollow: may still be chance.", (edge, 12), legend)?;
        }
        let labels = self.style(12.0, self.palette.muted).pos(Pos::new(HPos::Center, VPos::Center));
        for (lift, label) in self.scale.ticks() {
            let x = self.scale.pixel(lift);
            area.draw(&PathElement::new([(x, TOP - 8), (x, bottom)], self.palette.grid.stroke_width(1)))?;
            text(area, &label, (x, bottom + 18), labels.clone())?;
        }
        let zero = self.scale.pixel(0.0);
        area.draw(&PathElement::new([(zero, TOP - 8), (zero, bottom + 4)], self.palette.zero.stroke_width(2)))
    }

    fn row(&self, area: &Area<'_>, row: &Row<'_>, y: i32) -> Drawn {
        text(area, &shorten(row.variant, 20), (0, y - 8), self.bold(15.0))?;
        text(area, &row.counts(), (0, y + 11), self.style(12.0, self.palette.muted))?;
        let right = RIGHT + 22;
        match row.lift {
            Ok(estimate) => {
                let color = self.color(row, &estimate);
                self.interval(area, &estimate, y, color, row.decided())?;
                text(area, &signed_percent(estimate.effect), (right, y - 8), self.bold(15.0).color(&color))?;
                if row.is_early() {
                    text(area, "too early", (right + 92, y - 8), self.style(12.0, self.palette.muted))?;
                }
                let range = format!("{} to {}", signed_percent(estimate.lower), signed_percent(estimate.upper));
                text(area, &range, (right, y + 11), self.style(12.0, self.palette.muted))
            }
            Err(reason) => {
                text(area, "No estimate", (right, y), self.style(13.0, self.palette.muted))?;
                self.note(area, &capitalised(reason.text()), y)
            }
        }
    }

    /// The line with its ends, and the estimate on it: filled when it is decided, hollow while it may be chance.
    fn interval(&self, area: &Area<'_>, e: &Estimate, y: i32, color: RGBColor, decided: bool) -> Drawn {
        let (low, high) = (self.scale.pixel(e.lower), self.scale.pixel(e.upper));
        area.draw(&PathElement::new([(low, y), (high, y)], color.stroke_width(3)))?;
        for (x, lift, inwards) in [(low, e.lower, 1), (high, e.upper, -1)] {
            if self.scale.shows(lift) {
                area.draw(&PathElement::new([(x, y - 6), (x, y + 6)], color.stroke_width(3)))?;
            } else {
                let arrow = [(x + inwards * 9, y - 6), (x, y), (x + inwards * 9, y + 6)];
                area.draw(&PathElement::new(arrow, color.stroke_width(3)))?;
            }
        }
        let place = (self.scale.pixel(e.effect), y);
        area.draw(&Circle::new(place, 7, color.filled()))?;
        if decided { Ok(()) } else { area.draw(&Circle::new(place, 4, self.palette.ground.filled())) }
    }

    /// Words in the middle of the plot, on its ground so that no grid line crosses them.
    fn note(&self, area: &Area<'_>, words: &str, y: i32) -> Drawn {
        let middle = (LEFT + RIGHT) / 2;
        let half = i32::try_from(words.chars().count()).unwrap_or(40) * 7 / 2 + 8;
        area.draw(&Rectangle::new([(middle - half, y - 13), (middle + half, y + 13)], self.palette.ground.filled()))?;
        let style = self.style(13.0, self.palette.muted).pos(Pos::new(HPos::Center, VPos::Center));
        text(area, words, (middle, y), style)
    }

    fn color(&self, row: &Row<'_>, estimate: &Estimate) -> RGBColor {
        match row.decided() {
            true if (estimate.effect > 0.0) != row.lower_is_better => self.palette.better,
            true => self.palette.worse,
            false => self.palette.open,
        }
    }

    /// Text of this many pixels, centred on its line.
    fn style(&self, pixels: f64, color: RGBColor) -> TextStyle<'static> {
        // The backend draws text smaller than asked for by this factor.
        let font = FontDesc::new(FontFamily::SansSerif, pixels * 1.24, FontStyle::Normal);
        font.color(&color).pos(Pos::new(HPos::Left, VPos::Center))
    }

    fn bold(&self, pixels: f64) -> TextStyle<'static> {
        let font = FontDesc::new(FontFamily::SansSerif, pixels * 1.24, FontStyle::Bold);
        font.color(&self.palette.ink).pos(Pos::new(HPos::Left, VPos::Center))
    }
}

impl Line<'_> {
    fn height(&self) -> i32 {
        match self {
            Self::Heading(_) => HEADING,
            Self::Lift(_) => ROW,
        }
    }

    fn estimate(&self) -> Option<Estimate> {
        match self {
            Self::Heading(_) => None,
            Self::Lift(row) => row.lift.ok(),
        }
    }
}

fn text(area: &Area<'_>, words: &str, place: (i32, i32), style: TextStyle<'_>) -> Drawn {
    area.draw(&Text::new(words.to_owned(), place, style))
}
