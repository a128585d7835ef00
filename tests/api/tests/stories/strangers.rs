//! Every route, with every kind of caller.

use api::{App, Person, story};
use domain::Role;
use http::Method;

/// Whether a route needs a session.
#[derive(Clone, Copy, PartialEq)]
enum Needs {
    Nothing,
    Session,
}

/// Every route of every function. A route that the template has and this table has not fails a test below.
const ROUTES: [(&str, &str, Needs); 29] = [
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
    ("GET", "/users/api/user", Needs::Session),
    ("POST", "/users/api/user", Needs::Session),
    ("GET", "/users/api/sessions", Needs::Session),
    ("DELETE", "/users/api/sessions", Needs::Session),
    ("DELETE", "/users/api/sessions/{id}", Needs::Session),
    ("GET", "/users/api/files", Needs::Session),
    ("HEAD", "/users/api/files", Needs::Session),
    ("POST", "/users/api/files", Needs::Session),
    ("GET", "/users/api/files/{path+}", Needs::Session),
    ("HEAD", "/users/api/files/{path+}", Needs::Session),
    ("PUT", "/users/api/files/{path+}", Needs::Session),
    ("POST", "/users/api/files/{path+}", Needs::Session),
    ("DELETE", "/users/api/files/{path+}", Needs::Session),
    ("POST", "/users/api/uploads", Needs::Session),
    ("GET", "/users/api/uploads/{id}", Needs::Session),
    ("DELETE", "/users/api/uploads/{id}", Needs::Session),
    ("POST", "/users/api/uploads/{id}/complete", Needs::Session),
    ("GET", "/users/api/usage", Needs::Session),
    ("POST", "/users/api/send", Needs::Session),
];

/// Public routes that change nothing and know nobody.
const PUBLIC: [(&str, &str); 4] = [
    ("GET", "/users/api/info"),
    ("GET", "/users/api/verify"),
    ("GET", "/users/api/password/forgot"),
    ("GET", "/users/api/password/reset"),
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
        for (method, path, needs) in ROUTES {
            for person in &others {
                let answer = ask(person, method, path).await;
                match needs {
                    // An answer to HEAD has no body.
                    Needs::Session if method == "HEAD" => drop(answer.is(401)),
                    Needs::Session => drop(answer.fails(401)),
                    Needs::Nothing => drop(answer.fails(400)),
                }
            }
        }
    });
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
