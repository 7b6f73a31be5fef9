//! What a command writes: claimed before anything is computed, then written whole or not at all.
//!
//! Nothing is overwritten that the command does not own: a file that exists is refused unless the user asks for its
//! replacement, and a file that the command itself reads is refused always. Symbolic links are followed: the file they
//! lead to is replaced, the link stays. Devices, pipes and `/dev/stdout` are written through.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Most symbolic links from a name to its file; Linux follows as many.
const MOST_LINKS: usize = 40;
/// What follows a file's name while it is not complete yet.
const UNFINISHED: &str = ".writing-";

/// A file that will be written.
#[derive(Debug)]
pub struct Output {
    path: PathBuf,
    target: Target,
    replaces: bool,
}

/// What a command says of a file that it will write.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// The option that names the file, as `--out`.
    pub option: &'a str,
    /// Whether a file that exists is replaced.
    pub force: bool,
    /// Files and run folders that the command reads.
    pub inputs: &'a [&'a Path],
}

/// Where the bytes go.
#[derive(Debug)]
enum Target {
    /// A regular file, which may not exist yet.
    File(PathBuf),
    /// A device, a pipe, or a descriptor other than those below.
    Device(PathBuf),
    StandardOutput,
    StandardError,
}

impl Output {
    /// Claims a file for a command that has not computed anything yet: the file does not exist or may be replaced, it is
    /// no input of the command, and its folder can be written to.
    ///
    /// # Errors
    /// [`Error::Output`] with the file, what is wrong, and what to do.
    pub fn claim(path: &Path, claim: &Claim<'_>) -> Result<Self, Error> {
        let refuse = |problem: String| Err(Error::Output { path: path.into(), problem });
        let output = Self { path: path.into(), target: Target::of(path)?, replaces: claim.force };
        let Target::File(file) = &output.target else { return Ok(output) };
        let option = claim.option;
        if claim.inputs.iter().any(|input| is_same_file(input, file)) {
            return refuse(format!("this command reads this file and will not overwrite it; choose another {option}"));
        }
        if file.exists() && !claim.force {
            return refuse(format!("exists already; choose another {option}, or overwrite it with --force"));
        }
        check_writable(folder_of(file)).map_err(|problem| Error::Output { path: path.into(), problem })?;
        Ok(output)
    }

    /// A file in a folder that the caller owns; one that exists is replaced.
    ///
    /// # Errors
    /// [`Error::Output`] if it is a folder.
    pub fn replacing(path: &Path) -> Result<Self, Error> {
        Ok(Self { path: path.into(), target: Target::of(path)?, replaces: true })
    }

    /// The name that it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is this program's standard output.
    pub fn is_standard_output(&self) -> bool {
        matches!(self.target, Target::StandardOutput)
    }

    /// Writes all of its content, or leaves everything as it was.
    ///
    /// # Errors
    /// As [`Self::write_with`].
    pub fn write(&self, content: &[u8]) -> Result<(), Error> {
        self.write_with(|file| file.write_all(content))
    }

    /// [`Self::write`] of what `write` writes, piece by piece.
    ///
    /// # Errors
    /// As [`Self::stage`] and [`Staged::put`].
    pub fn write_with(&self, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Error> {
        self.stage(write)?.put()
    }

    /// Writes the content beside its place, and syncs it; what is no regular file is written through.
    ///
    /// # Errors
    /// [`Error::Unwritable`].
    pub fn stage(&self, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<Staged<'_>, Error> {
        let unwritable = |source| Error::Unwritable { path: self.path.clone(), source };
        let through = |stream: &mut dyn Write| {
            let mut buffer = BufWriter::new(stream);
            write(&mut buffer).and_then(|()| buffer.flush()).map_err(unwritable)
        };
        let mut unnamed = None;
        match &self.target {
            Target::StandardOutput => through(&mut std::io::stdout().lock())?,
            Target::StandardError => through(&mut std::io::stderr().lock())?,
            Target::Device(path) => through(&mut OpenOptions::new().append(true).open(path).map_err(unwritable)?)?,
            Target::File(path) => {
                let mut file = unfinished_file(path).map_err(unwritable)?;
                through(file.as_file_mut())?;
                file.as_file().sync_all().map_err(unwritable)?;
                unnamed = Some((file, path.as_path()));
            }
        }
        Ok(Staged { output: self, unnamed })
    }
}

/// An output with all of its content, which only lacks its name.
#[derive(Debug)]
pub struct Staged<'o> {
    output: &'o Output,
    /// The file beside its place, and the place; nothing if it was written through.
    unnamed: Option<(tempfile::NamedTempFile, &'o Path)>,
}

impl Staged<'_> {
    /// Gives the file its name.
    ///
    /// # Errors
    /// [`Error::Unwritable`]; [`Error::Output`] if a file has come to exist since the output was claimed.
    pub fn put(self) -> Result<(), Error> {
        let Some((file, path)) = self.unnamed else { return Ok(()) };
        let name = &self.output.path;
        let unwritable = |error: tempfile::PersistError| Error::Unwritable { path: name.clone(), source: error.error };
        if self.output.replaces {
            return file.persist(path).map(|_| ()).map_err(unwritable);
        }
        match file.persist_noclobber(path) {
            Ok(_) => Ok(()),
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists || path.exists() => {
                let problem = "was written by another program in the meantime; choose another name".into();
                Err(Error::Output { path: name.clone(), problem })
            }
            // A file system that cannot tell while it renames.
            Err(error) => error.file.persist(path).map(|_| ()).map_err(unwritable),
        }
    }
}

