//! Reports in files.
//!
//! Takes: a report and a path. Gives: the file replaced as a whole, or the summary of a CI job with
//! the report added.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::files::{self, Access};
use crate::secrets;

use super::Publication;

/// Bytes of a summary that its runner takes; of a longer one it shows nothing at all.
const SUMMARY: u64 = 1_000_000;

/// Replaces a file by a report: its JSON, its Markdown or its plain text, by the path's ending. The file lies below
/// the folder, and neither it nor a folder on the way is a link, which would lead elsewhere.
pub(super) fn replace(path: &Path, folder: &Path, report: &Publication) -> Result<()> {
    let way = path.ancestors().take_while(|part| part.starts_with(folder));
    if let Some(link) = way.filter(|part| part.symlink_metadata().is_ok_and(|found| found.is_symlink())).last() {
        bail!("{} is a link, and what it leads to is not written: take it away", link.display());
    }
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let mut text = match ending.as_deref() {
        Some("json") => serde_json::to_string_pretty(&report.json)?,
        Some("md" | "markdown") => report.markdown.clone(),
        _ => report.text.clone(),
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    files::replace(path, text.as_bytes(), Access::PrivateNoLink)
}

/// Adds a report to the summary of a CI job, as much of it as that holds; says whether it is whole.
pub(super) fn append(path: &Path, report: &Publication) -> Result<bool> {
    let doing = || format!("adding the report to the job's summary {} failed", path.display());
    let mut file = OpenOptions::new().append(true).create(true).open(path).with_context(doing)?;
    let before = file.metadata().with_context(doing)?.len();
    let room = usize::try_from(SUMMARY.saturating_sub(before)).unwrap_or_default();
    let text = report.markdown.trim_end();
    // A line end on each side, so that nothing of what stands there runs on.
    let whole = text.len() + 2 <= room;
    let text = if whole { text } else { shortened(text, room.saturating_sub(2)) };
    file.write_all(secrets::hidden_text(&format!("\n{text}\n")).as_bytes()).with_context(doing)?;
    Ok(whole)
}

/// The paragraphs that there is room for.
fn shortened(text: &str, room: usize) -> &str {
    let head = &text[..text.floor_char_boundary(room)];
    head.rsplit_once("\n\n").map_or("", |(paragraphs, _)| paragraphs)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::publish::Sink;
    use crate::publish::deliver_tests::{client, report};
    use crate::publish::{DeliveryProgress, send};

    #[test]
    fn a_file_holds_what_its_ending_says() {
        let folder = tempfile::tempdir().unwrap();
        for (name, expected) in [("a/r.json", "{\n  \"n\": 1\n}\n"), ("r.md", "# T\n"), ("r.txt", "t\n"), ("r", "t\n")]
        {
            let sink = Sink::file(Path::new(name), folder.path()).unwrap();
            for _ in 0..2 {
                let outcome = send(&sink, &report("# T"), &client(), &mut DeliveryProgress::default(), &mut |_| Ok(()));
                assert!(outcome.complete(), "{outcome}");
                assert_eq!(std::fs::read_to_string(folder.path().join(name)).unwrap(), expected);
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn no_link_on_the_way_is_followed() {
        use std::os::unix::fs::symlink;
        for link in ["loop/reports", "loop/reports/a", "loop/reports/a/r.md"] {
            let top = tempfile::tempdir().unwrap();
            let (precious, link) = (top.path().join("precious"), top.path().join(link));
            std::fs::create_dir_all(precious.join("a")).unwrap();
            std::fs::write(precious.join("r.md"), "precious").unwrap();
            std::fs::create_dir_all(link.parent().unwrap()).unwrap();
            let to = if link.ends_with("r.md") { precious.join("r.md") } else { precious.clone() };
            symlink(to, &link).unwrap();
            let sink = Sink::file(Path::new("a/r.md"), &top.path().join("loop/reports")).unwrap();
            let outcome = send(&sink, &report("# T"), &client(), &mut DeliveryProgress::default(), &mut |_| Ok(()));
            let error = outcome.error.unwrap();
            assert!(error.contains(&format!("{} is a link", link.display())), "{error}");
            assert_eq!(std::fs::read_to_string(precious.join("r.md")).unwrap(), "precious");
            assert_eq!(std::fs::read_dir(precious.join("a")).unwrap().count(), 0);
        }
    }

    #[test]
    fn a_summary_grows_and_stays_within_what_its_runner_takes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary");
        std::fs::write(&path, "before").unwrap();
        let sink = Sink::summary(&path);
        let publish =
            |report: &Publication| send(&sink, report, &client(), &mut DeliveryProgress::default(), &mut |_| Ok(()));
        assert!(publish(&report("# T")).complete());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "before\n# T\n");
        let outcome = publish(&report(&"Paragraph.\n\n".repeat(100_000)));
        assert!(!outcome.complete(), "{outcome}");
        let length = std::fs::metadata(&path).unwrap().len();
        assert!((900_000..=SUMMARY).contains(&length), "{length}");
    }
}
