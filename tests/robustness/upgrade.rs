//! Files of version 2 made into files of this version: the same answers, bit for bit, as the version before computed
//! them. And files without what a device does not need.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use runtime::format::{Packing, Precision, part_two_checksum};
use runtime::known_answer::{KnownAnswer, KnownAnswers, KnownInput};
use runtime::{Error, Field, Model};
use trainer::export::{ModelFile, PartTwo, repack};
use trainer::inference::{Answer, HostClassifier, current_answer};
use trainer::upgrade::upgrade;

use crate::command::{Place, model as trained};
use crate::exercise::exercise;
use crate::fixture::two_layers;

/// Bytes of a header of version 2.
const OLD_HEADER_LENGTH: usize = 32;

fn golden(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/version2").join(folder)
}

/// The files in a folder with this extension, by the name before it.
fn files(folder: &Path, extension: &str) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if let Some(name) = name.strip_suffix(extension).filter(|_| path.is_file()) {
            found.insert(name.to_owned(), std::fs::read(&path).unwrap());
        }
    }
    found
}

/// A small model of each kind, as version 2 wrote it.
fn kinds() -> BTreeMap<String, Vec<u8>> {
    files(&golden("kinds"), ".rnl")
}

/// One of them.
fn kind(name: &str) -> Vec<u8> {
    std::fs::read(golden("kinds").join(format!("{name}.rnl"))).unwrap()
}

fn upgraded(file: &[u8]) -> Result<ModelFile, trainer::Error> {
    upgrade(file, Path::new("old.rnl"), false)
}

/// What is wrong with a file that cannot be upgraded.
fn problem(file: &[u8]) -> String {
    match upgraded(file) {
        Err(error @ (trainer::Error::Run { .. } | trainer::Error::Model { .. })) => {
            let message = error.to_string();
            assert_eq!((error.exit_code(), message.lines().count()), (2, 1), "{message}");
            message.strip_prefix("old.rnl: ").unwrap().to_owned()
        }
        other => panic!("{other:?}"),
    }
}

/// The answer to the input of a known one: all of it, then a prediction.
fn answer_to(classifier: &mut HostClassifier<'_, '_>, known: &KnownAnswer<'_>) -> Answer {
    classifier.reset();
    if let KnownInput::Text(text) = known.input {
        classifier.push_text(text);
    }
    for frame in known.input.frames() {
        let frame: Vec<i32> = frame.collect();
        classifier.push_frame(&frame).unwrap();
    }
    current_answer(classifier)
}