impl Target {
    /// What a name leads to.
    fn of(path: &Path) -> Result<Self, Error> {
        let refuse = |problem: String| Err(Error::Output { path: path.into(), problem });
        if path.file_name().is_none() || path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return refuse("is no name of a file; give one".into());
        }
        let mut place = path.to_path_buf();
        for _ in 0..MOST_LINKS {
            match descriptor(&place) {
                Some(1) => return Ok(Self::StandardOutput),
                Some(2) => return Ok(Self::StandardError),
                Some(_) => return Ok(Self::Device(place)),
                None => {}
            }
            let kind = match fs::symlink_metadata(&place) {
                Ok(metadata) => metadata.file_type(),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::File(place)),
                Err(error) => return refuse(format!("cannot be written: {error}")),
            };
            if kind.is_dir() {
                return refuse("is a folder; give the name of a file".into());
            } else if kind.is_file() {
                return Ok(Self::File(place));
            } else if !kind.is_symlink() {
                return Ok(Self::Device(place));
            }
            let next = fs::read_link(&place).map_err(|source| Error::Unreadable { path: place.clone(), source })?;
            place = folder_of(&place).join(next);
        }
        refuse("is a symbolic link that leads to itself; choose another name".into())
    }
}

/// The number of an open descriptor of this program, if that is what a name stands for.
fn descriptor(path: &Path) -> Option<u32> {
    let number = path.file_name()?.to_str()?.parse().ok()?;
    let folder = path.parent()?.canonicalize().ok()?;
    let own = format!("/proc/{}/fd", std::process::id());
    (folder == Path::new("/dev/fd") || folder == Path::new(&own)).then_some(number)
}

/// The folder of a file.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What keeps files from being written to a folder, and what to do.
pub(crate) fn check_writable(folder: &Path) -> Result<(), String> {
    if !folder.exists() {
        return Err(format!("there is no folder {}; make it first", folder.display()));
    }
    let problem = |error| format!("no file can be written to the folder {}: {error}", folder.display());
    tempfile::tempfile_in(folder).map(|_| ()).map_err(problem)
}

/// How the name of a file begins that is not complete yet.
fn unfinished_prefix(path: &Path) -> std::ffi::OsString {
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(UNFINISHED);
    prefix
}

/// Removes what a program that was killed has left of files with these names, in a folder that the caller has locked.
pub(crate) fn remove_unfinished(folder: &Path, names: &[&str]) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let starts = |prefix: std::ffi::OsString| name.as_encoded_bytes().starts_with(prefix.as_encoded_bytes());
        if names.iter().any(|name| starts(unfinished_prefix(name.as_ref()))) {
            // It is in nobody's way if this fails.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A file beside `path`, with the permissions of the file that it will replace, else those that the umask leaves.
fn unfinished_file(path: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    let prefix = unfinished_prefix(path);
    builder.prefix(&prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let file = builder.tempfile_in(folder_of(path))?;
    if let Ok(replaced) = fs::metadata(path) {
        file.as_file().set_permissions(replaced.permissions())?;
    }
    Ok(file)
}

/// Whether `input`, or a file that a command reads of this folder, is `file`: by any name, link or hard link.
fn is_same_file(input: &Path, file: &Path) -> bool {
    if !input.is_dir() {
        return identity(input).is_some_and(|found| Some(found) == identity(file));
    }
    let names = fs::read_dir(input).into_iter().flatten().flatten().map(|entry| entry.path());
    names.filter(|path| is_read_of_folder(path) && path.is_file()).any(|path| is_same_file(&path, file))
}

/// Whether a command that is given a folder reads this file of it: rows, or a part of a run.
fn is_read_of_folder(path: &Path) -> bool {
    const ROWS: [&str; 6] = ["train", "test", "valid", "val", "dev", "validation"];
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    ROWS.contains(&stem) || crate::file_names::FILES.contains(&name)
}

/// What two names of one file have in common.
#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// What two names of one file have in common.
#[cfg(not(unix))]
fn identity(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok()
}

/// Writes a whole file, or nothing, in a folder that the caller owns; one that exists is replaced.
///
/// # Errors
/// As [`Output::replacing`] and [`Output::write_with`].
pub fn write_atomically(path: &Path, content: &[u8]) -> Result<(), Error> {
    Output::replacing(path)?.write(content)
}

/// A file without a name, in this folder or in the nearest one above it that is there.
///
/// # Errors
/// [`Error::Unwritable`].
pub fn temporary_file_near(folder: &Path) -> Result<File, Error> {
    let above = folder.ancestors().find(|above| above.is_dir()).unwrap_or(Path::new("."));
    tempfile::tempfile_in(above).map_err(|source| Error::Unwritable { path: above.into(), source })
}
