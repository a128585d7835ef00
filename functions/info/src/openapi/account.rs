//! One's own account, and all of them for administrators.

use http::Method;
use serde_json::{Value, json};

use super::operation::{Operation, id, list_of, object, schema};

/// All of them.
pub(super) fn operations() -> Vec<Operation> {
    [own(), proofs(), second_factor(), sessions(), keys(), administration()].into_iter().flatten().collect()
}

fn operation(method: &Method, path: &str, id: &str, summary: &str) -> Operation {
    Operation::new(method, path, id, "account", summary).logged_on()
}

fn limit() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 100 })
}

fn event() -> Value {
    json!([{
        "at": "2026-03-02T09:30:14Z", "event": "logged_on", "by": "owner", "device": "curl/8.5.0", "network": "203.0.113.0/24",
    }])
}

fn own() -> Vec<Operation> {
    let account = json!({
        "title": null, "firstname": "Ada", "middlename": null, "surname": "Lovelace", "nickname": null, "position": null,
        "company": "Engines Ltd", "email": "demo@example.org", "tel": null, "address": null, "postcode": null,
        "country": null, "website": null, "twitter": null, "linkedin": null, "jess_user": null, "jess_pwd": "hidden",
        "use_jess": false,
    });
    vec![
        operation(&Method::GET, "/user", "readAccount", "Read the account").scope("account:read").answers_data(
            "The account.", schema("Account"), "User's account detailes included.", account,
        ),
        operation(&Method::POST, "/user", "updateAccount", "Change the account")
            .saying("Any subset: null leaves a field as it is, an empty text empties it; address, role and unknown names are ignored.")
            .json(schema("AccountChange"), json!({ "company": "Engines Ltd" }))
            .answers(
                "It is changed.",
                object(&["ok", "status", "session"], json!({
                    "ok": { "const": true }, "status": { "type": "string" }, "session": { "type": "null" },
                })),
                json!({ "ok": true, "status": "Account details updated successfully!", "session": null }),
            ),
        operation(&Method::GET, "/audit", "readEvents", "What happened to the account")
            .scope("account:read")
            .query("limit", limit(), "How many of the latest.")
            .answers_data("The events, newest first.", list_of("Event"), "Events included.", event()),
        operation(&Method::GET, "/user/export", "export", "Everything that is held on the user")
            .saying("One zip: account, log-ons, keys, events, files. One of more than 200 MB is answered with an address to fetch it from.")
            .answers_with(200, "The zip.", json!({ "application/zip": {} }))
            .answers_with(307, "The zip lies at `Location`, for five minutes.", json!({}))
            .may_fail(&[409, 429]),
    ]
}

fn proof(more: Value) -> Value {
    let mut properties = json!({
        "password": { "type": "string" },
        "code": { "type": ["string", "null"], "description": "Of the second factor, where the account has one." },
    });
    let mut required = vec!["password".to_owned()];
    for (name, schema) in more.as_object().into_iter().flatten() {
        required.push(name.clone());
        properties[name] = schema.clone();
    }
    let required: Vec<&str> = required.iter().map(String::as_str).collect();
    object(&required, properties)
}

fn proofs() -> Vec<Operation> {
    let text = json!({ "type": "string" });
    vec![
        operation(&Method::POST, "/password", "changePassword", "Change the password")
            .saying("All other log-ons end, and a mail says so.")
            .json(
                proof(json!({ "new_password": text })),
                json!({ "password": "demo-password-1", "new_password": "seven grey herons" }),
            )
            .answers_done("Your password has been changed, and all other sessions have ended.")
            .may_fail(&[409, 429]),
        operation(&Method::POST, "/email", "changeAddress", "Change the e-mail address")
            .saying("Mails a link to the new address, which counts once it is confirmed. The old one can undo it for 7 days.")
            .json(
                proof(json!({ "email": text })),
                json!({ "email": "new@example.org", "password": "demo-password-1" }),
            )
            .answers_done("Look into the mailbox of the new address: a mail with a link to confirm it is on its way. The link is good for 24 hours.")
            .may_fail(&[409, 429]),
        operation(&Method::DELETE, "/user", "deleteAccount", "Delete the account")
            .saying("With all log-ons, keys and files. A mail says so. For seven days after a change of the address it is refused with 409, so that nobody who has taken an account over can delete it before its owner takes the change back.")
            .json(proof(json!({})), json!({ "password": "demo-password-1" }))
            .answers_done("Your account has been deleted, with all its log-ons, keys and files.")
            .may_fail(&[409, 429]),
    ]
}

