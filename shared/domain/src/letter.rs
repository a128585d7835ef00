//! Mail that the service has promised to send.
//!
//! A letter is written down with what it is about, and struck off once the mail service has taken it. Whoever writes it
//! delivers it at once; what was not delivered then, because a process ended or the mail service did not answer, is
//! found and delivered later. So a letter is sent at least once, and twice only if a process ends between the two.

use serde::{Deserialize, Serialize};

use crate::email_address::EmailAddress;
use crate::hex_id::hex_id;
use crate::notification::Notification;
use crate::ports::{Links, MailError, Mailer, Outbox, Random, StoreError};
use crate::timestamp::Timestamp;

hex_id! {
    /// Names a letter.
    LetterId
}

/// For so long whoever delivers a letter has it for themselves, in seconds: longer than a function runs that answers a
/// request.
pub const HELD_SECONDS: u64 = 60;

/// After this time a letter that could not be delivered is dropped, in seconds: three days, as mail systems do
/// (RFC 5321 4.5.4.1 asks for four to five, of which SES has its own part).
pub const LETTER_SECONDS: u64 = 3 * 86_400;

/// A mail to be delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Names it.
    pub id: LetterId,
    /// Who receives it.
    pub to: EmailAddress,
    /// What it says.
    pub notification: Notification,
    /// When it was written.
    pub written: Timestamp,
    /// Until then somebody is delivering it.
    pub held_until: Timestamp,
}

/// Why a letter was not delivered.
#[derive(Debug, thiserror::Error)]
pub enum NotDelivered {
    /// The mail service did not take it.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// Its address takes no mail of ours.
    #[error("mail to the address has bounced or was complained about before")]
    Undeliverable,
    /// It may have been sent, but could not be struck off.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Letter {
    /// A letter that is delivered by whoever writes it.
    pub fn new(to: EmailAddress, notification: Notification, now: Timestamp, random: &dyn Random) -> Self {
        let held_until = now.plus_seconds(HELD_SECONDS);
        Self { id: LetterId::random(random), to, notification, written: now, held_until }
    }

    /// Sends the letter and strikes it off. One that the mail service refuses is struck off too: it would refuse it
    /// again.
    pub async fn deliver(
        &self,
        outbox: &dyn Outbox,
        mailer: &dyn Mailer,
        links: &dyn Links,
        now: Timestamp,
    ) -> Result<(), NotDelivered> {
        if outbox.is_undeliverable(&self.to, now).await? {
            outbox.strike_off(&self.id).await?;
            return Err(NotDelivered::Undeliverable);
        }
        match mailer.send(&self.notification.mail(&self.to, links)).await {
            Err(error @ MailError::Unavailable(_)) => Err(error.into()),
            result => {
                outbox.strike_off(&self.id).await?;
                Ok(result?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;
    use crate::effects::Effects;
    use crate::occasion::Occasion;
    use crate::ports::AccountStore as _;
    use crate::testing::{FakeLinks, MemoryAccounts, MemoryMailer, SeededRandom};

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

    async fn written(store: &MemoryAccounts) -> Letter {
        let to = EmailAddress::parse("ada@example.org").unwrap();
        let notification = Notification::PasswordChanged(Occasion { at: NOW, client: Client::default() });
        let letter = Letter::new(to, notification, NOW, &SeededRandom::new(1));
        store.record(&Effects { letters: vec![letter.clone()], ..Effects::none() }).await.unwrap();
        letter
    }

    #[tokio::test]
    async fn an_address_whose_mail_bounced_is_not_mailed_again() {
        let (store, mailer) = (MemoryAccounts::default(), MemoryMailer::default());
        let letter = written(&store).await;
        store.note_undeliverable(&letter.to, NOW.plus_seconds(1)).await.unwrap();
        assert!(letter.deliver(&store, &mailer, &FakeLinks, NOW).await.is_err());
        assert!(mailer.sent().is_empty());
        assert!(store.waiting(NOW.plus_seconds(HELD_SECONDS)).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_letter_is_struck_off_once_it_is_sent_or_refused_and_kept_while_it_cannot_be_sent() {
        let later = NOW.plus_seconds(HELD_SECONDS);
        for (mailer, left) in
            [(MemoryMailer::default(), 0), (MemoryMailer::refusing(), 0), (MemoryMailer::busy(), 1)]
        {
            let store = MemoryAccounts::default();
            let letter = written(&store).await;
            assert_eq!(store.waiting(later).await.unwrap().len(), 1);
            let result = letter.deliver(&store, &mailer, &FakeLinks, NOW).await;
            assert_eq!(result.is_ok(), mailer.sent().len() == 1);
            assert_eq!(store.waiting(later).await.unwrap().len(), left);
        }
    }
}
