//! `GET /user/export`: everything that is held on the caller, as one zip.
//!
//! | in the zip | holds |
//! |---|---|
//! | `account.json` | the account |
//! | `sessions.json`, `keys.json` | where it is logged on, and its API keys without their secrets |
//! | `audit.json` | what happened to it |
//! | `files/…` | all files |

use bytes::Bytes;
use domain::{Account, Act, AuditEvent, Client, Effects, FolderKey, FolderPath, Profile, Session, Usage};
use serde::Serialize;
use web::{ApiError, KeyReport, Request, Response, iso_time};

use crate::App;
use crate::list::settled;
use crate::zip_out::{pack, send};

/// So many of the latest events are packed, in memory: a hundred for each day that they are kept.
const MAX_EVENTS: usize = 40_000;

/// The zip's own name, and that of the folder in it that holds the files.
const NAME: &str = "export.zip";
const FILES: &str = "files";

#[derive(Serialize)]
struct AccountRecord<'a> {
    id: &'a str,
    email: &'a str,
    role: &'a str,
    created: String,
    quota_bytes: Option<u64>,
    quota_files: Option<u64>,
    #[serde(flatten)]
    profile: &'a Profile,
}

#[derive(Serialize)]
struct SessionRecord<'a> {
    id: &'a str,
    created: String,
    last_used: String,
    expires: String,
    #[serde(flatten)]
    client: &'a Client,
}

#[derive(Serialize)]
struct EventRecord<'a> {
    at: String,
    #[serde(flatten)]
    act: &'a Act,
    by: &'static str,
    /// The owner's own, and nobody else's.
    #[serde(flatten)]
    client: Option<&'a Client>,
}

/// Packs everything while it is sent. What is too much for one answer is put into the bucket, as with any large zip.
pub(crate) async fn export(app: &App, account: &Account, request: &Request) -> Result<Response, ApiError> {
    let now = app.now();
    let event = AuditEvent::new(&account.id, request.occasion(now), Act::Exported, &*app.random);
    app.accounts.record(&Effects::of(event)).await?;
    let sessions = app.authenticator.sessions.list_sessions(&account.id).await?;
    let keys = app.authenticator.api_keys.list_keys(&account.id).await?;
    let events = app.accounts.events(&account.id, MAX_EVENTS).await?;
    let records = [
        json("account.json", &account_record(account))?,
        json("sessions.json", &sessions.iter().map(session_record).collect::<Vec<_>>())?,
        json("keys.json", &keys.iter().map(KeyReport::new).collect::<Vec<_>>())?,
        json("audit.json", &events.iter().map(event_record).collect::<Vec<_>>())?,
    ];
    let root = FolderPath::root();
    let entries = settled(app, account, &FolderKey::new(&account.id, root.clone())).await?;
    let bytes_of_records = records.iter().map(|(_, content)| content.len() as u64).sum();
    let usage = Usage::of(&entries).plus(Usage { bytes: bytes_of_records, files: 0 });
    let records = records.map(|(name, content)| (name.to_owned(), now, content));
    let zip = pack(app, account, &root, Some(FILES.to_owned()), entries, records.into())?;
    send(app, account, NAME, usage, zip).await
}

fn json(name: &'static str, record: &impl Serialize) -> Result<(&'static str, Bytes), ApiError> {
    let json = serde_json::to_vec_pretty(record).map_err(|error| ApiError::Internal(error.into()))?;
    Ok((name, json.into()))
}

fn account_record(account: &Account) -> AccountRecord<'_> {
    AccountRecord {
        id: account.id.as_str(),
        email: account.email.as_str(),
        role: account.role.as_str(),
        created: iso_time(account.created),
        quota_bytes: account.quota_bytes,
        quota_files: account.quota_files,
        profile: &account.profile,
    }
}

fn session_record(session: &Session) -> SessionRecord<'_> {
    SessionRecord {
        id: session.id.as_str(),
        created: iso_time(session.created),
        last_used: iso_time(session.last_used),
        expires: iso_time(session.expires),
        client: &session.client,
    }
}

fn event_record(event: &AuditEvent) -> EventRecord<'_> {
    EventRecord {
        at: iso_time(event.occasion.at),
        act: &event.act,
        by: event.by.as_str(),
        client: event.own_client(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use crate::testing::World;

    #[tokio::test]
    async fn everything_that_is_held_on_a_user_comes_as_one_zip_and_nothing_of_others() {
        let world = World::new().await;
        let eve = world.other().await;
        world.put("files/a/b.idf", &[], b"ada's").await;
        eve.put("files/c.idf", &[], b"eve's").await;
        let (headers, zip) = world.download("user/export").await;
        assert!(headers["content-disposition"].to_str().unwrap().contains("filename=\"export.zip\""));
        let mut archive = zip::ZipArchive::new(Cursor::new(zip)).expect("a zip");
        let mut names: Vec<_> = archive.file_names().map(|name| name.expect("UTF-8").into_owned()).collect();
        names.sort();
        assert_eq!(names, ["account.json", "audit.json", "files/a/b.idf", "keys.json", "sessions.json"]);
        let mut all = String::new();
        for at in 0..archive.len() {
            archive.by_index(at).expect("an entry").read_to_string(&mut all).expect("text");
        }
        for part in
            ["\"email\": \"ada@example.org\"", "\"firstname\": \"Ada\"", "\"event\": \"exported\"", "ada's"]
        {
            assert!(all.contains(part), "{part} is not in {all}");
        }
        for secret in ["argon2", "hash", "generation", "eve@", "eve's"] {
            assert!(!all.contains(secret), "{secret} is in {all}");
        }
        assert_eq!(world.get("user/export/x").await.0, 404);
        assert_eq!(world.post("user/export").await.0, 405);
    }
}
