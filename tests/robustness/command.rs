//! Runs the built `trainer` in a folder of its own.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

/// What a command left.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// That the command was refused for its input: exit code 2, nothing on standard output, and on standard
    /// error one line which has each part of `says`.
    pub(crate) fn assert_refused(&self, what: &str, says: &[&str]) {
        assert_eq!(self.code, Some(2), "{what}: {self:?}");
        assert_eq!(self.stdout, "", "{what}");
        assert_eq!(self.stderr.lines().count(), 1, "{what}: {}", self.stderr);
        assert!(self.stderr.starts_with("error: "), "{what}: {}", self.stderr);
        for part in says {
            assert!(self.stderr.contains(part), "{what}: no `{part}` in: {}", self.stderr);
        }
    }

    /// That the command did its work; its standard output.
    pub(crate) fn assert_done(&self, what: &str) -> &str {
        assert_eq!(self.code, Some(0), "{what}: {self:?}");
        &self.stdout
    }
}

/// A folder with files, where commands run.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, name: &str, content: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Copies the finished run to a folder of this name.
    pub(crate) fn copy_run(&self, name: &str) {
        for (file, content) in snapshot(&shared().path("run")) {
            self.write(&format!("{name}/{file}"), &content);
        }
    }

    /// Runs `trainer` with arguments that are separated by spaces.
    pub(crate) fn run(&self, arguments: &str) -> Outcome {
        self.run_with(&arguments.split_whitespace().collect::<Vec<_>>(), b"")
    }

    /// [`Self::run`] on so many threads.
    pub(crate) fn run_on_threads(&self, threads: usize, arguments: &str) -> Outcome {
        let mut command = self.command();
        for variable in ["RAYON_NUM_THREADS", "MATMUL_NUM_THREADS"] {
            command.env(variable, threads.to_string());
        }
        let output = command.args(arguments.split_whitespace()).output().unwrap();
        Outcome::of(&output)
    }

    /// Starts `trainer`, whose output nobody reads.
    pub(crate) fn spawn(&self, arguments: &str) -> Child {
        let mut command = self.command();
        command.args(arguments.split_whitespace()).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs `trainer` from a shell, where `$trainer` is the program.
    pub(crate) fn shell(&self, script: &str) -> Outcome {
        let mut command = Command::new("sh");
        command.args(["-c", script]).current_dir(self.0.path()).env("trainer", binary());
        Outcome::of(&command.output().unwrap())
    }

    /// `trainer`, to be run in this folder.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(binary());
        command.current_dir(self.0.path()).env("RUST_BACKTRACE", "0");
        command
    }

    /// Runs `trainer` with arguments and standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], stdin: &[u8]) -> Outcome {
        self.run_into(arguments, stdin, Stdio::piped(), Stdio::piped())
    }

    /// Runs `trainer` with its output going to where the caller says.
    pub(crate) fn run_into(&self, arguments: &[&str], stdin: &[u8], stdout: Stdio, stderr: Stdio) -> Outcome {
        let mut command = self.command();
        let mut child = command.args(arguments).stdin(Stdio::piped()).stdout(stdout).stderr(stderr).spawn().unwrap();
        // A command that was refused does not read to the end.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        Outcome::of(&child.wait_with_output().unwrap())
    }

    /// That `arguments` are refused, and that no file or folder is there afterwards that was not before,
    /// or is another.
    pub(crate) fn assert_refused(&self, arguments: &str, says: &[&str]) {
        let before = self.everything();
        self.run(arguments).assert_refused(arguments, says);
        assert!(self.everything() == before, "`{arguments}` left: {:?}", self.everything().keys());
    }

    /// All files with their content, and all folders.
    pub(crate) fn everything(&self) -> BTreeMap<String, Vec<u8>> {
        snapshot(self.0.path())
    }
}

fn snapshot(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            let below = snapshot(&entry.path()).into_iter();
            found.extend(below.map(|(file, content)| (format!("{name}/{file}"), content)));
            found.insert(name + "/", Vec::new());
        } else {
            found.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
    found
}

/// A pipe whose reader has gone.
pub(crate) fn unread() -> Stdio {
    std::io::pipe().unwrap().1.into()
}

/// The program that was built beside this test.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let binary = test.parent().unwrap().parent().unwrap().join("trainer");
        assert!(binary.is_file(), "{} is missing: run cargo build --release first", binary.display());
        binary
    })
}

/// Settings of a network that trains in no time.
pub(crate) const TINY: &str = "--epochs 1 --folds 0 --hidden-size 4 --embedding-size 4 --device cpu";
/// The labels of [`rows`].
pub(crate) const LABELS: [&str; 2] = ["off", "on"];

/// 40 rows of two labels.
pub(crate) fn rows() -> String {
    let row = |number: usize| {
        let label = LABELS[number % 2];
        format!("{label},please switch the lamp number {} {label}\n", number % 5)
    };
    (0..40).map(row).collect()
}

/// 40 sequences of frames of two channels, with the labels of [`rows`].
pub(crate) fn frames() -> String {
    let sequence = |number: usize| -> String {
        let label = LABELS[number % 2];
        let value = |frame: usize| (frame * frame + 3 * number) as f32 / 4.0 * if label == "on" { 1.0 } else { -1.0 };
        (0..3 + number % 4).map(|frame| format!("{number},{label},{},{}\n", value(frame), number % 5)).collect()
    };
    "sequence,label,x,y\n".to_owned() + &(0..40).map(sequence).collect::<String>()
}

/// A place with `rows.csv`, the finished `run`, and its `int8.rnl`, `f16.rnl` and `f32.rnl`; made once, never
/// changed.
pub(crate) fn shared() -> &'static Place {
    static SHARED: OnceLock<Place> = OnceLock::new();
    SHARED.get_or_init(|| {
        let place = Place::new();
        place.write("rows.csv", rows().as_bytes());
        place.run(&format!("train --data rows.csv --out run {TINY}")).assert_done("train");
        for precision in ["int8", "f16", "f32"] {
            place.run(&format!("export run --precision {precision} --out {precision}.rnl")).assert_done("export");
        }
        place
    })
}

/// The bytes of one of the shared model files.
pub(crate) fn model(precision: &str) -> Vec<u8> {
    std::fs::read(shared().path(&format!("{precision}.rnl"))).unwrap()
}
