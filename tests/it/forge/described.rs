//! Requests and answers held against the API's own description.
//!
//! Takes: `tests/forge/api/*.json` (Swagger 2 and OpenAPI 3), a request, an answer. Gives: what is
//! wrong with them, as sentences. In an answer every member may be absent or null (fact 27).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};

use super::dialect::{Dialect, Family};
use super::fault::fits;
use super::http::{Request, Response};
use crate::support::root;

/// Operations that the descriptions (cut to what is needed) lack, and what shows them.
const BESIDES: [(&str, &str); 11] = [
    ("/api/v1/user", "asked where that is refused"),
    ("/api/v1/version", "asked of a host that may be any forge; GitHub's without a prefix has no such path"),
    ("/users/*", "fact 40: 404 for an unknown login"),
    ("/orgs/*", "fact 40: an organisation cannot be assigned"),
    ("/users/*/repos", "as orgs/*/repos, for an owner that is a person"),
    ("/repos/*/*/git/trees/*", "fact 110"),
    ("/repositories/*", "fact 56: where a renamed repository is"),
    ("/repos/*/*/contents", "fact 34: the root of a repository; not in GitHub's"),
    ("/*/*/info/refs", "git itself, beside the API"),
    ("/*/*/git-receive-pack", "git itself, beside the API"),
    ("/rate_limit", "fact 72; not in Gitea's, where it is 404"),
];

/// Parameters that the descriptions lack.
const PARAMETERS: [(&str, &str, &str); 2] = [
    ("after", "/repos/*/*/issues", "fact 63: cursors, as GitHub's own links have them"),
    ("before", "/repos/*/*/issues", "fact 63"),
];

/// Members of answers that the descriptions lack.
const MEMBERS: [(&str, &str); 2] = [
    ("username", "recorded: Gitea's users have it beside `login`"),
    ("status", "fact 70: GitHub's errors have it, a 422 too"),
];

/// Answers that are not in every description.
const STATUSES: [(u16, &str); 4] = [(301, "fact 56"), (302, "a proxy's"), (304, "facts 34 and 74"), (307, "fact 56")];

/// A description.
pub struct Described {
    file: Arc<Value>,
    github: bool,
}

