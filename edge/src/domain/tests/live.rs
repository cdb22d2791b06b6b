//! The live pointer while the database is slow or does not answer.

use std::pin::{Pin, pin};
use std::sync::atomic::AtomicU32;
use std::task::{Context, Waker};

use beacon_shared::error::{Code, Error};

use super::*;
use crate::deps::Deps;
use crate::domain::live::{self, BOUND, FRESH, MAX_READS, Reader};
use crate::ports::{Background, Task};

/// A database that counts its reads, and never answers or always fails.
struct Ailing {
    reads: AtomicU32,
    pending: bool,
}

#[async_trait]
impl Db for Ailing {
    async fn batch(&self, _: Vec<Statement>) -> Result<Vec<Rows>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        if self.pending {
            std::future::pending::<()>().await;
        }
        Err(Error::new(Code::Storage, "no answer"))
    }
}

/// Polls its work once.
struct Once;

impl Background for Once {
    fn run(&self, mut task: Task) {
        let _ = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
}

fn start<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        std::task::Poll::Ready(answer) => Some(answer),
        std::task::Poll::Pending => None,
    }
}

/// The threat model says that requests for unknown sites do not load the database: several at once each read it.
#[test]
fn an_isolate_that_can_answer_reads_the_pointer_once_whoever_asks() {
    for pending in [true, false] {
        let edge = two_documents();
        edge.clock.set(1_000_000);
        publish(&edge, "c1", &[("sit_1", 1)]).expect("published");
        now(live::site(&edge.deps(), "sit_1")).expect("a site");
        let db = Arc::new(Ailing { reads: AtomicU32::new(0), pending });
        let deps = Deps { db: db.clone(), background: Arc::new(Once), ..edge.deps() };
        let ask = |site: &str| start(pin!(live::entry(&deps, site, Reader::Definitions)));
        edge.clock.pass(FRESH);
        for i in 0..100 {
            // The request that reads on behalf of an unknown site waits; no other does.
            let answer = ask("nobody");
            let refused = answer.map(|answer| answer.map_err(|e| e.code).map(drop));
            assert_eq!(refused, if pending && i == 0 { None } else { Some(Err(Code::NotFound)) }, "{i}");
            assert!(ask("sit_1").is_some_and(|answer| answer.is_ok()));
        }
        assert_eq!(db.reads.load(Ordering::Relaxed), 1);
        edge.clock.pass(FRESH);
        assert!(ask("sit_1").is_some_and(|answer| answer.is_ok()));
        assert_eq!(db.reads.load(Ordering::Relaxed), 2, "a later request tries again");
        edge.clock.pass(BOUND);
        for _ in 0..100 {
            drop(ask("sit_1"));
        }
        assert_eq!(db.reads.load(Ordering::Relaxed), 2 + MAX_READS);
    }
}

#[test]
fn an_isolate_that_knows_nothing_reads_the_pointer_a_few_times() {
    for pending in [true, false] {
        let edge = MemoryEdge::new();
        let db = Arc::new(Ailing { reads: AtomicU32::new(0), pending });
        let deps = Deps { db: db.clone(), ..edge.deps() };
        let ask = || start(pin!(live::entry(&deps, "nobody", Reader::Definitions)));
        for _ in 0..100 {
            drop(ask());
        }
        assert_eq!(db.reads.load(Ordering::Relaxed), MAX_READS);
        assert_eq!(ask().and_then(|answer| answer.err()).map(|e| e.code), Some(Code::Storage));
        edge.clock.pass(FRESH);
        drop(ask());
        assert_eq!(db.reads.load(Ordering::Relaxed), MAX_READS + 1);
    }
}
