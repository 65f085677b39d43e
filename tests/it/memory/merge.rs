//! `loop-merge`: two versions of the folder put together.

use super::{kaizen, lines};

#[test]
fn folders_are_put_together_file_by_file() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let write = |name: &str, text: &str| {
        let path = here.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let line = |hour: u32, cycle: u32| format!("{{\"timestamp\":\"2026-11-20T{hour:02}:00:00Z\",\"cycle\":{cycle}}}\n");
    write(".loop/retro/cycles.jsonl", &(line(1, 1) + &line(5, 2)));
    write("theirs/retro/cycles.jsonl", &(line(1, 1) + &line(3, 3)));
    write("theirs/retro/cycles.jsonl.1", &line(0, 0));
    write(".loop/queue.json", "{\"generated_at\":\"2026-11-20T05:00:00Z\",\"items\":[1]}");
    write("theirs/queue.json", "{\"generated_at\":\"2026-11-20T04:00:00Z\",\"items\":[2]}");
    write(".loop/guard.json", "{\"generated_at\":\"2026-11-20T03:00:00Z\",\"wait_s\":60}");
    write("theirs/guard.json", "{\"generated_at\":\"2026-11-20T04:00:00Z\",\"wait_s\":120}");
    write("theirs/lock", "");
    write("theirs/.queue.json.abc.tmp", "half");
    for _ in 0..2 {
        assert_eq!(kaizen(here, &["loop-merge", ".loop", "theirs"]).code, 0);
        let cycles: Vec<u64> =
            lines(here, "retro/cycles.jsonl").iter().map(|line| line["cycle"].as_u64().unwrap()).collect();
        assert_eq!(cycles, [1, 3, 2]);
        assert_eq!(lines(here, "retro/cycles.jsonl.1").len(), 1);
        assert_eq!(
            (super::json(here, "queue.json")["items"][0].as_u64(), super::json(here, "guard.json")["wait_s"].as_u64()),
            (Some(1), Some(120))
        );
        assert!(!here.join(".loop/lock").exists() && !here.join(".loop/.queue.json.abc.tmp").exists());
    }
    assert_eq!(kaizen(here, &["loop-merge", ".loop", "nowhere"]).code, 2);
}