/// Checks a model against answers of version 2; how many there are.
fn assert_known_answers(name: &str, file: &ModelFile, answers: &[u8]) -> usize {
    let model = Model::parse(file.bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut classifier = HostClassifier::new(&model).unwrap();
    let known = KnownAnswers::parse(answers).unwrap();
    let count = known.len();
    for (number, known) in known.enumerate() {
        let found = answer_to(&mut classifier, &known);
        let bits: Vec<u8> = found.bits.iter().flat_map(|bits| bits.to_le_bytes()).collect();
        assert_eq!((found.class as u32, &bits[..]), (known.class, known.logits), "{name}, answer {number}");
    }
    count
}

#[test]
fn every_kind_of_model_answers_as_version_2_did() {
    let (kinds, answers) = (kinds(), files(&golden("kinds"), ".answers"));
    assert_eq!((kinds.len(), answers.len()), (71, 71));
    for (name, old) in &kinds {
        let new = upgraded(old).unwrap_or_else(|error| panic!("{name}: {error}"));
        let stripped = new.stripped(Path::new(name)).unwrap();
        let count = assert_known_answers(name, &new, &answers[name]);
        assert!(count >= 5, "{name}: {count}");
        assert_known_answers(&format!("{name}, stripped"), &stripped, &answers[name]);
        let (whole, bare) = (Model::parse(new.bytes()).unwrap(), Model::parse(stripped.bytes()).unwrap());
        assert_eq!((whole.id(), whole.version()), (bare.id(), 0));
        assert!(whole.is_bidirectional() || !name.ends_with("both"), "{name}");
        exercise(&whole, &[0, 1, 2, 3, 8, 90, u32::MAX], "Lamp OFF, é up!".as_bytes());
        assert!(upgraded(old).unwrap().bytes() == new.bytes(), "{name}: the same each time");
    }
}

#[test]
fn weights_packed_for_a_board_give_the_same_answers_and_come_back_as_they_were() {
    let answers = files(&golden("kinds"), ".answers");
    let mut packed = 0;
    for (name, old) in &kinds() {
        let (path, rows) = (Path::new(name), upgraded(old).unwrap());
        for file in [rows.stripped(path).unwrap(), rows] {
            let half_words = repack(&file, path, Packing::HalfWords).unwrap();
            assert_known_answers(name, &half_words, &answers[name]);
            assert!(repack(&half_words, path, Packing::RowMajor).unwrap().bytes() == file.bytes(), "{name}");
            packed += usize::from(half_words.bytes() != file.bytes());
        }
    }
    assert!(packed > 40, "{packed}");
}

#[test]
fn what_a_file_said_of_itself_is_kept() {
    for (name, old) in kinds() {
        let new = upgraded(&old).unwrap();
        let (file, part_two) = new.parts(Path::new(&name)).unwrap();
        // The data's hash was too short for one.
        assert_eq!((part_two.trainer_version.as_str(), part_two.data_hash), ("test", [0; 32]));
        assert_eq!(part_two, PartTwo { trainer_version: "test".into(), seed: 1, ..PartTwo::default() });
        assert_eq!(file.header.alignment, 4);
        let precision = [("f32", Precision::F32), ("f16", Precision::F16)];
        let expected = precision.into_iter().find(|(start, _)| name.starts_with(start));
        assert_eq!(file.header.precision, expected.map_or(Precision::Int8, |(_, precision)| precision));
        let has_nibbles = file.header.needs & runtime::format::Feature::Int4.bit() != 0;
        assert!(has_nibbles || !name.starts_with("int4"), "{name}");
    }
}

/// Every file of `models` in the repository.
fn repository_models() -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    let folders = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    folders.flat_map(|folder| files(&folder, ".rnl")).collect()
}

#[test]
fn the_repositorys_models_answer_as_version_2_did() {
    let (models, answers) = (repository_models(), files(&golden("models"), ".answers"));
    assert!(models.keys().eq(answers.keys()), "{:?} and {:?}", models.keys(), answers.keys());
    assert!(models.len() >= 17);
    for (name, bytes) in models {
        let file = ModelFile::from_bytes(&bytes);
        assert!(assert_known_answers(&name, &file, &answers[&name]) > 0, "{name}");
        let path = PathBuf::from(&name);
        assert_known_answers(&name, &file.stripped(&path).unwrap(), &answers[&name]);
        assert!(problem(&bytes).contains("version 3 already"), "{name}");
    }
}

#[test]
fn a_file_of_version_2_is_refused_with_the_way_out() {
    for old in kinds().into_values() {
        let file = ModelFile::from_bytes(&old);
        let refused = [Model::parse(file.bytes()).err(), Model::parse_prefix(file.bytes()).err()];
        assert_eq!(refused, [Some(Error::UnsupportedVersion { supported: 3, found: 2 }); 2]);
        assert!(refused[0].unwrap().to_string().contains("`trainer upgrade`"), "{}", refused[0].unwrap());
    }
    let place = Place::new();
    place.write("old.rnl", &kind("int8-words-embedding"));
    place.write("rows.csv", b"on,lamp\n");
    for command in [
        "predict old.rnl lamp",
        "inspect old.rnl",
        "evaluate old.rnl --data rows.csv",
        "known-answers old.rnl lamp --out answers.bin",
        "strip old.rnl --out new.rnl",
    ] {
        place.assert_refused(command, &["old.rnl: ", "version 2 is not supported", "`trainer upgrade`"]);
    }
}

/// A file of version 2 of other bytes, with the checksum made right.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = part_two_checksum(&bytes[16..]);
    bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// Where the manifest of a file of version 2 ends.
fn manifest_end(file: &[u8]) -> usize {
    OLD_HEADER_LENGTH + u32::from_le_bytes(file[16..20].try_into().unwrap()) as usize
}

