//! Times as forges and people write them.
//!
//! Takes: the text of a time. Gives: the instant in UTC, or `None` where it is none; and back.
//! Never panics, whatever the text.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc, Weekday};

/// Seconds in a day.
const DAY: i64 = 86_400;

/// The instant that `text` names: RFC 3339 with any offset (fact 31), small `t` and `z` and a
/// space for the `T` allowed; without a zone it is UTC. A bare date (`2026-04-01`) or ISO week
/// date (`2026-W14-1`) is its midnight UTC. A leap second is the second after it. `None` for
/// anything else.
#[must_use]
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    let (date, rest) = date(text.as_bytes())?;
    let midnight = i64::from(date.to_epoch_days()).checked_mul(DAY)?;
    if rest.is_empty() {
        return DateTime::from_timestamp(midnight, 0);
    }
    let [b'T' | b't' | b' ', h1, h2, b':', m1, m2, b':', s1, s2, rest @ ..] = rest else {
        return None;
    };
    let hour = pair(*h1, *h2)?;
    let minute = pair(*m1, *m2)?;
    let second = pair(*s1, *s2)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (nanos, zone) = fraction(rest)?;
    let clock = i64::from(hour * 3600 + minute * 60 + second);
    DateTime::from_timestamp(midnight + clock - offset(zone)?, nanos)
}

/// `at` as `2026-05-01T06:34:08Z`; the fraction of a second is dropped.
#[must_use]
pub fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The date at the start of `text` and what follows it. Nothing may follow a week date.
fn date(text: &[u8]) -> Option<(NaiveDate, &[u8])> {
    match text {
        [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, rest @ ..] => {
            let year = year([*y1, *y2, *y3, *y4])?;
            let date = NaiveDate::from_ymd_opt(year, pair(*m1, *m2)?, pair(*d1, *d2)?)?;
            Some((date, rest))
        }
        [y1, y2, y3, y4, b'-', b'W', w1, w2, b'-', day] => {
            let day = match day {
                b'1' => Weekday::Mon,
                b'2' => Weekday::Tue,
                b'3' => Weekday::Wed,
                b'4' => Weekday::Thu,
                b'5' => Weekday::Fri,
                b'6' => Weekday::Sat,
                b'7' => Weekday::Sun,
                _ => return None,
            };
            let year = year([*y1, *y2, *y3, *y4])?;
            let date = NaiveDate::from_isoywd_opt(year, pair(*w1, *w2)?, day)?;
            Some((date, &[]))
        }
        _ => None,
    }
}

fn year([a, b, c, d]: [u8; 4]) -> Option<i32> {
    i32::try_from(pair(a, b)? * 100 + pair(c, d)?).ok()
}

/// Two digits as a number.
fn pair(tens: u8, ones: u8) -> Option<u32> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
}

/// The nanoseconds of a fraction at the start of `text`, digits past the ninth dropped, and what
/// follows it. No fraction is 0.
fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let [b'.', digits @ ..] = text else {
        return Some((0, text));
    };
    let count = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    let (digits, rest) = digits.split_at_checked(count)?;
    let nanos =
        digits.iter().chain(std::iter::repeat(&b'0')).take(9).fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    Some((nanos, rest))
}

/// Seconds that a zone is ahead of UTC; no zone is UTC.
fn offset(zone: &[u8]) -> Option<i64> {
    match zone {
        [] | [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (pair(*h1, *h2)?, pair(*m1, *m2)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let ahead = i64::from(hours * 3600 + minutes * 60);
            Some(if *sign == b'-' { -ahead } else { ahead })
        }
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        parse(text).map(rfc3339)
    }

    #[test]
    fn every_accepted_form_names_its_instant() {
        for (text, instant) in [
            ("2026-05-01T06:34:08Z", "2026-05-01T06:34:08Z"),
            ("2026-05-01t06:34:08z", "2026-05-01T06:34:08Z"),
            ("2026-05-01 06:34:08", "2026-05-01T06:34:08Z"),
            ("2026-05-01T06:34:08+13:45", "2026-04-30T16:49:08Z"),
            ("2026-05-01T06:34:08.999999999999-05:30", "2026-05-01T12:04:08Z"),
            ("2026-04-01", "2026-04-01T00:00:00Z"),
            ("2026-W14-1", "2026-03-30T00:00:00Z"),
            ("2020-W53-5", "2021-01-01T00:00:00Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
            ("2024-02-29T00:00:00-00:00", "2024-02-29T00:00:00Z"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(instant), "{text}");
        }
    }

    #[test]
    fn a_fraction_is_kept_to_the_nanosecond() {
        let at = parse("1969-12-31T23:59:59.25Z").unwrap();
        assert_eq!((at.timestamp(), at.timestamp_subsec_nanos()), (-1, 250_000_000));
    }

    #[test]
    fn anything_else_is_no_time() {
        for text in [
            "",
            "yesterday",
            "2026",
            "2026-04",
            "2026-4-1",
            "2026-02-29",
            "2026-13-01",
            "2026-04-01T",
            "2026-04-01T12:00",
            "2026-04-01T24:00:00Z",
            "2026-04-01T12:00:61Z",
            "2026-04-01T12:00:00.Z",
            "2026-04-01T12:00:00+0200",
            "2026-04-01T12:00:00+24:00",
            "2026-04-01T12:00:00ZZ",
            " 2026-04-01",
            "2026-W54-1",
            "2025-W53-1",
            "2026-W14-8",
            "2026-W14-1T00:00:00Z",
            "+2026-04-01",
            "２０２６-04-01",
            "1775000000",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
