//! Files that several runs share: locks of the operating system, and replacement as a whole.
//!
//! Takes: paths and bytes. Gives: a [`Lock`] that a killed run leaves to the next one, and
//! [`replace`], after which a file is what it was or what it was to be, and nothing between. Knows
//! nothing of what the files hold.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use tempfile::NamedTempFile;

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
        let file = open_for(path, OpenOptions::new().write(true).create(true).truncate(false)).with_context(|| {
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

/// Puts `bytes` where the file at `path` is or shall be, as a whole or not at all, whatever ends this
/// process meanwhile; once it has returned, a loss of power leaves them too. Who may read the file
/// stays as it was. A link is followed, so that it is the file behind it that changes.
///
/// # Errors
/// What could not be done; the file is then what it was.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    written(path, bytes).with_context(|| {
        format!(
            "replacing {} failed, and it is as it was; check that its folder may be written to and has {} bytes to \
             spare",
            path.display(),
            bytes.len()
        )
    })
}

fn written(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = &resolved(path)?;
    let before = match fs::metadata(path) {
        Ok(about) => Some(about),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let folder = folder(path);
    if before.is_none() {
        fs::create_dir_all(folder)?;
    }
    let mut file = beside(path, folder)?;
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

/// A file in the same folder: only within one file system a rename is at once.
fn beside(path: &Path, folder: &Path) -> io::Result<NamedTempFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".tmp");
    #[cfg(unix)]
    {
        // As any new file: what the user's mask leaves of it.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
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
        replace(&path, b"one").unwrap();
        let open = fs::read_to_string(&path).unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!((open.as_str(), fs::read_to_string(&path).unwrap().as_str()), ("one", "two"));
        assert_eq!(names(path.parent().unwrap()), ["a.json"]);
        let error = format!("{:#}", replace(folder.path(), b"x").unwrap_err());
        assert!(error.starts_with(&format!("replacing {} failed, and it is as it was", folder.path().display())));
        assert_eq!(names(folder.path()), ["deep"]);
        assert!(replace(&path.join("below-a-file"), b"x").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn who_may_read_it_stays_and_a_link_stays_a_link() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        replace(&real, b"one").unwrap();
        let plain = folder.path().join("plain");
        fs::write(&plain, "").unwrap();
        assert_eq!(mode(&real), mode(&plain), "a new file is as any other");
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("real", &link).unwrap();
        replace(&link, b"two").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!((mode(&real), fs::read(&real).unwrap()), (0o640, b"two".to_vec()));
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
