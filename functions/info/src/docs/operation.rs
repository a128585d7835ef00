//! One operation on the page.

use std::fmt::Write as _;

use quick_xml::escape::escape;
use serde_json::Value;

use super::snippet::{curl, python};
use super::{list, text};

/// One operation, as it is described.
pub(super) struct Operation<'a> {
    /// In upper case.
    pub(super) method: String,
    pub(super) path: &'a str,
    pub(super) described: &'a Value,
}

/// In the order in which a reader comes to need them.
const METHODS: [&str; 5] = ["GET", "HEAD", "POST", "PUT", "DELETE"];

/// The operations of a tag, in order of their paths.
pub(super) fn of_tag<'a>(document: &'a Value, tag: &str) -> Vec<Operation<'a>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, described)| Operation { method: method.to_uppercase(), path, described })
    });
    let mut operations: Vec<_> =
        operations.filter(|operation| operation.described["tags"][0] == tag).collect();
    let place = |operation: &Operation<'a>| METHODS.iter().position(|method| *method == operation.method);
    operations.sort_by(|one, other| (one.path, place(one)).cmp(&(other.path, place(other))));
    operations
}

impl Operation<'_> {
    fn id(&self) -> &str {
        text(&self.described["operationId"])
    }

    /// Whether it is only for whoever is logged on.
    pub(super) fn needs_somebody(&self) -> bool {
        !list(&self.described["security"]).is_empty()
    }

    /// What is sent, if it is of that type.
    pub(super) fn body(&self, media_type: &str) -> Option<&Value> {
        self.described["requestBody"]["content"].get(media_type)
    }

    pub(super) fn menu(&self) -> String {
        format!("<li><a href=\"#{}\">{}</a></li>", self.id(), escape(text(&self.described["summary"])))
    }

    pub(super) fn html(&self, document: &Value) -> String {
        let (id, path) = (self.id(), escape(self.path));
        let summary = escape(text(&self.described["summary"]));
        let mut html = format!(
            "<section id=\"{id}\"><h3>{summary}</h3><p><code class=\"route\">{} {path}</code> {}</p><p>{}</p>",
            self.method,
            self.who(),
            with_code(text(&self.described["description"])),
        );
        html.push_str(&self.parameters(document));
        html.push_str(&self.fields(document));
        // Writing into a text does not fail.
        let _ = write!(
            html,
            "<h4>curl</h4><pre id=\"{id}-curl\">{}</pre><h4>Python</h4><pre id=\"{id}-python\">{}</pre>",
            escape(curl(self)),
            escape(python(self)),
        );
        html.push_str(&self.answers(document));
        html + "</section>"
    }

    fn who(&self) -> String {
        match self.described["x-scope"].as_str() {
            Some(scope) => format!("session, or a key with <code>{scope}</code>"),
            None if self.needs_somebody() => "session".to_owned(),
            None => "anybody".to_owned(),
        }
    }

    fn parameters(&self, document: &Value) -> String {
        let mut rows = String::new();
        for parameter in list(&self.described["parameters"]) {
            let parameter = resolved(document, parameter);
            let _ = write!(
                rows,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
                escape(text(&parameter["name"])),
                escape(text(&parameter["in"])),
                with_code(text(&parameter["description"]))
            );
        }
        if rows.is_empty() {
            return rows;
        }
        format!("<table><tr><th>parameter</th><th>in</th><th>what it is</th></tr>{rows}</table>")
    }

    /// What a body of JSON, or a form, holds.
    fn fields(&self, document: &Value) -> String {
        let body = self.body("application/json").or_else(|| self.body("multipart/form-data"));
        let Some(body) = body else { return String::new() };
        let schema = resolved(document, &body["schema"]);
        let required = list(&schema["required"]);
        let mut rows = String::new();
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let needed = if required.iter().any(|it| it == name) { "required" } else { "" };
            let (kind, what) = (kind(field), with_code(text(&field["description"])));
            let _ = write!(
                rows,
                "<tr><td><code>{name}</code></td><td>{kind}</td><td>{needed}</td><td>{what}</td></tr>"
            );
        }
        format!(
            "<table><tr><th>in the body</th><th>type</th><th>needed</th><th>what it is</th></tr>{rows}</table>"
        )
    }

    fn answers(&self, document: &Value) -> String {
        let answers = self.described["responses"].as_object().into_iter().flatten();
        let rows: String = answers
            .map(|(status, answer)| {
                let answer = resolved(document, answer);
                let example = &answer["content"]["application/json"]["example"];
                let example = if example.is_null() {
                    String::new()
                } else {
                    format!(
                        "<pre>{}</pre>",
                        escape(serde_json::to_string_pretty(example).unwrap_or_default())
                    )
                };
                let description = with_code(text(&answer["description"]));
                // The one that is wanted is seen at once, the others are looked up.
                if status == "200" {
                    format!("<details open><summary>{status}</summary>{description}{example}</details>")
                } else {
                    format!("<details><summary>{status}</summary>{description}{example}</details>")
                }
            })
            .collect();
        format!("<h4>answers</h4>{rows}")
    }
}

/// The type of a field, or the values that it can have.
fn kind(field: &Value) -> String {
    if let Some(values) = field["enum"].as_array() {
        return escape(values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")).into_owned();
    }
    match &field["type"] {
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
        one => text(one).to_owned(),
    }
}

/// What a reference leads to, or the value itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

/// A sentence in which what stands between backticks is code.
fn with_code(sentence: &str) -> String {
    let parts = sentence.split('`').enumerate();
    parts
        .map(|(number, part)| {
            if number % 2 == 1 { format!("<code>{}</code>", escape(part)) } else { escape(part).into_owned() }
        })
        .collect()
}
