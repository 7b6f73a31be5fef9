//! The library for C (`runtime/c`): programs in C on emulated boards beside this machine.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tests::{binary, repository};

use super::probe::build_folder;
use super::{TEST_SENTENCES, make_executable, model};

const ROWS: usize = 100;
const LIGHTS_OFF: &str = "lights_off 97 %\n";

fn emulate(board: &str, model: &Path, data: &str, trainer: &Path) -> Output {
    Command::new(repository().join("runtime/c/emulate"))
        .args(["--json", "--board", board, "--rows", &ROWS.to_string(), "--model"])
        .arg(model)
        .arg("--data")
        .arg(repository().join(data))
        .env("RUNNEL_TRAINER", trainer)
        .output()
        .expect("python3 runs runtime/c/emulate")
}

/// `emulate` compares the raw logits of each row with what `trainer known-answers` wrote.
fn check(board: &str, path: &Path, data: &str) {
    let output = emulate(board, path, data, &binary("trainer"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{board}: {errors} (runtime/c/install installs what is missing)");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = report["rows"].as_array().unwrap();
    assert_eq!((rows.len(), &report["mismatches"]), (ROWS, &Value::from(0)));
    let classes = rows[0]["logits_q16"].as_array().unwrap().len();
    assert!(classes >= 10 && rows.iter().all(|row| row["logits_q16"].as_array().unwrap().len() == classes));
    println!("{board} {}: {ROWS} rows in C equal", path.display());
}

#[test]
fn texts_in_c_are_answered_as_on_this_machine() {
    for board in ["m4", "m0"] {
        check(board, &model("int8"), TEST_SENTENCES);
    }
}

#[test]
fn frames_in_c_are_answered_as_on_this_machine() {
    let digits = repository().join("models/digits/digits.int8.rnl");
    for board in ["m4", "m0"] {
        check(board, &digits, "trainer/data/digits/test.csv");
    }
}

/// The raw integers are compared: here the last byte of this machine's last logit is changed.
#[test]
fn a_differing_logit_in_c_fails_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let wrapper = folder.path().join("trainer");
    let script = format!(
        "#!/usr/bin/env python3\n\
         import subprocess, sys\n\
         code = subprocess.run([{:?}, *sys.argv[1:]]).returncode\n\
         path = sys.argv[sys.argv.index('--out') + 1]\n\
         content = bytearray(open(path, 'rb').read())\n\
         content[-4] ^= 1\n\
         open(path, 'wb').write(content)\n\
         sys.exit(code)\n",
        binary("trainer")
    );
    std::fs::write(&wrapper, script).unwrap();
    make_executable(&wrapper);
    let output = emulate("m4", &model("int8"), TEST_SENTENCES, &wrapper);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["mismatches"], 1);
}

#[test]
fn what_cannot_run_in_c_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.rnl");
    std::fs::write(&broken, "no model").unwrap();
    for (model, says) in
        [(broken, "not a model file"), (model("f16"), "--precision int8"), (folder.path().join("none"), "none")]
    {
        let output = emulate("m4", &model, TEST_SENTENCES, &binary("trainer"));
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.lines().count() == 1 && errors.contains(says), "{says}: {errors}");
    }
}

const TRIPLE: &str = "thumbv7em-none-eabihf";

/// Whether a plain `cargo build` for the Cortex-M4 works, as users call it; says so if it does not.
fn has_target() -> bool {
    let listed = Command::new("rustup").args(["target", "list", "--installed"]).output();
    let found = listed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).lines().any(|line| line == TRIPLE));
    if !found {
        eprintln!("NOT RUN: rustup has no target {TRIPLE}");
    }
    found
}

/// What a command of the repository's root prints.
fn output_of(command: &mut Command) -> String {
    let output = command.current_dir(repository()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said} (runtime/c/install installs what is missing)");
    assert!(!said.contains("warning"), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands of a block of README.md, without the one that installs.
fn commands(heading: &str) -> String {
    let readme = std::fs::read_to_string(repository().join("runtime/c/README.md")).unwrap();
    let (_, section) = readme.split_once(heading).expect("the section");
    let block = section.split("```").find(|block| block.contains("cargo build -p") || block.contains("cmake -S"));
    block
        .expect("a block of commands")
        .lines()
        .filter(|line| !line.starts_with("runtime/c/install"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn the_first_answer_in_c_comes_as_the_readme_says() {
    if !has_target() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (target, _lock) = build_folder();
    let library = target.join(TRIPLE).join("firmware/librunnel.a");
    let mut bash = Command::new("bash");
    bash.args(["-e", "-c", &commands("## The first answer")]);
    bash.env("CARGO_TARGET_DIR", &target).env("LIBRARY", library).env("OUT", folder.path());
    assert!(output_of(&mut bash).ends_with(LIGHTS_OFF));
}

#[test]
fn the_example_in_c_is_built_by_cmake_as_the_readme_says() {
    if !has_target() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let build = folder.path().to_str().unwrap();
    let commands = commands("## CMake and Zephyr").replace("-B build", &format!("-B {build}"));
    let commands = commands.replace("--build build", &format!("--build {build}"));
    output_of(Command::new("bash").args(["-e", "-c", &commands]));
    let mut qemu = Command::new("qemu-system-arm");
    qemu.args(["-machine", "mps2-an386", "-display", "none", "-serial", "none", "-monitor", "none"]);
    qemu.args(["-semihosting-config", "enable=on,target=native", "-kernel"]).arg(folder.path().join("example"));
    assert_eq!(output_of(&mut qemu), LIGHTS_OFF);
}
