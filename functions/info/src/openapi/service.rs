//! Mail, and the service itself.

use http::Method;
use serde_json::json;

use super::operation::{Operation, object, schema};

/// All of them.
pub(super) fn operations() -> Vec<Operation> {
    let service =
        |path: &str, id: &str, summary: &str| Operation::new(&Method::GET, path, id, "service", summary);
    vec![
        send(),
        service("/info", "version", "Which version this is").answers("The version.", schema("Version"), json!({
            "Title": "Users Web API", "Description": "Sign-on, accounts, files and mail for web services", "Major": 1,
            "Minor": 0, "Revision": 0, "Update": 0, "Release": env!("CARGO_PKG_VERSION"),
            "Notice": "Open implementation of the ENSIMS User & Account API, under the Apache License 2.0",
        })),
        service("/openapi.json", "openApi", "This document").answers_with(
            200,
            "The document.",
            json!({ "application/json": { "schema": { "type": "object" } } }),
        ),
        service("/docs", "docs", "The API as people read it")
            .answers_page("A guide, and every operation with what to send and what comes back."),
        service("/postman.json", "postman", "The collection for Postman").answers_with(
            200,
            "The collection, which holds every operation and where the service is.",
            json!({ "application/json": { "schema": { "type": "object" } } }),
        ),
        service("/.well-known/jwks.json", "publicKeys", "The keys that verify tokens")
            .saying("RFC 7517. They may be kept for five minutes.")
            .answers("The keys.", schema("JwkSet"), json!({ "keys": [{
                "kty": "EC", "use": "sig", "alg": "ES256", "kid": "2026-11-27", "crv": "P-256",
                "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            }] })),
        service("/health", "health", "Whether the service is well")
            .answers_data("Everything is well.", schema("Health"), "Everything is well.", json!({
                "table": "ok", "bucket": "ok", "mail": "ok",
            }))
            .may_fail(&[503]),
    ]
}

fn send() -> Operation {
    let order = object(
        &["title", "message"],
        json!({
            "title": { "type": "string" }, "message": { "type": "string" },
            "email": { "description": "Counts for administrators who are logged on; all others write to themselves." },
        }),
    );
    Operation::new(&Method::POST, "/send", "send", "mail", "Mail yourself")
        .scope("send")
        .json(order, json!({ "title": "Job 12", "message": "It is done." }))
        .idempotent()
        .answers_done("Email has been sent to demo@example.org")
        .may_fail(&[429])
}
