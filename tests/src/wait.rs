//! Waiting for something to become true, with an end.

use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Asks again until there is an answer. The last reason for waiting is the error.
pub async fn until<T, F: Future<Output = Result<T>>>(
    what: &str,
    at_most: Duration,
    mut ask: impl FnMut() -> F,
) -> Result<T> {
    let begun = Instant::now();
    loop {
        match ask().await {
            Ok(answer) => return Ok(answer),
            Err(reason) if begun.elapsed() > at_most => {
                bail!("{what} did not come within {} s: {reason:#}", at_most.as_secs())
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(150)).await,
        }
    }
}
