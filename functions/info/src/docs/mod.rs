//! `GET /docs`: the API as people read it: a guide, and behind it every operation with what to send and what comes back.
//!
//! It is one page without a script, made from [`crate::openapi`] at the first request and kept.

mod operation;
mod snippet;

use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use quick_xml::escape::escape;
use serde_json::Value;
use web::page::policy;
use web::{Body, PublicUrl, Response};

use crate::client::WHEEL_NAME;
use crate::openapi;

const STYLE: &str = include_str!("style.css");

/// Written by hand; `[api]` stands for where the service is, `[wheel]` for the name of the client.
const GUIDE: &str = include_str!("guide.html");

/// The page of the service at one address.
pub(crate) struct Docs {
    html: Bytes,
    policy: HeaderValue,
}

impl Docs {
    /// The page of the service at `url`.
    pub(crate) fn new(url: &PublicUrl) -> Self {
        let document = openapi::document(url.as_str());
        let policy = HeaderValue::from_str(&policy(STYLE)).expect("a policy is plain text");
        Self { html: html(&document, url.as_str()).into(), policy }
    }

    /// The page as an answer.
    pub(crate) fn answer(&self) -> Response {
        let mut answer = Response::new(Body::Whole(self.html.clone()));
        *answer.status_mut() = StatusCode::OK;
        let headers: &mut HeaderMap = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        headers.insert(header::CONTENT_SECURITY_POLICY, self.policy.clone());
        answer
    }
}

fn html(document: &Value, url: &str) -> String {
    let title = escape(text(&document["info"]["title"]));
    let (mut menu, mut reference) = (String::new(), String::new());
    for tag in list(&document["tags"]) {
        let name = text(&tag["name"]);
        let operations = operation::of_tag(document, name);
        let anchor = name.replace(' ', "-");
        // Writing into a text does not fail.
        let _ = write!(menu, "<li><a href=\"#{anchor}\">{}</a><ul>", escape(name));
        let _ = write!(
            reference,
            "<h2 id=\"{anchor}\">{}</h2><p>{}</p>",
            escape(name),
            escape(text(&tag["description"]))
        );
        for operation in operations {
            menu.push_str(&operation.menu());
            reference.push_str(&operation.html(document));
        }
        menu.push_str("</ul></li>");
    }
    let guide = GUIDE.replace("[api]", &escape(url)).replace("[wheel]", WHEEL_NAME);
    let version = escape(text(&document["info"]["version"]));
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body><a class=\"skip\" href=\"#guide\">Skip to the guide</a>\
         <header><a class=\"to-contents\" href=\"#contents\">Contents</a><h1>{title} <small>{version}</small></h1></header>\
         <nav id=\"contents\" aria-label=\"Contents\"><ul>\
         <li><a href=\"#guide\">guide</a></li>{menu}</ul></nav><main>{guide}{reference}</main></body></html>\n"
    )
}

/// The text of a value that is one.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The list that a value is.
fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> String {
        let docs = Docs::new(&PublicUrl::parse("https://api.example.org/users/api").unwrap());
        String::from_utf8(docs.answer().body().as_whole().unwrap().to_vec()).unwrap()
    }

    #[test]
    fn every_operation_has_its_place_on_the_page_with_curl_and_python() {
        let document = openapi::document("https://api.example.org/users/api");
        let page = page();
        for (path, item) in document["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                let id = text(&operation["operationId"]);
                assert!(page.contains(&format!("<section id=\"{id}\">")), "{path}");
                for language in ["curl", "python"] {
                    assert!(page.contains(&format!("<pre id=\"{id}-{language}\">")), "{path}");
                }
            }
        }
    }

    #[test]
    fn the_page_runs_nothing_and_fetches_nothing() {
        let page = page();
        for bad in ["<script", "<link", "<img", " src=", "style=\""] {
            assert!(!page.contains(bad), "{bad}");
        }
        assert!(
            page.contains("API=https://api.example.org/users/api\n")
                && !page.contains("[api]")
                && !page.contains("[wheel]")
        );
    }
}
