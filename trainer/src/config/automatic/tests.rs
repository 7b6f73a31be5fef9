use super::*;

fn chosen(given: &[&str], config: TrainingConfig, extent: Extent) -> TrainingConfig {
    let automatic = Automatic::unless(|name| given.contains(&name));
    let mut config = TrainingConfig { automatic, ..config };
    config.choose(extent);
    assert_eq!((config.automatic, config.steps), (Automatic::NONE, None));
    config
}

fn lengths(config: &TrainingConfig) -> [usize; 5] {
    [config.epochs, config.batch_size, config.warmup_steps, config.measure_every, config.folds]
}

const FEW_ROWS: Extent = Extent { training: 144, held_out: 16, mean_steps: 30.0, of_frames: true, groups: usize::MAX };
const MANY_ROWS: Extent = Extent { training: 9_000, held_out: 1_000, mean_steps: 20.0, of_frames: false, ..FEW_ROWS };

#[test]
fn the_rows_decide() {
    assert_eq!(lengths(&chosen(&[], TrainingConfig::default(), FEW_ROWS)), [200, 16, 200, 10, 5]);
    assert_eq!(lengths(&chosen(&[], TrainingConfig::default(), MANY_ROWS)), [22, 32, 620, 2, 0]);
    let more = Extent { training: 60_000, ..MANY_ROWS };
    assert_eq!(lengths(&chosen(&[], TrainingConfig::default(), more)), [5, 32, 937, 1, 0]);
    let short = Extent { mean_steps: 10.0, ..MANY_ROWS };
    assert_eq!(lengths(&chosen(&[], TrainingConfig::default(), short)), [43, 32, 1_212, 3, 0]);
    // So long that an adversary leaves room for some 3,900 steps.
    let long = Extent { mean_steps: 100.0, ..MANY_ROWS };
    assert_eq!(lengths(&chosen(&[], TrainingConfig::default(), long)), [14, 32, 394, 1, 0]);
    let middle = Extent { training: 1_600, held_out: 180, ..FEW_ROWS };
    assert_eq!(lengths(&chosen(&[], TrainingConfig::default(), middle)), [20, 16, 200, 1, 0]);
    let very_few = Extent { training: 45, held_out: 5, ..FEW_ROWS };
    assert_eq!(lengths(&chosen(&[], TrainingConfig::default(), very_few)), [286, 8, 200, 15, 5]);
}

#[test]
fn long_rows_are_trained_on_in_small_batches_and_then_for_fewer_steps() {
    let long = Extent { mean_steps: 200.0, ..FEW_ROWS };
    assert_eq!(lengths(&chosen(&[], TrainingConfig::default(), long)), [100, 8, 200, 5, 3]);
    let endless = Extent { mean_steps: 1e6, ..FEW_ROWS };
    assert_eq!(lengths(&chosen(&[], TrainingConfig::default(), endless)), [25, 8, 50, 2, 3]);
}

#[test]
fn dropout_is_weak_for_many_rows() {
    assert_eq!([FEW_ROWS, MANY_ROWS].map(|extent| chosen(&[], TrainingConfig::default(), extent).dropout), [0.5, 0.3]);
}

#[test]
fn many_rows_of_many_frames_are_trained_on_briefly() {
    let windows = Extent { of_frames: true, mean_steps: 31.0, ..MANY_ROWS };
    let config = chosen(&[], TrainingConfig::default(), windows);
    assert_eq!(lengths(&config), [6, 32, 169, 1, 0]);
    assert_eq!(config.dropout, 0.5);
    let short = Extent { mean_steps: 8.0, ..windows };
    let config = chosen(&[], TrainingConfig::default(), short);
    assert_eq!((lengths(&config), config.dropout), ([43, 32, 1_212, 3, 0], 0.3));
}

#[test]
fn an_adversary_is_left_out_where_there_is_nothing_to_move_and_where_rows_are_long() {
    let adversarial = |config, extent| chosen(&[], config, extent).adversarial;
    let config = TrainingConfig::default();
    assert_eq!([FEW_ROWS, MANY_ROWS].map(|extent| adversarial(config.clone(), extent)), [0.1, 0.05]);
    let long = [FEW_ROWS, MANY_ROWS].map(|extent| Extent { mean_steps: 100.0, ..extent });
    assert_eq!(long.map(|extent| adversarial(config.clone(), extent)), [0.0, 0.05]);
    let longer = Extent { mean_steps: 140.0, ..MANY_ROWS };
    assert_eq!(adversarial(config.clone(), longer), 0.0);
    let one_hot = TrainingConfig { embedding_size: 0, ..config.clone() };
    let frozen = TrainingConfig { freeze_embeddings: true, ..config };
    assert_eq!([&one_hot, &frozen].map(|config| adversarial(config.clone(), MANY_ROWS)), [0.0, 0.0]);
    assert_eq!(adversarial(frozen, FEW_ROWS), 0.1);
}

#[test]
fn the_last_state_answers_for_a_few_frames_alone() {
    let pooling = |extent| chosen(&[], TrainingConfig::default(), extent).pooling;
    let short = [FEW_ROWS, MANY_ROWS].map(|extent| Extent { mean_steps: 8.0, ..extent });
    assert_eq!(short.map(pooling), [Pooling::Last, Pooling::Max]);
    assert_eq!(pooling(FEW_ROWS), Pooling::Max);
}

#[test]
fn what_is_given_stands() {
    let given = ["epochs", "batch_size", "dropout", "warmup_steps", "measure_every", "folds", "patience"];
    let given = [&given[..], &["adversarial", "pooling"]].concat();
    let config = TrainingConfig { epochs: 3, batch_size: 7, ..TrainingConfig::default() };
    assert_eq!(chosen(&given, config.clone(), FEW_ROWS), config);
    let steps = TrainingConfig { steps: Some(90), ..TrainingConfig::default() };
    assert_eq!(lengths(&chosen(&["folds"], steps, FEW_ROWS)), [10, 16, 9, 1, 0]);
    let share = chosen(&["validation_share"], TrainingConfig::default(), FEW_ROWS);
    assert_eq!(share.folds, 0);
}

#[test]
fn rows_with_validation_rows_elsewhere_are_not_cross_validated() {
    let beside = Extent { held_out: 0, ..FEW_ROWS };
    let grouped = Extent { groups: 4, ..FEW_ROWS };
    assert_eq!([beside, grouped].map(|extent| chosen(&[], TrainingConfig::default(), extent).folds), [0, 4]);
}

#[test]
fn a_part_of_the_rows_is_trained_on_for_as_many_steps() {
    let config = chosen(&[], TrainingConfig::default(), FEW_ROWS);
    let fold = config.of_fold(160, 128);
    assert_eq!((fold.epochs, fold.measure_every, fold.patience), (250, 13, 250));
}
