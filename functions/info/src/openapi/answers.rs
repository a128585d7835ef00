//! The shapes of answers and failures.

use serde_json::{Map, Value, json};

use super::operation::{list_of, object, schema};

/// Every status of a failure, and what it means.
const FAILURES: [(u16, &str, &str); 13] = [
    (
        400,
        "The request cannot be understood, or is against a rule.",
        "What is wrong with the request, and what to send instead.",
    ),
    (
        401,
        "No token, or none that is valid.",
        "You are not logged on, or your session has ended: log on with POST /users/api/auth.",
    ),
    (
        403,
        "A page of another site, an API key that is not enough, or nobody who may do this.",
        "This API key may not do that: it does not have the scope files:write. Make a key that has it.",
    ),
    (404, "There is no such thing.", "There is none of this id: it has ended, or was another account's."),
    (409, "Something is in the way, or under way.", "The account was changed at the same moment. Try again."),
    (412, "A condition of the request does not hold.", "The file has changed meanwhile. Read it again."),
    (
        413,
        "The request is too large, or the account has no room for it.",
        "The request is too large: one request carries at most 4194304 bytes. A larger file is sent in parts: see POST \
         /users/api/uploads.",
    ),
    (
        415,
        "The body is of a type that is not read here.",
        "The request's content type is not understood here: send it as application/json.",
    ),
    (
        416,
        "The file does not have that range.",
        "The file has 12 bytes, and none in the range that was asked for.",
    ),
    (
        422,
        "What arrived is not what was announced.",
        "The file has another SHA-256 than was announced. Nothing was stored.",
    ),
    (
        429,
        "Too many guesses, mails or large zips: wait as long as `Retry-After` says.",
        "There were too many wrong passwords. Wait 30 seconds, then try again.",
    ),
    (
        500,
        "A defect of the service, or a mail that cannot be sent.",
        "The request failed because of a defect in the service. Its operators find it in the log.",
    ),
    (
        503,
        "Something that the service needs does not answer: try again in a few seconds.",
        "The service is not available at the moment. Try again in a few seconds.",
    ),
];

/// Of the same statuses where they are about files, other examples.
const FAILURES_OF_FILES: [(u16, &str); 2] = [
    (404, "Nothing is stored at /models/a.idf."),
    (409, "/models is a folder already: delete or rename it first, or choose another name."),
];

/// All failures, by their names.
pub(super) fn failures() -> Value {
    let failures = FAILURES.iter().map(|(status, ..)| (status.to_string(), failure(*status)));
    let of_files = FAILURES_OF_FILES.iter().map(|(status, example)| {
        let mut failure = failure(*status);
        failure["content"]["application/json"]["example"]["status"] = (*example).into();
        (failure_name(*status, "files"), failure)
    });
    failures.chain(of_files).collect::<Map<_, _>>().into()
}

/// What the failure of a status is called where it is about this.
pub(super) fn failure_name(status: u16, tag: &str) -> String {
    let is_of_files = tag == "files" && FAILURES_OF_FILES.iter().any(|(known, _)| *known == status);
    if is_of_files { format!("{status}-files") } else { status.to_string() }
}

/// The failure of that status.
pub(super) fn failure(status: u16) -> Value {
    let (_, what, example) =
        FAILURES.iter().find(|(known, ..)| *known == status).expect("a status that is described");
    let mut failure = json!({
        "description": what,
        "content": { "application/json": {
            "schema": schema("Failure"),
            "example": { "ok": false, "status": example },
        } },
    });
    if matches!(status, 429 | 503) {
        let seconds = json!({ "schema": { "type": "integer" }, "description": "Seconds to wait." });
        failure["headers"] = json!({ "Retry-After": seconds });
    }
    failure
}

