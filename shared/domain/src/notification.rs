//! What the service writes to its users.
//!
//! Each mail says in a few short lines what happened, when and from where, has at most one link, and says what to do if
//! it was not the reader. It goes out as plain text and as HTML with the same words.

use std::fmt::Write as _;

use quick_xml::escape::escape;
use serde::{Deserialize, Serialize};

use crate::email_address::EmailAddress;
use crate::mail::Mail;
use crate::occasion::Occasion;
use crate::one_time_token::{TokenId, TokenKind};
use crate::ports::Links;

/// What a letter is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notification {
    /// An address that was registered is to be confirmed, with a token.
    ConfirmAddress(TokenId, Occasion),
    /// Somebody tried to register an address that has an account.
    AlreadyRegistered(Occasion),
    /// A new password can be set, with a token.
    ResetPassword(TokenId, Occasion),
    /// The password was changed by whoever knew the old one.
    PasswordChanged(Occasion),
    /// The password was set by whoever received the mail.
    PasswordWasReset(Occasion),
    /// An address that an account is to have is to be confirmed, with a token.
    ConfirmNewAddress(TokenId, Occasion),
    /// The address was changed to this one; it can be undone, with a token.
    AddressChanged(TokenId, EmailAddress, Occasion),
    /// A code is asked for at log-on, or not any more.
    SecondFactorSwitched {
        /// Whether it is asked for.
        is_on: bool,
        /// When it was switched.
        occasion: Occasion,
    },
    /// An API key of this name was made.
    KeyMade(String, Occasion),
    /// The account was brought along from another service, without a password.
    AccountImported,
    /// The account was deleted.
    AccountDeleted(Occasion),
}

impl Notification {
    /// The mail to `to`, with links made by `links`.
    #[must_use]
    pub fn mail(&self, to: &EmailAddress, links: &dyn Links) -> Mail {
        let draft = self.draft(to, links);
        Mail::of_the_service(to.clone(), draft.title, draft.plain(), draft.html())
    }