impl Described {
    pub fn of(dialect: &Dialect) -> Self {
        let name = match dialect.family {
            Family::GitHub => "github-api",
            Family::Forgejo => "forgejo-api-17.0.0-dev",
            Family::Gitea if dialect.since(27, false) => "gitea-api-1.27.3",
            Family::Gitea if dialect.since(24, false) => "gitea-api-1.26.4",
            Family::Gitea => "gitea-api-1.21.11",
        };
        static FILES: Mutex<Option<HashMap<&str, Arc<Value>>>> = Mutex::new(None);
        let mut files = FILES.lock().unwrap();
        let file = files.get_or_insert_default().entry(name).or_insert_with(|| {
            let path = root().join(format!("tests/forge/api/{name}.json"));
            Arc::new(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
        });
        Described { file: Arc::clone(file), github: dialect.is_github() }
    }

    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(place) => {
                let found = self.file.pointer(place.trim_start_matches('#'));
                self.resolve(found.unwrap_or_else(|| panic!("the description has no {place}")))
            }
            None => value,
        }
    }

    /// The operation, by the template with the most fixed parts.
    fn operation(&self, method: &str, path: &str) -> Option<(&Value, &Value)> {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let mut best: Option<(usize, &Value)> = None;
        for (template, item) in self.file["paths"].as_object().unwrap() {
            let wanted: Vec<&str> = template.trim_matches('/').split('/').collect();
            let greedy = ["{filepath}", "{path}"].contains(wanted.last().unwrap()) && parts.len() > wanted.len();
            let same = wanted.iter().zip(&parts).all(|(wanted, part)| wanted.starts_with('{') || wanted == part);
            let fixed = wanted.iter().filter(|wanted| !wanted.starts_with('{')).count();
            if same && (greedy || wanted.len() == parts.len()) && best.is_none_or(|(most, _)| fixed > most) {
                best = Some((fixed, item));
            }
        }
        let (_, item) = best?;
        let operation = item.get(method.to_lowercase())?;
        Some((item, operation))
    }

    fn besides(path: &str) -> bool {
        BESIDES.iter().any(|(pattern, _)| fits(pattern, path))
    }

    /// What is wrong with a request to a path below the prefix.
    pub fn request(&self, path: &str, request: &Request) -> Vec<String> {
        let what = format!("{} {path}", request.method);
        let Some((item, operation)) = self.operation(&request.method, path) else {
            let pushes = request.method == "POST" && path.ends_with(".git/git-receive-pack");
            let known = (request.method == "GET" || pushes) && Self::besides(path);
            return if known { Vec::new() } else { vec![format!("{what}: the API has no such operation")] };
        };
        let mut wrong = Vec::new();
        let parameters: Vec<&Value> = [item, operation]
            .iter()
            .flat_map(|place| place["parameters"].as_array().into_iter().flatten())
            .map(|parameter| self.resolve(parameter))
            .collect();
        for (name, value) in &request.query {
            let known = parameters.iter().find(|parameter| parameter["in"] == "query" && parameter["name"] == **name);
            let Some(known) = known else {
                if !PARAMETERS.iter().any(|(extra, pattern, _)| extra == name && fits(pattern, path)) {
                    wrong.push(format!("{what}: no query parameter `{name}`"));
                }
                continue;
            };
            let schema = self.resolve(if known["schema"].is_object() { &known["schema"] } else { known });
            let value = match schema["type"].as_str() {
                Some("integer") => value.parse::<i64>().map_or(Value::from(value.as_str()), Value::from),
                Some("boolean") => value.parse::<bool>().map_or(Value::from(value.as_str()), Value::from),
                Some("array") => continue,
                _ => Value::from(value.as_str()),
            };
            wrong.extend(
                self.conforms(schema, &value, &format!("`{name}`")).into_iter().map(|found| format!("{what}: {found}")),
            );
        }
        let schema = match self.github {
            true => Some(&operation["requestBody"]["content"]["application/json"]["schema"])
                .filter(|schema| schema.is_object()),
            false => {
                parameters.iter().find(|parameter| parameter["in"] == "body").map(|parameter| &parameter["schema"])
            }
        };
        let sent = !request.body.is_empty();
        let body: Option<Value> = serde_json::from_slice(&request.body).ok();
        match (schema, body) {
            (None, _) if sent => wrong.push(format!("{what}: a body where none is described")),
            (Some(_), None) if sent => wrong.push(format!("{what}: the body is no JSON")),
            (Some(schema), Some(body)) => {
                let found = self.conforms(schema, &body, "body").into_iter().chain(self.lacks(schema, &body));
                wrong.extend(found.map(|found| format!("{what}: {found}")));
            }
            _ => {}
        }
        wrong
    }

    /// Members that must be in a request.
    fn lacks(&self, schema: &Value, body: &Value) -> Vec<String> {
        let required = self.resolve(schema)["required"].as_array();
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        required
            .filter(|name| body.get(name).is_none_or(Value::is_null))
            .map(|name| format!("body lacks `{name}`"))
            .collect()
    }

    /// What is wrong with an answer.
    pub fn response(&self, path: &str, request: &Request, response: &Response) -> Vec<String> {
        let what = format!("{} {path} -> {}", request.method, response.status);
        let Some((_, operation)) = self.operation(&request.method, path) else { return Vec::new() };
        let responses = &operation["responses"];
        let described = responses.get(response.status.to_string()).or_else(|| responses.get("default"));
        let Some(described) = described else {
            // Facts 50 to 54: what is refused is not described everywhere.
            let known = response.status >= 400 || STATUSES.iter().any(|(status, _)| *status == response.status);
            return if known { Vec::new() } else { vec![format!("{what}: this status is not described")] };
        };
        let described = self.resolve(described);
        let schema = match self.github {
            true => &described["content"]["application/json"]["schema"],
            false => &described["schema"],
        };
        // A file as it is may be JSON of its own.
        let json = |kind: &str| kind.contains("json") && !kind.contains(".raw");
        let json = response.header("content-type").is_some_and(json);
        if !schema.is_object() || !json {
            return Vec::new();
        }
        let body = response.value();
        let mut values = vec![&body];
        // Fact 34: a folder's contents are a list, which Gitea's description does not say.
        if let (Some(list), true) = (body.as_array(), !self.github && path.contains("/contents/")) {
            values = list.iter().collect();
        }
        let found = values.into_iter().flat_map(|value| self.conforms(schema, value, "answer"));
        found.map(|found| format!("{what}: {found}")).collect()
    }

    /// Every member that a schema names; `None` where any is fine.
    fn members<'a>(&'a self, schema: &'a Value) -> Option<Map<String, Value>> {
        let schema = self.resolve(schema);
        let mut all = Map::new();
        for part in schema["allOf"].as_array().into_iter().flatten() {
            all.extend(self.members(part)?);
        }
        if let Some(own) = schema["properties"].as_object() {
            all.extend(own.clone());
        }
        let open = schema.get("additionalProperties").is_some_and(|more| *more != Value::Bool(false));
        (!open && !all.is_empty()).then_some(all)
    }

    fn conforms(&self, schema: &Value, value: &Value, place: &str) -> Vec<String> {
        let schema = self.resolve(schema);
        if value.is_null() {
            return Vec::new(); // fact 27
        }
        for word in ["oneOf", "anyOf"] {
            if let Some(ways) = schema[word].as_array() {
                let tried = ways.iter().map(|way| self.conforms(way, value, place));
                return tried.min_by_key(Vec::len).unwrap_or_default();
            }
        }
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let is = |kind: &&str| match *kind {
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => false,
        };
        if !kinds.is_empty() && !kinds.iter().any(is) {
            return vec![format!("{place} is {value:.60}, not {}", kinds.join(" or "))];
        }
        // Facts 26 and 29: an empty word may stand in an answer.
        if let (Some(words), Some(_)) = (schema["enum"].as_array(), value.as_str())
            && !words.contains(value)
            && !(value == "" && place.starts_with("answer"))
        {
            return vec![format!("{place} is {value}, which is none of {}", Value::from(words.clone()))];
        }
        if schema["format"] == "date-time"
            && value.as_str().is_some_and(|time| chrono::DateTime::parse_from_rfc3339(time).is_err())
        {
            return vec![format!("{place} is {value}, which is no time")];
        }
        if let Some(items) = value.as_array() {
            let of = |(at, item)| self.conforms(&schema["items"], item, &format!("{place}[{at}]"));
            return items.iter().enumerate().flat_map(of).collect();
        }
        let (Some(members), Some(object)) = (self.members(schema), value.as_object()) else { return Vec::new() };
        let each = object.iter().flat_map(|(name, member)| match members.get(name) {
            Some(schema) => self.conforms(schema, member, &format!("{place}.{name}")),
            None if place.starts_with("answer") && MEMBERS.iter().any(|(extra, _)| extra == name) => Vec::new(),
            None => vec![format!("{place} has no member `{name}`")],
        });
        each.collect()
    }
}
