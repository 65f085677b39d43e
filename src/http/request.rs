//! One request, before it is sent.
//!
//! Takes: a method, an address, headers, a body. Gives: a [`Request`] that says whether it may be
//! sent again when nobody knows what became of it.

use super::address::{Url, display};
use super::secret::{Credential, SecretUrl};
use crate::secrets;

/// What is asked of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Make something new.
    Post,
    /// Change a part.
    Patch,
    /// Replace.
    Put,
    /// Take away.
    Delete,
}

impl Method {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Patch => "PATCH",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        }
    }
}

/// One request. It does not print its headers.
#[derive(Clone)]
pub struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) display: String,
    pub(super) headers: Vec<(&'static str, String)>,
    /// The scheme of its `Authorization`, and the token.
    pub(super) credential: Option<(&'static str, Credential)>,
    pub(super) body: Option<Vec<u8>>,
    pub(super) repeatable: bool,
    pub(super) json: bool,
    pub(super) any_status: bool,
    /// Words of a secret address.
    secrets: Vec<String>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{} {}", self.method.name(), self.display)
    }
}

impl Request {
    /// A request without headers or a body. A GET may be repeated and expects JSON.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Request {
        let get = method == Method::Get;
        let display = display(&url);
        Request {
            method,
            url,
            display,
            headers: Vec::new(),
            credential: None,
            body: None,
            repeatable: get,
            json: get,
            any_status: false,
            secrets: Vec::new(),
        }
    }

    /// A request to an address that is a secret.
    #[must_use]
    pub fn to_secret(method: Method, url: &SecretUrl) -> Request {
        let display = url.to_string();
        Request { display, secrets: url.words(), ..Request::new(method, url.reveal().clone()) }
    }

    /// A text of the server without the words of a secret address, which it may repeat.
    pub(super) fn hide(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "…"))
    }

    /// With a header, instead of one of this name.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Request {
        self.headers.retain(|(known, ..)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    /// With an `Authorization` of this scheme (`token`, `Bearer`). It is not sent where the token is not for its
    /// address.
    #[must_use]
    pub fn authorized(mut self, scheme: &'static str, credential: &Credential) -> Request {
        self.credential = Some((scheme, credential.clone()));
        self
    }

    /// With a JSON body.
    #[must_use]
    pub fn body(mut self, json: &serde_json::Value) -> Request {
        // A title that repeats our token is no reason to tell it to others.
        self.body = Some(secrets::hidden_text(&json.to_string()).into_owned().into_bytes());
        self.header("content-type", "application/json")
    }

    /// With a body that is not JSON, of this media type.
    #[must_use]
    pub fn raw_body(mut self, media_type: &str, body: Vec<u8>) -> Request {
        self.body = Some(body);
        self.header("content-type", media_type)
    }

    /// Sending it twice does no more than sending it once: it is repeated where a try was lost.
    #[must_use]
    pub fn repeatable(mut self) -> Request {
        self.repeatable = true;
        self
    }

    /// The answer may be anything, not only JSON.
    #[must_use]
    pub fn bytes(mut self) -> Request {
        self.json = false;
        self
    }

    /// Every status is an answer: the caller only wants to know who is there.
    #[must_use]
    pub fn any_status(mut self) -> Request {
        self.any_status = true;
        self.json = false;
        self
    }

    /// Whether the server is only read.
    pub(super) fn reads(&self) -> bool {
        self.method == Method::Get
    }
}
