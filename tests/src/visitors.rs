//! People, and bots, in a real browser: `tests/visitors.mjs` drives it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tokio::process::Command;

use crate::processes::Process;
use crate::{node, root};

/// The visitors, and the page that they open.
#[derive(Clone, Debug, Serialize)]
pub struct Visit<'a> {
    /// The edge's address.
    pub edge: &'a str,
    /// Document id of the site.
    pub site: &'a str,
    /// The experiment's key.
    pub experiment: &'a str,
    /// The name of the conversion.
    pub goal: &'a str,
    /// Number of separate visitors.
    pub visitors: u32,
    /// True if the browser says that it is driven.
    pub bot: bool,
    /// The same seed gives the same people.
    pub seed: u32,
}

/// The records of the pages of one variant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Seen {
    /// Visitors that saw it.
    pub visitors: u64,
    /// Number of those who converted.
    pub converted: u64,
}

/// The records of all pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Record {
    /// By variant id.
    pub variants: BTreeMap<String, Seen>,
    /// Visitors that came back, and saw the same.
    pub returned: u64,
    /// Heading of the page, by variant id.
    pub headings: BTreeMap<String, String>,
}

impl Record {
    /// Both records as one.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        for (variant, seen) in &other.variants {
            let sum = self.variants.entry(variant.clone()).or_default();
            sum.visitors += seen.visitors;
            sum.converted += seen.converted;
        }
        self.returned += other.returned;
        self
    }

    /// Returns what the pages of this variant recorded.
    pub fn of(&self, variant: &str) -> Seen {
        self.variants.get(variant).copied().unwrap_or_default()
    }

    /// All visitors.
    pub fn visitors(&self) -> u64 {
        self.variants.values().map(|seen| seen.visitors).sum()
    }
}

/// Visitors that are under way; dropping it closes their browser.
pub struct Visitors {
    process: Process,
    at_most: Duration,
}

impl Visitors {
    /// Sends them.
    pub fn send(visit: &Visit<'_>, folder: &Path) -> Result<Self> {
        let mut command = Command::new(node());
        command.arg(root().join("tests/visitors.mjs")).arg(serde_json::to_string(visit)?);
        let process = Process::start("The browser", &mut command, &folder.join("visitors.log"))?;
        // A visit takes a fraction of a second; a loaded machine gets ten times that.
        Ok(Self { process, at_most: Duration::from_secs(90 + u64::from(visit.visitors)) })
    }

    /// Waits until all of them were there and all their events were acknowledged.
    pub async fn record(mut self) -> Result<Record> {
        let line = self.process.line(self.at_most).await.context("The visitors failed.")?;
        serde_json::from_str(&line).with_context(|| format!("The visitors said {line:?}."))
    }
}
