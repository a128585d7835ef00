//! The file of accounts, read into types.
//!
//! Its fields are those of the published account object, and beside them `password_hash`, `role`, `disabled`, `quota_bytes`,
//! `quota_files`, `created` and `folder`. An empty field counts as a missing one.

use std::collections::BTreeSet;

use domain::{
    AccountId, EmailAddress, PasswordHash, Profile, ProfileChange, Role, Timestamp, parse_iso_time,
};
use serde::Deserialize as _;
use serde_json::{Map, Value};

/// One account of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The address that it will have.
    pub(crate) email: EmailAddress,
    /// Nothing if its owner is to set a password by mail.
    pub(crate) password_hash: Option<PasswordHash>,
    pub(crate) role: Role,
    pub(crate) disabled: bool,
    pub(crate) quota_bytes: Option<u64>,
    pub(crate) quota_files: Option<u64>,
    /// When it was made at the other service.
    pub(crate) created: Option<Timestamp>,
    pub(crate) profile: Profile,
    /// The name of the folder with its files.
    pub(crate) folder: String,
}

/// An account that cannot be brought along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The address, or the place in the list if there is none.
    pub(crate) name: String,
    /// Everything that is wrong with it.
    pub(crate) why: String,
}

/// The list of accounts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Roster {
    /// In the order of the list.
    pub(crate) entries: Vec<Result<Entry, Refused>>,
    /// Names of fields that nothing is made of.
    pub(crate) ignored: BTreeSet<String>,
}

/// The file as a whole is no list of accounts.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// It is no CSV.
    #[error("the list of accounts is no CSV: {0}")]
    Csv(#[from] csv::Error),
    /// It is no JSON.
    #[error("the list of accounts is no JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is something else.
    #[error("the list of accounts is JSON, but neither a list nor one object on each line")]
    NoList,
    /// It holds what must not be written down anywhere.
    #[error(
        "the list of accounts has a field `password`: passwords are not read. Give their hashes as `password_hash`, or leave \
         them out, and each owner is asked by mail to set one"
    )]
    Passwords,
    /// It names no addresses.
    #[error("the list of accounts has no field `email`")]
    NoAddresses,
}

impl Roster {
    /// Reads JSON if it begins like it, and CSV otherwise.
    pub(crate) fn parse(text: &str) -> Result<Self, Unreadable> {
        let text = text.trim_start_matches('\u{feff}');
        let records =
            if text.trim_start().starts_with(['[', '{']) { json(text)? } else { csv_records(text)? };
        if records.iter().any(|record| record.contains_key("password")) {
            return Err(Unreadable::Passwords);
        }
        if !records.is_empty() && !records.iter().any(|record| record.contains_key("email")) {
            return Err(Unreadable::NoAddresses);
        }
        let (mut roster, mut seen) = (Self::default(), BTreeSet::new());
        for (index, record) in records.into_iter().enumerate() {
            let entry = entry(index + 1, record, &mut roster.ignored);
            roster.entries.push(entry.and_then(|entry| {
                if seen.insert(entry.email.normalised()) {
                    Ok(entry)
                } else {
                    Err(Refused {
                        name: entry.email.to_string(),
                        why: "the address stands in the list twice".into(),
                    })
                }
            }));
        }
        Ok(roster)
    }
}

type Record = Map<String, Value>;

fn csv_records(text: &str) -> Result<Vec<Record>, Unreadable> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let names = reader.headers()?.clone();
    let record = |row: csv::StringRecord| {
        let cells = names.iter().zip(row.iter()).filter(|(_, cell)| !cell.is_empty());
        cells.map(|(name, cell)| (name.to_owned(), Value::from(cell))).collect()
    };
    reader.records().map(|row| Ok(record(row?))).collect()
}

fn json(text: &str) -> Result<Vec<Record>, Unreadable> {
    let mut records = Vec::new();
    for value in serde_json::Deserializer::from_str(text).into_iter() {
        match value? {
            Value::Array(values) => {
                for value in values {
                    records.push(object(value)?);
                }
            }
            value => records.push(object(value)?),
        }
    }
    Ok(records)
}

fn object(value: Value) -> Result<Record, Unreadable> {
    let Value::Object(mut record) = value else { return Err(Unreadable::NoList) };
    record.retain(|_, value| !value.is_null() && *value != "");
    Ok(record)
}

