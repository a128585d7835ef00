//! `GET /accounts?email=`, `GET /accounts/<id>`, `POST /accounts/<id>`, `GET /accounts/<id>/audit`,
//! `DELETE /accounts/<id>/sessions`: what administrators do to accounts. All of it is in the audit trail of the account.

use domain::{
    Account, AccountChange, AccountId, Act, AuditEvent, Client, Effects, EmailAddress, FactorChange, Letter,
    Notification, Occasion, QuotaChange, Role, SecondFactor, SessionsAfter,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use web::{ApiError, Caller, Principal, Request, Response, iso_time, response};

use crate::{App, audit_trail};

/// An administrator. Whoever takes one cannot run without.
pub(crate) struct Admin(Caller);

impl Admin {
    /// Who is logged on, if their account is that of an administrator now.
    pub(crate) fn new(principal: Principal) -> Result<Self, ApiError> {
        let caller = principal.logged_on()?;
        if caller.account.role == Role::Admin { Ok(Self(caller)) } else { Err(ApiError::AdministratorNeeded) }
    }

    /// What the administrator does to an account.
    fn event(&self, app: &App, account: &AccountId, request: &Request, act: Act) -> AuditEvent {
        let occasion = request.occasion(app.authenticator.clock.now());
        AuditEvent::new(account, occasion, act, &*app.random).by_administrator(&self.0.account.id)
    }
}

/// An account as administrators see it.
#[derive(Serialize)]
struct AccountObject<'a> {
    id: &'a str,
    email: &'a str,
    user: Option<&'a str>,
    role: &'a str,
    disabled: bool,
    second_factor: bool,
    /// Whether mail is sent to the address: not while it bounces, or was complained about.
    mailable: bool,
    created: String,
    /// Null where the role decides.
    quota_bytes: Option<u64>,
    quota_files: Option<u64>,
    bytes_limit: u64,
    files_limit: u64,
}

async fn shown(app: &App, account: &Account) -> Result<Response, ApiError> {
    let now = app.authenticator.clock.now();
    let limit = account.allowance();
    let object = AccountObject {
        id: account.id.as_str(),
        email: account.email.as_str(),
        user: account.display_name(),
        role: account.role.as_str(),
        disabled: account.disabled,
        second_factor: account.second_factor.as_ref().is_some_and(SecondFactor::is_on),
        mailable: !app.post.outbox.is_undeliverable(&account.email, now).await?,
        created: iso_time(account.created),
        quota_bytes: account.quota_bytes,
        quota_files: account.quota_files,
        bytes_limit: limit.bytes,
        files_limit: limit.files,
    };
    Ok(response::with_data(StatusCode::OK, true, "Account included.", &object))
}

fn unknown() -> ApiError {
    ApiError::NotFound(
        "There is no such account: GET /users/api/accounts?email=… finds one by its address.".into(),
    )
}

/// The account that owns an address.
pub(crate) async fn find(app: &App, admin: &Admin, request: &Request) -> Result<Response, ApiError> {
    let email = request.query.get("email")?.ok_or_else(|| {
        ApiError::BadRequest("Say whose account: GET /users/api/accounts?email=name@example.org".into())
    })?;
    let email = EmailAddress::parse(email).map_err(|error| ApiError::BadRequest(error.to_string()))?;
    let account = app.accounts.find_by_email(&email).await?.ok_or_else(unknown)?;
    look_at(app, admin, request, &account).await?;
    shown(app, &account).await
}

/// An account by its id.
pub(crate) async fn read(
    app: &App,
    admin: &Admin,
    request: &Request,
    id: &AccountId,
) -> Result<Response, ApiError> {
    let account = app.accounts.find_account(id).await?.ok_or_else(unknown)?;
    look_at(app, admin, request, &account).await?;
    shown(app, &account).await
}

/// What happened to an account, as its owner reads it.
pub(crate) async fn audit(
    app: &App,
    admin: &Admin,
    request: &Request,
    id: &AccountId,
) -> Result<Response, ApiError> {
    let account = app.accounts.find_account(id).await?.ok_or_else(unknown)?;
    look_at(app, admin, request, &account).await?;
    audit_trail::list(app, &account, request).await
}

async fn look_at(app: &App, admin: &Admin, request: &Request, account: &Account) -> Result<(), ApiError> {
    let event = admin.event(app, &account.id, request, Act::Looked);
    Ok(app.accounts.record(&Effects::of(event)).await?)
}