    fn draft(&self, to: &EmailAddress, links: &dyn Links) -> Draft {
        let account = format!("{to} at {}", links.base());
        match self {
            Self::ConfirmAddress(token, occasion) => Draft::new("Confirm your e-mail address")
                .text(format!("You, or somebody else, registered {account}, {occasion}."))
                .link("Confirm the address", links.link(TokenKind::Registration, token))
                .text("The page asks for the password that the account is to have. The link is good once, for 24 hours.")
                .text("If it was not you, do nothing: without the confirmation there is no account, and what was sent is forgotten."),
            Self::AlreadyRegistered(occasion) => Draft::new("You have an account already")
                .text(format!("Somebody, perhaps you, tried to use this address for another account, {account}, {occasion}. There is an account for it already, and nothing was changed."))
                .text("If it was you, log on with your password. If you have forgotten it, a new one can be set:")
                .link("Ask for a new password", links.forgotten_password())
                .text("If it was not you, there is nothing to do."),
            Self::ResetPassword(token, occasion) => Draft::new("Set a new password")
                .text(format!("You, or somebody else, asked for a new password of {account}, {occasion}."))
                .link("Set a new password", links.link(TokenKind::PasswordReset, token))
                .text("The link is good once, for one hour.")
                .text("If it was not you, do nothing: your password stays as it is."),
            Self::PasswordChanged(occasion) => Draft::new("Your password was changed")
                .text(format!("The password of {account} was changed {occasion}. All other log-ons have ended."))
                .text("If it was you, there is nothing to do.")
                .text("If it was not you, somebody knows your old password: set a new one at once, and change it wherever else you use it.")
                .link("Ask for a new password", links.forgotten_password()),
            Self::PasswordWasReset(occasion) => Draft::new("Your password was reset")
                .text(format!("A new password of {account} was set {occasion}, by somebody who has received the mail with the link to do so. All log-ons and all API keys have ended."))
                .text("If it was you, there is nothing to do.")
                .text("If it was not you, somebody reads your mail: secure your mailbox first, then set a new password.")
                .link("Ask for a new password", links.forgotten_password()),
            Self::ConfirmNewAddress(token, occasion) => Draft::new("Confirm your new e-mail address")
                .text(format!("You, or somebody else, wants to use an account with this address, {account}, {occasion}."))
                .link("Confirm the address", links.link(TokenKind::EmailChange, token))
                .text("The link is good once, for 24 hours.")
                .text("If it was not you, do nothing: without the confirmation nothing changes."),
            Self::AddressChanged(token, new, occasion) => Draft::new("Your e-mail address was changed")
                .text(format!("The account {account} has the address {new} from now on. It was confirmed {occasion}."))
                .text("If it was you, there is nothing to do.")
                .text("If it was not you, take the account back. All log-ons and API keys end, and you get a mail to set a new password:")
                .link("Undo the change", links.link(TokenKind::EmailUndo, token))
                .text("The link is good once, for 7 days."),
            Self::SecondFactorSwitched { is_on, occasion } => second_factor_switched(*is_on, &account, occasion, links),
            Self::KeyMade(name, occasion) => Draft::new("An API key was made")
                .text(format!("An API key named \u{201c}{name}\u{201d} for {account} was made {occasion}. It works until it expires or is revoked."))
                .text("If it was you, there is nothing to do.")
                .text("If it was not you, somebody uses your account: set a new password by mail, which ends all log-ons and all keys.")
                .link("Ask for a new password", links.forgotten_password()),
            Self::AccountImported => Draft::new("Your account has moved")
                .text(format!("Your account was moved here by those who run the service: {account}. It has no password yet."))
                .text("To use it, set one:")
                .link("Ask for a new password", links.forgotten_password())
                .text("If you do not know what this is about, do nothing: without a password nobody can use the account."),
            Self::AccountDeleted(occasion) => Draft::new("Your account was deleted")
                .text(format!("The account {account} was deleted {occasion}, with all its files, log-ons and API keys, by somebody who knew its password."))
                .text("If it was you, there is nothing to do. It cannot be undone.")
                .text("If it was not you, tell those who run the service at once: for 30 days they may be able to restore files."),
        }
    }
}

fn second_factor_switched(is_on: bool, account: &str, occasion: &Occasion, links: &dyn Links) -> Draft {
    let (title, what) = if is_on {
        ("A second factor was switched on", "asks for a code at every log-on from now on")
    } else {
        ("The second factor was switched off", "asks for no code at log-on any more")
    };
    Draft::new(title)
        .text(format!("The account {account} {what}. It was switched {occasion}."))
        .text("If it was you, there is nothing to do.")
        .text("If it was not you, somebody knows your password: set a new one at once, and tell those who run the service.")
        .link("Ask for a new password", links.forgotten_password())
}

/// A mail that is being written.
struct Draft {
    title: &'static str,
    paragraphs: Vec<Paragraph>,
}

enum Paragraph {
    Text(String),
    Link { label: &'static str, url: String },
}

impl Draft {
    fn new(title: &'static str) -> Self {
        Self { title, paragraphs: Vec::new() }
    }

    fn text(mut self, text: impl Into<String>) -> Self {
        self.paragraphs.push(Paragraph::Text(text.into()));
        self
    }

    fn link(mut self, label: &'static str, url: String) -> Self {
        self.paragraphs.push(Paragraph::Link { label, url });
        self
    }

    /// As plain text. A link stands on a line of its own, so that mail programs find it.
    fn plain(&self) -> String {
        let paragraphs = self.paragraphs.iter().map(|paragraph| match paragraph {
            Paragraph::Text(text) => text.clone(),
            Paragraph::Link { label, url } => format!("{label}:\n{url}"),
        });
        paragraphs.collect::<Vec<_>>().join("\n\n") + "\n"
    }

