//! Files that several runs share: locks of the operating system, and replacement as a whole.
//!
//! Takes: paths and bytes. Gives: a [`Lock`] that a killed run leaves to the next one, and
//! [`replace`], after which a file is what it was or what it was to be, and nothing between. Half-written
//! files of a killed run go with the next replacement. Knows nothing of what the files hold.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use tempfile::NamedTempFile;

use crate::secrets;

/// Time between two tries to take a lock: the system's own waiting knows no end.
const BETWEEN: Duration = Duration::from_millis(20);

/// How long a lock is waited for, and who is told that it is.
pub struct Patience<'a> {
    /// Waited no longer than this.
    pub most: Duration,
    /// Told once, when the waiting begins: what is waited for.
    pub tell: &'a dyn Fn(&str),
}

impl<'a> Patience<'a> {
    /// As long as one run waits for another: a minute.
    pub fn minute(tell: &'a dyn Fn(&str)) -> Patience<'a> {
        Patience { most: Duration::from_secs(60), tell }
    }
}

/// A lock on a file that is there for nothing else. It ends when this is dropped, and when the
/// process ends in whatever way.
#[derive(Debug)]
pub struct Lock {
    /// The lock is the open file's.
    _file: File,
}

impl Lock {
    /// Takes the lock at `path`, making the file, and the folders above it, where they are missing.
    /// `what` names what is locked. The empty file stays there when the lock ends: whoever took it away might
    /// take it from under one who just opened it, and two would hold the lock.
    ///
    /// # Errors
    /// The file cannot be made or locked, or another holds it for longer than is waited.
    pub fn take(path: &Path, what: &str, patience: &Patience<'_>) -> Result<Lock> {
        let shown = path.display();
        let options = without_links(OpenOptions::new().write(true).create(true).truncate(false));
        let file = open_for(path, &options).with_context(|| {
            format!("opening {shown}, the lock of {what}, failed; check that its folder is there and may be written to")
        })?;
        let began = Instant::now();
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(TryLockError::WouldBlock) if began.elapsed() >= patience.most => {
                    return Err(anyhow!(
                        "{what} is in use: another run has held {shown} for the {} s that this one waited; let that \
                         run end, or end it (`fuser {shown}` names its process), and run this again",
                        patience.most.as_secs()
                    ));
                }
                Err(TryLockError::WouldBlock) => {
                    if !told {
                        let most = patience.most.as_secs();
                        (patience.tell)(&format!(
                            "{what} is in use by another run, which holds {shown}; waiting for up to {most} s"
                        ));
                        told = true;
                    }
                    thread::sleep(BETWEEN.min(patience.most.saturating_sub(began.elapsed())));
                }
                Err(TryLockError::Error(error)) => {
                    return Err(anyhow::Error::new(error).context(format!(
                        "locking {shown}, the lock of {what}, failed; is it on a file system that has locks?"
                    )));
                }
            }
        }
    }
}

/// The age from which an empty temporary file is one that its run has left behind.
const ABANDONED: Duration = Duration::from_secs(60);

/// Who may read a file that is made, and what becomes of a link that stands in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// As any new file: what the user's mask leaves. A link is followed, so that it is the file behind it that
    /// changes.
    Usual,
    /// Its owner alone, because it may hold texts of private repositories. A link is followed.
    Private,
    /// Its owner alone. A link is no file of ours: it is replaced, and what it leads to stays as it is.
    PrivateNoLink,
}

/// Options that open a file itself: a link in its place is an error, whatever it leads to.
#[must_use]
pub fn without_links(options: &OpenOptions) -> OpenOptions {
    let mut options = options.clone();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    options
}

/// Options that give a file that they make to its owner alone.
#[must_use]
pub fn private(options: &OpenOptions) -> OpenOptions {
    let mut options = options.clone();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// Whether a link stands at a path, wherever it leads.
#[must_use]
pub fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|about| about.is_symlink())
}

/// Opens a file, making the folders above it where one is missing.
///
/// # Errors
/// As the system gave it.
pub fn open_for(path: &Path, options: &OpenOptions) -> io::Result<File> {
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder(path))?;
            options.open(path)
        }
        other => other,
    }
}

