//! Rows in gzip files, and rows whose steps lie in a temporary file.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tests::train;
use trainer::batches::{Batch, epoch_batches};
use trainer::config::TrainingConfig;
use trainer::data::Source;
use trainer::device::Device;
use trainer::examples::{Examples, Spill};
use trainer::run_folder::RunFolder;
use trainer::session::Session;
use trainer::training::{Prepared, Progress};
use trainer::weights::NetworkWeights;

use crate::{digits_config, outcome, small_config};

/// A gzip file of two members.
fn packed(content: &[u8]) -> Vec<u8> {
    let (first, second) = content.split_at(content.len() / 3);
    let member = |content: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    };
    [member(first), member(second)].concat()
}

/// The settings, vocabulary and outcome of a run on this data.
fn run_on(data: &Path, config: &TrainingConfig, out: &Path) -> (String, (NetworkWeights, String)) {
    let folder = RunFolder::create(out).unwrap();
    train(&TrainingConfig { data: Source::Path(data.into()), ..config.clone() }, &folder, false, &|| false).unwrap();
    let settings = std::fs::read_to_string(folder.config()).unwrap();
    let hash = settings.lines().find(|line| line.starts_with("data_hash")).unwrap().to_owned();
    (hash + &std::fs::read_to_string(folder.vocabulary()).unwrap(), outcome(out))
}

#[test]
fn a_gzip_file_gives_the_run_of_its_content_whatever_its_name() {
    let place = tempfile::tempdir().unwrap();
    let config = TrainingConfig { epochs: 1, ..small_config(place.path()) };
    let rows = std::fs::read(place.path().join("rows.csv")).unwrap();
    let expected = run_on(&place.path().join("rows.csv"), &config, &place.path().join("plain"));
    std::fs::create_dir(place.path().join("folder")).unwrap();
    for name in ["rows.csv.gz", "packed.csv", "folder/train.csv.gz"] {
        std::fs::write(place.path().join(name), packed(&rows)).unwrap();
        let data = place.path().join(name.split('/').next().unwrap());
        assert_eq!(run_on(&data, &config, &place.path().join(format!("run {}", name.len()))), expected, "{name}");
    }
}

/// The batches of an epoch, as the network sees them.
fn batches(examples: &Examples) -> Vec<String> {
    let batches = epoch_batches(examples, 16, &mut ChaCha8Rng::seed_from_u64(7));
    batches.iter().map(|rows| format!("{:?}", Batch::read(examples, rows).unwrap())).collect()
}

#[test]
fn steps_in_a_temporary_file_give_the_same_batches_and_the_same_run() {
    let place = tempfile::tempdir().unwrap();
    for (name, config) in [("words", small_config(place.path())), ("frames", digits_config())] {
        let config = TrainingConfig { epochs: 1, ..config };
        let run = |after: usize| {
            let folder = RunFolder::create(&place.path().join(format!("{name} {after}"))).unwrap();
            let prepared = Prepared::read(&config, Spill { after, folder: folder.path() }).unwrap();
            prepared.write(&folder, &config).unwrap();
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "the temporary file has no name");
            let session = Session { config: config.clone(), chosen: None, prepared, folder, resume: false };
            session.run(&Device::Cpu, &mut Progress::silent(), &|| false).unwrap();
            let Session { prepared, folder, .. } = session;
            let spilled = [&prepared.training, &prepared.validation].map(Examples::are_spilled);
            (spilled, (batches(&prepared.training), batches(&prepared.validation), outcome(folder.path())))
        };
        let (spilled, in_memory) = run(Spill::AFTER);
        assert_eq!(spilled, [false; 2]);
        for after in [0, 100] {
            let (spilled, found) = run(after);
            assert_eq!(spilled, [true; 2]);
            assert_eq!(found, in_memory, "{name}, {after} in memory");
        }
    }
}
