//! The Durable Object around [`crate::log::Log`]: one for each site, with its storage and its alarm.

use std::cell::OnceCell;

use beacon_shared::error::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use worker::{DurableObject, Env, Method, Request, Response, SqlStorage, SqlStorageValue, State, durable_object};

use super::{now, storage};
use crate::log::{Entry, Log, SegmentName, Sql};
use crate::sql::Argument;

/// Milliseconds until a full segment is sealed.
const SEAL_AFTER: i64 = 100;
/// Milliseconds until a failed alarm tries again.
const RETRY_AFTER: i64 = 30_000;

/// One site's log.
#[durable_object]
pub struct SiteLog {
    state: State,
    env: Env,
    log: OnceCell<Log<Storage>>,
}

/// The object's own SQLite database.
struct Storage(SqlStorage);

impl Sql for Storage {
    fn run(&self, sql: &str, arguments: Vec<Argument>) -> Result<Vec<Value>> {
        let arguments: Vec<SqlStorageValue> = arguments.into_iter().map(value).collect();
        self.0.exec(sql, arguments).and_then(|cursor| cursor.to_array()).map_err(storage)
    }
}

fn value(argument: Argument) -> SqlStorageValue {
    match argument {
        Argument::Text(text) => text.into(),
        Argument::Integer(integer) => integer.into(),
    }
}

/// The object's name, which an alarm does not bring.
#[derive(Deserialize, Serialize)]
struct Site(String);

impl DurableObject for SiteLog {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, log: OnceCell::new() }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let url = request.url()?;
        let pair = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let number = |name: &str| pair(name).and_then(|text| text.parse().ok()).unwrap_or(0);
        let site = pair("site").unwrap_or_default();
        let log = self.log()?;
        match (request.method(), url.path()) {
            (Method::Post, "/append") => {
                let entries: Vec<Entry> = request.json().await?;
                // No wait in here, so the runtime commits all of it at once, before the answer goes out.
                let appended = log.append(&entries).map_err(runtime_error)?;
                if appended.full && self.state.storage().get_alarm().await?.is_none() {
                    self.state.storage().put("site", Site(site)).await?;
                    self.state.storage().set_alarm(SEAL_AFTER).await?;
                }
                Response::from_json(&appended)
            }
            (Method::Get, "/head") => Response::from_json(&log.head().map_err(runtime_error)?),
            (Method::Get, "/segments") => {
                Response::from_json(&log.list(&site, number("after"), now()).map_err(runtime_error)?)
            }
            (Method::Get, "/segment") => {
                Response::from_json(&log.read(number("first"), number("last")).map_err(runtime_error)?)
            }
            _ => Response::error("not found", 404),
        }
    }

    async fn alarm(&self) -> worker::Result<Response> {
        if let Err(error) = self.seal().await {
            worker::console_error!("seal: {}", error.to_string());
            self.state.storage().set_alarm(RETRY_AFTER).await?;
        }
        Response::ok("")
    }
}

impl SiteLog {
    /// Opens the log at the object's first request.
    fn log(&self) -> worker::Result<&Log<Storage>> {
        if let Some(log) = self.log.get() {
            return Ok(log);
        }
        let log = Log::open(Storage(self.state.storage().sql())).map_err(runtime_error)?;
        Ok(self.log.get_or_init(|| log))
    }

    /// Moves full segments to R2, one at a time. The object is written before its rows go, so a crash in between
    /// costs nothing.
    async fn seal(&self) -> worker::Result<()> {
        let Some(Site(site)) = self.state.storage().get::<Site>("site").await? else { return Ok(()) };
        let log = self.log()?;
        while let Some(mut full) = log.full().map_err(runtime_error)? {
            let name = SegmentName { site: site.clone(), first: full.first, last: full.last };
            let text = std::mem::take(&mut full.text);
            self.env.bucket("STORE")?.put(name.object(), text).execute().await?;
            log.sealed(&full, now()).map_err(runtime_error)?;
        }
        Ok(())
    }
}

fn runtime_error(error: beacon_shared::error::Error) -> worker::Error {
    worker::Error::RustError(error.message)
}
