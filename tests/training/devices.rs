//! What other devices than the CPU compute, against the CPU: CUDA wherever there is a device, and with the feature
//! `wgpu`, which tests/gpu turns on, what Vulkan or Metal reaches.

use std::path::Path;

use trainer::config::TrainingConfig;
use trainer::device::{Device, DeviceChoice, cuda_devices};
use trainer::note;
use trainer::run::EpochMetrics;
use trainer::run::Run;
use trainer::run_folder::RunFolder;
use trainer::session::Session;
use trainer::training::Progress;

use super::Cpu;

/// A device to test.
struct Tested {
    device: Device,
    /// The same as two, which share each batch.
    two: Device,
    /// By how much a product of matrices may differ, or by what share of it if that is more.
    most: f32,
}

fn tested() -> Vec<Tested> {
    let cuda = match cuda_devices() {
        Ok(devices) if !devices.is_empty() => {
            let first = devices[0].clone();
            let two = match DeviceChoice::Cuda.resolve(&[0, 1]) {
                Ok(two) => two,
                Err(reason) => {
                    note(&format!("NOT RUN on two CUDA devices, but on one twice: {reason}"));
                    Device::Cuda(vec![first.clone(); 2])
                }
            };
            // Burn may compute products of matrices in TF32, whose fraction has 10 bits.
            Some(Tested { device: Device::Cuda(vec![first]), two, most: 4e-3 })
        }
        Ok(_) => not_run("the driver finds no CUDA device"),
        Err(reason) => not_run(&reason),
    };
    #[cfg(feature = "wgpu")]
    let wgpu = {
        let [device, two] = [1, 2].map(|count| Device::Wgpu(trainer::device::Wgpu::new(count)));
        Some(Tested { device, two, most: 1e-4 })
    };
    #[cfg(not(feature = "wgpu"))]
    let wgpu = None;
    cuda.into_iter().chain(wgpu).collect()
}

fn not_run(reason: &str) -> Option<Tested> {
    note(&format!("NOT RUN on CUDA: {reason}"));
    None
}

#[test]
fn the_operations_agree_with_those_of_the_cpu() {
    for Tested { device, most, .. } in tested() {
        let differences = device.differences().unwrap();
        // Five results of the recurrence, four cells, two directions, two inputs; four results of Adam, three times.
        assert_eq!(differences.len(), 5 * 4 * 2 * 2 + 4 * 3);
        for difference in &differences {
            assert!(difference.largest <= most, "{device}: {difference:?}");
        }
        let largest = differences.iter().max_by(|a, b| a.largest.total_cmp(&b.largest)).unwrap();
        note(&format!(
            "ran on {device}: {} operations; {:.1e} in {}",
            differences.len(),
            largest.largest,
            largest.what
        ));
    }
}

/// The hand-written home commands, on which a small network learns in a few epochs; nothing in it is by chance but the
/// start and the order.
fn config() -> TrainingConfig {
    let rows = |name: &str| tests::repository().join("trainer/data/home_commands").join(name);
    TrainingConfig {
        data: tests::source(Some(&rows("test.csv"))),
        validation: Some(rows("development.csv")),
        embedding_size: 16,
        hidden_size: 16,
        epochs: 4,
        batch_size: 10,
        learning_rate: 0.02,
        // Adam's first steps have the size of the rate however small a gradient is, and so grow its rounding errors.
        warmup_steps: 42,
        dropout: 0.0,
        word_dropout: 0.0,
        ..TrainingConfig::default()
    }
}

/// The epochs of a training on a device.
fn epochs(device: &Device, config: &TrainingConfig, parent: &Path, name: &str) -> Vec<EpochMetrics> {
    let folder = RunFolder::create(&parent.join(name)).unwrap();
    let session = Session::start(folder.path(), config.clone()).unwrap();
    session.run(device, &mut Progress::silent(), &|| false).unwrap();
    Run::<Cpu>::load(folder.path(), &Default::default()).unwrap();
    let metrics = std::fs::read_to_string(folder.metrics()).unwrap();
    metrics.lines().skip(1).map(metrics_of).collect()
}

fn metrics_of(line: &str) -> EpochMetrics {
    let values: Vec<f64> = line.split(',').map(|value| value.parse().unwrap()).collect();
    let [epoch, training_loss, training_accuracy, validation_loss, validation_accuracy, learning_rate] = values[..]
    else {
        panic!("{line}")
    };
    let epoch = epoch as usize;
    EpochMetrics { epoch, training_loss, training_accuracy, validation_loss, validation_accuracy, learning_rate }
}

/// Checks the first epoch's losses by a hundredth, and the last validation accuracy by two points: between them the
/// differences of single values grow.
fn assert_near(found: &[EpochMetrics], expected: &[EpochMetrics]) {
    assert_eq!(found.len(), expected.len());
    let losses = |epochs: &[EpochMetrics]| [epochs[0].training_loss, epochs[0].validation_loss];
    for (found, expected) in losses(found).into_iter().zip(losses(expected)) {
        assert!((found / expected - 1.0).abs() <= 0.01, "{found} instead of {expected}");
    }
    let [found, expected] = [found, expected].map(|epochs| epochs[epochs.len() - 1].validation_accuracy);
    assert!((found - expected).abs() <= 0.02, "{found} instead of {expected}");
}

#[test]
fn a_training_comes_to_what_it_comes_to_on_the_cpu_also_where_two_devices_share_it() {
    let tested = tested();
    if tested.is_empty() {
        return;
    }
    let parent = tempfile::tempdir().unwrap();
    let config = config();
    let expected = epochs(&Device::Cpu, &config, parent.path(), "cpu");
    assert!(expected[config.epochs - 1].validation_accuracy > 0.7, "{expected:?}");
    for (number, Tested { device, two, .. }) in tested.into_iter().enumerate() {
        for (shares, device) in [device, two].into_iter().enumerate() {
            let found = epochs(&device, &config, parent.path(), &format!("{number} {shares}"));
            for (found, expected) in found.iter().zip(&expected) {
                note(&format!("ran on {device}: {}; on the CPU {}", shown(found), shown(expected)));
            }
            assert_near(&found, &expected);
        }
    }
}

fn shown(metrics: &EpochMetrics) -> String {
    let EpochMetrics { epoch, training_loss, validation_loss, validation_accuracy, .. } = metrics;
    let accuracy = 100.0 * validation_accuracy;
    format!("epoch {epoch} loss {training_loss:.4}, validation {validation_loss:.4}, {accuracy:.2} %")
}
