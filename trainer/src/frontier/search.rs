use std::path::{Path, PathBuf};

use super::search_file::RUNS;
use super::{Budget, Candidate, Frontier, Measured, Stage};
use crate::config::TrainingConfig;
use crate::encoding::Input;
use crate::error::Error;
use crate::note;
use crate::run::RunResult;
use crate::run_folder::{RunFolder, read_toml};
use crate::session::Session;

/// The share of the training rows in the first stage.
const FIRST_SHARE: f64 = 1.0 / 3.0;

/// What a search is given.
pub struct Search<'a> {
    /// The settings that all candidates share, with the hash of the rows.
    pub base: &'a TrainingConfig,
    /// Seeds of the last stage.
    pub seeds: usize,
    /// Where the runs' folders are.
    pub out: &'a Path,
}

/// One training of a candidate.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// All of its settings.
    pub config: TrainingConfig,
    /// Its run's folder, which holds the finished run if it was trained before.
    pub folder: PathBuf,
}

impl Trial {
    /// What it came to, if it was trained before.
    ///
    /// # Errors
    /// [`Error::Run`] if the folder is that of a run with other settings, or on other rows.
    pub fn finished(&self) -> Result<Option<RunResult>, Error> {
        if !self.is_begun() {
            return Ok(None);
        }
        let folder = RunFolder::open(&self.folder)?;
        let found: TrainingConfig = read_toml(&folder.config())?;
        let data_hash = found.data_hash.clone();
        let input = if self.config.input == Input::Auto { Input::Auto } else { found.input };
        if (TrainingConfig { data_hash: None, input, ..found })
            != (TrainingConfig { data_hash: None, ..self.config.clone() })
        {
            let problem = "was trained with other settings than this search has; choose another --out";
            return Err(Error::Run { path: self.folder.clone(), problem: problem.into() });
        }
        if data_hash != self.config.data_hash {
            let problem = "was trained on other rows than this search has; choose another --out";
            return Err(Error::Run { path: self.folder.clone(), problem: problem.into() });
        }
        if folder.result().is_file() { read_toml(&folder.result()).map(Some) } else { Ok(None) }
    }

    /// Its training, from where it was interrupted.
    ///
    /// # Errors
    /// As [`Session::start`] and [`Session::resume`].
    pub fn session(&self) -> Result<Session, Error> {
        if self.is_begun() { Session::resume(&self.folder) } else { Session::start(&self.folder, self.config.clone()) }
    }

    fn is_begun(&self) -> bool {
        RunFolder::open(&self.folder).is_ok()
    }
}

impl Search<'_> {
    /// The stages, from the first one of all candidates to the last one of the best.
    fn stages(&self) -> [Stage; 3] {
        let epochs = self.base.epochs;
        let short = epochs.div_ceil(2);
        [
            Stage { number: 1, training_share: FIRST_SHARE * self.base.training_share, epochs: short, seeds: 1 },
            Stage { number: 2, training_share: self.base.training_share, epochs: short, seeds: 1 },
            Stage { number: 3, training_share: self.base.training_share, epochs, seeds: self.seeds },
        ]
    }

    /// The trainings of a candidate in a stage, one a seed.
    fn trials(&self, candidate: &Candidate, stage: Stage) -> Vec<Trial> {
        let trial = |number: usize| {
            let seed = self.base.seed.wrapping_add(number as u64);
            let (training_share, epochs) = (stage.training_share, stage.epochs);
            let shaped = candidate.shape.config(self.base, candidate.vocabulary);
            let name = format!("{}-tokens{}", candidate.shape, candidate.vocabulary);
            let folder = self.out.join(RUNS).join(format!("{name}-stage{}-seed{seed}", stage.number));
            let float_epochs = shaped.float_epochs.map(|float| float * epochs / self.base.epochs.max(1));
            Trial { config: TrainingConfig { training_share, epochs, float_epochs, seed, ..shaped }, folder }
        };
        (0..stage.seeds).map(trial).collect()
    }
}

