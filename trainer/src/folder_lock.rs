//! Folders that one program at a time writes to.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Error;
use crate::note;
use crate::output::check_writable;

/// The name of the file that is locked. It is empty and stays in its folder.
pub const LOCK_FILE: &str = "lock";
/// How often a lock is taken whose file another program removes at the same time.
const MOST_ATTEMPTS: usize = 20;

/// Folders that were made for what is to be written, the outermost first. Those that are empty at the end are removed.
#[derive(Debug, Default)]
pub struct MadeFolders(Vec<PathBuf>);

impl MadeFolders {
    /// Makes a folder, and those above it that are not there, and tries that files can be written to it.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub fn make(path: &Path) -> Result<Self, Error> {
        let refuse = |problem: String| Error::Output { path: path.into(), problem };
        let missing = path.ancestors().take_while(|above| !above.as_os_str().is_empty() && !above.exists());
        let missing: Vec<PathBuf> = missing.map(Path::to_path_buf).collect();
        let mut made = Self::default();
        for folder in missing.into_iter().rev() {
            match fs::create_dir(&folder) {
                Ok(()) => made.0.push(folder),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(refuse(format!("the folder cannot be made: {error}"))),
            }
        }
        if !path.is_dir() {
            return Err(refuse("is a file; a folder is written here, choose another --out".into()));
        }
        check_writable(path).map_err(refuse)?;
        Ok(made)
    }
}

impl Drop for MadeFolders {
    fn drop(&mut self) {
        for folder in self.0.iter().rev() {
            // Fails for a folder with content, which stays.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// The right to write to a folder, which one program at a time has. The operating system takes it back when the program
/// ends, however it ends.
///
/// A folder that was made for it, and its lock file, are removed at the end unless [`Self::keep`] was called.
#[derive(Debug)]
pub struct FolderLock {
    path: PathBuf,
    /// Open while the lock is held.
    file: File,
    is_new: bool,
    is_kept: AtomicBool,
    _made: MadeFolders,
}

impl FolderLock {
    /// Makes a folder, if it is not there, and locks it. Where the file system has no locks, says so and goes on.
    ///
    /// # Errors
    /// [`Error::Output`] if another program has the lock, or if the folder cannot be made or written to.
    pub fn take(path: &Path) -> Result<Self, Error> {
        let unlockable = |error| Error::Output { path: path.into(), problem: format!("cannot be locked: {error}") };
        for _ in 0..MOST_ATTEMPTS {
            let made = MadeFolders::make(path)?;
            let (file, is_new) = match open_lock(path) {
                Ok(opened) => opened,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(unlockable(error)),
            };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let problem = "another training writes to this folder; wait for its end, or choose another --out";
                    return Err(Error::Output { path: path.into(), problem: problem.into() });
                }
                Err(TryLockError::Error(error)) => note(&format!(
                    "{}: this file system has no locks ({error}): nothing keeps a second training from writing here",
                    path.display()
                )),
            }
            let lock = Self { path: path.into(), file, is_new, is_kept: AtomicBool::new(false), _made: made };
            if lock.is_in_place() {
                return Ok(lock);
            }
            // The program that had the lock before removed the file after this one had opened it.
            lock.keep();
        }
        Err(unlockable(ErrorKind::ResourceBusy.into()))
    }

    /// Whether nothing had locked this folder before.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// From now on the folder has content, and stays.
    pub fn keep(&self) {
        self.is_kept.store(true, Ordering::Relaxed);
    }

    #[cfg(unix)]
    fn is_in_place(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        let (Ok(held), Ok(named)) = (self.file.metadata(), fs::metadata(self.path.join(LOCK_FILE))) else {
            return false;
        };
        (held.dev(), held.ino()) == (named.dev(), named.ino())
    }

    #[cfg(not(unix))]
    fn is_in_place(&self) -> bool {
        self.file.metadata().is_ok() && self.path.join(LOCK_FILE).is_file()
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        if self.is_new && !self.is_kept.load(Ordering::Relaxed) {
            let _ = fs::remove_file(self.path.join(LOCK_FILE));
        }
    }
}

/// The lock file of a folder, and whether it was not there before.
fn open_lock(folder: &Path) -> std::io::Result<(File, bool)> {
    let path = folder.join(LOCK_FILE);
    match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(file) => Ok((file, true)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Ok((OpenOptions::new().write(true).open(&path)?, false))
        }
        Err(error) => Err(error),
    }
}
