//! The files of the caller.
//!
//! | endpoint | file |
//! |---|---|
//! | `GET /files`, `GET /files/<folder>` | `list.rs` |
//! | `GET /files/<file>` | `download.rs`, with `range.rs` for parts and `precondition.rs` for conditions |
//! | `GET /files/<folder>?format=zip` | `zip_out.rs` |
//! | `HEAD` of any of them | `head.rs` |
//! | `POST /files`, `POST /files/<folder>` | `upload.rs`, with `batch.rs` for what is stored together, `unzip.rs` for zips and `occupied.rs` for what is in the way |
//! | `POST /files/<folder>?mkdir` | `make_folder.rs` |
//! | `POST /files/<path>?move=<new path>`, `?copy=` | `transfer.rs` |
//! | `POST /uploads` | `open_upload.rs`, with `large_upload.rs` for what all uploads in parts share |
//! | `GET /uploads` | `list_uploads.rs` |
//! | `GET /uploads/<id>` | `show_upload.rs` |
//! | `POST /uploads/<id>/complete` | `complete_upload.rs` |
//! | `DELETE /uploads/<id>` | `abort_upload.rs` |
//! | `GET /usage` | `usage.rs` |
//! | `GET /user/export` | `export.rs` |
//! | every minute: what deleted accounts have left is removed | `deletions.rs` |
//! | `PUT /files/<file>` | `put.rs` |
//! | `DELETE /files/<file or folder>` | `delete.rs` |
//!
//! A change with an `Idempotency-Key` is made once ([`web::idempotency`]). Whatever changes files waits for its turn in the
//! account's ledger (`turn.rs`); what a killed process has left half done is brought to an end by whoever meets it
//! (`recovery.rs`).

mod abort_upload;
mod attachment;
mod batch;
mod complete_upload;
mod delete;
mod deletions;
mod download;
mod export;
mod file_handle;
mod head;
mod health;
mod large_upload;
mod list;
mod list_uploads;
mod make_folder;
mod occupied;
mod open_upload;
mod precondition;
mod put;
mod range;
mod recovery;
mod route;
mod show_upload;
mod transfer;
mod turn;
mod unzip;
mod upload;
mod usage;
mod zip_out;

#[cfg(test)]
mod killed_requests;
#[cfg(test)]
mod repeated_requests;
#[cfg(test)]
mod testing;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws::{Clients, DynamoAccounts, S3Files};
use domain::{
    AccountStore, DeletionStore, FileLedger, FileStore, FolderPath, IdempotencyStore, Outbox, PartStore,
    Random, Timestamp, UploadStore,
};
use futures_util::future::join3;
use web::error::Source;
use web::idempotency::Begun;
use web::{
    ApiError, Authenticator, Function, InvalidConfig, Notice, Origins, Request, RequestLog, Response,
    SessionConfig, Settings, SystemClock, SystemRandom, Throttle, idempotency,
};

use crate::health::Health;
pub use crate::list::{Extent, Listing};
pub use crate::route::{Route, Unpack};
use crate::turn::{Change, LEASE_SECONDS};

/// What the function is told by its environment.
#[derive(Clone, Debug)]
pub struct Config {
    session: SessionConfig,
    bucket: String,
}

impl Config {
    /// Reads `TABLE_NAME`, `PUBLIC_BASE_URL`, `ALLOWED_ORIGINS`, `SIGNING_KEYS` or `SIGNING_KEYS_PARAMETER`, and `BUCKET_NAME`.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, InvalidConfig> {
        let mut settings = Settings::new(lookup);
        let session = settings.session_config();
        let bucket = settings.text("BUCKET_NAME");
        settings.finish(|| Some(Self { session: session?, bucket: bucket? }))
    }
}

/// Everything that the endpoints need.
pub struct App {
    files: Arc<dyn FileStore>,
    parts: Arc<dyn PartStore>,
    uploads: Arc<dyn UploadStore>,
    ledger: Arc<dyn FileLedger>,
    accounts: Arc<dyn AccountStore>,
    deletions: Arc<dyn DeletionStore>,
    idempotency: Arc<dyn IdempotencyStore>,
    outbox: Arc<dyn Outbox>,
    throttle: Throttle,
    /// As it was lately, and when.
    health: Mutex<Option<(Timestamp, Health)>>,
    authenticator: Authenticator,
    random: Arc<dyn Random>,
    origins: Origins,
}