/// What is to change.
#[derive(Deserialize)]
struct Order {
    #[serde(default)]
    role: Option<Role>,
    #[serde(default)]
    disabled: Option<bool>,
    #[serde(default)]
    quota_bytes: QuotaChange,
    #[serde(default)]
    quota_files: QuotaChange,
    /// Only `false`: whoever has lost both app and recovery codes gets in again without.
    #[serde(default)]
    second_factor: Option<bool>,
    /// Only `true`: mail is sent again to an address that had bounced or was complained about.
    #[serde(default)]
    mailable: Option<bool>,
}

/// Changes role, quota, and whether the account may be used; the account as it is then.
pub(crate) async fn change(
    app: &App,
    admin: &Admin,
    request: &Request,
    id: &AccountId,
) -> Result<Response, ApiError> {
    let order: Order = request.json()?;
    let mut account = app.accounts.find_account(id).await?.ok_or_else(unknown)?;
    if admin.0.account.id == account.id && (order.role.is_some() || order.disabled.is_some()) {
        let own = "Nobody disables or demotes themselves: ask another administrator.";
        return Err(ApiError::Conflict(own.into()));
    }
    if order.second_factor == Some(true) {
        let own = "Only the owner of an account switches a second factor on.";
        return Err(ApiError::BadRequest(own.into()));
    }
    if order.mailable == Some(false) {
        let own = "Only a mail that bounces, or a complaint, makes an address one that is not mailed.";
        return Err(ApiError::BadRequest(own.into()));
    }
    let mut acts = acts(&order, &account);
    let now = app.authenticator.clock.now();
    if order.mailable == Some(true) && app.post.outbox.is_undeliverable(&account.email, now).await? {
        app.post.outbox.clear_undeliverable(&account.email).await?;
        acts.push(Act::MailableAgain);
    }
    let is_disabled_now = order.disabled == Some(true) && !account.disabled;
    let factor = account.second_factor.clone().filter(|_| order.second_factor == Some(false));
    let letters = factor.iter().map(|_| told_of_lost_factor(app, &account)).collect();
    let change = AccountChange {
        role: order.role,
        disabled: order.disabled,
        quota_bytes: order.quota_bytes,
        quota_files: order.quota_files,
        second_factor: factor.map(|factor| FactorChange { from: Some(factor), to: None }),
        // So that they do not come back when the account is enabled again.
        sessions: if is_disabled_now { SessionsAfter::End } else { SessionsAfter::Live },
        end_keys: is_disabled_now,
        ..AccountChange::default()
    };
    let events = acts.into_iter().map(|act| admin.event(app, id, request, act)).collect();
    let effects = Effects { events, letters, ..Effects::none() };
    app.accounts.change(&account, &change, &effects).await?;
    app.post.deliver(&effects.letters).await;
    change.apply(&mut account);
    shown(app, &account).await
}

/// The mail to whoever lost both app and recovery codes, without a word about the administrator's machine.
fn told_of_lost_factor(app: &App, account: &Account) -> Letter {
    let occasion = Occasion { at: app.authenticator.clock.now(), client: Client::default() };
    let at = occasion.at;
    let notification = Notification::SecondFactorSwitched { is_on: false, occasion };
    Letter::new(account.email.clone(), notification, at, &*app.random)
}

/// What an order comes to. What stays as it is is no act.
fn acts(order: &Order, account: &Account) -> Vec<Act> {
    let mut acts = Vec::new();
    if let Some(role) = order.role.filter(|role| *role != account.role) {
        acts.push(Act::RoleChanged(role));
    }
    match order.disabled.filter(|disabled| *disabled != account.disabled) {
        Some(true) => acts.push(Act::Disabled),
        Some(false) => acts.push(Act::Enabled),
        None => {}
    }
    if order.second_factor == Some(false) && account.second_factor.is_some() {
        acts.push(Act::SecondFactorOff);
    }
    let quota = (account.quota_bytes, account.quota_files);
    if quota != (order.quota_bytes.after(quota.0), order.quota_files.after(quota.1)) {
        acts.push(Act::QuotaChanged);
    }
    acts
}

