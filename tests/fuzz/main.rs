//! A fuzzer over everything that is read: rules, templates, cases, plans, forge files, logs, sessions, answers of
//! servers.
//!
//! Takes: `KAIZEN_FUZZ`, how many inputs each target is given (a few by default); `KAIZEN_FUZZ_SEED`, a number that
//! they follow from. Gives: a failure that names each input which made a target panic, take more than 5 seconds or
//! a gigabyte; the input lies in `tests/fuzz-found/<target>/` then, and is tried first from then on. With
//! `KAIZEN_FUZZ_TRACE` set each input is written to `target/fuzz-last-<target>` before it is tried: after a stack
//! that overflows nobody can tell any more.
//!
//! - `mutate` inputs made of seeds, `seeds` what they are made of, `targets` what they are given to

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "a test, and no crate that others use"
)]

mod mutate;
mod seeds;
mod targets;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mutate::Mutator;
use seeds::root;

/// What one input may take.
const SECONDS: u64 = 5;
const MEMORY: u64 = 1 << 30;
/// Seconds after which an input is given up, as it may never end.
const GIVEN_UP: u64 = 60;
/// Inputs between two looks at the memory.
const LOOK: u64 = 64;
/// Inputs that are kept of one run.
const FOUND: usize = 10;

/// One reader, which must get along with every input.
pub struct Target {
    pub name: &'static str,
    /// Inputs by default.
    pub few: u64,
    /// Of so many that are asked for one is tried: what goes over a network takes longer.
    pub one_of: u64,
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// What is done with each; made once, as some need rules to judge by.
    pub make: fn() -> targets::Reads,
    /// Bytes of the stack that the program reads this on.
    pub stack: usize,
}

/// The input at hand, since when.
type Current = Arc<Mutex<Option<(Instant, Vec<u8>)>>>;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.replace('_', "").parse().unwrap_or_else(|error| panic!("{name}: {error}")))
}

/// The most memory that this process has ever taken, in bytes; nothing where the system does not say.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).map_or(0, |kib| kib << 10)
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_else(|| "a panic".to_owned())
}

/// Keeps an input, so that it is tried each time.
fn keep(target: &str, input: &[u8]) -> PathBuf {
    let folder = root().join("tests/fuzz-found").join(target);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(kaizen::engine::digest(&String::from_utf8_lossy(input)));
    std::fs::write(&path, input).unwrap();
    path
}

/// Gives a target its inputs, those first that were found before.
fn fuzz(target: &'static Target) {
    let current = Current::default();
    let watched = Arc::clone(&current);
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let watch = std::thread::spawn(move || {
        // Until the other side is gone.
        while ended.recv_timeout(Duration::from_secs(1)) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            let at_hand = watched.lock().unwrap().clone();
            if let Some((since, input)) = at_hand.filter(|(since, _)| since.elapsed().as_secs() > GIVEN_UP) {
                println!(
                    "{} does not end after {} s: {}",
                    target.name,
                    since.elapsed().as_secs(),
                    keep(target.name, &input).display()
                );
                std::process::abort();
            }
        }
    });
    let work = std::thread::Builder::new().stack_size(target.stack).spawn(move || {
        let _end = end;
        let count = number("KAIZEN_FUZZ").map_or(target.few, |count| count / target.one_of);
        run(target, count, number("KAIZEN_FUZZ_SEED").unwrap_or(1), &current)
    });
    let found = work.unwrap().join().unwrap();
    watch.join().unwrap();
    assert!(found.is_empty(), "{}:\n{}", target.name, found.join("\n"));
}

/// One sentence for each input that the target does not get along with.
fn run(target: &Target, count: u64, seed: u64, current: &Current) -> Vec<String> {
    let reader = (target.make)();
    let trace = std::env::var_os("KAIZEN_FUZZ_TRACE").map(|_| root().join(format!("target/fuzz-last-{}", target.name)));
    let mut found = Vec::new();
    let mut try_one = |input: &[u8], what: &dyn Fn() -> String| {
        if let Some(path) = &trace {
            std::fs::write(path, input).unwrap();
        }
        let began = Instant::now();
        *current.lock().unwrap() = Some((began, input.to_vec()));
        let ended = catch_unwind(AssertUnwindSafe(|| reader(input)));
        *current.lock().unwrap() = None;
        let took = began.elapsed().as_secs();
        let wrong = match ended {
            Err(panic) => Some(said(panic.as_ref())),
            Ok(()) if took > SECONDS => Some(format!("it takes {took} s")),
            Ok(()) => None,
        };
        if let Some(wrong) = wrong {
            found.push(format!("{}: {wrong}: {}", what(), keep(target.name, input).display()));
        }
        found.len() < FOUND
    };
    let folder = root().join("tests/fuzz-found").join(target.name);
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        try_one(&std::fs::read(&path).unwrap(), &|| "found before".to_owned());
    }
    let seeds = (target.seeds)();
    for seed in &seeds {
        try_one(seed, &|| "a seed".to_owned());
    }
    let (of_seeds, mutator, began) = (seeds.len(), Mutator::new(seeds, seed), Instant::now());
    let before = memory();
    for at in 0..count {
        if !try_one(&mutator.input(at), &|| format!("input {at} of KAIZEN_FUZZ_SEED={seed}")) {
            break;
        }
        if at % LOOK == 0 && memory() > before + MEMORY {
            found.push(format!("one of the {LOOK} inputs up to {at} of KAIZEN_FUZZ_SEED={seed} takes more than 1 GiB"));
            break;
        }
        if count > 100_000 && at % 100_000 == 0 {
            println!("{}: {at} of {count} after {} s", target.name, began.elapsed().as_secs());
        }
    }
    println!(
        "{}: {count} inputs of {of_seeds} seeds, KAIZEN_FUZZ_SEED={seed}, {} s",
        target.name,
        began.elapsed().as_secs()
    );
    found
}

macro_rules! targets {
    ($($name:ident)*) => { $(#[test] fn $name() { fuzz(&targets::$name::TARGET); })* };
}

targets! { rules templates cases plans forge_files logs sessions answers servers }

/// The fuzzer itself: it finds what there is to be found.
mod itself {
    use super::*;

    #[test]
    fn inputs_follow_from_the_seed_and_differ() {
        let seeds = || vec![b"version: 1\njob: x\n".to_vec(), b"{\"a\": [1, 2]}".to_vec()];
        let inputs = |seed| (0..500).map(|at| Mutator::new(seeds(), seed).input(at)).collect::<Vec<_>>();
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
        let different: std::collections::BTreeSet<Vec<u8>> = inputs(1).into_iter().collect();
        assert!(different.len() > 350, "only {}", different.len());
        assert!(different.iter().any(|input| std::str::from_utf8(input).is_err()));
    }

    #[test]
    fn a_panic_and_a_delay_are_found_and_kept() {
        static BAD: Target = Target {
            name: "itself",
            few: 2_000,
            one_of: 1,
            seeds: || vec![b"a quiet text".to_vec()],
            make: || Box::new(|input| assert!(!input.contains(&b'{'), "a brace")),
            stack: 1 << 20,
        };
        let found = run(&BAD, BAD.few, 1, &Current::default());
        let folder = root().join("tests/fuzz-found/itself");
        let kept = std::fs::read_dir(&folder).unwrap().count();
        std::fs::remove_dir_all(folder).unwrap();
        assert!(!found.is_empty() && found.len() <= FOUND && (1..=found.len()).contains(&kept), "{kept} {found:?}");
        assert!(found[0].contains("a brace") && found[0].contains("KAIZEN_FUZZ_SEED=1"), "{found:?}");
    }
}
