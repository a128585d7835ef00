//! `GET /openapi.json`: the API as programs read it, in OpenAPI 3.1.
//!
//! | file | what it describes |
//! |---|---|
//! | `operation.rs` | how an operation is written down here |
//! | `answers.rs` | the shapes of answers and failures |
//! | `sign_on.rs` | logging on and off, and how an account comes about |
//! | `account.rs` | one's own account, and all of them for administrators |
//! | `files.rs` | files, folders, uploads in parts |
//! | `service.rs` | mail, and the service itself |
//!
//! That it names every route and no other is tested against the functions' own routes and against the template; that what it
//! says is true, by a program that makes requests of it.

#![expect(clippy::needless_pass_by_value, reason = "what is described is written where it is handed over")]

mod account;
mod answers;
mod files;
mod operation;
mod service;
mod sign_on;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use web::{Body, Response};

use crate::version;

const DESCRIPTION: &str = "Sign-on, accounts, files and mail for web services such as JESS.

**Every answer is JSON** but a file's bytes and the pages behind links in mails. All but the version, the tree of a folder and \
the public keys have `ok` and `status`; `status` says in a sentence what happened and, where something failed, what to do. Look at \
`ok`: where `POST /auth`, `/logon` or `/confirm` find a wrong password, and for a path that cannot be deleted, HTTP is 200 and `ok` false.

**Logging on** with `POST /auth` sets the cookie `session_token`. Send it back, or its value as `Authorization: Bearer`. A token \
lives for 24 hours; `POST /checkin` gives a new one. Scripts take an API key from `POST /keys` and send it as `Authorization: Bearer`. \
Where a request has a session and a key, the session counts: leave out the cookie to use the key.

**Repeating** a change with the same `Idempotency-Key` within a day does it once and gives the same answer.

**Whose request it is** can be said with the header `Expected-Account`, the e-mail address as the service writes it, in percent-encoding: if somebody else is \
logged on, which happens where a cookie is shared, the answer is 401 and nothing is done.

A path may end in a slash everywhere.";

/// The document, which is made once, as an answer.
pub(crate) fn answer(document: &Bytes) -> Response {
    let mut answer = Response::new(Body::Whole(document.clone()));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // It changes with a new version of the service only.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    *answer.status_mut() = StatusCode::OK;
    answer
}

/// The document of the service at `url`.
#[must_use]
pub fn document(url: &str) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": version::TITLE,
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "An open implementation of the ENSIMS User & Account API",
            "description": DESCRIPTION,
            "license": { "name": "Apache License 2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": url }],
        "tags": tags(),
        "paths": paths(),
        "components": {
            "securitySchemes": {
                "session": {
                    "type": "apiKey", "in": "cookie", "name": "session_token",
                    "description": "The cookie that logging on sets.",
                },
                "bearer": {
                    "type": "http", "scheme": "bearer",
                    "description": "The value of the cookie, or an API key (`uapi_…`) with the scope that the operation names.",
                },
            },
            "parameters": operation::parameters(),
            "schemas": answers::schemas(),
            "responses": answers::failures(),
        },
    })
}

fn tags() -> Value {
    let tag = |name: &str, description: &str| json!({ "name": name, "description": description });
    json!([
        tag("sign-on", "Logging on, checking in, logging off."),
        tag("getting an account", "Registration and forgotten passwords, by links in mails."),
        tag("account", "One's own account, its password, address, sessions and keys."),
        tag("files", "Files and folders of the caller."),
        tag("uploads", "Files of up to 5 GiB, in parts."),
        tag("mail", "Mail to the caller."),
        tag("administration", "All accounts, for administrators."),
        tag("service", "The service itself."),
    ])
}

fn paths() -> Value {
    let mut paths = Map::new();
    let all = [sign_on::operations(), account::operations(), files::operations(), service::operations()];
    for operation in all.into_iter().flatten() {
        let item = paths.entry(operation.path).or_insert_with(|| json!({}));
        item[operation.method] = operation.described.into();
    }
    paths.into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn operations() -> Vec<Value> {
        let document = document("https://api.example.org/users/api");
        let paths = document["paths"].as_object().unwrap().clone();
        paths.into_iter().flat_map(|(_, item)| item.as_object().unwrap().clone()).map(|(_, it)| it).collect()
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_and_says_what_it_does() {
        let operations = operations();
        let names: BTreeSet<_> = operations.iter().map(|it| it["operationId"].as_str().unwrap()).collect();
        assert_eq!(names.len(), operations.len());
        for operation in operations {
            assert!(operation["summary"].as_str().is_some_and(|text| !text.ends_with('.')), "{operation}");
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document("https://api.example.org/users/api");
        let text = document.to_string();
        for reference in text.split(r##""$ref":"#"##).skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }

    #[test]
    fn every_failure_is_described_where_it_can_happen() {
        for operation in operations() {
            let answers = operation["responses"].as_object().unwrap();
            let needs_somebody = operation["security"] != json!([]);
            assert_eq!(answers.contains_key("401"), needs_somebody, "{operation}");
            assert!(answers.contains_key("500") && answers.contains_key("200"), "{operation}");
        }
    }
}