fn second_factor() -> Vec<Operation> {
    let state = object(
        &["enabled", "recovery_codes_left"],
        json!({
            "enabled": { "type": "boolean" }, "recovery_codes_left": { "type": "integer" },
        }),
    );
    let begun =
        object(&["secret", "uri"], json!({ "secret": { "type": "string" }, "uri": { "type": "string" } }));
    let codes = object(
        &["recovery_codes"],
        json!({
            "recovery_codes": { "type": "array", "items": { "type": "string" } },
        }),
    );
    vec![
        operation(&Method::GET, "/totp", "showSecondFactor", "Whether a code is asked for").answers_data(
            "Whether it is.", state, "Second factor included.", json!({ "enabled": false, "recovery_codes_left": 0 }),
        ),
        operation(&Method::POST, "/totp", "beginSecondFactor", "Begin a second factor")
            .saying("Gives the secret for an authenticator app. No code is asked for until one was confirmed.")
            .json(proof(json!({})), json!({ "password": "demo-password-1" }))
            .answers_data(
                "The secret, this once.", begun, "Put the secret into your authenticator app, then send a code of it to POST /users/api/totp/confirm.",
                json!({ "secret": "JBSWY3DPEHPK3PXP", "uri": "otpauth://totp/Users%20API:demo%40example.org?secret=JBSWY3DPEHPK3PXP&issuer=Users%20API" }),
            )
            .may_fail(&[409, 429]),
        operation(&Method::POST, "/totp/confirm", "confirmSecondFactor", "Switch the second factor on")
            .json(object(&["code"], json!({ "code": { "type": "string" } })), json!({ "code": "287082" }))
            .answers_data(
                "Ten recovery codes, this once.", codes, "From now on a code is asked for at log-on, and all other sessions have ended. Keep the recovery codes: each of them is good once in the place of a code.",
                json!({ "recovery_codes": ["k7qd-2mxp-9trw"] }),
            )
            .may_fail(&[409, 429]),
        operation(&Method::DELETE, "/totp", "endSecondFactor", "Switch the second factor off")
            .json(proof(json!({})), json!({ "password": "demo-password-1", "code": "287082" }))
            .answers_done("No code is asked for at log-on any more, and all other sessions have ended.")
            .may_fail(&[409, 429]),
    ]
}

fn sessions() -> Vec<Operation> {
    let session = json!([{
        "id": "3f2504e04f8911d39a0c0305e82c3301", "current": true, "created": "2026-03-02T09:30:14Z",
        "last_used": "2026-03-02T09:00:00Z", "device": "curl/8.5.0", "network": "203.0.113.0/24",
    }]);
    vec![
        operation(&Method::GET, "/sessions", "listSessions", "Where the account is logged on").answers_data(
            "The log-ons, the one used last first.",
            list_of("Session"),
            "Sessions included.",
            session,
        ),
        operation(&Method::DELETE, "/sessions", "endOtherSessions", "End all other log-ons")
            .answers_done("All other sessions have ended.")
            .may_fail(&[409]),
        operation(&Method::DELETE, "/sessions/{id}", "endSession", "End a log-on")
            .in_path("id", id(), "Of the log-on.")
            .answers_done("The session has ended.")
            .may_fail(&[404]),
    ]
}