/// Ends all sessions of an account.
pub(crate) async fn end_sessions(
    app: &App,
    admin: &Admin,
    request: &Request,
    id: &AccountId,
) -> Result<Response, ApiError> {
    let account = app.accounts.find_account(id).await?.ok_or_else(unknown)?;
    let change = AccountChange { sessions: SessionsAfter::End, ..AccountChange::default() };
    let event = admin.event(app, id, request, Act::AllSessionsEnded);
    app.accounts.change(&account, &change, &Effects::of(event)).await?;
    Ok(response::success("All sessions of the account have ended."))
}

#[cfg(test)]
mod tests {
    use domain::testing::SeededRandom;
    use domain::{
        AccountChange, AccountStore as _, Clock as _, Effects, FactorChange, Outbox as _, Role, SecondFactor,
    };
    use http::Method;
    use serde_json::{Value, json};

    use crate::testing::World;

    async fn with_admin() -> (World, World) {
        let ada = World::new().await;
        let root = ada.other_as("root@example.org", Role::Admin).await;
        (ada, root)
    }

    async fn order(admin: &World, whose: &World, order: &Value) -> (u16, Value) {
        admin.ask(Method::POST, &format!("accounts/{}", whose.account.id), &order.to_string()).await
    }

    #[tokio::test]
    async fn an_administrator_finds_and_reads_an_account_and_its_owner_sees_that() {
        let (ada, root) = with_admin().await;
        let (status, found) = root.ask(Method::GET, "accounts?email=ADA%40example.org", "").await;
        assert_eq!((status, &found["data"]["id"]), (200, &json!(ada.account.id.as_str())));
        let (_, read) = root.ask(Method::GET, &format!("accounts/{}", ada.account.id), "").await;
        assert_eq!(read["data"], found["data"]);
        let expected = json!({"id": ada.account.id.as_str(), "email": "ada@example.org", "user": "Ada", "role": "user",
            "disabled": false, "second_factor": false, "mailable": true, "created": "2026-09-21T14:13:20Z", "quota_bytes": null, "quota_files": null,
            "bytes_limit": 10_000_000_000_u64, "files_limit": 100_000});
        assert_eq!(read["data"], expected);
        let events = ada.ask(Method::GET, "audit", "").await.1["data"].clone();
        assert_eq!(events.as_array().unwrap().len(), 2);
        assert_eq!((&events[0]["event"], &events[0]["by"]), (&json!("looked"), &json!("administrator")));
        for path in
            ["accounts?email=nobody@example.org", &format!("accounts/{}", "0".repeat(32)), "accounts/x"]
        {
            assert_eq!(root.ask(Method::GET, path, "").await.0, 404, "{path}");
        }
        for path in ["accounts", "accounts?email=nowhere"] {
            assert_eq!(root.ask(Method::GET, path, "").await.0, 400, "{path}");
        }
    }

    #[tokio::test]
    async fn what_an_administrator_changes_counts_at_once() {
        let (ada, root) = with_admin().await;
        let (status, answer) = order(&root, &ada, &json!({"role": "pro", "quota_bytes": 5})).await;
        assert_eq!(
            (status, &answer["data"]["role"], &answer["data"]["bytes_limit"]),
            (200, &json!("pro"), &json!(5))
        );
        let (_, answer) = order(&root, &ada, &json!({"quota_bytes": null, "quota_files": 7})).await;
        assert_eq!(
            (&answer["data"]["bytes_limit"], &answer["data"]["files_limit"]),
            (&json!(100_000_000_000_u64), &json!(7))
        );
        assert_eq!(ada.ask(Method::GET, "user", "").await.0, 200);
        assert_eq!(order(&root, &ada, &json!({"disabled": true})).await.0, 200);
        assert_eq!(ada.ask(Method::GET, "user", "").await.0, 401);
        assert_eq!(order(&root, &ada, &json!({"disabled": false})).await.0, 200);
        assert_eq!(ada.ask(Method::GET, "user", "").await.0, 401, "old sessions do not come back");
        let ada = ada.again_as_stored().await;
        assert_eq!(ada.ask(Method::GET, "user", "").await.0, 200);
        assert_eq!(
            root.ask(Method::DELETE, &format!("accounts/{}/sessions", ada.account.id), "").await.0,
            200
        );
        assert_eq!(ada.ask(Method::GET, "user", "").await.0, 401);
        let events = ada.again_as_stored().await.ask(Method::GET, "audit", "").await.1["data"].clone();
        let mut names: Vec<_> =
            events.as_array().unwrap().iter().map(|e| e["event"].as_str().unwrap()).collect();
        names.sort_unstable();
        let expected =
            ["all_sessions_ended", "disabled", "enabled", "quota_changed", "quota_changed", "role_changed"];
        assert_eq!(names, expected);
    }

