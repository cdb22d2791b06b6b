//! Answers the interface's calls. `beacon_shared::ipc` declares them; the table here says who answers.

mod connection;
mod diff;
mod discard;
pub mod document;
mod experiment;
mod flag;
mod metric;
mod overview;
mod payload;
mod publish;
mod removal;
mod results;
mod site;
mod sync;
mod window;
mod workspace;

use std::sync::Arc;

use beacon_shared::error::{Code, Error, Result};
use beacon_shared::ipc::{self as calls, Call};
use serde_json::Value;

use crate::app::App;

macro_rules! handlers {
    ($($call:ident => $handler:path,)*) => {
        /// Answers the call `name`.
        pub async fn dispatch(app: &Arc<App>, name: &str, request: Value) -> Result<Value> {
            match name {
                $(<calls::$call as Call>::NAME => {
                    let request = read::<calls::$call>(request)?;
                    write::<calls::$call>(&$handler(app, request).await?)
                })*
                _ => Err(Error::new(Code::NotFound, format!("Beacon has no call named '{name}'. Update Beacon."))),
            }
        }

        #[cfg(test)]
        const HANDLED: &[&str] = &[$(<calls::$call as Call>::NAME),*];
    };
}

handlers! {
    Overview => overview::get,
    SiteList => site::list,
    DocumentSummaries => document::summaries,
    SiteGet => site::get,
    SiteSave => site::save,
    ExperimentList => experiment::list,
    ExperimentGet => experiment::get,
    ExperimentSave => experiment::save,
    ExperimentStart => experiment::start,
    ExperimentStop => experiment::stop,
    ExperimentArchive => experiment::archive,
    ExperimentUnarchive => experiment::unarchive,
    FlagList => flag::list,
    FlagGet => flag::get,
    FlagSave => flag::save,
    MetricGet => metric::get,
    MetricSave => metric::save,
    ExperimentShareMetrics => metric::share,
    FlagKill => flag::kill,
    ExperimentHalt => experiment::halt,
    PayloadImport => payload::import,
    PayloadExport => payload::export,
    DocumentDelete => removal::delete,
    DocumentRestore => removal::restore,
    DocumentDiscard => discard::run,
    ConflictResolve => document::resolve,
    PublishReview => publish::review,
    PublishCount => publish::count,
    Publish => publish::run,
    Results => results::get,
    ResultsCancel => results::cancel,
    ConnectionGet => connection::get,
    ConnectionSave => connection::save,
    ConnectionForget => connection::forget,
    WorkspaceOpen => workspace::open,
    WindowFlushed => window::flushed,
    SyncWake => sync::wake,
    SyncNow => sync::now,
}

fn read<C: Call>(request: Value) -> Result<C::Request> {
    serde_json::from_value(request).map_err(|e| {
        // The error of a secret's neighbour must not print the secret: serde names types and fields, not strings.
        Error::new(Code::Invalid, format!("The core cannot read the request of '{}' ({}).", C::NAME, category(&e)))
    })
}

fn write<C: Call>(response: &C::Response) -> Result<Value> {
    serde_json::to_value(response)
        .map_err(|e| Error::new(Code::Internal, format!("The answer of '{}' cannot be written: {e}.", C::NAME)))
}

/// Answers a call whose request is JSON text, with JSON text: on this way no number becomes JavaScript's, which rounds
/// whole numbers beyond 2^53.
pub async fn dispatch_text(app: &Arc<App>, name: &str, request: &str) -> Result<String> {
    let request = serde_json::from_str(request).map_err(|_| {
        Error::new(Code::Invalid, format!("The core cannot read the request of '{name}' (it is not JSON)."))
    })?;
    let answer = dispatch(app, name, request).await?;
    serde_json::to_string(&answer)
        .map_err(|e| Error::new(Code::Internal, format!("The answer of '{name}' cannot be written: {e}.")))
}

fn category(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Data => "a field is missing or of another type",
        _ => "it is not JSON",
    }
}

#[cfg(test)]
mod tests;