/// One account; all that is wrong with it at once.
fn entry(number: usize, mut record: Record, ignored: &mut BTreeSet<String>) -> Result<Entry, Refused> {
    let mut wrong = Vec::new();
    let address = text(&mut record, "email");
    let name = address.clone().unwrap_or_else(|| format!("entry {number}"));
    let folder = text(&mut record, "folder").unwrap_or_else(|| name.clone());
    let email = address.map(|address| EmailAddress::parse(&address));
    let email = match email {
        None => Err("it has no address".to_owned()),
        Some(email) => email.map_err(|error| error.to_string()),
    };
    let email = email.map_err(|error| wrong.push(error)).ok();
    let password_hash = field(&mut record, "password_hash", &mut wrong, |text| {
        // Django names the kind once more.
        let text = text.strip_prefix("argon2$").map_or_else(|| text.to_owned(), |rest| format!("${rest}"));
        let text = text.strip_prefix("bcrypt$").unwrap_or(&text);
        PasswordHash::parse(text).map_err(|error| error.to_string())
    });
    let role = field(&mut record, "role", &mut wrong, |text| match text {
        "user" => Ok(Role::User),
        "pro" => Ok(Role::Pro),
        "admin" => {
            Err("an administrator is made by hand, or by POST /accounts/<id>: import it as user".into())
        }
        _ => Err("`role` is user or pro".into()),
    });
    let disabled = field(&mut record, "disabled", &mut wrong, boolean);
    let use_jess = field(&mut record, "use_jess", &mut wrong, boolean);
    let quota_bytes = field(&mut record, "quota_bytes", &mut wrong, number_of);
    let quota_files = field(&mut record, "quota_files", &mut wrong, number_of);
    let created = field(&mut record, "created", &mut wrong, |text| {
        parse_iso_time(text).ok_or_else(|| "`created` is a day, 2024-06-30, or a time with its zone".into())
    });
    let profile =
        profile(record, use_jess.unwrap_or_default(), ignored).map_err(|error| wrong.push(error)).ok();
    match (email, profile) {
        (Some(email), Some(profile)) if wrong.is_empty() => Ok(Entry {
            email,
            password_hash,
            role: role.unwrap_or(Role::User),
            disabled: disabled.unwrap_or_default(),
            quota_bytes,
            quota_files,
            created,
            profile,
            folder,
        }),
        _ => Err(Refused { name, why: wrong.join("; ") }),
    }
}

/// Takes a field out that is a text.
fn text(record: &mut Record, name: &str) -> Option<String> {
    record.remove(name).and_then(|value| value.as_str().map(str::to_owned))
}

/// Takes a field out that may be missing; what is wrong with it goes to the others.
fn field<T>(
    record: &mut Record,
    name: &str,
    wrong: &mut Vec<String>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Option<T> {
    let value = record.remove(name)?;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    parse(&text).map_err(|error| wrong.push(error)).ok()
}

fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => Err(format!("{text:?} is neither true nor false")),
    }
}

fn number_of(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text:?} is no whole number"))
}

/// What is left over, as a profile.
fn profile(record: Record, use_jess: bool, ignored: &mut BTreeSet<String>) -> Result<Profile, String> {
    let names: BTreeSet<String> = record.keys().cloned().collect();
    let texts = record.into_iter().map(|(name, value)| match value {
        Value::Number(number) => (name, Value::from(number.to_string())),
        value => (name, value),
    });
    let change = ProfileChange::deserialize(Value::Object(texts.collect()))
        .map_err(|_| "a field of the profile is no text".to_owned())?;
    change.validate().map_err(|error| error.to_string())?;
    let known: BTreeSet<String> = change.texts().map(|(name, _)| name.to_owned()).collect();
    ignored.extend(names.difference(&known).cloned());
    let mut profile = Profile { use_jess, ..Profile::default() };
    change.apply(&mut profile);
    Ok(profile)
}

impl Entry {
    /// The account that it becomes.
    pub(crate) fn account(&self, id: AccountId, hash: PasswordHash, now: Timestamp) -> domain::Account {
        let created = self.created.unwrap_or(now);
        let account = domain::Account::new(id, self.email.clone(), hash, self.profile.clone(), created);
        domain::Account {
            role: self.role,
            disabled: self.disabled,
            quota_bytes: self.quota_bytes,
            quota_files: self.quota_files,
            ..account
        }
    }
}