fn keys() -> Vec<Operation> {
    let key = json!([{
        "id": "3f2504e04f8911d39a0c0305e82c3301", "name": "nightly build", "scope": "files:read files:write",
        "created": "2026-03-02T09:30:14Z", "last_used": null, "expires": "2027-03-02T09:30:14Z",
    }]);
    let order = object(
        &["name", "scope"],
        json!({
            "name": { "type": "string", "minLength": 1, "maxLength": 100 },
            "scope": {
                "type": ["string", "array"], "items": { "type": "string" },
                "description": "`files:read`, `files:write`, `send`, `account:read`: a list, or a text with spaces.",
            },
            "expires": { "type": ["string", "null"], "description": "A day or a time within five years; in a year if missing." },
        }),
    );
    vec![
        operation(&Method::GET, "/keys", "listKeys", "The keys of the account's scripts").answers_data(
            "The keys, the newest first.", list_of("Key"), "Keys included.", key,
        ),
        operation(&Method::POST, "/keys", "createKey", "Make an API key")
            .json(order, json!({ "name": "nightly build", "scope": "files:read files:write" }))
            .answers(
                "The key, shown this once.",
                object(&["ok", "status", "key", "id"], json!({
                    "ok": { "const": true }, "status": { "type": "string" },
                    "key": { "type": "string", "pattern": "^uapi_[a-z2-7]{90}$" }, "id": id(),
                })),
                json!({
                    "ok": true, "status": "The key is made. It is shown this once: keep it as you keep a password.",
                    "key": format!("uapi_{}", "a2b3c4d5e6".repeat(9)), "id": "3f2504e04f8911d39a0c0305e82c3301",
                }),
            )
            .may_fail(&[409]),
        operation(&Method::DELETE, "/keys/{id}", "revokeKey", "Revoke an API key")
            .in_path("id", id(), "Of the key.")
            .answers_done("The key has been revoked.")
            .may_fail(&[404]),
    ]
}

/// Said of what nobody else may do.
const ADMINISTRATORS: &str = "For administrators only; anybody else gets 403.";

fn administration() -> Vec<Operation> {
    let admin = |method: &Method, path: &str, id: &str, summary: &str| {
        Operation::new(method, path, id, "administration", summary)
            .logged_on()
            .saying(ADMINISTRATORS)
            .may_fail(&[404])
    };
    let account = json!({
        "id": "3f2504e04f8911d39a0c0305e82c3301", "email": "demo@example.org", "user": "demo", "role": "user",
        "disabled": false, "second_factor": false, "mailable": true, "created": "2026-03-02T09:30:14Z",
        "quota_bytes": null, "quota_files": null, "bytes_limit": 10_000_000_000_u64, "files_limit": 100_000,
    });
    let shown = |operation: Operation| {
        let schema = schema("AccountForAdministrators");
        operation.answers_data("The account.", schema, "Account included.", account.clone())
    };
    let order = object(
        &[],
        json!({
            "role": { "enum": ["user", "pro", "admin", null] },
            "disabled": { "type": ["boolean", "null"] },
            "quota_bytes": { "type": ["integer", "null"], "minimum": 0, "description": "Null leaves it to the role." },
            "quota_files": { "type": ["integer", "null"], "minimum": 0 },
            "second_factor": { "enum": [false, null], "description": "Takes one off whose owner has lost it." },
            "mailable": { "enum": [true, null], "description": "Mails the address again." },
        }),
    );
    vec![
        shown(
            admin(&Method::GET, "/accounts", "findAccount", "Find an account by its address").required_query(
                "email",
                json!({ "type": "string" }),
                "The address.",
            ),
        ),
        shown(admin(&Method::GET, "/accounts/{id}", "readAccountOf", "Look at an account").in_path(
            "id",
            id(),
            "Of the account.",
        )),
        shown(
            admin(&Method::POST, "/accounts/{id}", "changeAccountOf", "Change an account")
                .saying(&format!("{ADMINISTRATORS} Disabling ends all log-ons and keys."))
                .in_path("id", id(), "Of the account.")
                .json(order, json!({ "role": "pro", "quota_bytes": 20_000_000_000_u64 }))
                .may_fail(&[409]),
        ),
        admin(&Method::GET, "/accounts/{id}/audit", "readEventsOf", "What happened to an account")
            .in_path("id", id(), "Of the account.")
            .query("limit", limit(), "How many of the latest.")
            .answers_data("The events, newest first.", list_of("Event"), "Events included.", event()),
        admin(&Method::DELETE, "/accounts/{id}/sessions", "endSessionsOf", "End all log-ons of an account")
            .in_path("id", id(), "Of the account.")
            .answers_done("All sessions of the account have ended.")
            .may_fail(&[409]),
    ]
}
