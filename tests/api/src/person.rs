//! Somebody who uses the API.

use std::io::Write as _;

use domain::Account;
use http::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::app::App;

/// A client of the API, signed in or not.
#[derive(Clone)]
pub struct Person {
    app: App,
    token: Option<String>,
    key: Option<String>,
    account: Option<Account>,
}

impl Person {
    pub(crate) fn new(app: App, token: Option<String>, account: Option<Account>) -> Self {
        Self { app, token, key: None, account }
    }

    /// The same person with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// A script of the person's that has an API key and no cookie.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self { token: None, key: Some(key.to_owned()), ..self.clone() }
    }

    /// A script of the person's with a new key of this scope.
    pub async fn script(&self, scope: &str) -> Self {
        let answer = self.post_json("keys", &json!({"name": scope, "scope": scope})).await.is(200).json();
        self.with_key(answer["key"].as_str().expect("a key"))
    }

    /// The script's key.
    #[must_use]
    pub fn key(&self) -> &str {
        self.key.as_deref().expect("a script")
    }

    /// The same person in front of another API.
    #[must_use]
    pub fn through(&self, app: &App) -> Self {
        Self { app: app.clone(), ..self.clone() }
    }

    /// The person's token.
    #[must_use]
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("somebody who is signed in")
    }

    /// The person's account as it was made.
    #[must_use]
    pub fn account(&self) -> &Account {
        self.account.as_ref().expect("somebody who has an account")
    }

    /// Sends a request with the person's cookie or key.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let cookie = self.token.as_ref().map(|token| format!("session_token={token}"));
        let mut all = headers.to_vec();
        all.extend(cookie.as_ref().map(|cookie| ("cookie", cookie.as_str())));
        let bearer = self.key.as_ref().map(|key| format!("Bearer {key}"));
        all.extend(bearer.as_ref().map(|bearer| ("authorization", bearer.as_str())));
        self.app.send(method, path, &all, body).await
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Vec::new()).await
    }

    /// `POST` without a body.
    pub async fn post(&self, path: &str) -> Answer {
        self.send(Method::POST, path, &[], Vec::new()).await
    }

    /// `POST` of JSON.
    pub async fn post_json(&self, path: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.send(Method::POST, path, &headers, body.to_string().into_bytes()).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], Vec::new()).await
    }

    /// Uploads files to a folder: `""` is the root.
    pub async fn upload(&self, folder: &str, files: &[(&str, &[u8])]) -> Answer {
        let path = if folder.is_empty() { "files".to_owned() } else { format!("files/{folder}") };
        let headers = [("content-type", "multipart/form-data; boundary=StoryBoundary")];
        self.send(Method::POST, &path, &headers, form(files)).await
    }
}

/// A form with these files, as browsers write it.
#[must_use]
pub fn form(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut form = Vec::new();
    for (name, content) in files {
        let name = name.replace('"', "%22");
        let disposition = format!("Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"");
        write!(form, "--StoryBoundary\r\n{disposition}\r\nContent-Type: application/octet-stream\r\n\r\n")
            .expect("memory");
        form.extend_from_slice(content);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(b"--StoryBoundary--\r\n");
    form
}
