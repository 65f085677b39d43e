//! A Telegram for tests: an HTTP server in this process that takes `sendMessage` as the Bot API does.
//!
//! Takes: nothing; faults as a test asks for them. Gives: its address, what arrived in which chat
//! as a reader sees it, what was asked. It refuses what the real one refuses, in its words: text of
//! more than 4,096 UTF-16 units after its entities were parsed, empty text, unknown chats and
//! tokens, and markup that its parser does not read. The parser keeps to the Bot API's page on
//! formatting and to the errors of its published server; what the page forbids and the server lets
//! pass or mends by itself (code within bold, a bare `&`) is in [`Telegram::slips`], which must stay
//! empty.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use serde_json::{Value, json};

use crate::forge::http::{self, Request, Response};

/// The only bot that it knows.
pub const TOKEN: &str = "123456789:AAE-x_SecretOfTheBot_0123456789abcd";
/// A chat that the bot may write in; `@team` is another.
pub const CHAT: i64 = -1_001_234_567_890;
/// UTF-16 units of one message.
const MOST: usize = 4_096;

/// A message as it arrived.
#[derive(Debug, Clone)]
pub struct Message {
    pub id: i64,
    pub chat: String,
    /// Without markup, as a reader sees it.
    pub text: String,
    pub entities: Vec<Entity>,
    /// It came with a parse mode.
    pub formatted: bool,
}

/// A formatted stretch, in UTF-16 units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    pub kind: String,
    pub offset: usize,
    pub length: usize,
    /// The address of a link, the language of code.
    pub argument: String,
}

/// What goes wrong with the next try to send one message.
#[derive(Debug, Clone)]
pub enum Fault {
    /// 429, the wait in the body, and in a header too where `header` says so.
    Limit { seconds: u64, header: bool },
    /// This answer, and the message does not arrive.
    Answer(u16, String),
    /// The connection ends, and the message did not arrive.
    LostBefore,
    /// The message arrives, and the connection ends.
    LostAfter,
}

#[derive(Default)]
struct State {
    messages: Vec<Message>,
    /// Status and body of every request.
    log: Vec<(u16, Value)>,
    faults: HashMap<usize, Vec<Fault>>,
    slips: Vec<String>,
}