#[test]
fn files_that_are_no_models_of_version_2_are_refused() {
    assert_eq!(problem(b""), "not a model file: 0 bytes");
    assert!(problem(b"label,text\non,please turn the lamp on\n").starts_with("not a model file: it starts with"));
    assert!(problem(two_layers(Precision::Int8).bytes()).contains("version 3 already"));
    let old = kind("int8-words-embedding");
    for version in [0_u16, 1, 4, 0x0200, u16::MAX] {
        let mut bytes = old.clone();
        bytes[4..6].copy_from_slice(&version.to_le_bytes());
        assert_eq!(problem(&bytes), format!("version {version} cannot be upgraded: expected version 2"));
    }
    for code in [3_u16, 0x0100, 0x0102, u16::MAX] {
        let mut bytes = old.clone();
        bytes[6..8].copy_from_slice(&code.to_le_bytes());
        assert_eq!(problem(&bytes), format!("unknown precision code {code}"));
    }
    for length in 0..old.len() {
        let says = problem(&old[..length]);
        let expected = match length {
            0..OLD_HEADER_LENGTH => format!("not a model file: {length} bytes"),
            _ => format!("expected {} bytes, found {length}", old.len()),
        };
        assert_eq!(says, expected);
    }
    let longer = [&old[..], &[0]].concat();
    assert_eq!(problem(&longer), format!("expected {} bytes, found {}", old.len(), longer.len()));
}

#[test]
fn any_bit_of_a_file_of_version_2_that_is_wrong_is_found() {
    for name in ["int8-words-embedding", "int4-composed", "f16-frames-both"] {
        let old = kind(name);
        for bit in 0..8 * old.len() {
            let mut bytes = old.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let says = problem(&bytes);
            assert!(bit / 8 < 12 || says.contains("the file is damaged"), "{name}, bit {bit}: {says}");
        }
    }
}

/// Every byte of the header behind the checksum, and of the manifest, replaced, behind a right checksum.
#[test]
fn a_manifest_of_version_2_with_any_byte_replaced_is_refused_or_runs() {
    let names = [
        "int8-words-embedding",
        "int8-gru-mean-both",
        "int8-characters-one-hot",
        "int8-frames",
        "int4-composed",
        "int4-stack",
        "f16-hashed-one-hot",
        "f32-frames-both",
    ];
    for name in names {
        let old = kind(name);
        let (mut refused, mut accepted) = (0, 0);
        for position in (16..manifest_end(&old)).chain(6..8) {
            for wrong in (0..=u8::MAX).filter(|wrong| *wrong != old[position]) {
                let mut bytes = old.clone();
                bytes[position] = wrong;
                match upgraded(&sealed(bytes)) {
                    Ok(file) => {
                        exercise(&Model::parse(file.bytes()).unwrap(), &[0, 1, 2, 40], "Lamp OFF, é".as_bytes());
                        accepted += 1;
                    }
                    Err(error) => {
                        let says = error.to_string();
                        assert!(says.starts_with("old.rnl: "), "{name}, byte {position} as {wrong}: {says}");
                        assert_eq!((error.exit_code(), says.lines().count()), (2, 1), "{says}");
                        refused += 1;
                    }
                }
            }
        }
        assert!(refused > accepted && accepted > 0, "{name}: {refused} refused, {accepted} accepted");
    }
}

#[test]
fn tensors_of_version_2_that_are_cut_or_noise_are_refused_or_run() {
    for (name, old) in kinds() {
        let tensors = u32::from_le_bytes(old[20..24].try_into().unwrap()) as usize;
        for length in (tensors..old.len()).step_by(7) {
            let mut bytes = old[..length].to_vec();
            bytes[8..12].copy_from_slice(&(length as u32).to_le_bytes());
            let says = problem(&sealed(bytes));
            assert!(says.contains("reaches beyond the end of the file"), "{name} cut to {length}: {says}");
        }
        for salt in 0..20 {
            let mut bytes = old.clone();
            for (place, byte) in bytes.iter_mut().enumerate().skip(tensors) {
                let noise = (place as u32 * 2_654_435_761).wrapping_add(salt).wrapping_mul(2_246_822_519) >> 24;
                if noise % 16 == salt % 16 {
                    *byte = (noise ^ salt) as u8;
                }
            }
            match upgraded(&sealed(bytes)) {
                Ok(file) => exercise(&Model::parse(file.bytes()).unwrap(), &[0, 1, 2, 40], b"lamp off"),
                Err(error) => assert!(matches!(error, trainer::Error::Model { .. }), "{name}: {error}"),
            }
        }
    }
}

