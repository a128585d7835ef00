//! How an operation is written down here.

use http::Method;
use serde_json::{Map, Value, json};

/// One operation of the API.
pub(super) struct Operation {
    /// In lower case, as OpenAPI writes it.
    pub(super) method: String,
    /// Below the base URL; what stands in braces is a parameter.
    pub(super) path: String,
    /// What OpenAPI writes of it.
    pub(super) described: Map<String, Value>,
}

impl Operation {
    /// An operation that anybody may use.
    pub(super) fn new(method: &Method, path: &str, id: &str, tag: &str, summary: &str) -> Self {
        let described = json!({
            "operationId": id, "tags": [tag], "summary": summary, "security": [], "parameters": [],
            "responses": {},
        });
        let Value::Object(described) = described else { unreachable!("an object was made") };
        let operation = Self { method: method.as_str().to_lowercase(), path: path.to_owned(), described };
        operation.may_fail(&[400, 403, 500, 503])
    }

    /// What else there is to say.
    pub(super) fn saying(mut self, description: &str) -> Self {
        self.described.insert("description".into(), description.into());
        self
    }

    /// Only for whoever is logged on.
    pub(super) fn logged_on(mut self) -> Self {
        self.described.insert("security".into(), json!([{ "session": [] }, { "bearer": [] }]));
        self.may_fail(&[401])
    }

    /// For whoever is logged on, or has an API key with this scope.
    pub(super) fn scope(self, scope: &str) -> Self {
        let mut operation = self.logged_on();
        operation.described.insert("x-scope".into(), scope.into());
        operation
    }

    /// A parameter in the query.
    pub(super) fn query(self, name: &str, schema: Value, description: &str) -> Self {
        self.parameter("query", name, false, schema, description)
    }

    /// A parameter in the path.
    pub(super) fn in_path(self, name: &str, schema: Value, description: &str) -> Self {
        self.parameter("path", name, true, schema, description)
    }

    /// A header of the request.
    pub(super) fn header(self, name: &str, schema: Value, description: &str) -> Self {
        self.parameter("header", name, false, schema, description)
    }

    /// A parameter that must be there.
    pub(super) fn required_query(self, name: &str, schema: Value, description: &str) -> Self {
        self.parameter("query", name, true, schema, description)
    }

    fn parameter(
        mut self,
        place: &str,
        name: &str,
        required: bool,
        schema: Value,
        description: &str,
    ) -> Self {
        self.list("parameters").push(json!({
            "name": name, "in": place, "required": required, "schema": schema, "description": description,
        }));
        self
    }

    /// May be repeated under a key, and is done once.
    pub(super) fn idempotent(mut self) -> Self {
        self.list("parameters").push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
        self.may_fail(&[409])
    }

    /// Reads a JSON object.
    pub(super) fn json(self, schema: Value, example: Value) -> Self {
        self.body(json!({ "application/json": { "schema": schema, "example": example } }))
            .may_fail(&[413, 415])
    }

    /// Reads a JSON object, or a form, as a page sends it.
    pub(super) fn json_or_form(self, schema: Value, example: Value) -> Self {
        let content = json!({
            "application/json": { "schema": schema, "example": example },
            "application/x-www-form-urlencoded": { "schema": schema },
        });
        self.body(content).may_fail(&[413, 415])
    }

    /// Reads a body of these kinds.
    pub(super) fn body(mut self, content: Value) -> Self {
        self.described.insert("requestBody".into(), json!({ "required": true, "content": content }));
        self
    }

    /// Answers 200 with JSON of this shape.
    pub(super) fn answers(self, what: &str, schema: Value, example: Value) -> Self {
        self.answers_with(200, what, json!({ "application/json": { "schema": schema, "example": example } }))
    }

    /// Answers 200 with `ok`, `status` and, in `data`, this shape.
    pub(super) fn answers_data(self, what: &str, data: Value, status: &str, example: Value) -> Self {
        let schema = json!({
            "type": "object", "required": ["ok", "status", "data"],
            "properties": {
                "ok": { "type": "boolean", "const": true }, "status": { "type": "string" }, "data": data,
            },
        });
        self.answers(what, schema, json!({ "ok": true, "status": status, "data": example }))
    }

    /// Answers 200 with `ok` and `status` alone.
    pub(super) fn answers_done(self, status: &str) -> Self {
        let schema = json!({ "$ref": "#/components/schemas/Done" });
        self.answers("It is done.", schema, json!({ "ok": true, "status": status }))
    }

    /// Answers 200 with a page for people.
    pub(super) fn answers_page(self, what: &str) -> Self {
        self.answers_with(200, what, json!({ "text/html": { "schema": { "type": "string" } } }))
    }

    /// Answers so.
    pub(super) fn answers_with(mut self, status: u16, what: &str, content: Value) -> Self {
        let mut answer = json!({ "description": what });
        if content != json!({}) {
            answer["content"] = content;
        }
        self.described["responses"][status.to_string()] = answer;
        self
    }

    /// Sets the cookie of the session with its good answer.
    pub(super) fn sets_cookie(mut self) -> Self {
        self.described["responses"]["200"]["headers"] = json!({ "Set-Cookie": {
            "schema": { "type": "string" },
            "description": "`session_token`: the token. Not there when `ok` is false.",
            "example": "session_token=eyJ0eXAi…; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=86400",
        } });
        self
    }

    /// Adds headers to the answer of that status.
    pub(super) fn with_headers(mut self, status: u16, names: &[(&str, &str)]) -> Self {
        let headers: Map<String, Value> = names
            .iter()
            .map(|(name, what)| {
                ((*name).to_owned(), json!({ "schema": { "type": "string" }, "description": what }))
            })
            .collect();
        self.described["responses"][status.to_string()]["headers"] = headers.into();
        self
    }

    /// May fail in these ways.
    pub(super) fn may_fail(mut self, statuses: &[u16]) -> Self {
        for status in statuses {
            let tag = self.described["tags"][0].as_str().unwrap_or_default();
            let name = super::answers::failure_name(*status, tag);
            self.described["responses"][status.to_string()] =
                json!({ "$ref": format!("#/components/responses/{name}") });
        }
        self
    }

    /// Fails with a page in these ways where a form was sent.
    pub(super) fn or_page(mut self) -> Self {
        for status in ["200", "400"] {
            let mut answer = self.described["responses"][status].clone();
            if answer.get("$ref").is_some() {
                answer = super::answers::failure(400);
            }
            answer["content"]["text/html"] = json!({ "schema": { "type": "string" } });
            self.described["responses"][status] = answer;
        }
        self
    }

    fn list(&mut self, name: &str) -> &mut Vec<Value> {
        self.described[name].as_array_mut().expect("a list was made")
    }
}

/// The parameters that many operations share.
pub(super) fn parameters() -> Value {
    json!({
        "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header", "required": false,
            "schema": { "type": "string", "format": "uuid" },
            "description": "A UUID of the client's own. Within a day the same request with the same key is done once.",
        },
    })
}

/// A schema that is described once, by its name.
pub(super) fn schema(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// A list of what is described under that name.
pub(super) fn list_of(name: &str) -> Value {
    json!({ "type": "array", "items": schema(name) })
}

/// An object with these properties, of which some must be there.
pub(super) fn object(required: &[&str], properties: Value) -> Value {
    json!({ "type": "object", "required": required, "properties": properties })
}

/// An identifier.
pub(super) fn id() -> Value {
    json!({ "type": "string", "pattern": "^[0-9a-f]{32}$" })
}
