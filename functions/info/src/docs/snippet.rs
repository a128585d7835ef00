//! How an operation is used from a shell and from Python.
//!
//! `$API` and `api` are where the service is, `cookies.txt` and `session` keep the cookie, as the guide begins. What comes from a
//! list or a mail stands in a line of its own before the others, to be replaced.

use serde_json::Value;

use super::operation::Operation;
use super::{list, text};

/// The file that is sent and read.
const FILE: &str = "models/model.idf";

/// What an example of the document holds in the place of what a mail brings.
const EXAMPLE_TOKEN: &str = "mJ6Zb1pYB2hQ0XkNwT3cVg8rLs5uEoAi4dKfHxWzqRY";

/// What stands for something that the reader has from elsewhere.
const FROM_ELSEWHERE: [(&str, &str); 3] =
    [("id", "0123456789abcdef0123456789abcdef"), ("token", EXAMPLE_TOKEN), ("email", "demo@example.org")];

const MULTIPART: &str = "multipart/form-data";
const BYTES: &str = "application/octet-stream";

/// The lines for a shell.
pub(super) fn curl(operation: &Operation<'_>) -> String {
    let mut words = vec!["curl".to_owned()];
    let is_log_on = operation.path == "/auth" || operation.path == "/logon";
    match (operation.needs_somebody(), text(&operation.described["tags"][0])) {
        (_, "sign-on") if is_log_on => words.push("-c cookies.txt".to_owned()),
        (true, "sign-on") => words.push("-b cookies.txt -c cookies.txt".to_owned()),
        (true, _) => words.push("-b cookies.txt".to_owned()),
        (false, _) => {}
    }
    match operation.method.as_str() {
        "GET" if returns_a_file(operation) => words.push("-L -o answer".to_owned()),
        "GET" => {}
        "HEAD" => words.push("-I".to_owned()),
        "POST" if operation.described.get("requestBody").is_some() => {}
        method => words.push(format!("-X {method}")),
    }
    if let Some(body) = operation.body("application/json") {
        let json = body["example"].to_string().replace(EXAMPLE_TOKEN, "'\"$TOKEN\"'");
        words.push(format!("-H 'Content-Type: application/json' \\\n     -d '{json}'"));
    } else if operation.body(MULTIPART).is_some() {
        words.push("-F file=@model.idf".to_owned());
    } else if operation.body(BYTES).is_some() {
        words = vec![format!("curl -b cookies.txt -H 'Content-Type: {BYTES}' -T model.idf")];
    }
    let path = operation.path.replace("{id}", "$ID").replace("{path}", place(operation));
    words.push(format!("\"$API{path}{}\"", query(operation, "$TOKEN", "$EMAIL")));
    let lines = words.join(" ");
    let replaced = FROM_ELSEWHERE.iter().filter_map(|(name, value)| {
        let name = name.to_uppercase();
        lines.contains(&format!("${name}")).then(|| format!("{name}={value}\n"))
    });
    replaced.collect::<String>() + &lines
}

/// The lines for Python.
pub(super) fn python(operation: &Operation<'_>) -> String {
    let path = operation.path.replace("{path}", place(operation));
    let url = format!("f\"{{api}}{path}{}\"", query(operation, "{token}", "{email}"));
    let method = operation.method.to_lowercase();
    let mut arguments = vec![url];
    if let Some(body) = operation.body("application/json") {
        let json = literal(&body["example"]).replace(&format!("\"{EXAMPLE_TOKEN}\""), "token");
        arguments.push(format!("json={json}"));
    } else if operation.body(MULTIPART).is_some() {
        arguments.push("files=[(\"file\", open(\"model.idf\", \"rb\"))]".to_owned());
    } else if operation.body(BYTES).is_some() {
        arguments.push(format!(
            "data=open(\"model.idf\", \"rb\"),\n    headers={{\"Content-Type\": \"{BYTES}\"}}"
        ));
    }
    let shown = match operation.method.as_str() {
        "HEAD" => "dict(answer.headers)",
        _ if returns_a_file(operation) => "len(answer.content)",
        _ if is_page(operation) => "answer.text",
        _ => "answer.json()",
    };
    let lines = format!("answer = session.{method}({})\nprint({shown})", arguments.join(", "));
    let replaced = FROM_ELSEWHERE.iter().filter_map(|(name, value)| {
        let used = lines.contains(&format!("{{{name}}}")) || lines.contains(&format!("\"{name}\": {name}"));
        used.then(|| format!("{name} = \"{value}\"\n"))
    });
    replaced.collect::<String>() + &lines
}

/// Where a file is put or read, or the folder that files are sent to.
fn place(operation: &Operation<'_>) -> &'static str {
    if operation.body(MULTIPART).is_some() { "models" } else { FILE }
}

fn returns_a_file(operation: &Operation<'_>) -> bool {
    let content = &operation.described["responses"]["200"]["content"];
    operation.method == "GET" && (content.get("*/*").is_some() || operation.path == "/user/export")
}

fn is_page(operation: &Operation<'_>) -> bool {
    let content = &operation.described["responses"]["200"]["content"];
    content.get("text/html").is_some() && content.get("application/json").is_none()
}

/// The parameters of the query that must be there.
fn query(operation: &Operation<'_>, token: &str, email: &str) -> String {
    let needed = list(&operation.described["parameters"])
        .iter()
        .filter(|parameter| parameter["in"] == "query" && parameter["required"] == true)
        .map(|parameter| text(&parameter["name"]));
    let parts: Vec<String> =
        needed.map(|name| format!("{name}={}", if name == "email" { email } else { token })).collect();
    if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
}

/// JSON as Python writes it.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Array(values) => format!("[{}]", values.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("\"{name}\": {}", literal(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
