//! The workspace's database on D1.

use beacon_shared::error::Result;
use wasm_bindgen::JsValue;
use worker::{D1Database, Env};

use crate::database::{Argument, Database, Rows, Statement};
use crate::failure::storage;

/// D1, by its binding `DB`.
pub struct D1(D1Database);

impl D1 {
    /// The worker's database.
    pub fn of(env: &Env) -> Result<Self> {
        env.d1("DB").map(Self).map_err(storage)
    }
}

impl Database for D1 {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Rows>> {
        let prepared = statements.iter().map(|statement| {
            let arguments: Vec<JsValue> = statement.arguments.iter().map(js).collect();
            self.0.prepare(statement.sql).bind(&arguments)
        });
        let prepared = prepared.collect::<worker::Result<Vec<_>>>().map_err(storage)?;
        let results = self.0.batch(prepared).await.map_err(storage)?;
        results.into_iter().map(|result| result.results().map(Rows).map_err(storage)).collect()
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