/// The server. It answers until the test ends.
pub struct Telegram {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Telegram {
    pub fn start() -> Telegram {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<Mutex<State>>::default();
        let own = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = Arc::clone(&own);
                thread::spawn(move || serve(stream, &own));
            }
        });
        Telegram { address, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What stands in place of `https://api.telegram.org`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What arrived, in order.
    pub fn messages(&self) -> Vec<Message> {
        self.state().messages.clone()
    }

    /// Status and body of every request.
    pub fn log(&self) -> Vec<(u16, Value)> {
        self.state().log.clone()
    }

    /// What the page on formatting forbids and the server lets pass.
    pub fn slips(&self) -> Vec<String> {
        self.state().slips.clone()
    }

    /// The next try to send the message that would be the `nth`, from 1, goes wrong; more faults of
    /// one message come one after the other.
    pub fn fail(&self, nth: usize, fault: Fault) {
        self.state().faults.entry(nth).or_default().push(fault);
    }

    /// Checks that the messages from the `first`th on are the parts of one text, in order, with
    /// nothing missing, doubled or formatted against the rules.
    pub fn holds(&self, first: usize, text: &str) {
        let messages = self.messages();
        let parts = &messages[first - 1..];
        let mut got = String::new();
        for (nth, message) in parts.iter().enumerate() {
            let number = format!("({}/{})\n", nth + 1, parts.len());
            let part = if parts.len() == 1 { Some(message.text.as_str()) } else { message.text.strip_prefix(&number) };
            got.push_str(part.unwrap_or_else(|| panic!("{number:?} is missing in {:?}", message.text)));
        }
        let bare = |text: &str| text.split_whitespace().collect::<String>().replace('\u{2060}', "");
        assert_eq!(bare(&got), bare(text));
        assert_eq!(self.slips(), [""; 0]);
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let mut kept = Vec::new();
    while let Ok(Some(request)) = http::read(&mut stream, &mut kept) {
        let Some(response) = answer(&request, &mut state.lock().unwrap()) else { return };
        if response.send(&mut stream).is_err() {
            return;
        }
    }
}

/// `None` ends the connection.
fn answer(request: &Request, state: &mut State) -> Option<Response> {
    let refused = |status: u16, why: &str| {
        Response::json(status, &json!({"ok": false, "error_code": status, "description": why}))
    };
    let body = request.json();
    let bot = request.path.strip_prefix("/bot").and_then(|path| path.split_once('/'));
    let (response, lost) = match bot {
        Some((token, _)) if token != TOKEN => (refused(401, "Unauthorized"), false),
        Some((_, method)) if method.eq_ignore_ascii_case("sendMessage") => {
            let nth = state.messages.len() + 1;
            let fault = state.faults.get_mut(&nth).filter(|faults| !faults.is_empty()).map(|faults| faults.remove(0));
            match fault {
                Some(Fault::Limit { seconds, header }) => {
                    let why = format!("Too Many Requests: retry after {seconds}");
                    let parameters = json!({"retry_after": seconds});
                    let body = json!({"ok": false, "error_code": 429, "description": why, "parameters": parameters});
                    let response = Response::json(429, &body);
                    (if header { response.with("Retry-After", seconds) } else { response }, false)
                }
                Some(Fault::Answer(status, text)) => (Response::text(status, "application/json", &text), false),
                Some(Fault::LostBefore) => (Response::empty(0), true),
                Some(Fault::LostAfter) => (accept(&body, state).unwrap_or_else(|why| refused(400, &why)), true),
                None => (accept(&body, state).unwrap_or_else(|why| refused(400, &why)), false),
            }
        }
        _ => (refused(404, "Not Found"), false),
    };
    state.log.push((response.status, body));
    (!lost).then_some(response)
}

/// Takes a message in, or says why not.
fn accept(body: &Value, state: &mut State) -> Result<Response, String> {
    let bad = |why: &str| Err(format!("Bad Request: {why}"));
    let chat = match &body["chat_id"] {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return bad("chat_id is empty"),
    };
    if chat != CHAT.to_string() && chat != "@team" {
        return bad("chat not found");
    }
    let Some(text) = body["text"].as_str() else { return bad("message text is empty") };
    if text.len() > 1 << 15 {
        return bad("Text is too long");
    }
    let formatted = match body["parse_mode"].as_str() {
        None | Some("") => false,
        Some(mode) if mode.eq_ignore_ascii_case("html") => true,
        Some(_) => return bad("unsupported parse_mode"),
    };
    let (text, entities) = if formatted {
        let parsed = parse(text).map_err(|why| format!("Bad Request: can't parse entities: {why}"))?;
        state.slips.extend(parsed.slips);
        (parsed.text, parsed.entities)
    } else {
        (text.to_owned(), Vec::new())
    };
    let text = text.trim().to_owned();
    if text.is_empty() {
        return bad("message text is empty");
    }
    if text.encode_utf16().count() > MOST {
        return bad("message is too long");
    }
    let id = 100 + i64::try_from(state.messages.len()).unwrap();
    let result =
        json!({"message_id": id, "date": 1_795_161_600, "chat": {"id": CHAT, "type": "supergroup"}, "text": text});
    state.messages.push(Message { id, chat, text, entities, formatted });
    Ok(Response::json(200, &json!({"ok": true, "result": result})))
}

/// A text with its markup read.
#[derive(Debug, Default)]
pub struct Parsed {
    pub text: String,
    pub entities: Vec<Entity>,
    pub slips: Vec<String>,
}

struct Open {
    tag: String,
    argument: String,
    offset: usize,
    start: usize,
}

const TAGS: [&str; 16] = [
    "a",
    "b",
    "strong",
    "i",
    "em",
    "s",
    "strike",
    "del",
    "u",
    "ins",
    "tg-spoiler",
    "tg-emoji",
    "span",
    "pre",
    "code",
    "blockquote",
];

/// Reads HTML as the Bot API does; the error is the server's, without what stands before it.
pub fn parse(source: &str) -> Result<Parsed, String> {
    let mut parsed = Parsed::default();
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    while let Some(c) = source[at..].chars().next() {
        match c {
            '&' => match decoded(&source[at..]) {
                Some((character, length)) => {
                    parsed.text.push(character);
                    at += length;
                }
                None => {
                    parsed.slips.push(format!("a bare & at byte {at}"));
                    parsed.text.push(c);
                    at += 1;
                }
            },
            '<' => at = tag(source, at, &mut open, &mut parsed)?,
            _ => {
                if c == '>' {
                    parsed.slips.push(format!("a bare > at byte {at}"));
                }
                parsed.text.push(c);
                at += c.len_utf8();
            }
        }
    }
    match open.last() {
        Some(open) => Err(format!("Can't find end tag corresponding to start tag {}", open.tag)),
        None => Ok(parsed),
    }
}

/// A character reference at the start of a text, with its length.
fn decoded(text: &str) -> Option<(char, usize)> {
    let name = text[1..].split(|c: char| !c.is_ascii_alphanumeric() && c != '#').next().unwrap();
    let length = 1 + name.len();
    let length = length + usize::from(text[length..].starts_with(';'));
    let number = |text: &str, radix| u32::from_str_radix(text, radix).ok().and_then(char::from_u32);
    let character = match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        _ => match name.strip_prefix('#') {
            Some(hex) if hex.starts_with('x') => number(&hex[1..], 16),
            Some(digits) => number(digits, 10),
            None => None,
        },
    };
    character.filter(|c| *c != '\0').map(|c| (c, length))
}

