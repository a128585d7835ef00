//! The change of an account as one update of its record.

use domain::{Account, AccountChange, FactorChange, NewAddress, QuotaChange, SessionsAfter, StoreError};
use serde_dynamo::AttributeValue;

use crate::account_item::{PROFILE, SAME_GENERATION, key, number, text, user_pk};
use crate::failure::corrupt;
use crate::table::Write;

/// An update that is being written: what it sets, what it removes, and what must hold.
struct Draft {
    write: Write,
    set: Vec<String>,
    removed: Vec<&'static str>,
    condition: String,
}

/// The update of the account's record, if nobody has changed its generation.
pub(crate) fn account_update(account: &Account, change: &AccountChange) -> Result<Write, StoreError> {
    let write = Write::update(key(user_pk(&account.id), PROFILE), String::new())
        .value(":before", number(account.generation))
        .value(":none", number(0));
    let condition = format!("attribute_exists(pk) AND {SAME_GENERATION}");
    let mut draft = Draft { write, set: Vec::new(), removed: Vec::new(), condition };
    // Also when it stays as it is, so that there is always something to set.
    let next = account.generation + u64::from(change.sessions != SessionsAfter::Live);
    draft = draft.set("generation", number(next));
    if let Some(hash) = &change.password_hash {
        draft = draft.set("password_hash", text(&hash.to_text()));
    }
    if let Some(role) = change.role {
        draft = draft.set("role", text(role.as_str()));
    }
    if let Some(disabled) = change.disabled {
        draft = draft.set("disabled", AttributeValue::Bool(disabled));
    }
    draft = draft.quota("quota_bytes", change.quota_bytes).quota("quota_files", change.quota_files);
    if let Some(new) = &change.email {
        draft = draft.address(account, new);
    }
    if let Some(factor) = &change.second_factor {
        draft = draft.second_factor(factor)?;
    }
    Ok(draft.finish(change.end_keys))
}

impl Draft {
    fn set(mut self, name: &'static str, value: AttributeValue) -> Self {
        self.set.push(format!("#{name} = :{name}"));
        self.write = self.write.name(format!("#{name}"), name).value(format!(":{name}"), value);
        self
    }

    fn remove(mut self, name: &'static str) -> Self {
        self.removed.push(name);
        self
    }

    /// Asks for a condition, about `value` where it has one.
    fn only_if(mut self, condition: &str, value: Option<(&'static str, AttributeValue)>) -> Self {
        self.condition.push_str(" AND ");
        self.condition.push_str(condition);
        if let Some((name, value)) = value {
            self.write = self.write.value(name, value);
        }
        self
    }

    fn quota(self, name: &'static str, quota: QuotaChange) -> Self {
        match quota {
            QuotaChange::Keep => self,
            QuotaChange::ByRole => self.remove(name),
            QuotaChange::Set(limit) => self.set(name, number(limit)),
        }
    }

    fn address(self, account: &Account, new: &NewAddress) -> Self {
        let draft = self
            .set("email", text(new.email.as_str()))
            .only_if("email = :old_email", Some((":old_email", text(account.email.as_str()))));
        match new.old_reserved_until {
            Some(_) => draft.set("email_changed", number(new.at.unix_seconds())),
            None => draft.remove("email_changed"),
        }
    }

    fn second_factor(self, factor: &FactorChange) -> Result<Self, StoreError> {
        let value = |factor| {
            serde_dynamo::to_attribute_value(factor).map_err(|error| corrupt("second factor", error))
        };
        let draft = match &factor.from {
            Some(old) => self.only_if("second_factor = :old_factor", Some((":old_factor", value(old)?))),
            None => self.only_if("attribute_not_exists(second_factor)", None),
        };
        Ok(match &factor.to {
            Some(new) => draft.set("second_factor", value(new)?),
            None => draft.remove("second_factor"),
        })
    }

    fn finish(self, end_keys: bool) -> Write {
        let Self { mut write, set, removed, condition } = self;
        let mut expression = format!("SET {}", set.join(", "));
        if !removed.is_empty() {
            expression.push_str(" REMOVE ");
            expression.push_str(&removed.join(", "));
        }
        if end_keys {
            // Counted in the table: keys that were made since the account was read end too.
            expression.push_str(" ADD key_generation :one");
            write = write.value(":one", number(1));
        }
        write.expression(expression).only_if(condition)
    }
}
