use runtime::Model;
use runtime::format::Precision;
use tests::{Cpu, trained_run};
use trainer::config::TrainingConfig;
use trainer::inference::HostClassifier;
use trainer::network::{Cell, Packed, Sequence};
use trainer::run::Run;
use trainer::trace::{State, StepContent, StepTrace, states, trace};

/// Rows of the home commands that are compared.
const ROWS: usize = 60;
/// Largest error of a hidden state's value at any step, in each precision.
const TOLERANCES: [(Precision, f32); 3] = [(Precision::F32, 1e-5), (Precision::F16, 5e-3), (Precision::Int8, 8e-2)];

#[test]
fn each_layer_of_an_lstm_is_near_the_network_at_each_step() {
    compare(Cell::Lstm, false);
}

#[test]
fn each_direction_of_a_gru_is_near_the_network_at_each_step() {
    compare(Cell::Gru, true);
}

/// Trains two layers of a cell and compares all hidden states on test rows.
fn compare(cell: Cell, bidirectional: bool) {
    let folder = tempfile::tempdir().unwrap();
    let config =
        TrainingConfig { cell, bidirectional, num_layers: 2, hidden_size: 24, epochs: 3, ..TrainingConfig::default() };
    let run = trained_run(&config, folder.path()).unwrap();
    let rows: Vec<_> = config.data.test_rows(&Default::default()).unwrap().map(Result::unwrap).collect();
    let files = TOLERANCES.map(|(precision, _)| run.export(precision).unwrap());
    let models = files.each_ref().map(|file| Model::parse(file.bytes()).unwrap());
    let mut largest = [0.0_f32; 3];
    let mut compared = 0;
    for row in rows.iter().step_by(rows.len() / ROWS) {
        let sequence = run.encoder.encode(&row.content, run.max_steps()).unwrap();
        let expected = network_states(&run, &sequence);
        for (model, largest) in models.iter().zip(&mut largest) {
            let mut classifier = HostClassifier::new(model).unwrap();
            let steps: Vec<StepContent> = sequence.tokens().iter().copied().map(StepContent::Token).collect();
            let found = states(&mut classifier, steps.iter().cloned()).unwrap();
            assert_gates(cell, &trace(&mut classifier, model, cell, &steps).unwrap(), &found);
            assert_eq!(found.len(), sequence.steps() * expected.iter().map(Vec::len).sum::<usize>());
            for State { layer, reverse, step, hidden, .. } in found {
                let expected = &expected[layer][usize::from(reverse)][step * hidden.len()..][..hidden.len()];
                for (found, expected) in hidden.iter().zip(expected) {
                    *largest = largest.max((found - expected).abs());
                    compared += 1;
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

/// Asserts that the gates which are shown give the states that the runtime computed, by the formula of the cell: the
/// rounding of an int8 model's `c` and `tanh` is all that may be between them.
fn assert_gates(cell: Cell, traces: &[StepTrace], states: &[State]) {
    assert_eq!(traces.len(), states.len());
    for (trace, state) in traces.iter().zip(states) {
        let of = |name| &trace.quantities.iter().find(|quantity| quantity.name == name).unwrap().values;
        let step = if state.reverse { state.step + 1 } else { state.step.wrapping_sub(1) };
        let place = (state.layer, state.reverse, step);
        let before = states.iter().find(|before| (before.layer, before.reverse, before.step) == place);
        assert_eq!((trace.layer, trace.reverse, trace.step), (state.layer, state.reverse, state.step));
        for unit in 0..state.hidden.len() {
            let kept = |values: fn(&State) -> &Vec<f32>| before.map_or(0.0, |before| values(before)[unit]);
            let hidden = match cell {
                Cell::Lstm => {
                    let c = of("f")[unit] * kept(|state| &state.cell) + of("i")[unit] * of("g")[unit];
                    assert!((c - state.cell[unit]).abs() < 5e-4, "c {c} for {}", state.cell[unit]);
                    of("o")[unit] * state.cell[unit].tanh()
                }
                _ => (1.0 - of("z")[unit]) * of("n")[unit] + of("z")[unit] * kept(|state| &state.hidden),
            };
            assert!((hidden - state.hidden[unit]).abs() < 1e-4, "h {hidden} for {}", state.hidden[unit]);
        }
    }
}

/// `h` of every step, computed by the trained network: for each layer, for each of its directions.
fn network_states(run: &Run<Cpu>, sequence: &Sequence) -> Vec<Vec<Vec<f32>>> {
    let packed = Packed::new(std::slice::from_ref(sequence));
    let layers = run.network.states(&run.network_config(), &packed);
    let hidden = |layer: &trainer::network::LayerStates<Cpu>| {
        let directions = std::iter::once(&layer.forward).chain(&layer.reverse);
        directions.map(|direction| direction.hidden.to_data().to_vec().unwrap()).collect()
    };
    layers.iter().map(hidden).collect()
}
