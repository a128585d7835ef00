//! Every route, with every kind of caller.

use api::{App, Person, story};
use domain::{Role, Scope};
use http::Method;

/// What a route needs.
#[derive(Clone, Copy, PartialEq)]
enum Needs {
    Nothing,
    Session,
    /// A session, or a key with this scope.
    Scope(&'static str),
    /// The session of an administrator.
    Admin,
}

const READ: Needs = Needs::Scope("files:read");
const WRITE: Needs = Needs::Scope("files:write");

/// Every route of every function. A route that the template has and this table has not fails a test below.
const ROUTES: [(&str, &str, Needs); 48] = [
    ("POST", "/users/api/logon", Needs::Nothing),
    ("POST", "/users/api/auth", Needs::Nothing),
    ("POST", "/users/api/checkin", Needs::Session),
    ("POST", "/users/api/logout", Needs::Session),
    ("POST", "/users/api/confirm", Needs::Session),
    ("POST", "/users/api/password", Needs::Session),
    ("POST", "/users/api/register", Needs::Nothing),
    ("POST", "/users/api/verify", Needs::Nothing),
    ("POST", "/users/api/password/forgot", Needs::Nothing),
    ("POST", "/users/api/password/reset", Needs::Nothing),
    ("GET", "/users/api/user", Needs::Scope("account:read")),
    ("POST", "/users/api/user", Needs::Session),
    ("GET", "/users/api/sessions", Needs::Session),
    ("DELETE", "/users/api/sessions", Needs::Session),
    ("DELETE", "/users/api/sessions/{id}", Needs::Session),
    ("GET", "/users/api/keys", Needs::Session),
    ("POST", "/users/api/keys", Needs::Session),
    ("DELETE", "/users/api/keys/{id}", Needs::Session),
    ("GET", "/users/api/files", READ),
    ("HEAD", "/users/api/files", READ),
    ("POST", "/users/api/files", WRITE),
    ("GET", "/users/api/files/{path+}", READ),
    ("HEAD", "/users/api/files/{path+}", READ),
    ("PUT", "/users/api/files/{path+}", WRITE),
    ("POST", "/users/api/files/{path+}", WRITE),
    ("DELETE", "/users/api/files/{path+}", WRITE),
    ("GET", "/users/api/uploads", READ),
    ("POST", "/users/api/uploads", WRITE),
    ("GET", "/users/api/uploads/{id}", WRITE),
    ("DELETE", "/users/api/uploads/{id}", WRITE),
    ("POST", "/users/api/uploads/{id}/complete", WRITE),
    ("GET", "/users/api/usage", READ),
    ("POST", "/users/api/send", Needs::Scope("send")),
    ("GET", "/users/api/audit", Needs::Scope("account:read")),
    ("GET", "/users/api/accounts", Needs::Admin),
    ("GET", "/users/api/accounts/{id}", Needs::Admin),
    ("POST", "/users/api/accounts/{id}", Needs::Admin),
    ("DELETE", "/users/api/accounts/{id}/sessions", Needs::Admin),
    ("POST", "/users/api/email", Needs::Session),
    ("POST", "/users/api/email/confirm", Needs::Nothing),
    ("POST", "/users/api/email/undo", Needs::Nothing),
    ("DELETE", "/users/api/user", Needs::Session),
    ("GET", "/users/api/user/export", Needs::Session),
    ("GET", "/users/api/totp", Needs::Session),
    ("POST", "/users/api/totp", Needs::Session),
    ("DELETE", "/users/api/totp", Needs::Session),
    ("POST", "/users/api/totp/confirm", Needs::Session),
    ("GET", "/users/api/accounts/{id}/audit", Needs::Admin),
];

/// Public routes that change nothing and know nobody.
const PUBLIC: [(&str, &str); 14] = [
    ("GET", "/users/api/docs"),
    ("GET", "/users/api/postman.json"),
    ("GET", "/users/api/openapi.json"),
    ("GET", "/users/api/info"),
    ("GET", "/users/api/client/{name}"),
    ("GET", "/users/api/console"),
    ("GET", "/users/api/console/assets/{name}"),
    ("GET", "/users/api/health"),
    ("GET", "/users/api/.well-known/jwks.json"),
    ("GET", "/users/api/verify"),
    ("GET", "/users/api/password/forgot"),
    ("GET", "/users/api/password/reset"),
    ("GET", "/users/api/email/confirm"),
    ("GET", "/users/api/email/undo"),
];

fn relative(path: &str) -> String {
    path.trim_start_matches("/users/api/")
        .replace("{path+}", "ada/secret.idf")
        .replace("{id}", &"a".repeat(32))
}

async fn ask(person: &Person, method: &str, path: &str) -> api::Answer {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    person.send(method, &relative(path), &[("content-type", "application/json")], b"{}".to_vec()).await
}

#[test]
fn the_table_of_routes_is_complete() {
    let mut table: Vec<_> = ROUTES.iter().map(|(method, path, _)| (*method, *path)).chain(PUBLIC).collect();
    let template = crate::template::routes();
    let mut template: Vec<_> = template
        .iter()
        .filter(|route| route.method != "OPTIONS")
        .map(|route| (route.method.as_str(), route.path.as_str()))
        .collect();
    table.sort_unstable();
    template.sort_unstable();
    assert_eq!(table, template);
}

#[test]
fn without_a_valid_token_every_route_but_log_on_is_a_401() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let mut others = vec![app.anonymous()];
        others.extend(["", "x", "a.b.c", &ada.token()[1..]].map(|token| ada.with_token(token)));
        let key = ada.script("files:read files:write send account:read").await.key().to_owned();
        others.extend(["", "x", &key[1..], &key[..94], &ada.token()[1..]].map(|key| ada.with_key(key)));
        others.push(ada.with_token(&key));
        for (method, path, needs) in ROUTES {
            for person in &others {
                let answer = ask(person, method, path).await;
                match needs {
                    Needs::Nothing => drop(answer.fails(400)),
                    // An answer to HEAD has no body.
                    _ if method == "HEAD" => drop(answer.is(401)),
                    Needs::Session | Needs::Scope(_) | Needs::Admin => drop(answer.fails(401)),
                }
            }
        }
    });
}

