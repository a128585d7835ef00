//! The mail that was sent: kept across restarts, shown as a page and as JSON.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::{Html, Json};
use axum::routing::get;
use axum::{Router, http::header};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::Error;
use crate::environment::http_client;

/// How often the mail service is asked for new mail.
const POLL_SECONDS: u64 = 1;

/// One mail.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mail {
    /// When it was sent, in seconds since 1970.
    pub at: f64,
    /// Who sent it.
    pub from: String,
    /// Who receives it.
    pub to: Vec<String>,
    /// The subject line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML, where there is any.
    pub html: String,
    /// Names the mail in the mail service.
    #[serde(default)]
    id: String,
}

/// All mail of a local stack, oldest first.
pub struct Mailbox {
    http: reqwest::Client,
    service: String,
    file: Option<PathBuf>,
    mails: Mutex<Vec<Mail>>,
}

impl Mailbox {
    /// The mail that the service at `aws_url` has sent, and what `file` has kept of earlier runs.
    #[must_use]
    pub fn new(aws_url: &str, file: Option<&Path>) -> Arc<Self> {
        let kept = file.and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
        let mails = serde_json::from_str(&kept).unwrap_or_default();
        let service = format!("{aws_url}/_ministack/ses/messages");
        Arc::new(Self {
            http: http_client(),
            service,
            file: file.map(Path::to_owned),
            mails: Mutex::new(mails),
        })
    }

    /// Serves the mail on `listener` and looks for new mail from time to time.
    pub fn serve(self: Arc<Self>, listener: TcpListener) {
        let router = Router::new().route("/", get(page)).route("/mail", get(list)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        tokio::spawn(async move {
            loop {
                // The service may be busy or on its way out; the next turn asks again.
                let _ = self.refresh().await;
                tokio::time::sleep(Duration::from_secs(POLL_SECONDS)).await;
            }
        });
    }

    /// All mail, new mail included.
    pub async fn mails(&self) -> Vec<Mail> {
        let _ = self.refresh().await;
        self.kept().clone()
    }

    async fn refresh(&self) -> Result<(), Error> {
        let answer: Value = self.http.get(&self.service).send().await?.json().await?;
        let mut kept = self.kept();
        let before = kept.len();
        // The service groups messages by AWS account; the local stack has one.
        let accounts = answer["messages"].as_object().into_iter().flat_map(serde_json::Map::values);
        for mail in accounts.filter_map(Value::as_array).flatten().map(read) {
            if !kept.iter().any(|known| known.id == mail.id) {
                kept.push(mail);
            }
        }
        if let Some(file) = self.file.as_ref().filter(|_| kept.len() > before) {
            std::fs::write(file, serde_json::to_string(&*kept)?)?;
        }
        Ok(())
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Mail>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(message: &Value) -> Mail {
    let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
    let to = message["To"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    Mail {
        at: message["Timestamp"].as_f64().unwrap_or_default(),
        from: text("Source"),
        to: to.collect(),
        subject: text("Subject"),
        text: text("BodyText"),
        html: text("BodyHtml"),
        id: text("MessageId"),
    }
}

async fn list(State(mailbox): State<Arc<Mailbox>>) -> Json<Vec<Mail>> {
    Json(mailbox.mails().await)
}

async fn page(
    State(mailbox): State<Arc<Mailbox>>,
) -> ([(header::HeaderName, &'static str); 1], Html<String>) {
    let mails = mailbox.mails().await;
    let articles: String = mails.iter().rev().map(article).collect();
    let body = if mails.is_empty() { "<p>No mail yet.</p>".to_owned() } else { articles };
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"5\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Mail</title>\
         <style>body{{font:1rem sans-serif;max-width:45rem;margin:2rem auto;padding:0 1rem}}\
         article{{border-top:1px solid;padding:1rem 0}}pre{{white-space:pre-wrap}}</style><h1>Mail</h1>{body}</html>"
    );
    ([(header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'")], Html(page))
}

fn article(mail: &Mail) -> String {
    let [to, from, subject] = [&mail.to.join(", "), &mail.from, &mail.subject].map(|t| escape(t));
    let text: String = mail.text.lines().map(|line| linked(line) + "\n").collect();
    format!("<article><h2>{subject}</h2><p>To {to}, from {from}</p><pre>{text}</pre></article>")
}

/// A line of text; one that is an address can be followed.
fn linked(line: &str) -> String {
    let escaped = escape(line);
    let is_link =
        ["http://", "https://"].iter().any(|scheme| line.starts_with(scheme)) && !line.contains(' ');
    if is_link { format!("<a href=\"{escaped}\" rel=\"noreferrer\">{escaped}</a>") } else { escaped }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
