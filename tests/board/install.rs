//! `firmware-demo/install` on machines that lack something: programs of the machine are stand-ins that keep a log.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;
use tests::repository;

use super::{boards, make_executable};

/// What the script itself uses of a machine.
const TOOLS: [&str; 7] = ["bash", "env", "dirname", "sed", "cut", "tr", "sort"];
/// What the stand-ins use.
const TOOLS_OF_STAND_INS: [&str; 2] = ["cat", "cp"];
/// Stand-ins that write their arguments to the log.
const LOGGED: [&str; 4] = ["apt-get", "brew", "sudo", "rustup"];
/// Has the targets that `target add` was asked for.
const RUSTUP: &str =
    r#"case "$2" in list) cat "$STATE/targets" ;; add) shift 2; printf '%s\n' "$@" >>"$STATE/targets" ;; esac"#;
/// Leaves QEMU where it is asked for it.
const INSTALLS_QEMU: &str = r#"case "$*" in *install*qemu*) cp "$STATE/true" "$STATE/qemu-system-arm" ;; esac"#;

/// A machine with cargo, Python and a C compiler, without QEMU, rustup, apt-get or Homebrew, used by root.
struct Machine(TempDir);

impl Machine {
    fn new() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        for tool in TOOLS.iter().chain(&TOOLS_OF_STAND_INS) {
            machine.link(tool, &output_of("sh", &["-c", &format!("command -v {tool}")]));
        }
        machine.link("python3", &output_of("python3", &["-c", "import sys; print(sys.executable)"]));
        std::fs::write(machine.path().join("targets"), "").unwrap();
        machine
            .with("true", "")
            .with("cc", "")
            .with("id", "echo 0")
            .with("cargo", "echo cargo 1.95.0")
            .with("rustc", "echo /")
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn link(&self, name: &str, to: &str) {
        std::os::unix::fs::symlink(to, self.path().join(name)).unwrap();
    }

    /// The machine with a stand-in of this name.
    fn with(self, name: &str, script: &str) -> Self {
        assert!(!TOOLS.contains(&name), "{name} is a program of this machine");
        let path = self.path().join(name);
        let logged = if LOGGED.contains(&name) { "echo \"${0##*/} $*\" >>\"$STATE/log\"" } else { "" };
        std::fs::write(&path, format!("#!/usr/bin/env bash\n{logged}\n{script}\n")).unwrap();
        make_executable(&path);
        self
    }

    fn without(self, name: &str) -> Self {
        std::fs::remove_file(self.path().join(name)).unwrap();
        self
    }

    fn install(&self, boards: &[&str]) -> Output {
        self.run("firmware-demo/install", boards)
    }

    fn run(&self, script: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(repository().join(script));
        command.env_clear().env("PATH", self.path()).env("STATE", self.path()).args(arguments).output().unwrap()
    }

    /// The commands that change a machine, in their order.
    fn log(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.path().join("log")).unwrap_or_default();
        log.lines().filter(|line| !line.contains("target list")).map(str::to_owned).collect()
    }

    /// That what was missing is there now.
    fn assert_complete(&self, boards: &[&str]) {
        let before = self.log().len();
        let output = self.install(boards);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        // Each command is shown before it runs.
        let shown = String::from_utf8(output.stderr).unwrap();
        for command in &self.log()[before..] {
            assert!(shown.contains(&format!("{command}\n")), "{command} is not shown: {shown}");
        }
        let before = self.log();
        assert_eq!(self.install(boards).status.code(), Some(0));
        assert_eq!(self.log(), before, "a second time there is nothing to install");
    }

    /// That the script ends with exit code 2 and a line with each of these parts.
    fn assert_refused(&self, boards: &[&str], says: &[&str]) {
        let output = self.install(boards);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        let line = errors.lines().last().unwrap();
        assert!(line.starts_with("install: ") && says.iter().all(|part| line.contains(part)), "{says:?}: {errors}");
    }
}

