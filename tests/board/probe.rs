//! Images for real boards with a debug probe: they are linked here, and `cargo run` hands them to `probe-rs`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tests::{binary, repository};

use super::make_executable;

const DIGITS: &str = "models/digits/digits.int8.rnl";
const M4F: &str = "thumbv7em-none-eabihf";

/// A board of `firmware-demo/boards`: its triple, its chip as `probe-rs` names it, where flash begins and its bytes.
struct Board {
    name: &'static str,
    triple: &'static str,
    chip: &'static str,
    flash: u32,
    flash_bytes: u32,
}

const BOARDS: [Board; 3] = [
    Board { name: "nrf52840", triple: M4F, chip: "nRF52840_xxAA", flash: 0, flash_bytes: 1 << 20 },
    Board { name: "stm32f411", triple: M4F, chip: "STM32F411CEUx", flash: 0x0800_0000, flash_bytes: 512 << 10 },
    Board { name: "rp2040", triple: "thumbv6m-none-eabi", chip: "RP2040", flash: 0x1000_0000, flash_bytes: 2 << 20 },
];

/// A folder with a stand-in for `probe-rs`, which prints its arguments and keeps the image, and the answers of this machine.
struct Workplace(tempfile::TempDir);

impl Workplace {
    fn new() -> Self {
        let workplace = Self(tempfile::tempdir().unwrap());
        let probe = workplace.path("probe-rs");
        let script = "#!/usr/bin/env bash\necho \"probe-rs $*\"\ncp \"${@: -1}\" \"${0%/*}/image\"\n";
        fs::write(&probe, script).unwrap();
        make_executable(&probe);
        let answered = Command::new(binary("trainer"))
            .arg("known-answers")
            .arg(repository().join(DIGITS))
            .args(["--data", "trainer/data/digits/test.csv", "--rows", "20", "--out"])
            .arg(workplace.path("answers.bin"))
            .current_dir(repository())
            .status();
        assert!(answered.unwrap().success());
        workplace
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The same with a stand-in that runs the image.
    fn emulating() -> Self {
        let workplace = Self::new();
        let probe = workplace.path("probe-rs");
        fs::remove_file(&probe).unwrap();
        std::os::unix::fs::symlink(repository().join("tests/board/probe_in_qemu"), probe).unwrap();
        workplace
    }

    /// `cargo run` of the image with these arguments, by the Rust that there is for the triple.
    fn run(&self, triple: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let (cargo, environment) = toolchain(triple);
        let (folder, _lock) = build_folder();
        let path = format!(
            "{}:{}",
            self.0.path().display(),
            environment.get("PATH").cloned().unwrap_or_else(|| std::env::var("PATH").unwrap())
        );
        let mut command = Command::new(&cargo[0]);
        // `cargo build` of the toolchain becomes `cargo run`.
        command.arg("run").args(&cargo[2..]);
        command.args(["--package", "firmware-demo", "--profile", "firmware", "--no-default-features"]).args(arguments);
        command.envs(environment).env("PATH", path).current_dir(repository());
        command.env("CARGO_TARGET_DIR", &folder).env("RUNNEL_MODEL", repository().join(DIGITS));
        command.env("RUNNEL_ANSWERS", self.path("answers.bin")).env_remove("RUSTFLAGS").envs(variables.iter().copied());
        command.output().unwrap()
    }

    /// The image that the stand-in got.
    fn image(&self) -> Image {
        Image::read(&self.path("image"))
    }
}

/// Where `firmware-demo/emulate` builds, held until the file is closed.
pub(crate) fn build_folder() -> (PathBuf, File) {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from);
    let folder = target.join("firmware");
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("emulate.lock")).unwrap();
    lock.lock().unwrap();
    (folder, lock)
}

