//! Delivers letters.

use std::sync::Arc;

use domain::letter::HELD_SECONDS;
use domain::{Clock, Letter, Links, Mailer, Outbox, StoreError, Timestamp};

use crate::response::chain;

/// Where letters are written down, and how they go out.
#[derive(Clone)]
pub struct Post {
    /// Where they are written down.
    pub outbox: Arc<dyn Outbox>,
    /// Who takes them.
    pub mailer: Arc<dyn Mailer>,
    /// Where the links in them lead to.
    pub links: Arc<dyn Links>,
    /// Tells whether an address is mailed again.
    pub clock: Arc<dyn Clock>,
}

impl Post {
    /// Delivers letters that were just written down. What fails is logged, and tried again by [`Post::sweep`].
    pub async fn deliver(&self, letters: &[Letter]) {
        for letter in letters {
            let (outbox, now) = (&*self.outbox, self.clock.now());
            let delivered = letter.deliver(outbox, &*self.mailer, &*self.links, now).await;
            if let Err(error) = delivered {
                tracing::error!(letter.id = %letter.id, error = chain(&error), "a letter was not delivered");
            }
        }
    }

    /// Delivers what others have left.
    pub async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        for letter in self.outbox.waiting(now).await? {
            let letter = match letter {
                Ok(letter) => letter,
                Err(error) => {
                    tracing::error!(error = chain(&error), "a letter cannot be read");
                    continue;
                }
            };
            match self.outbox.hold(&letter, now.plus_seconds(HELD_SECONDS)).await {
                Ok(true) => self.deliver(&[letter]).await,
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(letter.id = %letter.id, error = chain(&error), "a letter was not taken");
                }
            }
        }
        Ok(())
    }
}
