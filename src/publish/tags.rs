//! HTML within Markdown, read for its text.
//!
//! Takes: a block or a tag of HTML. Gives: its text, without tags and comments.

/// Whether a tag ends a line.
pub(super) fn breaks(tag: &str) -> bool {
    let name = tag.trim_start_matches(['<', '/']);
    let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    ["br", "p", "li", "summary"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The text of a block.
pub(super) fn text(html: &str) -> String {
    let (mut out, mut rest) = (String::new(), html);
    while let Some((before, tag)) = rest.split_once('<') {
        out.push_str(before);
        let end = if tag.starts_with("!--") { "-->" } else { ">" };
        // What does not end is no tag to a browser either, but nothing of it shall show.
        let (tag, after) = tag.split_once(end).unwrap_or((tag, ""));
        if breaks(tag) && !out.ends_with('\n') {
            out.push('\n');
        }
        rest = after;
    }
    out.push_str(rest);
    let out = out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    let out = out.replace("&#64;", "@").replace("&#35;", "#").replace("&amp;", "&");
    let lines: Vec<&str> = out.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_stands_between_tags() {
        assert_eq!(text("<p>a <b>b</b> &lt;c&gt;</p>\n<!-- x\n> y --><ul><li>d<li>e</ul>"), "a b <c>\nd\ne");
        assert_eq!(text("a <b"), "a");
        assert!(breaks("<br/>") && breaks("</P>") && !breaks("<b>"));
    }
}
