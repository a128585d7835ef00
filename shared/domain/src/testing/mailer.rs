//! Mail that is kept instead of sent.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::mail::Mail;
use crate::one_time_token::{TokenId, TokenKind};
use crate::ports::{Links, MailError, Mailer};

/// A [`Mailer`] that keeps what it is given.
#[derive(Debug, Default)]
pub struct MemoryMailer {
    sent: Mutex<Vec<Mail>>,
    refuses: bool,
    busy: AtomicBool,
}

impl MemoryMailer {
    /// A mailer that refuses every mail.
    #[must_use]
    pub fn refusing() -> Self {
        Self { refuses: true, ..Self::default() }
    }

    /// A mailer that takes no mail at the moment.
    #[must_use]
    pub fn busy() -> Self {
        Self { busy: AtomicBool::new(true), ..Self::default() }
    }

    /// Takes mail again.
    pub fn recover(&self) {
        self.busy.store(false, Ordering::Relaxed);
    }

    /// Everything sent so far, oldest first.
    pub fn sent(&self) -> Vec<Mail> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Mailer for MemoryMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        if self.refuses {
            return Err(MailError::Refused("refused by the test".into()));
        }
        if self.busy.load(Ordering::Relaxed) {
            return Err(MailError::Unavailable("busy in the test".into()));
        }
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(mail.clone());
        Ok(())
    }
}

/// Links whose tokens are the ids themselves.
#[derive(Clone, Copy, Debug)]
pub struct FakeLinks;

impl Links for FakeLinks {
    fn base(&self) -> &'static str {
        "https://api.example.org"
    }

    fn link(&self, kind: TokenKind, id: &TokenId) -> String {
        format!("https://api.example.org/users/api/{}?token={id}", kind.as_str())
    }

    fn forgotten_password(&self) -> String {
        "https://api.example.org/users/api/password/forgot".into()
    }
}