/// Reads a tag; gives where the text goes on.
fn tag(source: &str, begin: usize, open: &mut Vec<Open>, parsed: &mut Parsed) -> Result<usize, String> {
    let offset = parsed.text.encode_utf16().count();
    let rest = &source[begin + 1..];
    let name_end = |text: &str| text.find(|c: char| c.is_ascii_whitespace() || c == '>');
    if let Some(rest) = rest.strip_prefix('/') {
        let Some(last) = open.pop() else { return Err(format!("Unexpected end tag at byte offset {begin}")) };
        let end = name_end(rest).ok_or(format!("Unclosed end tag at byte offset {begin}"))?;
        let name = rest[..end].to_lowercase();
        let close = rest[end..].trim_ascii_start();
        if !close.starts_with('>') {
            return Err(format!("Unclosed end tag at byte offset {begin}"));
        }
        if !name.is_empty() && name != last.tag {
            return Err(format!(
                "Unmatched end tag at byte offset {begin}, expected \"</{}>\", found \"</{name}>\"",
                last.tag
            ));
        }
        end_of(&last, offset, open, parsed);
        return Ok(source.len() - close.len() + 1);
    }
    let end = name_end(rest).ok_or(format!("Unclosed start tag at byte offset {begin}"))?;
    let name = rest[..end].to_lowercase();
    if !TAGS.contains(&name.as_str()) {
        return Err(format!("Unsupported start tag \"{name}\" at byte offset {begin}"));
    }
    let (argument, rest) = attributes(source, source.len() - rest.len() + end, &name, begin)?;
    if name == "span" && argument != "spoiler" {
        return Err(format!("Tag \"span\" must have class \"tg-spoiler\" at byte offset {begin}"));
    }
    open.push(Open { tag: name, argument, offset, start: parsed.text.len() });
    Ok(source.len() - rest.len())
}

/// Reads attributes up to the end of a tag; gives the one that counts, and what stands behind it.
fn attributes<'a>(source: &'a str, at: usize, tag: &str, begin: usize) -> Result<(String, &'a str), String> {
    let mut rest = &source[at..];
    let unclosed = || format!("Unclosed start tag at byte offset {begin}");
    let mut argument = String::new();
    loop {
        rest = rest.trim_ascii_start();
        if let Some(rest) = rest.strip_prefix('>') {
            return Ok((argument, rest));
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace() || c == '=').unwrap_or(rest.len());
        let name = &rest[..end];
        if name.is_empty() {
            return Err(format!("Empty attribute name in the tag \"{tag}\" at byte offset {begin}"));
        }
        let Some(value) = rest[end..].trim_ascii_start().strip_prefix('=') else {
            return Err(format!(
                "Expected equal sign in declaration of an attribute of the tag \"{tag}\" at byte offset {begin}"
            ));
        };
        let value = value.trim_ascii_start();
        let mut found = String::new();
        match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let mut inside = &value[1..];
                loop {
                    let c = inside.chars().next().ok_or_else(unclosed)?;
                    let reference = if c == '&' { decoded(inside) } else { None };
                    let (c, length) = reference.unwrap_or((c, c.len_utf8()));
                    inside = &inside[length..];
                    if c == quote && reference.is_none() {
                        break;
                    }
                    found.push(c);
                }
                rest = inside;
            }
            Some(_) => {
                let word = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
                let end = value.find(|c| !word(c)).ok_or_else(unclosed)?;
                if !value[end..].starts_with(|c: char| c.is_ascii_whitespace() || c == '>') {
                    let at = source.len() - value.len();
                    return Err(format!("Unexpected end of name token at byte offset {at}"));
                }
                found.push_str(&value[..end].to_lowercase());
                rest = &value[end..];
            }
            None => return Err(unclosed()),
        }
        match (tag, name) {
            ("a", "href") | ("tg-emoji", "emoji-id") => argument = found,
            ("code", "class") => argument = found.strip_prefix("language-").unwrap_or_default().to_owned(),
            ("span", "class") => argument = found.strip_prefix("tg-").unwrap_or_default().to_owned(),
            _ => {}
        }
    }
}

