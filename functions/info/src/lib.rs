//! What this service is and which version of it answers. Needs no AWS service and links none.
//!
//! | endpoint | file |
//! |---|---|
//! | `GET /info` | `version.rs` |

mod version;

use async_trait::async_trait;
use http::Method;
use web::error::Source;
use web::route::{below_base, by_method, unknown_endpoint};
use web::{ApiError, Function, Origins, Request, RequestLog, Response, Settings};

/// What the endpoint needs: nothing but who may ask.
pub struct App {
    origins: Origins,
}

impl App {
    /// Reads `PUBLIC_BASE_URL` and `ALLOWED_ORIGINS`.
    pub fn load(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, Source> {
        let mut settings = Settings::new(lookup);
        let edge = settings.public_url_and_origins();
        Ok(settings.finish(|| Some(Self { origins: edge?.1 }))?)
    }
}

#[async_trait]
impl Function for App {
    fn origins(&self) -> &Origins {
        &self.origins
    }

    async fn handle(&self, request: Request, log: &mut RequestLog) -> Result<Response, ApiError> {
        match below_base(&request.path)? {
            "info" => by_method(&request.method, [(Method::GET, ())])?,
            _ => return Err(unknown_endpoint()),
        }
        log.route = Some("version");
        Ok(version::version())
    }
}