/// All shapes, by their names.
pub(super) fn schemas() -> Value {
    let mut all = Map::new();
    for group in [envelopes(), account(), files()] {
        let Value::Object(group) = group else { continue };
        all.extend(group);
    }
    all.into()
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn text_or_null() -> Value {
    json!({ "type": ["string", "null"] })
}

fn number() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn role() -> Value {
    json!({ "type": "string", "enum": ["user", "pro", "admin"] })
}

fn envelopes() -> Value {
    json!({
        "Done": object(&["ok", "status"], json!({ "ok": { "const": true }, "status": text() })),
        "DoneOrNot": object(&["ok", "status"], json!({ "ok": { "type": "boolean" }, "status": text() })),
        "Failure": object(&["ok", "status"], json!({ "ok": { "const": false }, "status": text() })),
        "AuthReturn": object(&["ok", "status", "jwt", "user", "role", "email"], json!({
            "ok": { "const": true }, "status": text(),
            "jwt": { "type": "string", "description": "A fixed phrase, never the token: that is in the cookie." },
            "user": { "type": ["string", "null"], "description": "The nickname, or else the first name." },
            "role": { "type": ["string", "null"], "enum": ["user", "pro", "admin", null] },
            "email": text_or_null(),
        })),
        "Version": object(&["Title", "Description", "Major", "Minor", "Revision", "Update", "Release", "Notice"], json!({
            "Title": text(), "Description": text(), "Major": number(), "Minor": number(), "Revision": number(),
            "Update": number(), "Release": text(), "Notice": text(),
        })),
        "JwkSet": object(&["keys"], json!({ "keys": { "type": "array", "items": object(
            &["kty", "use", "alg", "kid", "crv", "x", "y"],
            json!({
                "kty": { "const": "EC" }, "use": { "const": "sig" }, "alg": { "const": "ES256" }, "kid": text(),
                "crv": { "const": "P-256" }, "x": text(), "y": text(),
            }),
        ) } })),
        "Health": object(&["table", "bucket", "mail"], json!({
            "table": { "enum": ["ok", "unavailable"] }, "bucket": { "enum": ["ok", "unavailable"] },
            "mail": { "enum": ["ok", "unavailable", "late"] },
        })),
    })
}

fn account() -> Value {
    let fields = [
        "title",
        "firstname",
        "middlename",
        "surname",
        "nickname",
        "position",
        "company",
        "tel",
        "address",
        "postcode",
        "country",
        "website",
        "twitter",
        "linkedin",
    ];
    let own: Map<String, Value> = fields.iter().map(|name| ((*name).to_owned(), text_or_null())).collect();
    let mut change = own.clone();
    change.insert("use_jess".into(), json!({ "type": ["boolean", "null"] }));
    let mut whole = own;
    whole.insert("email".into(), text());
    whole.insert("jess_user".into(), text_or_null());
    whole.insert("jess_pwd".into(), json!({ "const": "hidden" }));
    whole.insert("use_jess".into(), json!({ "type": "boolean" }));
    let names: Vec<&str> = whole.keys().map(String::as_str).collect();
    json!({
        "Account": object(&names, whole.clone().into()),
        "AccountChange": { "type": "object", "properties": change },
        "Session": object(&["id", "current", "created", "last_used", "device", "network"], json!({
            "id": super::operation::id(), "current": { "type": "boolean" }, "created": time(),
            "last_used": { "type": "string", "format": "date-time", "description": "To the hour." },
            "device": text(), "network": text_or_null(),
        })),
        "Key": object(&["id", "name", "scope", "created", "last_used", "expires"], json!({
            "id": super::operation::id(), "name": text(),
            "scope": { "type": "string", "description": "Separated by spaces." }, "created": time(),
            "last_used": { "type": ["string", "null"], "format": "date-time", "description": "To the hour." },
            "expires": time(),
        })),
        "Event": object(&["at", "event", "by", "device", "network"], json!({
            "at": time(), "event": text(), "detail": {}, "by": { "enum": ["owner", "administrator", "operator"] },
            "device": text(), "network": text_or_null(),
        })),
        "AccountForAdministrators": object(
            &[
                "id", "email", "user", "role", "disabled", "second_factor", "mailable", "created",
                "quota_bytes", "quota_files", "bytes_limit", "files_limit",
            ],
            json!({
                "id": super::operation::id(), "email": text(), "user": text_or_null(), "role": role(),
                "disabled": { "type": "boolean" }, "second_factor": { "type": "boolean" },
                "mailable": { "type": "boolean" }, "created": time(),
                "quota_bytes": { "type": ["integer", "null"], "description": "Null where the role decides." },
                "quota_files": { "type": ["integer", "null"] }, "bytes_limit": number(), "files_limit": number(),
            }),
        ),
    })
}

fn files() -> Value {
    json!({
        "Node": object(&["name", "fileName", "fileSize", "open", "nocheck", "children"], json!({
            "name": { "type": "string", "description": "For people: of a file with its size." },
            "fileName": text(), "fileSize": number(),
            "open": { "type": "boolean", "description": "True for a folder." }, "nocheck": { "type": "boolean" },
            "children": list_of("Node"),
            "etag": { "type": "string", "description": "Of a file, with `details`: as the header ETag of the file." },
            "lastModified": { "type": "string", "format": "date-time", "description": "Of a file, with `details`: when it was stored." },
            "next": { "type": ["string", "null"], "description": "With `limit`: the cursor of the next page, if there is one." },
        })),
        "FileHandle": object(&["ok", "status", "fileHandle", "callback"], json!({
            "ok": { "const": true }, "status": text(),
            "fileHandle": { "type": "string", "description": "The place below the root, without a slash before it." },
            "callback": { "type": "string", "description": "The path below the server, not percent-encoded." },
            "etag": { "type": "string", "description": "Of a single file: changes with its content." },
            "fileSize": number(),
        })),
        "Upload": object(&["ok", "status", "id", "path", "size", "partSize", "expires", "parts", "received"], json!({
            "ok": { "const": true }, "status": text(), "id": super::operation::id(), "path": text(), "size": number(),
            "partSize": number(), "expires": time(),
            "parts": { "type": "array", "description": "Those still to come.", "items": object(
                &["number", "size", "url"],
                json!({
                    "number": number(), "size": number(),
                    "url": { "type": "string", "description": "PUT exactly `size` bytes there, with no other header than Content-Length." },
                }),
            ) },
            "received": { "type": "array", "items": object(
                &["number", "size"], json!({ "number": number(), "size": number() }),
            ) },
        })),
        "Uploads": { "type": "array", "items": object(&["id", "path", "size", "partSize", "expires"], json!({
            "id": super::operation::id(), "path": text(), "size": number(), "partSize": number(), "expires": time(),
        })) },
        "Usage": object(&["bytes_used", "bytes_limit", "files_used", "files_limit", "bytes_kept", "files_kept"], json!({
            "bytes_used": number(), "bytes_limit": number(), "files_used": number(), "files_limit": number(),
            "bytes_kept": { "type": "integer", "minimum": 0, "description": "Room that is kept for files on their way." },
            "files_kept": number(),
        })),
    })
}