#[test]
fn a_key_reaches_the_routes_of_its_scope_and_hears_elsewhere_what_they_need() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        for scope in Scope::ALL.map(Scope::as_str) {
            let script = ada.script(scope).await;
            for (method, path, needs) in ROUTES {
                let answer = ask(&script, method, path).await;
                match needs {
                    Needs::Nothing => drop(answer.fails(400)),
                    Needs::Scope(needed) if needed == scope => {
                        assert!(!matches!(answer.status, 401 | 403), "{scope}: {method} {path}");
                    }
                    Needs::Scope(needed) => {
                        refuses_the_key(&answer, if method == "HEAD" { "" } else { needed });
                    }
                    Needs::Session | Needs::Admin => refuses_the_key(&answer, "log on"),
                }
            }
        }
    });
}

#[test]
fn what_is_for_administrators_is_for_nobody_else_whosever_account_it_is() {
    story(async |app| {
        for (method, path, _) in ROUTES.iter().filter(|(_, _, needs)| *needs == Needs::Admin) {
            let (ada, root) = (app.signed_in("ada").await, app.signed_in_as("root", Role::Admin).await);
            let nobodys = "a".repeat(32);
            for id in [ada.account().id.as_str(), &nobodys, root.account().id.as_str()] {
                let path = path.replace("{id}", id);
                for role in [Role::User, Role::Pro] {
                    let somebody = app.signed_in_as("somebody", role).await;
                    ask(&somebody, method, &path).await.fails(403);
                }
                let own = app.log_on(ada.account()).await;
                ask(&own, method, &path).await.fails(403);
                assert!(!matches!(ask(&root, method, &path).await.status, 401 | 403), "{method} {path}");
            }
        }
    });
}

#[track_caller]
fn refuses_the_key(answer: &api::Answer, text: &str) {
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert_eq!(answer.header("www-authenticate"), r#"Bearer error="insufficient_scope""#);
    assert!(answer.text().contains(text), "{}", answer.text());
}

#[test]
fn no_role_reaches_the_files_of_somebody_else() {
    story(async |app: App| {
        let owner = app.signed_in("owner").await;
        owner.upload("ada", &[("secret.idf", b"owner's")]).await.is(200);
        for role in [Role::User, Role::Pro, Role::Admin] {
            let other = app.signed_in_as("other", role).await;
            other.get("files/ada/secret.idf").await.fails(404);
            other.get("files/ada").await.fails(404);
            other.send(Method::HEAD, "files/ada/secret.idf", &[], Vec::new()).await.is(404);
            other.send(Method::HEAD, "files/ada", &[], Vec::new()).await.is(404);
            let mine = [("if-match", "*")];
            other.send(Method::PUT, "files/ada/secret.idf", &mine, b"other's".to_vec()).await.fails(412);
            assert_eq!(
                other.get("files").await.is(200).json()["children"].as_array().expect("a list").len(),
                0
            );
            other.delete("files/ada/secret.idf").await.fails(200);
            other.delete("files/ada").await.fails(200);
            other.upload("ada", &[("secret.idf", b"other's")]).await.is(200);
            assert_eq!(owner.get("files/ada/secret.idf").await.is(200).text(), "owner's");
            other.delete("files/ada").await.is(200);
        }
        assert_eq!(app.stored(&owner).await, ["ada/secret.idf"]);
    });
}