/// Reads a file of at most so many bytes, so that a wrong path (a disk, a log without end) does not fill the memory.
///
/// # Errors
/// As the system gave it; a file that is larger says so, with both sizes.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_from(&mut File::open(path)?, most)
}

/// The same of an open file.
///
/// # Errors
/// As [`read`].
pub fn read_from(file: &mut File, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let what = format!("it is larger than the {most} bytes that are read of it");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
    }
    Ok(bytes)
}

/// Puts `bytes` where the file at `path` is or shall be, as a whole or not at all, whatever ends this
/// process meanwhile; once it has returned, a loss of power leaves them too. Who may read a file that is
/// there stays as it was. A secret of this process is left out. A device or a pipe (`/dev/stdout`) is written to.
///
/// # Errors
/// What could not be done; the file is then what it was.
pub fn replace(path: &Path, bytes: &[u8], access: Access) -> Result<()> {
    write_whole(path, &secrets::hidden(bytes), access).with_context(|| {
        format!(
            "replacing {} failed, and it is as it was; check that its folder may be written to and has {} bytes to \
             spare",
            path.display(),
            bytes.len()
        )
    })
}

fn write_whole(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let link = access == Access::PrivateNoLink;
    let path = &if link { path.to_owned() } else { resolved(path)? };
    let before = match fs::symlink_metadata(path) {
        Ok(about) => Some(about).filter(|about| !about.is_symlink()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if before.as_ref().is_some_and(|about| !about.is_file() && !about.is_dir()) {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let folder = folder(path);
    if before.is_none() {
        fs::create_dir_all(folder)?;
    }
    sweep(path, folder);
    let mut file = beside(path, folder, access)?;
    // While this process lives, nobody takes its file for one that was left behind.
    let _ = file.as_file().lock();
    file.write_all(bytes)?;
    if let Some(before) = &before {
        keep_owner(file.as_file(), before);
        file.as_file().set_permissions(before.permissions())?;
    }
    // What is renamed before it is on the disk may be there empty after a loss of power.
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_folder(folder)
}

/// Takes away what runs that were killed while they replaced this file have left beside it. Looked for once
/// in the life of this process. That it cannot be taken away is no reason to stop.
fn sweep(path: &Path, folder: &Path) {
    static SWEPT: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);
    let mut swept = SWEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if !swept.get_or_insert_default().insert(path.to_owned()) {
        return;
    }
    drop(swept);
    let Some(prefix) = temporary(path) else { return };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|name| name.starts_with(&prefix) && name.ends_with(SUFFIX));
        if ours && entry.file_type().is_ok_and(|kind| kind.is_file()) && abandoned(&entry.path()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether the process that made a temporary file is gone: its lock is.
fn abandoned(path: &Path) -> bool {
    let Ok(file) = without_links(OpenOptions::new().write(true)).open(path) else { return false };
    let Ok(about) = file.metadata() else { return false };
    // One that is empty may have been made a moment ago, and not be locked yet.
    let old = || about.modified().is_ok_and(|at| at.elapsed().is_ok_and(|age| age > ABANDONED));
    file.try_lock().is_ok() && (about.len() > 0 || old())
}

/// The path behind links, of a file that need not be there.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_owned()),
        other => other,
    }
}

/// The folder that a file is in.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// How names of temporary files end.
const SUFFIX: &str = ".tmp";

/// How names of temporary files for this one begin.
fn temporary(path: &Path) -> Option<String> {
    path.file_name().map(|name| format!(".{}.", name.to_string_lossy()))
}

/// A file in the same folder: only within one file system a rename is at once.
fn beside(path: &Path, folder: &Path, access: Access) -> io::Result<NamedTempFile> {
    let prefix = temporary(path).unwrap_or_default();
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = if access == Access::Usual { 0o666 } else { 0o600 };
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = access;
    builder.tempfile_in(folder)
}

/// A run of another user than the file's leaves the file to whom it belongs, where it may.
fn keep_owner(file: &File, before: &fs::Metadata) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        // Only the superuser may give files away; others lose nothing but the old owner.
        let _ = fchown(file, Some(before.uid()), Some(before.gid()));
    }
    #[cfg(not(unix))]
    let _ = (file, before);
}