/// How `firmware-demo/emulate` calls cargo for a triple: the command, and the variables.
fn toolchain(triple: &str) -> (Vec<String>, BTreeMap<String, String>) {
    let script = "import json, sys; from emulation import find_toolchain; found = find_toolchain(sys.argv[1]); \
                  print(json.dumps([found.cargo, found.environment]))";
    let mut python = Command::new("python3");
    python.args(["-B", "-c", script, triple]).env("PYTHONPATH", repository().join("firmware-demo"));
    let output = python.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors} (firmware-demo/install installs what is missing)");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The parts of an image that are written to flash, by address.
struct Image(Vec<(u32, Vec<u8>)>);

impl Image {
    /// # Source
    /// ELF-32: program headers of type `PT_LOAD`, at their physical addresses.
    fn read(path: &Path) -> Self {
        let file = fs::read(path).unwrap();
        let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
        let half = |at: usize| usize::from(u16::from_le_bytes(file[at..at + 2].try_into().unwrap()));
        assert_eq!(&file[..5], b"\x7fELF\x01");
        let headers = (0..half(44)).map(|number| word(28) as usize + number * half(42));
        let mut parts: Vec<_> = headers
            .filter(|at| word(*at) == 1 && word(at + 16) > 0)
            .map(|at| (word(at + 12), file[word(at + 4) as usize..][..word(at + 16) as usize].to_vec()))
            .collect();
        parts.sort();
        Self(parts)
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    fn word(&self, address: u32) -> u32 {
        let at = |start: u32, bytes: &[u8]| bytes.get((address.checked_sub(start)?) as usize..)?.first_chunk().copied();
        u32::from_le_bytes(self.0.iter().find_map(|(start, bytes)| at(*start, bytes)).expect("a word of the image"))
    }

    /// That the core starts: all lies in flash, with the vector table's first words at `vectors`.
    fn assert_starts(&self, flash: u32, flash_bytes: u32, vectors: u32) {
        for (start, bytes) in &self.0 {
            assert!(*start >= flash && *start - flash + bytes.len() as u32 <= flash_bytes, "{start:#x}");
        }
        let (stack, reset) = (self.word(vectors), self.word(vectors + 4));
        assert!((0x2000_0000..=0x2008_0000).contains(&stack) && stack.is_multiple_of(8), "{stack:#x}");
        assert!(reset % 2 == 1 && reset > vectors && reset - flash < flash_bytes, "{reset:#x}");
    }
}

#[test]
fn images_for_real_boards_are_linked_and_handed_to_the_probe() {
    let workplace = Workplace::new();
    for Board { name, triple, chip, flash, flash_bytes } in BOARDS {
        let config = format!("firmware-demo/boards/{name}.toml");
        let features = format!("{name},int8");
        let output = workplace.run(triple, &["--config", &config, "--features", &features], &[]);
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(said.starts_with(&format!("probe-rs run --chip {chip} ")), "{said}");
        let image = workplace.image();
        let boot_loader = if name == "rp2040" { 256 } else { 0 };
        image.assert_starts(flash, flash_bytes, flash + boot_loader);
        println!("{name}: {} bytes of flash", image.bytes());
        let elf = fs::read(workplace.path("image")).unwrap();
        assert!(elf.windows(11).any(|window| window == b"_SEGGER_RTT"), "{name}: output by RTT");
    }
}

/// The image of the STM32F411 runs on an emulated chip of its family, and its report comes by RTT.
#[test]
fn an_image_for_an_stm32_answers_by_rtt_as_this_machine() {
    let arguments = ["--config", "firmware-demo/boards/stm32f411.toml", "--features", "stm32f411,int8"];
    let output = Workplace::emulating().run(M4F, &arguments, &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let events: Vec<Value> = said.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    let (start, summary) = (&events[0], &events[events.len() - 1]);
    assert_eq!(
        (&start["board"], &start["unit"], &start["counter"]),
        (&"stm32f411".into(), &"cycles".into(), &"DWT".into())
    );
    assert_eq!(
        (&summary["event"], &summary["rows"], &summary["mismatches"]),
        (&"summary".into(), &20.into(), &0.into())
    );
    assert_eq!(events.iter().filter(|event| event["event"] == "row" && event["matches"] == 1).count(), 20);
    println!("stm32f411 in QEMU: 20 rows equal, {} bytes of flash", summary["flash_bytes"]);
}

/// # Source
/// RP2040 datasheet, 2.8.1.3.1: the boot ROM starts the second stage if the last of its 256 bytes are the CRC-32 (polynomial
/// 0x04C11DB7, start 0xFFFFFFFF, neither reflected nor inverted) of the others.
#[test]
fn the_boot_rom_of_an_rp2040_accepts_the_image() {
    let workplace = Workplace::new();
    let config = ["--config", "firmware-demo/boards/rp2040.toml", "--features", "rp2040,int8"];
    assert!(workplace.run("thumbv6m-none-eabi", &config, &[]).status.success());
    let image = workplace.image();
    let (start, boot_loader) = &image.0[0];
    assert_eq!((*start, boot_loader.len()), (0x1000_0000, 256));
    let crc = boot_loader[..252].iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ (u32::from(*byte) << 24), |crc, _| (crc << 1) ^ if crc >> 31 == 1 { 0x04C1_1DB7 } else { 0 })
    });
    assert_eq!(image.word(0x1000_00FC), crc);
}