/// Notes what a tag that ended has formatted, and what of it the page forbids.
fn end_of(last: &Open, end: usize, around: &[Open], parsed: &mut Parsed) {
    let length = end - last.offset;
    if length == 0 {
        return;
    }
    let kind = match last.tag.as_str() {
        "b" | "strong" => "bold",
        "i" | "em" => "italic",
        "s" | "strike" | "del" => "strikethrough",
        "u" | "ins" => "underline",
        "a" => "text_link",
        tag => tag,
    };
    let mut argument = last.argument.clone();
    if kind == "text_link" {
        if argument.is_empty() {
            argument = parsed.text[last.start..].to_owned();
        }
        // A mention, or no address: then it is no link.
        if argument.starts_with("tg://user?id=") {
            parsed.slips.push(format!("{argument} calls a person"));
        } else if !["http://", "https://", "mailto:", "tg:"].iter().any(|scheme| argument.starts_with(scheme)) {
            parsed.slips.push(format!("{argument} is no address"));
        }
    }
    // Code and blocks of it stand alone, but for the one pair that names a language.
    let alone = |tag: &str| matches!(tag, "code" | "pre");
    for outer in around {
        let pair = outer.tag == "pre" && last.tag == "code" && !last.argument.is_empty();
        if (alone(&outer.tag) || alone(&last.tag)) && !pair {
            parsed.slips.push(format!("<{}> within <{}>", last.tag, outer.tag));
        }
        if outer.tag == last.tag {
            parsed.slips.push(format!("<{0}> within <{0}>", last.tag));
        }
    }
    let kind = kind.to_owned();
    parsed.entities.push(Entity { kind, offset: last.offset, length, argument });
}

#[test]
fn the_parser_reads_what_telegram_reads() {
    let parsed =
        parse("<b>a &lt;<i>🦀</i></b> &amp;&quot;&#33;&#x21; <A href='https://h.example/?a=1&amp;b'>l</a>").unwrap();
    assert_eq!(parsed.text, "a <🦀 &\"!! l");
    let entities: Vec<_> = parsed.entities.iter().map(|e| (e.kind.as_str(), e.offset, e.length)).collect();
    assert_eq!(entities, [("italic", 3, 2), ("bold", 0, 5), ("text_link", 11, 1)]);
    assert_eq!(parsed.entities[2].argument, "https://h.example/?a=1&b");
    assert_eq!(parsed.slips, [""; 0]);
    let code = parse("<pre><code class=\"language-rust\">x</code></pre>").unwrap();
    assert_eq!(code.slips, [""; 0]);
    for odd in ["a & b", "a > b", "<b><code>x</code></b>", "<a href=\"tg://user?id=1\">x</a>", "<b>a<b>b</b></b>"] {
        assert_eq!(parse(odd).unwrap().slips.len(), 1, "{odd}");
    }
}

#[test]
fn the_parser_refuses_what_telegram_refuses() {
    for (source, why) in [
        ("a <b", "Unclosed start tag at byte offset 2"),
        ("é <name> x", "Unsupported start tag \"name\" at byte offset 3"),
        ("<<b>", "Unsupported start tag \"<b\" at byte offset 0"),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("<b>a</i>", "Unmatched end tag at byte offset 4, expected \"</b>\", found \"</i>\""),
        ("<b>a", "Can't find end tag corresponding to start tag b"),
        ("<b>a</b", "Unclosed end tag at byte offset 4"),
        ("<a href=x/y>z</a>", "Unexpected end of name token at byte offset 8"),
        ("<a href>z</a>", "Expected equal sign in declaration of an attribute of the tag \"a\" at byte offset 0"),
        ("<span>x</span>", "Tag \"span\" must have class \"tg-spoiler\" at byte offset 0"),
        ("<a href=\"x>y</a>", "Unclosed start tag at byte offset 0"),
    ] {
        let found = parse(source).err();
        let found = found.as_deref().unwrap_or("read");
        assert_eq!(found, why, "{source}");
    }
}
