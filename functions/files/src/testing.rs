//! The function over stores in memory, for the tests of its endpoints.

use std::io::{Cursor, Write as _};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use domain::testing::{
    MemoryAccounts, MemoryFiles, MemoryIdempotency, MemoryLedger, MemoryThrottle, MemoryUploads, MockClock,
    SeededRandom, contract,
};
use domain::{AccountId, AccountStore, Client, Effects, Session, SessionId, SessionStore, Timestamp, Usage};
use futures_util::StreamExt as _;
use http::{HeaderMap, Method};
use session::SigningKeys;
use web::serve;
use web::{Authenticator, Invocation, Origins, PublicUrl, Query, Request, Response, Throttle};
use zip::write::SimpleFileOptions;

use crate::App;

/// One user of a service without files.
pub(crate) struct World {
    pub(crate) app: Arc<App>,
    pub(crate) store: Arc<MemoryFiles>,
    pub(crate) accounts: Arc<MemoryAccounts>,
    pub(crate) ledger: Arc<MemoryLedger>,
    pub(crate) clock: Arc<MockClock>,
    pub(crate) random: Arc<SeededRandom>,
    pub(crate) account: AccountId,
    token: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        let (accounts, store) = (Arc::new(MemoryAccounts::default()), Arc::new(MemoryFiles::default()));
        let url = PublicUrl::parse("http://localhost:9000/users/api").unwrap();
        let keys = Arc::new(SigningKeys::generate("one").unwrap());
        let clock = Arc::new(MockClock::at(now()));
        let authenticator = Authenticator::load(keys, &url, accounts.clone(), clock.clone()).await.unwrap();
        let (random, origins) = (Arc::new(SeededRandom::new(1)), Origins::new(&url, "").unwrap());
        let idempotency = Arc::new(MemoryIdempotency::default());
        let ledger = Arc::new(MemoryLedger::beside(idempotency.clone()));
        let app = App {
            files: store.clone(),
            parts: store.clone(),
            uploads: Arc::new(MemoryUploads::default()),
            ledger: ledger.clone(),
            accounts: accounts.clone(),
            deletions: accounts.clone(),
            idempotency,
            outbox: accounts.clone(),
            health: Mutex::default(),
            throttle: Throttle::new(Arc::new(MemoryThrottle::default()), clock.clone()),
            authenticator,
            random: random.clone(),
            origins,
        };
        let (account, token) = (AccountId::random(&*random), String::new());
        let app = Arc::new(app);
        let world = Self { app, store, accounts, ledger, clock, random, account, token };
        world.signed_in("ada@example.org").await
    }

    /// Another user of the same service.
    pub(crate) async fn other(&self) -> Self {
        self.signed_in("eve@example.org").await
    }

    async fn signed_in(&self, email: &str) -> Self {
        let account = contract::account(email, &*self.random);
        AccountStore::create(&*self.accounts, &account, &Effects::none()).await.unwrap();
        self.with_session(account.id).await
    }

    /// The same user with a new session.
    pub(crate) async fn again(&self) -> Self {
        self.with_session(self.account.clone()).await
    }

    async fn with_session(&self, account: AccountId) -> Self {
        let (id, now) = (SessionId::random(&*self.random), self.clock_now());
        let (expires, client) = (now.plus_seconds(86_400), Client::default());
        let (owner, created) = (account.clone(), now);
        let session = Session { id, account: owner, generation: 0, created, last_used: now, expires, client };
        SessionStore::create(&*self.accounts, &session, &Effects::none()).await.unwrap();
        let token = self.app.authenticator.issue(&session, 86_400, &*self.random).await.unwrap();
        let (app, store, accounts) = (self.app.clone(), self.store.clone(), self.accounts.clone());
        let (random, token) = (self.random.clone(), token.reveal().to_owned());
        let (ledger, clock) = (self.ledger.clone(), self.clock.clone());
        Self { app, store, accounts, ledger, clock, random, account, token }
    }

    /// Sends a request; `path` may have a query.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        lines: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let cookie = format!("session_token={}", self.token);
        let lines = lines.iter().copied().chain([("cookie", cookie.as_str())]);
        let line = |(name, value): (&str, &str)| (name.parse().unwrap(), value.parse().unwrap());
        let headers: HeaderMap = lines.map(line).collect();
        let (path, query) = (format!("/users/api/{path}"), Query::decode(query).unwrap());
        let body = Bytes::copy_from_slice(body);
        let request = Request { query, headers, body, ..Request::new(method, &path) };
        serve::answer(&*self.app, Ok(request), &Invocation::default()).await
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        text(self.ask(Method::GET, path, &[], b"").await).await
    }

    pub(crate) async fn get_with(&self, path: &str, lines: &[(&str, &str)]) -> (u16, HeaderMap, String) {
        with_headers(self.ask(Method::GET, path, lines, b"").await).await
    }

    pub(crate) async fn head(&self, path: &str, lines: &[(&str, &str)]) -> (u16, HeaderMap, String) {
        with_headers(self.ask(Method::HEAD, path, lines, b"").await).await
    }

    pub(crate) async fn post(&self, path: &str) -> (u16, String) {
        text(self.ask(Method::POST, path, &[], b"").await).await
    }

    pub(crate) async fn post_with(&self, path: &str, lines: &[(&str, &str)]) -> (u16, String) {
        text(self.ask(Method::POST, path, lines, b"").await).await
    }

    pub(crate) async fn post_json(&self, path: &str, body: &str) -> (u16, String) {
        self.post_json_with(path, &[], body).await
    }

    pub(crate) async fn post_json_with(
        &self,
        path: &str,
        lines: &[(&str, &str)],
        body: &str,
    ) -> (u16, String) {
        let lines: Vec<_> = lines.iter().copied().chain([("content-type", "application/json")]).collect();
        text(self.ask(Method::POST, path, &lines, body.as_bytes()).await).await
    }

    pub(crate) async fn put(&self, path: &str, lines: &[(&str, &str)], content: &[u8]) -> (u16, String) {
        text(self.ask(Method::PUT, path, lines, content).await).await
    }

    pub(crate) fn clock_now(&self) -> Timestamp {
        self.app.now()
    }

    /// Lets the user store so many bytes in so many files.
    pub(crate) fn allow(&self, bytes: u64, files: u64) {
        self.accounts.set_quota(&self.account, Usage { bytes, files });
    }

    /// Bytes and files as the API counts them.
    pub(crate) async fn usage(&self) -> (u64, u64) {
        let (status, body) = self.get("usage").await;
        assert_eq!(status, 200, "{body}");
        let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
        let count = |name: &str| answer["data"][name].as_u64().unwrap();
        (count("bytes_used"), count("files_used"))
    }

    pub(crate) async fn delete(&self, path: &str) -> (u16, String) {
        text(self.ask(Method::DELETE, path, &[], b"").await).await
    }

    pub(crate) async fn download(&self, path: &str) -> (HeaderMap, Vec<u8>) {
        let response = self.ask(Method::GET, path, &[], b"").await;
        assert_eq!(response.status(), 200);
        (response.headers().clone(), bytes(response).await)
    }

    pub(crate) async fn upload(&self, path: &str, files: &[(&str, &[u8])]) -> (u16, String) {
        let mut form = Vec::new();
        for (name, content) in files {
            write!(form, "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n")
                .unwrap();
            form.extend_from_slice(content);
            form.extend_from_slice(b"\r\n");
        }
        form.extend_from_slice(b"--B--\r\n");
        let form_type = [("content-type", "multipart/form-data; boundary=B")];
        text(self.ask(Method::POST, path, &form_type, &form).await).await
    }

    /// Every stored file of every user as `<path>=<content>`, in order of path; markers of folders are left out.
    pub(crate) fn paths(&self) -> Vec<String> {
        let files = self.store.contents().into_iter().filter(|(key, _)| !key.ends_with('/'));
        let path = |key: &str| key.split_once('/').unwrap().1.to_owned();
        files.map(|(key, content)| format!("{}={}", path(&key), String::from_utf8_lossy(&content))).collect()
    }
}

fn now() -> Timestamp {
    Timestamp::from_unix_seconds(1_790_000_000)
}

async fn bytes(response: Response) -> Vec<u8> {
    let pieces: Vec<Bytes> = response.into_body().collect().await;
    pieces.concat()
}

pub(crate) async fn text(response: Response) -> (u16, String) {
    (response.status().as_u16(), String::from_utf8(bytes(response).await).unwrap())
}

async fn with_headers(response: Response) -> (u16, HeaderMap, String) {
    let headers = response.headers().clone();
    let (status, body) = text(response).await;
    (status, headers, body)
}

/// A zip of these entries; a name that ends in a slash is a folder.
pub(crate) fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        if name.ends_with('/') {
            writer.add_directory(*name, SimpleFileOptions::default()).unwrap();
        } else {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}
