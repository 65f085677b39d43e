//! The text of a template between its tags.
//!
//! Takes: the text of a template or a sentence. Gives: its pieces, plain text and the insides of tags, one
//! after the other. It knows no grammar: what stands in a tag is checked elsewhere.

/// The pieces of a text: the opening of a tag (`{{`, `{%`, `{#`) or none for plain text, where the piece begins, and
/// what stands in it. A tag that is not closed reaches to the end.
pub fn pieces(text: &str) -> impl Iterator<Item = (Option<&str>, usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let open = |rest: &str| ["{{", "{%", "{#"].iter().any(|open| rest.starts_with(open));
        if !open(rest) {
            let end = rest.match_indices('{').map(|(end, _)| end).find(|end| open(&rest[*end..])).unwrap_or(rest.len());
            let piece = (None, at, &rest[..end]);
            at += end;
            return Some(piece);
        }
        let close = match &rest[..2] {
            "{{" => "}}",
            "{%" => "%}",
            _ => "#}",
        };
        let end = rest[2..].find(close).map_or(rest.len(), |end| end + 2);
        let piece = (Some(&rest[..2]), at + 2, &rest[2..end]);
        at += (end + 2).min(rest.len());
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_its_pieces() {
        let text = "a {b} {{ c }}{# d #}ü{%- e %}{{ open";
        let found: Vec<_> = pieces(text).collect();
        let expected = [
            (None, 0, "a {b} "),
            (Some("{{"), 8, " c "),
            (Some("{#"), 15, " d "),
            (None, 20, "ü"),
            (Some("{%"), 24, "- e "),
            (Some("{{"), 32, " open"),
        ];
        assert_eq!(found, expected);
        assert!(found.iter().all(|(_, at, piece)| text[*at..].starts_with(piece)));
        assert_eq!(pieces("").count(), 0);
    }
}
