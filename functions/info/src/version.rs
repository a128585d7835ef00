//! `GET /info`: the version object.

use http::StatusCode;
use serde::Serialize;
use web::{Response, response};

/// The only capitalised keys of the API, as its clients know them.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    title: &'static str,
    description: &'static str,
    major: u32,
    minor: u32,
    revision: u32,
    update: u32,
    release: &'static str,
    notice: &'static str,
}

/// What the service is called.
pub(crate) const TITLE: &str = "Users Web API";

/// The version of the published API that this service implements, and its own release.
const VERSION: Version = Version {
    title: TITLE,
    description: "Sign-on, accounts, files and mail for web services",
    major: 1,
    minor: 0,
    revision: 0,
    update: 0,
    release: env!("CARGO_PKG_VERSION"),
    notice: "Open implementation of the ENSIMS User & Account API, under the Apache License 2.0",
};

/// The bare object, without an envelope.
pub(crate) fn version() -> Response {
    response::json(StatusCode::OK, &VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_capitalised_and_of_the_types_that_clients_read() {
        let answer = version();
        let text = std::str::from_utf8(answer.body().as_whole().unwrap()).unwrap();
        let start = r#"{"Title":"Users Web API","Description":""#;
        assert!(
            text.starts_with(start)
                && text.contains(r#","Major":1,"Minor":0,"Revision":0,"Update":0,"Release":""#)
        );
        assert!(text.contains(r#","Notice":""#) && text.ends_with(r#""}"#));
    }
}