/// Trains the candidates of each budget by successive halving; `train` gives the validation accuracy of a trial. Budgets
/// ascend: where no candidate is better than the best one of the budget before, that is the best of this one too.
///
/// # Errors
/// Those of `train`.
pub fn search(
    search: &Search<'_>,
    budgets: &[(Budget, Vec<Candidate>)],
    train: &mut dyn FnMut(&Trial) -> Result<f64, Error>,
) -> Result<Frontier, Error> {
    let mut frontier = Frontier { measured: Vec::new() };
    for (budget, candidates) in budgets {
        let mut all: Vec<Measured> = candidates.iter().map(|candidate| Measured::new(*budget, *candidate)).collect();
        let mut left = all.len();
        for stage in search.stages() {
            left = match stage.number {
                1 => all.len(),
                2 => left.div_ceil(2),
                _ => left.min(1),
            };
            for (number, measured) in all.iter_mut().take(left).enumerate() {
                let trials = search.trials(&measured.candidate, stage);
                let accuracies = trials.iter().map(&mut *train).collect::<Result<Vec<f64>, Error>>()?;
                measured.add(stage, accuracies, trials.into_iter().map(|trial| trial.folder).collect());
                note(&format!("{budget}, stage {}, {} of {left}: {measured}", stage.number, number + 1));
            }
            // Those that went on stand before those that did not.
            all[..left].sort_by(|first, second| second.accuracy().total_cmp(&first.accuracy()));
        }
        let before = frontier
            .chosen()
            .last()
            .filter(|before| all.first().is_none_or(|best| before.accuracy() > best.accuracy()));
        let before = before.map(|before| Measured { budget: *budget, ..before.clone() });
        match (before, all.first_mut()) {
            (Some(before), _) => all.insert(0, before),
            (None, Some(best)) => best.is_chosen = true,
            (None, None) => {}
        }
        frontier.measured.extend(all);
    }
    Ok(frontier)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{Shape, Size};
    use super::*;
    use crate::network::Cell;
    use crate::quantize::{Bits, IntegerBits};

    fn candidates(count: usize) -> Vec<Candidate> {
        let shape = |hidden_size| Shape {
            cell: Cell::Gru,
            embedding_size: 8,
            hidden_size,
            bits: IntegerBits::all(Bits::Eight),
        };
        let size = Size { bytes: 30_000, ram_bytes: 400 };
        (1..=count).map(|number| Candidate { shape: shape(number), vocabulary: 100, size }).collect()
    }

    #[test]
    fn the_better_half_goes_on_and_the_best_one_in_full() {
        let base = TrainingConfig { epochs: 5, seed: 7, ..TrainingConfig::default() };
        let given = Search { base: &base, seeds: 3, out: Path::new("out") };
        let mut trials: Vec<Trial> = Vec::new();
        // The candidate with 4 units is the best of the second half in the first stage, and of all in the second.
        let mut train = |trial: &Trial| {
            trials.push(trial.clone());
            let units = trial.config.hidden_size as f64;
            Ok(0.9 - 0.01 * (units - 4.0).abs() + 0.001 * trial.config.seed as f64)
        };
        let budgets = [(Budget(32_768), candidates(5)), (Budget(65_536), candidates(1))];
        let found = search(&given, &budgets, &mut train).unwrap();
        let of_stage = |number: usize| -> Vec<&Trial> {
            let stage = format!("-stage{number}-");
            trials.iter().filter(|trial| trial.folder.display().to_string().contains(&stage)).collect()
        };
        let units = |number| of_stage(number).iter().map(|trial| trial.config.hidden_size).collect::<Vec<_>>();
        assert_eq!(units(1), [1, 2, 3, 4, 5, 1]);
        assert_eq!(units(2).into_iter().collect::<BTreeSet<_>>(), [1, 3, 4, 5].into());
        assert_eq!(units(3), [4, 4, 4, 1, 1, 1]);
        assert_eq!(of_stage(3).iter().map(|trial| trial.config.seed).collect::<Vec<_>>(), [7, 8, 9, 7, 8, 9]);
        let settings = |number| {
            let config = &of_stage(number)[0].config;
            (config.epochs, (12.0 * config.training_share).round())
        };
        assert_eq!([settings(1), settings(2), settings(3)], [(3, 4.0), (3, 12.0), (5, 12.0)]);
        let folders: BTreeSet<_> = trials.iter().map(|trial| trial.folder.clone()).collect();
        // The one candidate of the second budget is one of the first budget's too.
        assert_eq!((trials.len(), folders.len()), (16, 15));

        let chosen: Vec<&Measured> = found.measured.iter().filter(|measured| measured.is_chosen).collect();
        assert_eq!((found.measured.len(), chosen.len()), (7, 2));
        assert_eq!((chosen[1].budget, chosen[1].candidate), (Budget(65_536), chosen[0].candidate));
        assert_eq!((chosen[0].candidate.shape.hidden_size, chosen[0].runs.len()), (4, 3));
        assert!((chosen[0].accuracy() - 0.908).abs() < 1e-9 && (chosen[0].spread() - 0.002).abs() < 1e-9);
    }

    #[test]
    fn an_error_ends_the_search() {
        let base = TrainingConfig::default();
        let given = Search { base: &base, seeds: 1, out: Path::new("out") };
        let mut train = |_: &Trial| Err(Error::Failed("interrupted".into()));
        assert!(search(&given, &[(Budget(1), candidates(2))], &mut train).is_err());
    }
}