fn output_of(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn qemu_and_targets_are_installed_once() {
    let machine = Machine::new().with("rustup", RUSTUP).with("apt-get", INSTALLS_QEMU);
    machine.assert_complete(&["m4"]);
    let apt = ["apt-get update -q", "apt-get install -qy --no-install-recommends qemu-system-arm"];
    assert_eq!(machine.log(), [&["rustup target add thumbv7em-none-eabihf"][..], &apt].concat());
    // The other boards, each triple once.
    assert_eq!(machine.install(&[]).status.code(), Some(0));
    let last = machine.log().pop().unwrap();
    assert_eq!(last, "rustup target add thumbv6m-none-eabi thumbv7m-none-eabi thumbv8m.main-none-eabihf");
    machine.assert_complete(&boards().iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_user_installs_with_sudo_and_on_a_mac_with_homebrew() {
    let machine = Machine::new().with("rustup", RUSTUP).with("apt-get", INSTALLS_QEMU).with("id", "echo 1000");
    let machine = machine.with("sudo", "exec \"$@\"");
    machine.assert_complete(&["m0"]);
    assert!(machine.log().contains(&"sudo apt-get update -q".to_owned()), "{:?}", machine.log());

    let machine = Machine::new().with("rustup", RUSTUP).with("brew", INSTALLS_QEMU).with("id", "echo 1000");
    machine.assert_complete(&["m0"]);
    assert_eq!(machine.log().last().unwrap(), "brew install qemu");
}

#[test]
fn where_rustup_cannot_fetch_debians_rust_is_asked_for() {
    let cannot = "case \"$2\" in add) exit 1 ;; esac";
    let machine = Machine::new().with("rustup", cannot).with("apt-get", INSTALLS_QEMU);
    // The stand-in for apt-get brings no Rust, which does not go unnoticed.
    machine.assert_refused(&["m3"], &["still missing", "thumbv7m-none-eabi"]);
    let packages = "qemu-system-arm rustc-web cargo-web rust-web-src lld";
    assert_eq!(machine.log().last().unwrap(), &format!("apt-get install -qy --no-install-recommends {packages}"));

    let machine = Machine::new().with("rustup", cannot).with("brew", INSTALLS_QEMU);
    machine.assert_refused(&["m3"], &["rustup target add thumbv7m-none-eabi"]);
}

#[test]
fn what_cannot_be_installed_is_said_in_one_line() {
    let no_root = Machine::new().with("rustup", RUSTUP).with("apt-get", "").with("id", "echo 1000");
    no_root.assert_refused(&["m4"], &["apt-get update && apt-get install", "qemu-system-arm", "as root"]);
    assert_eq!(no_root.log(), ["rustup target add thumbv7em-none-eabihf"]);
    Machine::new().with("rustup", RUSTUP).assert_refused(&["m4"], &["neither apt-get nor Homebrew", "qemu-system-arm"]);
    let broken = Machine::new().with("rustup", RUSTUP).with("apt-get", "exit 100");
    broken.assert_refused(&["m4"], &["apt-get update", "failed"]);
    Machine::new().without("cargo").assert_refused(&["m4"], &["Rust is missing", "https://rustup.rs"]);
    Machine::new().with("cargo", "echo cargo 1.80.0").assert_refused(&["m4"], &["1.80.0", "rustup update stable"]);
    Machine::new().assert_refused(&["m9"], &["no board m9", "m0 m3 m4 m7 m33"]);
    let no_compiler = Machine::new().without("cc").with("rustup", RUSTUP).with("brew", "");
    no_compiler.assert_refused(&["m4"], &["xcode-select --install"]);
}

#[test]
fn the_tools_for_c_are_installed_once() {
    let ready = || Machine::new().with("rustup", RUSTUP).with("qemu-system-arm", "");
    let brings = r#"case "$*" in *install*) for tool in arm-none-eabi-gcc make cmake; do cp "$STATE/true" "$STATE/$tool"; done ;; esac"#;
    let machine = ready().with("apt-get", brings);
    assert_eq!(machine.run("runtime/c/install", &[]).status.code(), Some(0));
    let log = machine.log();
    assert_eq!(log[0], "rustup target add thumbv6m-none-eabi thumbv7em-none-eabihf");
    assert_eq!(log.last().unwrap(), "apt-get install -qy --no-install-recommends gcc-arm-none-eabi make cmake");
    assert_eq!(machine.run("runtime/c/install", &[]).status.code(), Some(0));
    assert_eq!(machine.log(), log, "a second time there is nothing to install");

    let refused = |machine: Machine, arguments: &[&str], says: &str| {
        let output = machine.run("runtime/c/install", arguments);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        let last = errors.lines().last().unwrap();
        assert!(last.starts_with("install: ") && last.contains(says), "{says}: {errors}");
    };
    refused(ready().with("apt-get", ""), &[], "still missing: arm-none-eabi-gcc");
    refused(ready(), &[], "neither apt-get nor Homebrew is here: install gcc-arm-none-eabi make cmake");
    refused(ready(), &["m4"], "expected no argument and found m4");
}

#[test]
fn the_demo_takes_one_text() {
    let demo =
        |arguments: &[&str]| Command::new(repository().join("firmware-demo/demo")).args(arguments).output().unwrap();
    let help = demo(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(String::from_utf8(help.stdout).unwrap().starts_with("Usage: firmware-demo/demo [TEXT]"));
    let two = demo(&["pitch", "black"]);
    assert_eq!(two.status.code(), Some(2));
    assert_eq!(String::from_utf8(two.stderr).unwrap(), "demo: expected one TEXT and found 2: put it in quotes\n");
}
