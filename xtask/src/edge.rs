//! The edge on this machine: edge/local/serve.mjs on workerd.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result};

use crate::command::say;
use crate::node;
use crate::processes::Group;

/// A running local edge; dropping it ends it.
pub struct LocalEdge {
    /// Keeps it alive.
    pub process: Group,
    /// Its address.
    pub url: String,
}

/// Starts the built edge on a free port and waits until it serves.
pub fn start(state: &Path, port: u16, admin_key: &str) -> Result<LocalEdge> {
    say("Starting the edge.");
    let mut command = node::script(&["edge/local/serve.mjs", "--port", &port.to_string(), "--admin-key", admin_key])?;
    command.arg("--state").arg(state).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut process = Group::start("The local edge", &mut command)?;
    let stdout = process.stdout().context("The local edge has no output.")?;
    let mut first = String::new();
    BufReader::new(stdout).read_line(&mut first)?;
    let url = first.trim().strip_prefix("ready ").context("The local edge did not start; its message is above.")?;
    Ok(LocalEdge { url: url.to_owned(), process })
}