    /// As HTML that is readable on a phone, without images or anything else from elsewhere.
    fn html(&self) -> String {
        let mut html = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><title>{}</title></head><body style=\"font:1rem/1.5 sans-serif;\
             max-width:36rem;margin:1rem auto;padding:0 1rem;overflow-wrap:anywhere\">",
            self.title
        );
        for paragraph in &self.paragraphs {
            // Writing to a text does not fail.
            let _ = match paragraph {
                Paragraph::Text(text) => write!(html, "<p>{}</p>", escape(text.as_str())),
                Paragraph::Link { label, url } => write!(
                    html,
                    "<p><a href=\"{}\" style=\"display:inline-block;padding:.6rem 1rem;border-radius:.3rem;\
                     background:#0b5394;color:#fff;text-decoration:none\">{label}</a></p>",
                    escape(url.as_str())
                ),
            };
        }
        html + "</body></html>"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;
    use crate::testing::{FakeLinks, SeededRandom};
    use crate::timestamp::Timestamp;

    fn all() -> [Notification; 12] {
        let client = Client::new(
            "<a href=https://evil.example>Your account is at risk</a>",
            Some([203, 0, 113, 7].into()),
        );
        let occasion =
            || Occasion { at: Timestamp::from_unix_seconds(1_790_000_000), client: client.clone() };
        let token = || TokenId::random(&SeededRandom::new(1));
        [
            Notification::ConfirmAddress(token(), occasion()),
            Notification::AlreadyRegistered(occasion()),
            Notification::ResetPassword(token(), occasion()),
            Notification::PasswordChanged(occasion()),
            Notification::PasswordWasReset(occasion()),
            Notification::ConfirmNewAddress(token(), occasion()),
            Notification::AddressChanged(
                token(),
                EmailAddress::parse("new@example.org").unwrap(),
                occasion(),
            ),
            Notification::SecondFactorSwitched { is_on: true, occasion: occasion() },
            Notification::SecondFactorSwitched { is_on: false, occasion: occasion() },
            Notification::KeyMade("nightly".into(), occasion()),
            Notification::AccountImported,
            Notification::AccountDeleted(occasion()),
        ]
    }

    #[test]
    fn every_mail_says_what_happened_when_from_where_and_what_to_do_if_it_was_not_you() {
        let to = EmailAddress::parse("ada@example.org").unwrap();
        for notification in all() {
            let mail = notification.mail(&to, &FakeLinks);
            let by_whom = ["2026-09-21T14:13:20Z", "203.0.113.0/24", "If it was not you"];
            let parts = if notification == Notification::AccountImported {
                &["those who run the service", "If you do not know"][..]
            } else {
                &by_whom
            };
            for part in [&["ada@example.org"], parts].concat() {
                assert!(mail.message().contains(part), "{part} is not in {}", mail.message());
            }
            let links = usize::from(!matches!(notification, Notification::AccountDeleted(_)));
            assert_eq!(mail.message().matches("/users/api/").count(), links, "{}", mail.message());
            assert_eq!(mail.html().unwrap().matches("<a ").count(), links);
            assert!(mail.message().lines().all(|line| line.len() < 998), "RFC 5322 2.1.1");
        }
    }

    #[test]
    fn what_a_client_calls_itself_cannot_become_part_of_the_page() {
        let to = EmailAddress::parse("ada@example.org").unwrap();
        for notification in all().into_iter().filter(|about| *about != Notification::AccountImported) {
            let mail = notification.mail(&to, &FakeLinks);
            for text in [mail.message(), mail.html().unwrap()] {
                assert!(text.contains("with an unknown program") && !text.contains("evil"), "{text}");
            }
        }
    }

    #[test]
    fn a_notification_is_read_back_as_it_was_written_down() {
        for notification in all() {
            let json = serde_json::to_string(&notification).unwrap();
            assert_eq!(serde_json::from_str::<Notification>(&json).unwrap(), notification);
        }
    }
}
