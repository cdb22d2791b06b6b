//! What a chart shows, apart from how it is drawn (the desktop draws it with plotters).

use serde::{Deserialize, Serialize};

/// Light or dark: charts are pictures and must be made for one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Dark ink on a light ground.
    #[default]
    Light,
    /// Light ink on a dark ground.
    Dark,
}
