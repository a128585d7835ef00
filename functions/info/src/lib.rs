//! What this service is and which version of it answers, and the console on which people use it. Needs no AWS service and
//! links none.
//!
//! | endpoint | file |
//! |---|---|
//! | `GET /info` | `version.rs` |
//! | `GET /openapi.json` | `openapi/` |
//! | `GET /docs` | `docs/` |
//! | `GET /postman.json` | `postman.rs`; the collection itself is made by `clients/postman` |
//! | `GET /client/<wheel>` | `client.rs`; the client itself is in `clients/python` |
//! | `GET /console/`, `GET /console/assets/<name>` | `console.rs`; what is served is written in `../console` |

mod client;
mod console;
mod docs;
pub mod openapi;
mod postman;
mod route;
mod version;

use std::sync::OnceLock;

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderValue;
use web::error::Source;
use web::{ApiError, Function, Origins, PublicUrl, Request, RequestLog, Response, Settings};

use crate::docs::Docs;
pub use crate::route::Route;

/// What the endpoints need: where the service is, who may ask, and where the console may send files.
pub struct App {
    url: PublicUrl,
    origins: Origins,
    /// Made when somebody asks for it, and so are the docs.
    document: OnceLock<Bytes>,
    docs: OnceLock<Docs>,
    console_policy: HeaderValue,
}

impl App {
    /// Reads `PUBLIC_BASE_URL`, `ALLOWED_ORIGINS` and `BUCKET_ORIGIN`.
    pub fn load(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, Source> {
        let mut settings = Settings::new(lookup);
        let edge = settings.public_url_and_origins();
        let policy = settings.parse("BUCKET_ORIGIN", console_policy);
        let app = settings.finish(|| {
            let (url, origins) = edge?;
            Some(Self {
                url,
                origins,
                document: OnceLock::new(),
                docs: OnceLock::new(),
                console_policy: policy?,
            })
        });
        Ok(app?)
    }
}

/// The policy of the console, for the origin of the bucket. No text gets into it that could say more than that.
fn console_policy(bucket_origin: &str) -> Result<HeaderValue, &'static str> {
    let invalid = "not an origin such as https://bucket.example.org";
    let url = PublicUrl::parse(bucket_origin).ok().filter(|url| url.origin() == bucket_origin);
    let is_plain = url.is_some_and(|url| !url.as_str().contains([';', ',', '*', '\'']));
    if is_plain { console::policy(bucket_origin).parse().map_err(|_| invalid) } else { Err(invalid) }
}

#[async_trait]
impl Function for App {
    fn origins(&self) -> &Origins {
        &self.origins
    }

    async fn handle(&self, request: Request, log: &mut RequestLog) -> Result<Response, ApiError> {
        let route = Route::parse(&request.method, &request.path)?;
        log.route = Some(route.name());
        match route {
            Route::Version => Ok(version::version()),
            Route::OpenApi => {
                let made = || openapi::document(self.url.as_str()).to_string().into();
                Ok(openapi::answer(self.document.get_or_init(made)))
            }
            Route::Postman => Ok(postman::collection(&self.url)),
            Route::Docs => Ok(self.docs.get_or_init(|| Docs::new(&self.url)).answer()),
            Route::Client(name) => client::wheel(&name),
            Route::ConsoleRedirect => Ok(console::redirect()),
            Route::Console => Ok(console::page(&request.headers, &self.console_policy)),
            Route::ConsoleAsset(name) => console::asset(&name, &request.headers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_origin_gets_into_the_policy_of_the_console() {
        for origin in ["https://files.s3.eu-west-2.amazonaws.com", "http://127.0.0.1:4566"] {
            let policy = console_policy(origin).unwrap();
            assert!(policy.to_str().unwrap().contains(&format!("connect-src 'self' {origin};")), "{origin}");
        }
        for bad in ["*", "https://*", "https://a/b", "https://a;script-src", "https://a 'unsafe-inline'", "a"]
        {
            assert!(console_policy(bad).is_err(), "{bad}");
        }
    }
}