/// A file of version 2 with another padding, which is written in as many bytes as it needs.
fn with_padding(old: &[u8], padding: &[u8]) -> Vec<u8> {
    let padded = |place: usize, padding: &[u8]| {
        let mut manifest = old[OLD_HEADER_LENGTH..manifest_end(old)].to_vec();
        manifest.splice(place..place + 1, padding.iter().copied());
        let tensors = &old[u32::from_le_bytes(old[20..24].try_into().unwrap()) as usize..];
        let offset = (OLD_HEADER_LENGTH + manifest.len()).next_multiple_of(16);
        let mut bytes = [&old[..OLD_HEADER_LENGTH], &manifest].concat();
        bytes.resize(offset, 0);
        bytes.extend(tensors);
        let (total, length) = (bytes.len() as u32, manifest.len() as u32);
        for (place, value) in [(8, total), (16, length), (20, offset as u32)] {
            bytes[place..place + 4].copy_from_slice(&value.to_le_bytes());
        }
        sealed(bytes)
    };
    // The one byte that changes the padding alone.
    let pads = |place: &usize| {
        upgraded(&padded(*place, &[5])).is_ok_and(|file| Model::parse(file.bytes()).unwrap().pad_to() == 5)
    };
    let places: Vec<usize> = (0..manifest_end(old) - OLD_HEADER_LENGTH).filter(pads).collect();
    assert_eq!(places.len(), 1, "{places:?}");
    padded(places[0], padding)
}

#[test]
fn padding_of_more_steps_than_this_version_has_is_refused() {
    let unlimited = endless(&kind("f32-bytes-embedding"));
    let error = |padding: &[u8]| upgraded(&with_padding(&unlimited, padding)).map(|_| ());
    assert!(error(&[0x80, 0x08]).is_ok(), "1,024 steps");
    for (padding, found) in [(&[0x81, 0x08][..], 1_025), (&[0xFF, 0xFF, 0x03], 65_535)] {
        let source = Error::Invalid { field: Field::PadTo, expected: 1_024, found };
        match error(padding) {
            Err(trainer::Error::Model { source: refused, .. }) => assert_eq!(refused, source),
            other => panic!("{other:?}"),
        }
    }
    assert!(problem(&with_padding(&unlimited, &[0x80, 0x80, 0x04])).contains("padding to 65536 steps"));
}

/// A file of version 2 without a limit of steps: that is the one byte before the padding.
fn endless(old: &[u8]) -> Vec<u8> {
    let limit = Model::parse(upgraded(old).unwrap().bytes()).unwrap().max_steps();
    let without = |place: usize| {
        let mut bytes = old.to_vec();
        bytes[place] = 0;
        sealed(bytes)
    };
    let is_endless = |place: &usize| {
        let lifted = upgraded(&without(*place));
        lifted.is_ok_and(|file| Model::parse(file.bytes()).unwrap().max_steps() == u32::MAX)
    };
    let places: Vec<usize> = (OLD_HEADER_LENGTH..manifest_end(old)).filter(is_endless).collect();
    assert!(limit < 128 && places.len() == 1, "{limit} steps, {places:?}");
    without(places[0])
}

#[test]
fn a_limit_is_lifted_where_steps_are_not_kept_and_changes_no_answer_below_it() {
    let answers = files(&golden("kinds"), ".answers");
    let (mut lifted_models, mut others) = (0, 0);
    for (name, old) in kinds() {
        let (kept, lifted) = (upgraded(&old).unwrap(), upgrade(&old, Path::new("old.rnl"), true).unwrap());
        let (kept_model, lifted_model) = (Model::parse(kept.bytes()).unwrap(), Model::parse(lifted.bytes()).unwrap());
        if kept_model.is_bidirectional() || kept_model.max_steps() == u32::MAX {
            assert!(kept.bytes() == lifted.bytes(), "{name}");
            continue;
        }
        assert_eq!(lifted_model.max_steps(), u32::MAX, "{name}");
        let (mut of_kept, mut of_lifted) =
            (HostClassifier::new(&kept_model).unwrap(), HostClassifier::new(&lifted_model).unwrap());
        for known in KnownAnswers::parse(&answers[&name]).unwrap() {
            let (kept, lifted) = (answer_to(&mut of_kept, &known), answer_to(&mut of_lifted, &known));
            assert_eq!(lifted.refused, 0, "{name}");
            assert!(kept.refused > 0 || kept == lifted, "{name}");
            others += usize::from(kept.refused > 0);
        }
        lifted_models += 1;
    }
    assert!(lifted_models > 30 && others > 0, "{lifted_models} models, {others} answers to rows that were cut");
}

