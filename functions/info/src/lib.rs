//! What this service is and which version of it answers. Needs no AWS service and links none.
//!
//! | endpoint | file |
//! |---|---|
//! | `GET /info` | `version.rs` |
//! | `GET /openapi.json` | `openapi/` |
//! | `GET /docs` | `docs/` |

mod docs;
pub mod openapi;
mod route;
mod version;

use std::sync::OnceLock;

use async_trait::async_trait;
use web::error::Source;
use web::{ApiError, Function, Origins, PublicUrl, Request, RequestLog, Response, Settings};

use crate::docs::Docs;
pub use crate::route::Route;

/// What the endpoints need: where the service is, and who may ask.
pub struct App {
    url: PublicUrl,
    origins: Origins,
    /// Made when somebody asks for it.
    docs: OnceLock<Docs>,
}

impl App {
    /// Reads `PUBLIC_BASE_URL` and `ALLOWED_ORIGINS`.
    pub fn load(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, Source> {
        let mut settings = Settings::new(lookup);
        let edge = settings.public_url_and_origins();
        Ok(settings.finish(|| edge.map(|(url, origins)| Self { url, origins, docs: OnceLock::new() }))?)
    }
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
            Route::OpenApi => Ok(openapi::answer(&self.url)),
            Route::Docs => Ok(self.docs.get_or_init(|| Docs::new(&self.url)).answer()),
        }
    }
}