    #[tokio::test]
    async fn who_has_lost_app_and_recovery_codes_is_let_in_by_an_administrator_and_told() {
        let (ada, root) = with_admin().await;
        let factor = SecondFactor::begin(&SeededRandom::new(9));
        let factor = FactorChange { from: None, to: Some(factor) };
        let change = AccountChange { second_factor: Some(factor), ..AccountChange::default() };
        ada.store.change(&ada.account, &change, &Effects::none()).await.unwrap();
        assert_eq!(order(&root, &ada, &json!({"second_factor": true})).await.0, 400);
        assert_eq!(order(&root, &ada, &json!({"second_factor": false})).await.0, 200);
        assert_eq!(ada.store.find_account(&ada.account.id).await.unwrap().unwrap().second_factor, None);
        assert_eq!(ada.mailer.sent()[0].title(), "The second factor was switched off");
        let events = ada.ask(Method::GET, "audit", "").await.1["data"].clone();
        assert_eq!(
            (&events[0]["event"], &events[0]["by"]),
            (&json!("second_factor_off"), &json!("administrator"))
        );
    }

    #[tokio::test]
    async fn an_address_that_bounced_is_mailed_again_when_an_administrator_says_so() {
        let (ada, root) = with_admin().await;
        let until = ada.clock.now().plus_seconds(60);
        ada.store.note_undeliverable(&ada.account.email, until).await.unwrap();
        let path = format!("accounts/{}", ada.account.id);
        assert_eq!(root.ask(Method::GET, &path, "").await.1["data"]["mailable"], false);
        assert_eq!(order(&root, &ada, &json!({"mailable": false})).await.0, 400);
        for _ in 0..2 {
            let (status, answer) = order(&root, &ada, &json!({"mailable": true})).await;
            assert_eq!((status, &answer["data"]["mailable"]), (200, &json!(true)));
        }
        let (_, events) = root.ask(Method::GET, &format!("{path}/audit"), "").await;
        let names: Vec<_> =
            events["data"].as_array().unwrap().iter().map(|e| e["event"].as_str().unwrap()).collect();
        assert_eq!(names, ["looked", "mailable_again", "looked"], "once");
        assert_eq!(root.ask(Method::GET, &format!("{path}/audit/x"), "").await.0, 404);
        assert_eq!(root.ask(Method::POST, &format!("{path}/audit"), "").await.0, 405);
        assert_eq!(ada.ask(Method::GET, &format!("{path}/audit"), "").await.0, 403);
    }

    #[tokio::test]
    async fn nobody_else_reaches_an_account_and_no_administrator_locks_themselves_out() {
        let (ada, root) = with_admin().await;
        let eve = ada.other_as("eve@example.org", Role::Pro).await;
        for (method, path) in [
            (Method::GET, "accounts?email=ada@example.org".to_owned()),
            (Method::GET, format!("accounts/{}", ada.account.id)),
            (Method::POST, format!("accounts/{}", ada.account.id)),
            (Method::POST, format!("accounts/{}", eve.account.id)),
            (Method::DELETE, format!("accounts/{}/sessions", ada.account.id)),
        ] {
            let (status, answer) = eve.ask(method, &path, r#"{"role": "admin"}"#).await;
            assert_eq!((status, &answer["ok"]), (403, &json!(false)), "{path}");
        }
        assert_eq!(order(&root, &root, &json!({"role": "user"})).await.0, 409);
        assert_eq!(order(&root, &root, &json!({"disabled": true})).await.0, 409);
        assert_eq!(order(&root, &root, &json!({"quota_bytes": 5})).await.0, 200);
        for bad in
            [json!({"role": "king"}), json!({"disabled": "yes"}), json!({"quota_bytes": -1}), json!([])]
        {
            assert_eq!(order(&root, &ada, &bad).await.0, 400, "{bad}");
        }
        assert_eq!(root.ask(Method::GET, "user", "").await.0, 200);
    }
}
