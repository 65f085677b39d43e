//! Many that write at once while somebody reads, and who is killed in the middle of it.

use std::io::Write;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;

use super::{command, kaizen, lines};

const NOW: &str = "2026-11-20T12:00:00Z";

#[test]
fn eight_processes_append_while_introspect_reads() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    const EACH: u64 = 10_000;
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8_u64)
            .map(|writer| {
                scope.spawn(move || {
                    let mut child = command(here, &["cycle-retro", "--now", NOW]).stdin(Stdio::piped()).spawn().unwrap();
                    let mut to = std::io::BufWriter::new(child.stdin.take().unwrap());
                    for nth in 0..EACH {
                        let reason = "x".repeat((nth % 90) as usize);
                        let cycle = json!({"cycle": writer * EACH + nth, "issue": nth % 50 + 1, "success": nth % 3 > 0, "reason": reason});
                        writeln!(to, "{cycle}").unwrap();
                    }
                    drop(to);
                    let output = child.wait_with_output().unwrap();
                    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                })
            })
            .collect();
        let (done, mut read) = (&done, 0);
        let reader = scope.spawn(move || {
            while !done.load(Ordering::Relaxed) {
                let report = kaizen(here, &["loop-introspect", "--now", NOW, "--format", "json"]).json(0);
                assert_eq!(report["log"]["bad_lines"], 0, "{report}");
                read += 1;
            }
            read
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        done.store(true, Ordering::Relaxed);
        assert!(reader.join().unwrap() > 1);
    });
    let mut cycles: Vec<u64> =
        lines(here, "retro/cycles.jsonl").iter().map(|line| line["cycle"].as_u64().unwrap()).collect();
    cycles.sort_unstable();
    assert!(cycles.into_iter().eq(0..8 * EACH), "each once");
    let report = kaizen(here, &["loop-introspect", "--now", NOW, "--format", "json"]).json(0);
    assert_eq!(report["total_cycles_analyzed"], 8 * EACH);
}

#[test]
fn a_kill_leaves_every_earlier_line_and_every_file_whole() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let mut whole = 0;
    for round in 0..12_u64 {
        let mut child = command(here, &["cycle-retro", "--now", NOW]).stdin(Stdio::piped()).spawn().unwrap();
        let mut to = child.stdin.take().unwrap();
        let sent: String = (0..3_000)
            .map(|nth| json!({"cycle": round * 10_000 + nth, "issue": 1, "success": true}).to_string() + "\n")
            .collect();
        let writer = std::thread::spawn(move || drop(to.write_all(sent.as_bytes())));
        // Until it writes, and then a little longer each time.
        let length = || std::fs::metadata(here.join(".loop/retro/cycles.jsonl")).map_or(0, |about| about.len());
        let (before, began) = (length(), std::time::Instant::now());
        while length() == before && began.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(2 * round));
        // SIGKILL: nothing is cleaned up.
        child.kill().unwrap();
        child.wait().unwrap();
        writer.join().unwrap();
        let path = here.join(".loop/retro/cycles.jsonl");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let readable = text.lines().filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()).count();
        assert!(readable >= whole && text.lines().count() <= readable + 1, "at most the last line is torn");
        whole = readable;
        for name in ["retro/summary.json", "retro/insights.json", "guard.json"] {
            if let Ok(bytes) = std::fs::read(here.join(".loop").join(name)) {
                serde_json::from_slice::<serde_json::Value>(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        }
        assert_eq!(
            kaizen(here, &["loop-introspect", "--now", NOW, "--format", "json"]).json(0)["total_cycles_analyzed"],
            whole
        );
        kaizen(here, &["loop-guard", "--now", NOW]);
    }
    assert!(whole > 12, "some were written before each kill");
    let ran = kaizen(here, &["cycle-retro", "--cycle", "999999", "--now", NOW]);
    assert_eq!(ran.code, 0, "the next one goes on: {}", ran.stderr);
}
