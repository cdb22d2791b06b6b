//! R2, KV, the rate limiters, the clock, and work after the answer.

use async_trait::async_trait;
use beacon_shared::error::Result;
use worker::send::{IntoSendFuture, SendWrapper};
use worker::{Context, Env};

use super::{now, storage};
use crate::ports::{Background, Cache, Clock, Limit, Limiter, Objects, Task};

/// The bindings of one request.
pub struct Bindings {
    env: SendWrapper<Env>,
    context: SendWrapper<Context>,
}

impl Bindings {
    /// Uses a request's bindings.
    pub fn new(env: Env, context: Context) -> Self {
        Self { env: SendWrapper::new(env), context: SendWrapper::new(context) }
    }
}

#[async_trait]
impl Objects for Bindings {
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let read = async {
            let found = self.env.bucket("STORE")?.get(name).execute().await?;
            match found.as_ref().and_then(worker::Object::body) {
                Some(body) => body.bytes().await.map(Some),
                None => Ok(None),
            }
        };
        read.into_send().await.map_err(storage)
    }

    async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<()> {
        let write = async { self.env.bucket("STORE")?.put(name, bytes).execute().await.map(drop) };
        write.into_send().await.map_err(storage)
    }
}

#[async_trait]
impl Cache for Bindings {
    async fn get(&self, key: &str) -> Option<String> {
        async { self.env.kv("BUNDLES").ok()?.get(key).text().await.ok()? }.into_send().await
    }

    async fn put(&self, key: &str, text: &str) {
        let write = async {
            if let Ok(put) = self.env.kv("BUNDLES").and_then(|kv| kv.put(key, text).map_err(Into::into))
                && let Err(error) = put.execute().await
            {
                worker::console_warn!("bundle cache: {}", error.to_string());
            }
        };
        write.into_send().await;
    }
}

#[async_trait]
impl Limiter for Bindings {
    /// An edge without the binding has no limit.
    async fn allow(&self, limit: Limit, key: &str) -> Result<bool> {
        let name = match limit {
            Limit::Collect => "COLLECTIONS",
            Limit::Site => "SITES",
            Limit::Evaluate => "EVALUATIONS",
            Limit::Refused => "REFUSALS",
        };
        let Ok(limiter) = self.env.rate_limiter(name) else { return Ok(true) };
        let counted = limiter.limit(key.to_owned()).into_send().await;
        counted.map(|outcome| outcome.success).map_err(storage)
    }
}

impl Clock for Bindings {
    fn now(&self) -> i64 {
        now()
    }
}

impl Background for Bindings {
    fn run(&self, task: Task) {
        self.context.wait_until(task);
    }
}