/// The rename itself must be on the disk too.
fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/a.json");
        replace(&path, b"one", Access::Usual).unwrap();
        let open = fs::read_to_string(&path).unwrap();
        replace(&path, b"two", Access::Usual).unwrap();
        assert_eq!((open.as_str(), fs::read_to_string(&path).unwrap().as_str()), ("one", "two"));
        assert_eq!(names(path.parent().unwrap()), ["a.json"]);
        let error = format!("{:#}", replace(folder.path(), b"x", Access::Usual).unwrap_err());
        assert!(error.starts_with(&format!("replacing {} failed, and it is as it was", folder.path().display())));
        assert_eq!(names(folder.path()), ["deep"]);
        assert!(replace(&path.join("below-a-file"), b"x", Access::Usual).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn who_may_read_it_stays_and_a_link_stays_a_link() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        replace(&real, b"one", Access::Usual).unwrap();
        let plain = folder.path().join("plain");
        fs::write(&plain, "").unwrap();
        assert_eq!(mode(&real), mode(&plain), "a new file is as any other");
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("real", &link).unwrap();
        replace(&link, b"two", Access::Usual).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!((mode(&real), fs::read(&real).unwrap()), (0o640, b"two".to_vec()));
        // What is private is new for its owner alone, and what a link leads to stays as it is.
        replace(&folder.path().join("own"), b"x", Access::Private).unwrap();
        replace(&link, b"three", Access::PrivateNoLink).unwrap();
        assert_eq!((mode(&folder.path().join("own")), mode(&link)), (0o600, 0o600));
        assert!(!is_link(&link) && fs::read(&link).unwrap() == b"three" && fs::read(&real).unwrap() == b"two");
        symlink("real", folder.path().join("other")).unwrap();
        assert!(without_links(OpenOptions::new().read(true)).open(folder.path().join("other")).is_err());
        assert!(without_links(OpenOptions::new().read(true)).open(&link).is_ok());
    }

    #[test]
    fn the_next_run_sweeps_what_a_killed_one_left() {
        let folder = tempfile::tempdir().unwrap();
        let here = |name: &str| folder.path().join(name);
        for name in [".a.json.k1ll3d.tmp", ".a.json.new.tmp", ".a.json.old.tmp", ".b.json.x.tmp", ".a.json.l1v3.tmp"] {
            fs::write(here(name), if name.contains("new") || name.contains("old") { "" } else { "half" }).unwrap();
        }
        let old = File::options().write(true).open(here(".a.json.old.tmp")).unwrap();
        old.set_modified(std::time::SystemTime::now() - Duration::from_secs(3_600)).unwrap();
        let lives = File::options().write(true).open(here(".a.json.l1v3.tmp")).unwrap();
        lives.lock().unwrap();
        replace(&here("a.json"), b"{}", Access::Private).unwrap();
        let left = [".a.json.l1v3.tmp", ".a.json.new.tmp", ".b.json.x.tmp", "a.json"];
        assert_eq!(names(folder.path()), left, "of this file, and of nobody who lives");
    }

    #[test]
    fn two_wait_for_one_another_and_one_gives_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x/lock");
        let told = Mutex::new(Vec::new());
        let tell = |text: &str| told.lock().unwrap().push(text.to_owned());
        let first = Lock::take(&path, "the thing", &Patience::minute(&tell)).unwrap();
        let short = Patience { most: Duration::from_millis(50), tell: &tell };
        let error = Lock::take(&path, "the thing", &short).unwrap_err().to_string();
        let shown = path.display();
        assert!(
            error.starts_with(&format!("the thing is in use: another run has held {shown} for the 0 s")),
            "{error}"
        );
        assert_eq!(told.lock().unwrap().len(), 1, "said once");
        thread::scope(|scope| {
            let second = scope.spawn(|| Lock::take(&path, "the thing", &Patience::minute(&|_| {})).map(|_| ()));
            thread::sleep(Duration::from_millis(60));
            assert!(!second.is_finished());
            drop(first);
            second.join().unwrap().unwrap();
        });
        Lock::take(&path, "the thing", &short).unwrap();
        assert!(Lock::take(folder.path(), "the thing", &short).is_err(), "a folder is no lock");
    }
}