/// The commands of the README's section, with another board's memory.
#[test]
fn the_recipe_for_another_board_links_an_image_for_it() {
    let readme = fs::read_to_string(repository().join("firmware-demo/README.md")).unwrap();
    let (_, section) = readme.split_once("### Another board").expect("the section");
    let blocks: Vec<&str> = section.split("```").skip(1).step_by(2).take(2).collect();
    let [memory, command] = blocks[..] else { panic!("a memory map and a command: {blocks:?}") };
    let workplace = Workplace::new();
    let map = workplace.path("my-board.x");
    fs::write(&map, memory.strip_prefix("ld\n").unwrap_or(memory)).unwrap();
    let word = |name: &str| {
        let (_, after) = command.split_once(name).unwrap_or_else(|| panic!("{name} in {command}"));
        after.split(['"', ' ', '\n']).find(|word| !word.is_empty()).unwrap().to_owned()
    };
    let (triple, features) = (word("--target"), word("--features"));
    let runner = command.split_once("RUNNER=\"").unwrap().1.split('"').next().unwrap();
    assert_eq!(features, "probe,int8");
    let upper = triple.to_uppercase().replace(['-', '.'], "_");
    let output = workplace.run(
        &triple,
        &["--target", &triple, "--features", &features],
        &[("RUNNEL_MEMORY", map.to_str().unwrap()), (&format!("CARGO_TARGET_{upper}_RUNNER"), runner)],
    );
    assert!(command.contains(&format!("CARGO_TARGET_{upper}_RUNNER")), "{command}");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with(&format!("{runner} ")), "{said}");
    workplace.image().assert_starts(0x0800_0000, 256 << 10, 0x0800_0000);
    println!("another board: {} bytes of flash", workplace.image().bytes());
}

#[test]
fn a_board_without_a_name_or_a_memory_map_is_refused_in_one_line() {
    let workplace = Workplace::new();
    for (features, says) in [
        ("int8", "choose one board"),
        ("probe,int8", "set RUNNEL_MEMORY to the memory map of your board"),
        ("m4,stm32f411,int8", "choose one board"),
        ("m4,probe,int8", "emulated board m4 has no debug probe"),
    ] {
        let output = workplace.run(M4F, &["--target", M4F, "--features", features], &[]);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        let said: Vec<_> = errors.lines().filter(|line| line.contains("firmware-demo: ")).collect();
        assert!(said.len() == 1 && said[0].contains(says), "{features}: {errors}");
    }
}

/// The boards that the tests know are all that have a runner.
#[test]
fn every_runner_of_a_board_is_tested() {
    let folder = fs::read_dir(repository().join("firmware-demo/boards")).unwrap();
    let mut named: Vec<String> = folder
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
        .collect();
    named.sort();
    let mut known = BOARDS.map(|board| board.name);
    known.sort();
    assert_eq!(named, known);
}
