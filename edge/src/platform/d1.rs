//! The workspace's database on D1.

use async_trait::async_trait;
use beacon_shared::error::Result;
use wasm_bindgen::JsValue;
use worker::Env;
use worker::send::{IntoSendFuture, SendWrapper};

use super::storage;
use crate::ports::Db;
use crate::sql::{Argument, Rows, Statement};

/// D1, by its binding `DB`.
pub struct D1(SendWrapper<Env>);

impl D1 {
    /// Uses the worker's database.
    pub fn new(env: Env) -> Self {
        Self(SendWrapper::new(env))
    }

    async fn run(&self, statements: Vec<Statement>) -> Result<Vec<Rows>> {
        let db = self.0.d1("DB").map_err(storage)?;
        let prepared = statements.iter().map(|statement| {
            let arguments: Vec<JsValue> = statement.arguments.iter().map(js).collect();
            db.prepare(statement.sql).bind(&arguments)
        });
        let prepared = prepared.collect::<worker::Result<Vec<_>>>().map_err(storage)?;
        let results = db.batch(prepared).await.map_err(storage)?;
        results.into_iter().map(|result| result.results().map(Rows).map_err(storage)).collect()
    }
}

#[async_trait]
impl Db for D1 {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Rows>> {
        self.run(statements).into_send().await
    }
}

// D1 takes numbers, not BigInts; all integers here are below 2^53.
#[allow(clippy::cast_precision_loss)]
fn js(argument: &Argument) -> JsValue {
    match argument {
        Argument::Text(text) => JsValue::from_str(text),
        Argument::Integer(integer) => JsValue::from_f64(*integer as f64),
    }
}
