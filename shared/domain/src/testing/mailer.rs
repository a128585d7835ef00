//! Mail that is kept instead of sent.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::mail::Mail;
use crate::ports::{MailError, Mailer};

/// A [`Mailer`] that keeps what it is given.
#[derive(Debug, Default)]
pub struct MemoryMailer {
    sent: Mutex<Vec<Mail>>,
    refuses: bool,
}

impl MemoryMailer {
    /// A mailer that refuses every mail.
    #[must_use]
    pub fn refusing() -> Self {
        Self { refuses: true, ..Self::default() }
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
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(mail.clone());
        Ok(())
    }
}
