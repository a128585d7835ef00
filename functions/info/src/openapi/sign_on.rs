//! Logging on and off, and how an account comes about.

use http::Method;
use serde_json::{Value, json};

use super::operation::{Operation, object, schema};

/// All of them.
pub(super) fn operations() -> Vec<Operation> {
    [sessions(), links()].into_iter().flatten().collect()
}

fn credentials() -> Value {
    object(
        &["email", "password"],
        json!({
            "email": { "type": "string" }, "password": { "type": "string" },
            "code": { "type": ["string", "null"], "description": "Of the second factor, where the account has one." },
        }),
    )
}

fn pair() -> Value {
    json!({ "email": "demo@example.org", "password": "demo-password-1" })
}

fn auth_return(status: &str, jwt: &str) -> Value {
    json!({ "ok": true, "status": status, "jwt": jwt, "user": "demo", "role": "user", "email": "demo@example.org" })
}

/// The answer, or a refusal that is HTTP 200 too.
fn or_refused() -> Value {
    json!({ "anyOf": [schema("AuthReturn"), schema("Failure")] })
}

fn sessions() -> Vec<Operation> {
    let log_on = |path, id, summary| {
        Operation::new(&Method::POST, path, id, "sign-on", summary)
            .saying(
                "A wrong pair is HTTP 200 with `ok` false and sets no cookie. Where the account has a second factor, an answer \
                 without a `code` asks for one.",
            )
            .json(credentials(), pair())
            .answers(
                "Whoever it is, or that the pair does not match.",
                or_refused(),
                auth_return("Logged in successfully!", "Session token in cookie"),
            )
            .sets_cookie()
            .may_fail(&[429])
    };
    vec![
        log_on("/auth", "logOn", "Log on"),
        log_on("/logon", "logOnByItsOtherName", "Log on, by its other name"),
        Operation::new(&Method::POST, "/checkin", "checkIn", "sign-on", "Get a new token")
            .saying("Any body, or none. A session ends after 30 days at the latest; older tokens of it live to their own end.")
            .logged_on()
            .answers(
                "The session has a new token.",
                schema("AuthReturn"),
                auth_return("Session renewed successfully!", "Session key cookie"),
            )
            .sets_cookie()
            .may_fail(&[413]),
        Operation::new(&Method::POST, "/logout", "logOff", "sign-on", "Log off")
            .saying("Ends the session at once, for every token of it.")
            .logged_on()
            .answers(
                "The session has ended.",
                schema("AuthReturn"),
                json!({
                    "ok": true, "status": "Logged out successfully!", "jwt": "Session token cleared", "user": null,
                    "role": null, "email": null,
                }),
            )
            .sets_cookie()
            .may_fail(&[413]),
        Operation::new(&Method::POST, "/confirm", "confirm", "sign-on", "Prove once more who you are")
            .saying("Before something that matters. A pair that is not that of the session is HTTP 200 with `ok` false.")
            .logged_on()
            .json(credentials(), pair())
            .answers(
                "The pair is that of the session, or not.",
                or_refused(),
                auth_return("User credential confirmed!", "Session key cookie"),
            )
            .sets_cookie()
            .may_fail(&[429]),
    ]
}

const TOKEN: &str = "mJ6Zb1pYB2hQ0XkNwT3cVg8rLs5uEoAi4dKfHxWzqRY";

/// The page behind a link in a mail.
fn page(path: &str, id: &str, summary: &str) -> Operation {
    Operation::new(&Method::GET, path, id, "getting an account", summary)
        .saying("A page for people. Looking at it changes nothing: programs that check mail follow links.")
        .required_query("token", json!({ "type": "string" }), "What the link in the mail holds.")
        .answers_page("The page, with one button.")
        .answers_with(400, "The link is void.", json!({ "text/html": { "schema": { "type": "string" } } }))
}

/// The button on the page behind a link in a mail.
fn button(path: &str, id: &str, summary: &str, schema: Value, example: Value, status: &str) -> Operation {
    Operation::new(&Method::POST, path, id, "getting an account", summary)
        .saying("A form is answered with a page, JSON with JSON.")
        .json_or_form(schema, example)
        .answers_done(status)
        .or_page()
        .may_fail(&[409])
}

fn links() -> Vec<Operation> {
    let token_only = || object(&["token"], json!({ "token": { "type": "string" } }));
    let token = || json!({ "token": TOKEN });
    let with_password = |required: &[&str]| {
        object(required, json!({ "token": { "type": "string" }, "password": { "type": "string" } }))
    };
    let password = || json!({ "token": TOKEN, "password": "seven grey herons" });
    let mut profile = json!({ "email": { "type": "string" }, "password": { "type": "string" } });
    profile["password"]["description"] =
        "8 to 256 characters; common passwords, and those made of your own name or address, are refused."
            .into();
    for name in ["title", "firstname", "surname", "nickname", "company", "country"] {
        profile[name] = json!({ "type": ["string", "null"] });
    }
    vec![
        Operation::new(&Method::POST, "/register", "register", "getting an account", "Register")
            .saying("Mails a link that confirms the address; until then there is no account. The answer is the same whether or not the address has one.")
            .json(
                object(&["email", "password"], profile),
                json!({ "email": "grace@example.org", "password": "seven grey herons", "firstname": "Grace" }),
            )
            .answers_done("Look into your mailbox: a mail with a link to confirm the address is on its way. The link is good for 24 hours.")
            .may_fail(&[429]),
        page("/verify", "showVerification", "The page that confirms an address"),
        button(
            "/verify", "verify", "Confirm an address", with_password(&["token"]), password(),
            "Your account is ready. You can log on now.",
        ),
        Operation::new(&Method::GET, "/password/forgot", "showForgotPassword", "getting an account", "The page that asks for a new password")
            .answers_page("The page, with a field for the address."),
        Operation::new(&Method::POST, "/password/forgot", "forgotPassword", "getting an account", "Ask for a new password")
            .saying("Mails a link that sets one. The answer is the same whether or not there is such an account.")
            .json_or_form(
                object(&["email"], json!({ "email": { "type": "string" } })),
                json!({ "email": "demo@example.org" }),
            )
            .answers_done("If there is an account for this address, a mail with a link to set a new password is on its way. The link is good for one hour.")
            .or_page()
            .may_fail(&[429]),
        page("/password/reset", "showReset", "The page that sets a new password"),
        button(
            "/password/reset", "resetPassword", "Set a new password", with_password(&["token", "password"]), password(),
            "Your password is set. All sessions and API keys have ended: log on with the new one.",
        ),
        page("/email/confirm", "showNewAddress", "The page that confirms a new address"),
        button("/email/confirm", "confirmNewAddress", "Confirm a new address", token_only(), token(), "Your account has this address from now on: log on with it."),
        page("/email/undo", "showAddressUndo", "The page that takes an account back"),
        button("/email/undo", "undoAddress", "Take an account back", token_only(), token(), "Your account has its old address again, and all log-ons have ended."),
    ]
}
