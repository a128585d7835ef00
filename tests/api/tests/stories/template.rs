//! `template.yaml` against the code: routes, functions, variables.

use std::cell::RefCell;
use std::collections::BTreeSet;

use api::template::{Node, functions};
use http::Method;
use stack::environment::GLOBALS;

/// One route of the template.
pub(crate) struct Route {
    pub(crate) function: String,
    pub(crate) method: String,
    pub(crate) path: String,
}

/// All routes of the template.
pub(crate) fn routes() -> Vec<Route> {
    let mut routes = Vec::new();
    for (function, properties) in functions() {
        for (_, event) in properties.get(&["Events"]).entries() {
            if event.get(&["Type"]).text() != "Api" {
                continue;
            }
            let property = |name| event.get(&["Properties", name]).text();
            routes.push(Route {
                function: function.clone(),
                method: property("Method"),
                path: property("Path"),
            });
        }
    }
    routes
}

fn accepts(function: &str, method: &Method, path: &str) -> bool {
    let path = path.replace("{path+}", "a/b").replace("{id}", &"a".repeat(32));
    match function {
        "auth" => auth::Route::parse(method, &path).is_ok(),
        "account" => account::Route::parse(method, &path).is_ok(),
        "files" => files::Route::parse(method, &path, &web::Query::default()).is_ok(),
        "send" => send::Route::parse(method, &path).is_ok(),
        "info" => info::Route::parse(method, &path).is_ok(),
        other => panic!("an unknown function: {other}"),
    }
}

#[test]
fn every_route_of_the_template_is_one_of_its_function_and_the_other_way_round() {
    let methods = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"];
    let routes = routes();
    let paths: BTreeSet<_> =
        routes.iter().map(|route| (route.function.as_str(), route.path.as_str())).collect();
    for (function, path) in paths {
        let in_template = |method: &str| {
            routes.iter().any(|r| r.path == path && r.method == method && r.function == function)
        };
        assert!(in_template("OPTIONS"), "{path} lets no page ask first");
        for method in methods {
            let parsed = accepts(function, &Method::from_bytes(method.as_bytes()).expect("a method"), path);
            assert_eq!(parsed, in_template(method), "{function}: {method} {path}");
        }
    }
    // The local gateways know the same paths.
    for (function, segments) in stack::gateway::FUNCTIONS {
        for segment in segments {
            let below = format!("/users/api/{segment}/");
            let serves =
                |route: &Route| route.function == function && format!("{}/", route.path).starts_with(&below);
            assert!(routes.iter().any(serves), "{segment}");
        }
    }
}

#[test]
fn every_route_of_the_template_is_described_for_programs_and_no_other() {
    let document = info::openapi::document("https://api.example.org/users/api");
    let paths = document["paths"].as_object().expect("paths");
    let described: BTreeSet<_> = paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().expect("operations").keys().map(move |method| (method, path))
        })
        .map(|(method, path)| format!("{} {path}", method.to_uppercase()))
        .collect();
    // What pages ask by themselves is for browsers, and so are the pages themselves; the client is for pip.
    let people = ["/users/api/console", "/users/api/client/"];
    let is_for_programs = |route: &Route| {
        route.method != "OPTIONS" && !people.iter().any(|below| route.path.starts_with(below))
    };
    let named: BTreeSet<_> = routes()
        .into_iter()
        .filter(is_for_programs)
        .map(|route| {
            let path = route.path.trim_start_matches("/users/api").replace("{path+}", "{path}");
            format!("{} {path}", route.method)
        })
        .collect();
    assert_eq!(described, named);
}

#[test]
fn the_local_router_serves_every_route_of_the_template() {
    let manifest = include_str!("../../../../Cargo.toml");
    for route in routes() {
        let path = route.path.replace("{path+}", "{*path}");
        for path in [path.clone(), format!("{path}/")] {
            let line = format!("\"{path}\" = \"{}\"", route.function);
            assert!(manifest.lines().any(|other| other == line) || path.ends_with("}/"), "{line}");
        }
    }
}

/// What a function asks its environment for when every variable of the template has a plausible value.
fn asked_for(function: &str, variables: &BTreeSet<String>) -> BTreeSet<String> {
    let asked = RefCell::new(BTreeSet::new());
    let lookup = |name: &str| {
        asked.borrow_mut().insert(name.to_owned());
        let value = match name {
            "PUBLIC_BASE_URL" => "https://api.example.org/users/api",
            "ALLOWED_ORIGINS" => "",
            "MAIL_SENDER" => "users-api@example.org",
            "BUCKET_ORIGIN" => "https://files.s3.eu-west-2.amazonaws.com",
            name if name.ends_with("_SECONDS") => "60",
            _ => "x",
        };
        variables.contains(name).then(|| value.to_owned())
    };
    match function {
        "auth" => drop(auth::Config::read(&lookup).expect("complete")),
        "account" => drop(account::Config::read(&lookup).expect("complete")),
        "files" => drop(files::Config::read(&lookup).expect("complete")),
        "send" => drop(send::Config::read(&lookup).expect("complete")),
        "info" => drop(info::App::load(&lookup).expect("complete")),
        other => panic!("an unknown function: {other}"),
    }
    asked.into_inner()
}

#[test]
fn what_every_function_is_given_the_functions_have_here_too() {
    let globals = Node::template().get(&["Globals", "Function", "Environment", "Variables"]).entries();
    let globals: Vec<_> = globals.into_iter().map(|(name, value)| (name, value.text())).collect();
    let here = GLOBALS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(globals, here);
}

#[test]
fn every_function_is_given_the_variables_that_it_reads_and_no_others() {
    for (function, properties) in functions() {
        let given = properties.get(&["Environment", "Variables"]).entries();
        let given: BTreeSet<_> = given.into_iter().map(|(name, _)| name).collect();
        let mut asked = asked_for(&function, &given);
        // The keys themselves are for local runs only.
        asked.remove("SIGNING_KEYS");
        assert_eq!(given, asked, "{function}");
    }
}