impl App {
    /// The function over AWS, as its environment describes it.
    pub async fn load(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, Source> {
        let config = Config::read(lookup)?;
        let clients = Clients::load(lookup, Arc::new(SystemClock))?;
        let keys = aws::key_source(&clients, config.session.signing_keys);
        let table = Arc::new(DynamoAccounts::new(&clients, config.session.table));
        let bucket = Arc::new(S3Files::new(&clients, config.bucket));
        let authenticator =
            Authenticator::load(keys, &config.session.url, table.clone(), Arc::new(SystemClock));
        let (authenticator, (), ()) = join3(authenticator, table.connect(), bucket.connect()).await;
        let authenticator = authenticator?;
        Ok(Self {
            files: bucket.clone(),
            parts: bucket,
            uploads: table.clone(),
            ledger: table.clone(),
            accounts: table.clone(),
            deletions: table.clone(),
            outbox: table.clone(),
            health: Mutex::default(),
            throttle: Throttle::new(table.clone(), Arc::new(SystemClock)),
            idempotency: table,
            authenticator,
            random: Arc::new(SystemRandom),
            origins: config.session.origins,
        })
    }
}

#[async_trait]
impl Function for App {
    fn origins(&self) -> &Origins {
        &self.origins
    }

    async fn handle(&self, request: Request, log: &mut RequestLog) -> Result<Response, ApiError> {
        let route = Route::parse(&request.method, &request.path, &request.query);
        log.route = route.as_ref().ok().map(Route::name);
        if route.as_ref().is_ok_and(Route::is_public) {
            return Ok(health::health(self).await);
        }
        // Who is not signed on learns nothing about paths, not even that one is malformed.
        let principal = self.authenticator.principal(&request, log).await?;
        let route = route?;
        let account = &match route.scope() {
            Some(scope) => principal.permitted(scope)?,
            None => principal.logged_on()?.account,
        };
        // What opens an upload finds it again by itself: its answer is too large to be kept.
        if !route.is_change() || route == Route::OpenUpload {
            return self.answer(route, &Change::without_key(self, account), &request).await;
        }
        let (store, owner) = (&*self.idempotency, &account.id);
        let keyed = match idempotency::begin(store, owner, &request, self.now(), LEASE_SECONDS).await? {
            Begun::Before(answer) => return Ok(answer),
            Begun::Now(keyed) => keyed,
        };
        let change = Change { app: self, owner: account, keyed };
        let answer = self.answer(route, &change, &request).await;
        match answer {
            Ok(answer) => Ok(answer),
            Err(error) => idempotency::forget(store, owner, change.keyed.as_ref(), error).await,
        }
    }

    async fn notice(&self, notice: Notice, log: &mut RequestLog) -> Result<(), Source> {
        match notice {
            Notice::Schedule => {
                log.route = Some("clear");
                deletions::clear(self).await
            }
            Notice::Messages(_) => Err("this function is sent no messages".into()),
        }
    }
}

impl App {
    async fn answer(
        &self,
        route: Route,
        change: &Change<'_>,
        request: &Request,
    ) -> Result<Response, ApiError> {
        let (files, account, owner) = (&*self.files, change.owner, &change.owner.id);
        match route {
            Route::List(extent) => list::list(self, account, FolderPath::root(), extent).await,
            Route::Read(path, extent) => {
                match download::download(files, owner, path.clone(), request).await? {
                    Some(answer) => Ok(answer),
                    None => list::list(self, account, path.as_folder(), extent).await,
                }
            }
            Route::Zip(path) => {
                let file = match path.as_file() {
                    Some(file) => download::download(files, owner, file, request).await?,
                    None => None,
                };
                match file {
                    Some(answer) => Ok(answer),
                    None => zip_out::zip_out(self, account, path).await,
                }
            }
            Route::Head(path) => head::head(files, owner, path, request).await,
            Route::Upload(folder, unpack) => upload::upload(change, folder, unpack, request).await,
            Route::MakeFolder(path) => make_folder::make_folder(change, path, request).await,
            Route::Copy(from, to) => transfer::copy(change, from, to).await,
            Route::Move(from, to) => transfer::move_(change, from, to).await,
            Route::Put(path) => put::put(change, path, request).await,
            Route::Delete(path) => delete::delete(change, path, &request.path).await,
            Route::OpenUpload => open_upload::open_upload(self, account, request).await,
            Route::ListUploads => list_uploads::list_uploads(self, account).await,
            Route::ShowUpload(id) => show_upload::show_upload(self, account, &id).await,
            Route::CompleteUpload(id) => complete_upload::complete_upload(change, &id).await,
            Route::AbortUpload(id) => abort_upload::abort_upload(change, &id).await,
            Route::Usage => usage::usage(self, account).await,
            Route::Export => export::export(self, account, request).await,
            Route::Health => Ok(health::health(self).await),
        }
    }
}
