//! One line of a transcript, as far as it matters here.
//!
//! Takes: JSON. Gives: [`TranscriptLine`]; members that are not known are passed over.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Characters of an error that are kept.
const ERROR: usize = 2_000;

/// A line, as far as it matters here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TranscriptLine<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) ty: Option<Cow<'a, str>>,
    #[serde(rename = "sessionId", borrow)]
    pub(super) session: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) timestamp: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) cwd: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) version: Option<Cow<'a, str>>,
    #[serde(rename = "isApiErrorMessage")]
    pub(super) api_error: Option<bool>,
    #[serde(borrow)]
    pub(super) message: Option<Message<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) content: LineContent<'a>,
}

/// What was said: a text, or blocks.
#[derive(Debug, Default)]
pub(super) enum LineContent<'a> {
    #[default]
    Nothing,
    Text(Cow<'a, str>),
    Blocks(Vec<ContentPart<'a>>),
}

/// One block.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ContentPart<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) ty: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) tool_use_id: Option<Cow<'a, str>>,
    pub(super) is_error: Option<bool>,
    #[serde(borrow)]
    pub(super) text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) content: LineContent<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for LineContent<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct AnyContent;
        impl<'de> Visitor<'de> for AnyContent {
            type Value = LineContent<'de>;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("a text or a list of blocks")
            }

            fn visit_unit<E>(self) -> Result<LineContent<'de>, E> {
                Ok(LineContent::Nothing)
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<LineContent<'de>, E> {
                Ok(LineContent::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<LineContent<'de>, E> {
                Ok(LineContent::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LineContent<'de>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(LineContent::Nothing)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<LineContent<'de>, A::Error> {
                let mut parts = Vec::new();
                while let Some(part) = list.next_element()? {
                    parts.push(part);
                }
                Ok(LineContent::Blocks(parts))
            }
        }
        reader.deserialize_any(AnyContent)
    }
}

impl LineContent<'_> {
    /// Its text, as far as it is kept.
    pub(super) fn text(&self) -> String {
        match self {
            LineContent::Nothing => String::new(),
            LineContent::Text(text) => text.chars().take(ERROR).collect(),
            LineContent::Blocks(parts) => {
                let texts: Vec<&str> = parts.iter().filter_map(|part| part.text.as_deref()).collect();
                texts.join("\n").chars().take(ERROR).collect()
            }
        }
    }
}
