//! Limits on requests, told apart from everything else that a server refuses.
//!
//! Takes: an answer. Gives: whether it says "not now", and for how long, by whatever header it says
//! so.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::answer::Answer;

/// A refusal for now. The server has not acted on the request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RateLimit {
    /// How long to wait; `None` where the server does not say.
    pub(super) wait: Option<Duration>,
    /// It is the limit on many requests at once, which asks for a minute at least (fact 73).
    pub(super) secondary: bool,
}

/// The limit that an answer speaks of. A 403 is one where a header or the message says so, and
/// else a lack of permission (facts 72, 73).
pub(super) fn limit(answer: &Answer) -> Option<RateLimit> {
    if !matches!(answer.status, 403 | 429) {
        return None;
    }
    let wait = retry_after(answer).or_else(|| wait_in_body(answer));
    if wait.is_some() {
        return Some(RateLimit { wait, secondary: false });
    }
    if answer.number("x-ratelimit-remaining") == Some(0)
        && let Some(reset) = answer.number("x-ratelimit-reset")
    {
        let reset = UNIX_EPOCH.checked_add(Duration::from_secs(reset))?;
        // A second more: the reset is told in whole ones.
        let wait = reset.duration_since(now(answer)).unwrap_or_default() + Duration::from_secs(1);
        return Some(RateLimit { wait: Some(wait), secondary: false });
    }
    let body = String::from_utf8_lossy(answer.body.get(..2_000).unwrap_or(&answer.body)).to_ascii_lowercase();
    let secondary = ["rate limit", "abuse detection"].iter().any(|words| body.contains(words));
    (answer.status == 429 || secondary).then_some(RateLimit { wait: None, secondary })
}

/// `Retry-After`: seconds or a date (fact 60).
pub(super) fn retry_after(answer: &Answer) -> Option<Duration> {
    let text = answer.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(text).ok()?;
    Some(at.duration_since(now(answer)).unwrap_or_default())
}

/// Seconds that the body of a 429 names: services that take messages do so there, with a header or
/// without.
fn wait_in_body(answer: &Answer) -> Option<Duration> {
    if answer.status != 429 || answer.body.len() > 64 * 1024 {
        return None;
    }
    let body: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    let seconds = body.pointer("/parameters/retry_after").or_else(|| body.get("retry_after"))?.as_f64()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// The server's clock, where it tells it: ours may be wrong.
fn now(answer: &Answer) -> SystemTime {
    answer.header("date").and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or_else(SystemTime::now)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::http::Url;
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        let url = Url::parse("http://h.example/").unwrap();
        Answer { status, body: body.as_bytes().to_vec(), url, headers: map }
    }

    #[test]
    fn a_limit_is_told_from_a_lack_of_permission_facts_60_72_73() {
        let wait = |status, headers: &[(&str, &str)], body| limit(&answer(status, headers, body)).map(|l| l.wait);
        let seconds = |n| Some(Some(Duration::from_secs(n)));
        let date = ("date", "Sat, 21 Nov 2026 09:00:00 GMT");
        assert_eq!(wait(429, &[("retry-after", "7")], ""), seconds(7));
        assert_eq!(wait(403, &[("retry-after", "Sat, 21 Nov 2026 09:00:30 GMT"), date], ""), seconds(30));
        assert_eq!(wait(429, &[("retry-after", "Sat, 21 Nov 2020 09:00:30 GMT"), date], ""), seconds(0));
        let primary = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795251660"), date];
        assert_eq!(wait(403, &primary, ""), seconds(61));
        assert_eq!(wait(403, &[("x-ratelimit-remaining", "4000")], "{\"message\": \"Resource not accessible\"}"), None);
        assert_eq!(wait(429, &[], "<html>"), Some(None));
        let secondary = limit(&answer(403, &[], "{\"message\": \"You have exceeded a secondary rate limit\"}"));
        assert_eq!(secondary, Some(RateLimit { wait: None, secondary: true }));
        assert_eq!(wait(404, &[("retry-after", "7")], ""), None);
    }

    #[test]
    fn a_limit_may_be_told_in_the_body() {
        let wait = |status, headers: &[(&str, &str)], body| limit(&answer(status, headers, body)).and_then(|l| l.wait);
        let parameters = "{\"ok\": false, \"parameters\": {\"retry_after\": 35}}";
        assert_eq!(wait(429, &[], parameters), Some(Duration::from_secs(35)));
        assert_eq!(wait(429, &[("retry-after", "7")], parameters), Some(Duration::from_secs(7)));
        assert_eq!(wait(429, &[], "{\"retry_after\": 0.25}"), Some(Duration::from_millis(250)));
        for odd in ["{\"retry_after\": -1}", "{\"retry_after\": 1e300}", "{\"retry_after\": \"x\"}", "[]"] {
            assert_eq!(wait(429, &[], odd), None, "{odd}");
        }
        assert_eq!(wait(403, &[], parameters), None);
    }
}
