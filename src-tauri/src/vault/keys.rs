use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use beacon_shared::error::{Code, Error, Result};
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Secret, Vault};

/// The time that a caller waits for a keychain that asks the person something.
const PATIENCE: Duration = Duration::from_secs(3);

type Answer = Option<Result<Option<Secret>>>;

/// The vault as the app asks it: one request at a time, shared by all callers. After a refusal nobody asks again
/// before [`Keys::ask_again`], so that a person who dismisses the keychain's prompt does not get it back by itself.
#[derive(Clone)]
pub struct Keys {
    vault: Arc<dyn Vault>,
    state: Arc<Mutex<State>>,
    /// Held inside the vault: a keychain shows one prompt at a time.
    turn: Arc<Mutex<()>>,
    late: Arc<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct State {
    request: Option<Request>,
    refused: Option<Error>,
}

/// A request whose answer may not be there yet.
struct Request {
    url: String,
    answer: watch::Receiver<Answer>,
}

impl Keys {
    /// The keys in this vault. `late` runs when an answer came after its callers stopped waiting.
    pub fn new(vault: Arc<dyn Vault>, late: impl Fn() + Send + Sync + 'static) -> Self {
        Self { vault, state: Arc::default(), turn: Arc::default(), late: Arc::new(late) }
    }

    /// Returns the key for an edge. Gives up after a few seconds, while the request goes on.
    pub async fn get(&self, url: &str) -> Result<Option<Secret>> {
        let mut answer = self.ask(url)?;
        let answered = tokio::time::timeout(PATIENCE, answer.wait_for(Option::is_some)).await;
        match answered {
            Ok(Ok(answer)) => answer.clone().unwrap_or(Ok(None)),
            Ok(Err(_)) | Err(_) => Err(silent()),
        }
    }

    /// Lets the next caller ask a keychain that refused: the person is there, and asked for something.
    pub fn ask_again(&self) {
        self.state().refused = None;
    }

    /// Stores the key for an edge.
    pub async fn set(&self, url: &str, key: &Secret) -> Result<()> {
        let (url, key) = (url.to_owned(), key.clone());
        self.change(move |vault| vault.set(&url, &key)).await
    }

    /// Removes the key for an edge; no error when there was none.
    pub async fn forget(&self, url: &str) -> Result<()> {
        let url = url.to_owned();
        self.change(move |vault| vault.forget(&url)).await
    }

    async fn change(&self, change: impl FnOnce(&dyn Vault) -> Result<()> + Send + 'static) -> Result<()> {
        let (vault, turn) = (Arc::clone(&self.vault), Arc::clone(&self.turn));
        blocking(move || {
            let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
            change(&*vault)
        })
        .await?;
        *self.state() = State::default();
        Ok(())
    }

    /// The request for this edge that is under way, or a new one.
    fn ask(&self, url: &str) -> Result<watch::Receiver<Answer>> {
        let mut state = self.state();
        if let Some(request) = state.request.as_ref().filter(|request| request.url == url) {
            return Ok(request.answer.clone());
        }
        if let Some(refused) = &state.refused {
            return Err(refused.clone());
        }
        let (sender, answer) = watch::channel(None);
        state.request = Some(Request { url: url.to_owned(), answer: answer.clone() });
        let (keys, url, asked) = (self.clone(), url.to_owned(), Instant::now());
        tokio::spawn(async move {
            let (vault, turn, address) = (Arc::clone(&keys.vault), Arc::clone(&keys.turn), url.clone());
            let result = blocking(move || {
                let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
                vault.get(&address)
            })
            .await;
            {
                let mut state = keys.state();
                state.refused = result.as_ref().err().cloned();
                state.request.take_if(|request| request.url == url);
            }
            // Without a caller that still waits, the next one asks for itself.
            let _ = sender.send(Some(result));
            if asked.elapsed() >= PATIENCE {
                (keys.late)();
            }
        });
        Ok(answer)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn silent() -> Error {
    Error::new(Code::Keychain, "The keychain doesn't answer. Unlock it, then try again.")
}

async fn blocking<T: Send + 'static>(f: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(f).await.unwrap_or_else(|_| Err(silent()))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::fixtures::{Answers, SlowVault};

    struct Desk {
        keys: Keys,
        vault: Arc<SlowVault>,
        answer: Answers,
        late: Arc<AtomicBool>,
    }

    fn desk() -> Desk {
        let (vault, answer) = SlowVault::new();
        let late = Arc::new(AtomicBool::new(false));
        let said = Arc::clone(&late);
        let keys = Keys::new(vault.clone(), move || said.store(true, Ordering::SeqCst));
        Desk { keys, vault, answer, late }
    }

    fn refusal() -> Error {
        Error::new(Code::Keychain, "The keychain is locked.")
    }

    #[tokio::test]
    async fn callers_share_one_request() {
        let d = desk();
        let callers: Vec<_> = (0..20)
            .map(|_| {
                let keys = d.keys.clone();
                tokio::spawn(async move { keys.get("https://a.example").await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(50)).await;
        d.answer.send(Ok(Some(Secret::new("bcn_a")))).unwrap();
        for caller in callers {
            assert_eq!(caller.await.unwrap(), Ok(Some(Secret::new("bcn_a"))));
        }
        assert_eq!(d.vault.asked(), 1);
        assert!(!d.late.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_refusal_holds_until_the_person_asks() {
        let d = desk();
        d.answer.send(Err(refusal())).unwrap();
        for _ in 0..5 {
            assert_eq!(d.keys.get("https://a.example").await, Err(refusal()));
        }
        assert_eq!(d.vault.asked(), 1);
        d.keys.ask_again();
        d.answer.send(Ok(None)).unwrap();
        assert_eq!(d.keys.get("https://a.example").await, Ok(None));
        assert_eq!(d.vault.asked(), 2);
    }

    #[tokio::test]
    async fn a_person_who_takes_their_time_is_asked_once_and_waited_for() {
        let d = desk();
        let first = tokio::time::timeout(PATIENCE * 2, d.keys.get("https://a.example")).await.unwrap();
        assert_eq!(first.unwrap_err().code, Code::Keychain);
        let keys = d.keys.clone();
        let second = tokio::spawn(async move { keys.get("https://a.example").await });
        tokio::time::sleep(Duration::from_millis(50)).await;
        d.answer.send(Ok(Some(Secret::new("bcn_a")))).unwrap();
        assert_eq!(second.await.unwrap(), Ok(Some(Secret::new("bcn_a"))));
        assert_eq!(d.vault.asked(), 1, "one prompt");
        while !d.late.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