#[test]
fn trainer_upgrade_writes_what_the_library_makes() {
    let place = Place::new();
    for (number, (name, old)) in kinds().into_iter().enumerate().filter(|(number, _)| number % 6 == 0) {
        place.write("old.rnl", &old);
        let out = format!("{number}.rnl");
        let outcome = place.run(&format!("upgrade old.rnl --out {out}"));
        let said = outcome.assert_done(&name).to_owned() + &outcome.stderr;
        let (before, after) = (old.len(), upgraded(&old).unwrap().bytes().len());
        assert!(said.contains(&format!("{out}: {after} bytes, before {before}")), "{said}");
        assert!(std::fs::read(place.path(&out)).unwrap() == upgraded(&old).unwrap().bytes(), "{name}");
        assert!(std::fs::read(place.path("old.rnl")).unwrap() == old, "{name}");
        let outcome = place.run(&format!("upgrade old.rnl --out {out} --lift-limit --force"));
        let said = outcome.assert_done(&name).to_owned() + &outcome.stderr;
        let lifted = upgrade(&old, Path::new("old.rnl"), true).unwrap();
        assert!(std::fs::read(place.path(&out)).unwrap() == lifted.bytes(), "{name}");
        let is_endless = Model::parse(lifted.bytes()).unwrap().max_steps() == u32::MAX;
        assert_eq!(said.contains("it keeps"), !is_endless, "{name}: {said}");
        place.run(&format!("inspect {out}")).assert_done(&name);
    }
    place.write("old.rnl", &kind("int8-words-embedding"));
    let outcome = place.run("upgrade old.rnl --out limited.rnl");
    let said = outcome.assert_done("a limit").to_owned() + &outcome.stderr;
    assert!(said.contains("steps stays, and --lift-limit takes it away"), "{said}");
    for text in ["lamp", "the light is on"] {
        place.run_with(&["predict", "limited.rnl", text], b"").assert_done(text);
    }
}

#[test]
fn trainer_upgrade_refuses_what_it_can_not_read_or_must_not_write() {
    let place = Place::new();
    let old = kind("int8-words-embedding");
    let mut first = old.clone();
    first[4] = 1;
    let mut damaged = old.clone();
    damaged[old.len() / 2] ^= 1;
    let padded = with_padding(&endless(&kind("f32-bytes-embedding")), &[0x81, 0x08]);
    for (content, says) in [
        (&first[..], "version 1 cannot be upgraded: expected version 2"),
        (&damaged, "the file is damaged"),
        (&old[..old.len() - 1], "bytes, found"),
        (&old[..20], "not a model file: 20 bytes"),
        (b"", "not a model file: 0 bytes"),
        (b"label,text\non,please turn the lamp on\n", "not a model file: it starts with"),
        (two_layers(Precision::F16).bytes(), "version 3 already"),
        (&padded, "invalid PadTo: expected 1024, found 1025"),
    ] {
        place.write("old.rnl", content);
        for more in ["", " --lift-limit"] {
            place.assert_refused(&format!("upgrade old.rnl --out new.rnl{more}"), &["old.rnl: ", says]);
        }
        place.write("new.rnl", b"mine");
        place.assert_refused("upgrade old.rnl --out new.rnl --force", &["old.rnl: ", says]);
        std::fs::remove_file(place.path("new.rnl")).unwrap();
    }
    place.assert_refused("upgrade missing.rnl --out new.rnl", &["missing.rnl: ", "No such file"]);
    place.write("old.rnl", &old);
    place.write("new.rnl", b"mine");
    place.assert_refused("upgrade old.rnl --out new.rnl", &["new.rnl: exists already"]);
    place.assert_refused("upgrade old.rnl --out missing/new.rnl", &["missing/new.rnl"]);
    for force in ["", " --force"] {
        place.assert_refused(&format!("upgrade old.rnl --out old.rnl{force}"), &["old.rnl"]);
    }
}

