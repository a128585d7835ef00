//! What is written together with a change, in DynamoDB.
//!
//! | pk | sk | holds |
//! |---|---|---|
//! | `TOKEN#<token id>` | `ONE-TIME` | what a token in a mail is good for |
//! | `USER#<id>` | `AUDIT#<time>#<event id>` | what happened to an account |
//! | `OUTBOX` | `LETTER#<letter id>` | mail that is to be delivered |

use domain::{
    AccountId, Act, Actor, AuditEvent, Effects, EventId, Occasion, OneTimeToken, Purpose, StoreError,
    Timestamp, TokenId,
};
use serde::{Deserialize, Serialize};

use crate::account_item::{self, Item, key, user_pk};
use crate::dynamo_accounts::DynamoAccounts;
use crate::dynamo_outbox::LetterItem;
use crate::table::{Query, Write};

const AUDIT: &str = "AUDIT#";

#[derive(Serialize, Deserialize)]
struct TokenItem {
    pk: String,
    sk: String,
    id: TokenId,
    purpose: Purpose,
    expires: Timestamp,
    /// When DynamoDB may remove the record. Whether the token is good is decided by `expires`, in code.
    ttl: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct EventItem {
    pk: String,
    sk: String,
    id: EventId,
    by: Actor,
    occasion: Occasion,
    #[serde(flatten)]
    act: Act,
    /// When DynamoDB may remove the record.
    ttl: Timestamp,
}

fn token_key(id: &TokenId) -> Item {
    key(format!("TOKEN#{id}"), "ONE-TIME")
}

fn token_item(token: &OneTimeToken) -> TokenItem {
    TokenItem {
        pk: format!("TOKEN#{}", token.id),
        sk: "ONE-TIME".to_owned(),
        id: token.id.clone(),
        purpose: token.purpose.clone(),
        expires: token.expires,
        ttl: token.expires,
    }
}

/// Events of an account sort by their time, which has ten digits until the year 2286.
fn event_item(event: &AuditEvent) -> EventItem {
    EventItem {
        pk: user_pk(&event.account),
        sk: format!("{AUDIT}{:010}#{}", event.occasion.at.unix_seconds(), event.id),
        id: event.id.clone(),
        by: event.by.clone(),
        occasion: event.occasion.clone(),
        act: event.act.clone(),
        ttl: event.occasion.at.plus_seconds(event.act.kept_seconds()),
    }
}

impl DynamoAccounts {
    /// The writes that effects consist of. None of them replaces anything.
    pub(crate) fn effects(effects: &Effects) -> Result<Vec<Write>, StoreError> {
        let mut writes = Vec::new();
        if let Some(id) = &effects.spent {
            writes.push(Write::delete(token_key(id)).only_if("attribute_exists(pk)"));
        }
        for token in &effects.tokens {
            writes.push(Write::put_new(account_item::to_item(&token_item(token))?));
        }
        for event in &effects.events {
            writes.push(Write::put_new(account_item::to_item(&event_item(event))?));
        }
        for letter in &effects.letters {
            writes.push(Write::put_new(account_item::to_item(&LetterItem::from(letter))?));
        }
        Ok(writes)
    }

    pub(crate) async fn one_time_token(&self, id: &TokenId) -> Result<Option<OneTimeToken>, StoreError> {
        let Some(item) = self.table.get(token_key(id)).await? else { return Ok(None) };
        let TokenItem { id, purpose, expires, .. } = account_item::from_item(item)?;
        Ok(Some(OneTimeToken { id, purpose, expires }))
    }

    pub(crate) async fn latest_events(
        &self,
        account: &AccountId,
        limit: usize,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        let latest = Query::partition(user_pk(account)).beginning_with(AUDIT).last(limit);
        let events = self.table.query(latest).await?.into_iter().map(account_item::from_item::<EventItem>);
        events
            .map(|item| {
                let EventItem { id, by, occasion, act, .. } = item?;
                Ok(AuditEvent { id, account: account.clone(), by, occasion, act })
            })
            .collect()
    }
}
