use runtime::format::Precision;
use runtime::{LayerState, Model};
use tests::{Cpu, trained_run};
use trainer::inference::HostClassifier;
use trainer::network::Packed;
use trainer::run::Run;
use trainer::training::TrainingConfig;

/// Rows of the home commands that are compared.
const ROWS: usize = 60;
/// Largest error of a hidden state's value at any step, in each precision.
const TOLERANCES: [(Precision, f32); 3] = [(Precision::F32, 1e-5), (Precision::F16, 5e-3), (Precision::Int8, 8e-2)];

#[test]
fn each_layer_is_near_the_network_at_each_step() {
    let folder = tempfile::tempdir().unwrap();
    let config = TrainingConfig { num_layers: 2, hidden_size: 24, epochs: 3, ..TrainingConfig::default() };
    let run = trained_run(&config, folder.path()).unwrap();
    let rows = config.data.test_rows(&[]).unwrap();
    let files = TOLERANCES.map(|(precision, _)| run.export(precision).unwrap());
    let models = files.each_ref().map(|file| Model::parse(file.bytes()).unwrap());
    let mut largest = [0.0_f32; 3];
    let mut compared = 0;
    for row in rows.iter().step_by(rows.len() / ROWS) {
        let sequence = run.encoder.encode(&row.content, run.config.max_length).unwrap();
        let tokens = sequence.tokens();
        let expected = network_states(&run, tokens);
        for (model, largest) in models.iter().zip(&mut largest) {
            let mut classifier = HostClassifier::new(model).unwrap();
            for (step, token) in tokens.iter().enumerate() {
                classifier.push_token(*token);
                for (layer, states) in expected.iter().enumerate() {
                    let hidden = hidden(classifier.layer_state(layer).unwrap());
                    let size = hidden.len();
                    for (found, expected) in hidden.iter().zip(&states[step * size..(step + 1) * size]) {
                        *largest = largest.max((found - expected).abs());
                        compared += 1;
                    }
                }
            }
        }
    }
    println!("{compared} states compared; largest errors (f32, f16, int8) {largest:?}");
    assert!(compared > 100_000 / 4);
    for (largest, (precision, tolerance)) in largest.iter().zip(TOLERANCES) {
        assert!(*largest <= tolerance, "{precision}: {largest}");
    }
    assert!(largest[0] < largest[1] && largest[1] < largest[2]);
}

/// `h` of every step of each layer, computed by the trained network.
fn network_states(run: &Run<Cpu>, tokens: &[u32]) -> Vec<Vec<f32>> {
    let packed = Packed::new(&[tokens]);
    let mut outputs = run.network.embedding.val().select(0, packed.tokens(&Default::default()));
    let mut states = Vec::new();
    for layer in &run.network.layers {
        outputs = layer.forward(outputs, &packed).outputs;
        states.push(outputs.to_data().to_vec().unwrap());
    }
    states
}

fn hidden(state: LayerState<'_>) -> Vec<f32> {
    match state {
        LayerState::Float { hidden, .. } => hidden.to_vec(),
        LayerState::Int8 { hidden, .. } => hidden.iter().map(|value| f32::from(*value) / 32_768.0).collect(),
    }
}
