use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time::Instant};

use crate::managed::error::{Error, ErrorKind, Reason};

/// How long a caller waits for STS, counted from when it was asked: an answer takes tens of milliseconds.
/// Whoever comes later does not wait at all, so that an STS that hangs holds no worker.
const TIMEOUT: Duration = Duration::from_secs(1);

/// First pause after a failure of STS, and the longest. It is shared by all who ask.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Keys are rotated one at a time: some more than two are remembered for providers that go to and fro.
const MAX_KEYS: usize = 4;

/// Which account each access key belongs to. An account belongs to credentials, not to a region: it is asked
/// for once, whoever wants to know, and never read off another key's answer.
#[derive(Clone, Default)]
pub(super) struct Accounts {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Access key id and account, the latest last.
    known: Vec<(String, String)>,
    asked: Option<Asked>,
    failure: Option<Failure>,
}

/// A call to STS, for everyone who waits for it.
#[derive(Clone)]
struct Asked {
    since: Instant,
    /// Closed without an answer when the task that asks has died.
    answer: watch::Receiver<Option<Result<String, Error>>>,
}

struct Failure {
    error: Error,
    times: u32,
    until: Instant,
}

/// What STS has said: the account, and the access key that signed the question.
pub(super) struct Answer {
    pub(super) account: String,
    pub(super) key: Option<String>,
}

impl Accounts {
    /// Whether the account of this access key is known.
    pub(super) fn knows(&self, key: &str) -> bool {
        self.lock().account_of(key).is_some()
    }

    /// Remembers which account a key belongs to.
    pub(super) fn learn(&self, key: String, account: String) {
        let mut state = self.lock();
        state.known.retain(|(known, _)| *known != key);
        state.known.push((key, account));
        let surplus = state.known.len().saturating_sub(MAX_KEYS);
        state.known.drain(..surplus);
    }

    /// The account of `key`, or of whatever key signs the question if none has been seen yet. `ask` runs in
    /// a task of its own, unless somebody's is under way. `unknown` is what those are told who do not wait.
    ///
    /// # Errors
    /// What STS last answered, for a while after it did; `unknown` where it has not answered.
    pub(super) async fn account<F>(
        &self,
        key: Option<&str>,
        ask: impl FnOnce() -> F,
        unknown: impl FnOnce() -> Error,
    ) -> Result<String, Error>
    where
        F: Future<Output = Result<Answer, Error>> + Send + 'static,
    {
        let mut asked = {
            let mut state = self.lock();
            if let Some(account) = key.and_then(|key| state.account_of(key)) {
                return Ok(account.to_owned());
            }
            if let Some(failure) = state.failure.as_ref().filter(|failure| Instant::now() < failure.until) {
                return Err(failure.error.clone());
            }
            match &state.asked {
                Some(asked) if asked.answer.has_changed().is_ok() => asked.clone(),
                _ => self.ask(&mut state, ask()),
            }
        };
        let deadline = asked.since + TIMEOUT;
        let answer = tokio::time::timeout_at(deadline, asked.answer.wait_for(Option::is_some)).await;
        let answer = answer.ok().and_then(|answer| answer.ok().and_then(|answer| answer.clone()));
        // The last failure, while the next call is under way: a condition that said "not answered" in between
        // would be written each time.
        answer
            .unwrap_or_else(|| Err(self.lock().failure.as_ref().map_or_else(unknown, |failure| failure.error.clone())))
    }

    fn ask(&self, state: &mut State, ask: impl Future<Output = Result<Answer, Error>> + Send + 'static) -> Asked {
        let (told, answer) = watch::channel(None);
        let asked = Asked { since: Instant::now(), answer };
        state.asked = Some(asked.clone());
        let accounts = self.clone();
        tokio::spawn(async move {
            let answer = accounts.record(ask.await);
            told.send_replace(Some(answer));
        });
        asked
    }

    fn record(&self, answer: Result<Answer, Error>) -> Result<String, Error> {
        match answer {
            Ok(Answer { account, key }) => {
                if let Some(key) = key {
                    self.learn(key, account.clone());
                }
                self.lock().failure = None;
                Ok(account)
            }
            Err(error) => {
                let mut state = self.lock();
                let times = state.failure.as_ref().map_or(0, |failure| failure.times);
                let pause = PAUSE.0.saturating_mul(2_u32.saturating_pow(times)).min(PAUSE.1);
                let until = Instant::now() + pause;
                if times == 0 {
                    tracing::warn!(error = %error, "the AWS account of the credentials is unknown");
                }
                state.failure = Some(Failure { error: error.clone(), times: times.saturating_add(1), until });
                Err(error)
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn account_of(&self, key: &str) -> Option<&str> {
        self.known.iter().find(|(known, _)| known == key).map(|(_, account)| account.as_str())
    }
}

/// STS has not answered: the account is unknown, and nothing can be done in it.
pub(super) fn unknown(region: &str) -> Error {
    Error::new(
        ErrorKind::Transient,
        Reason::AccountUnknown,
        format!(
            "STS in {region}, or the source of the operator's credentials, does not respond, so the AWS account is \
             unknown. Check the operator's network connection to both (DNS, network policies, proxy, a VPC endpoint \
             for STS)"
        ),
    )
}

/// Whether this is the id of an account: twelve digits (AWS Account Management, "View AWS account identifiers").
pub fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