#[test]
fn trainer_strip_leaves_the_same_model() {
    let place = Place::new();
    place.write("rows.csv", crate::command::rows().as_bytes());
    for precision in ["int8", "f16", "f32"] {
        place.write("model.rnl", &trained(precision));
        let outcome = place.run("strip model.rnl --out bare.rnl --force");
        let said = outcome.assert_done(precision).to_owned() + &outcome.stderr;
        let (whole, bare) = (trained(precision), std::fs::read(place.path("bare.rnl")).unwrap());
        assert!(said.contains(&format!("bare.rnl: {} bytes, before {}", bare.len(), whole.len())), "{said}");
        assert!(bare.len() < whole.len() && whole.starts_with(&bare));
        place.run("strip bare.rnl --out twice.rnl --force").assert_done("twice");
        assert!(std::fs::read(place.path("twice.rnl")).unwrap() == bare, "stripping twice");
        let report = |model: &str| -> serde_json::Value {
            let outcome = place.run(&format!("inspect {model} --json"));
            serde_json::from_str(outcome.assert_done(model)).unwrap()
        };
        let (of_whole, of_bare) = (report("model.rnl"), report("bare.rnl"));
        for same in ["id", "labels", "architecture", "state_bytes", "device_bytes", "model_version"] {
            assert_eq!(of_whole[same], of_bare[same], "{same}");
        }
        assert_eq!((&of_bare["flash_bytes"], &of_bare["trainer_version"]), (&of_bare["device_bytes"], &"".into()));
        let text = place.run("inspect bare.rnl");
        assert!(text.assert_done("text").contains("trained       not said: the file is stripped"), "{}", text.stdout);
        for command in ["predict NAME lamp", "predict NAME --data rows.csv", "evaluate NAME --data rows.csv"] {
            let of = |model: &str| place.run(&command.replace("NAME", model)).assert_done(command).to_owned();
            assert_eq!(of("model.rnl"), of("bare.rnl"), "{command}");
        }
        for model in ["model", "bare"] {
            let command = format!("known-answers {model}.rnl --data rows.csv --out {model}.bin --force");
            place.run(&command).assert_done(&command);
        }
        assert!(std::fs::read(place.path("model.bin")).unwrap() == std::fs::read(place.path("bare.bin")).unwrap());
    }
}

#[test]
fn trainer_strip_refuses_what_it_can_not_read_or_must_not_write() {
    let place = Place::new();
    let right = trained("int8");
    let mut damaged = right.clone();
    damaged[right.len() / 2] ^= 1;
    for (content, says) in [
        (&damaged[..], "the file is damaged"),
        (&right[..right.len() - 1], "truncated"),
        (&right[..100], "truncated"),
        (&[&right[..], &[0]].concat(), "appended"),
        (b"", "expected 64 bytes, found 0"),
        (&kind("int8-frames"), "version 2 is not supported"),
    ] {
        place.write("model.rnl", content);
        place.assert_refused("strip model.rnl --out bare.rnl", &["model.rnl: ", says]);
    }
    place.write("model.rnl", &right);
    place.write("bare.rnl", b"mine");
    place.assert_refused("strip model.rnl --out bare.rnl", &["bare.rnl: exists already"]);
    place.assert_refused("strip missing.rnl --out new.rnl", &["missing.rnl: ", "No such file"]);
    for force in ["", " --force"] {
        place.assert_refused(&format!("strip model.rnl --out model.rnl{force}"), &["model.rnl"]);
    }
}

/// A device that takes a file of version 2 for one of today's, in memory that is not aligned, or cut, panics at nothing.
#[test]
fn old_files_in_any_place_are_refused() {
    let old = ModelFile::from_bytes(&kind("int8-frames"));
    for start in 0..old.bytes().len() {
        let error = Model::parse(&old.bytes()[start..]).err().unwrap();
        let is_named = matches!(
            error,
            Error::Misaligned { required: 4 }
                | Error::NotAModel { .. }
                | Error::UnsupportedVersion { found: 2, .. }
                | Error::WrongLength { .. }
        );
        assert!(is_named, "{start}: {error}");
    }
}
