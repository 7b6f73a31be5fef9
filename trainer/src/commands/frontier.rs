use std::path::PathBuf;
use std::sync::atomic::Ordering;

use clap::Args;
use trainer::config::TrainingConfig;
use trainer::data::Source;
use trainer::device::DeviceChoice;
use trainer::frontier::{
    Budget, Candidate, Frontier, Measured, Search, SearchFolder, SearchInputs, Sizes, Space, Trial, read_references,
    search,
};
use trainer::network::Cell;
use trainer::output::{Output, write_atomically};
use trainer::quantize::IntegerBits;
use trainer::training::Progress;
use trainer::{Error, note};

use super::given::Given;
use super::reading::Reading;
use super::train::{read_config, stop_on_interrupt};
use super::{Cpu, print_line};

/// Searches the network with the best validation accuracy for each flash budget: cell, sizes, vocabulary
/// and bits. What was trained before is not trained again, so that an interrupted search goes on with the same command.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainer frontier --plan                             candidates for the home commands, and their bytes
  trainer frontier --data news --flash 64K,256K --config small.toml --out runs/news-frontier")]
pub(crate) struct FrontierCommand {
    #[command(flatten)]
    given: Given,
    /// Rows as `trainer train --data` takes them. Without it: the built-in home commands.
    #[arg(long)]
    data: Option<PathBuf>,
    /// A file of validation rows; without it, a share of the training rows is held out.
    #[arg(long)]
    validation: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// Flash budgets: largest size of the model file, for example 65536, 64K or 1M.
    #[arg(long, value_name = "BYTES,BYTES", value_delimiter = ',', default_value = "32K,64K,128K,256K")]
    flash: Vec<Budget>,
    /// RAM budget: largest size of a classifier's state in bytes, for example 4096 or 4K.
    #[arg(long, value_name = "BYTES")]
    ram: Option<Budget>,
    /// Candidates per budget.
    #[arg(long, value_name = "N", default_value_t = 8)]
    candidates: usize,
    /// Number of seeds that the best candidate of a budget is trained with.
    #[arg(long, value_name = "N", default_value_t = 3)]
    seeds: usize,
    /// Epochs of the best candidate; the other candidates train for half as many [8]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Settings that all candidates share, from a TOML file as `trainer train --config` takes it.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Cells to try.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "lstm,gru")]
    cells: Vec<Cell>,
    /// Embedding sizes to try.
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_value = "8,12,16,24,32")]
    embedding_sizes: Vec<usize>,
    /// Hidden sizes to try.
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_value = "24,32,48,64,96")]
    hidden_sizes: Vec<usize>,
    /// Bit widths to try: of the weights and, after a colon, of the embedding; below 8, training simulates them.
    #[arg(long, value_name = "N,N:N", value_delimiter = ',', default_value = "8,8:4,4")]
    bits: Vec<IntegerBits>,
    /// A CSV file with the header name,bytes,accuracy: points to add to the plot.
    #[arg(long, value_name = "FILE")]
    reference: Option<PathBuf>,
    /// The folder for the table, the plot, the models and the runs.
    #[arg(long, default_value = "runs/frontier")]
    out: PathBuf,
    /// Where to train.
    #[arg(long, value_enum, default_value = "auto")]
    device: DeviceChoice,
    /// Print the candidates and their bytes, and train nothing.
    #[arg(long)]
    plan: bool,
}

impl FrontierCommand {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let base = self.base()?;
        for (name, value) in [("candidates", self.candidates), ("seeds", self.seeds)] {
            if value == 0 {
                return Err(Error::Setting(format!("--{name} 0: expected at least 1")));
            }
        }
        let references = self.reference.as_deref().map(read_references).transpose()?.unwrap_or_default();
        let device = self.device.resolve(&[])?;
        let folder = (!self.plan).then(|| SearchFolder::claim(&self.out, &self.flash)).transpose()?;
        let mut sizes = Sizes::read(&base)?;
        let of_embeddings = self.given.names().iter().find(|name| *name == "embedding-sizes");
        if let (Some(option), Some(_)) = (of_embeddings, sizes.data().channels) {
            let problem = "has no effect here: networks over frames have no embedding; leave it out";
            return Err(Error::Setting(format!("--{option} {problem}")));
        }
        let budgets = self.candidates_of_budgets(&base, &mut sizes)?;
        let say = |sizes: &Sizes<'_>| sizes.data().notes.lines().for_each(|line| note(line));
        if self.plan {
            say(&sizes);
            let measured = budgets
                .iter()
                .flat_map(|(budget, candidates)| candidates.iter().map(|candidate| Measured::new(*budget, *candidate)));
            return print_line(&Frontier { measured: measured.collect() }.to_string());
        }
        if let Some(folder) = &folder {
            folder.begin(&SearchInputs::read(&base, sizes.data())?)?;
        }
        say(&sizes);
        let stop = stop_on_interrupt()?;
        let should_stop = || stop.load(Ordering::Relaxed);
        let mut train = |trial: &Trial| -> Result<f64, Error> {
            let result = match trial.finished()? {
                Some(result) => Some(result),
                None => {
                    let finished = trial.session()?.run(&device, &mut Progress::new(false), &should_stop)?;
                    finished.map(|finished| finished.result)
                }
            };
            let interrupted = || Error::Failed("interrupted; everything is saved, the same command goes on".into());
            result.map(|result| result.kept.validation_accuracy).ok_or_else(interrupted)
        };
        let of_these_rows = TrainingConfig { data_hash: Some(sizes.data().hash.clone()), ..base.clone() };
        let given = Search { base: &of_these_rows, seeds: self.seeds, out: &self.out };
        let mut frontier = search(&given, &budgets, &mut train)?;
        for measured in frontier.measured.iter_mut().filter(|measured| measured.is_chosen) {
            measured.export::<Cpu>(sizes.data(), &self.out, &Default::default())?;
        }
        write_atomically(&self.out.join("frontier.csv"), &frontier.csv()?)?;
        let figure = frontier.figure(&base.data.name(), &references);
        ["png", "svg"].iter().try_for_each(|ending| {
            figure.write(&Output::replacing(&self.out.join("frontier").with_extension(ending))?)
        })?;
        print_line(&frontier.to_string())
    }

    /// The settings that all candidates share.
    fn base(&self) -> Result<TrainingConfig, Error> {
        let given = self.config.as_deref().map(read_config).transpose()?;
        let mut base = TrainingConfig::from_layers(given)?;
        if self.data.is_some() {
            base.data = Source::new(self.data.as_deref());
        }
        if self.validation.is_some() {
            base.validation.clone_from(&self.validation);
        }
        self.reading.apply(&mut base);
        base.epochs = self.epochs.unwrap_or(base.epochs);
        base.data_hash = None;
        if base.steps.is_some() || base.folds > 0 {
            let problem =
                "the stages of a search have epochs and validation rows; give `epochs` instead of `steps`, no `folds`";
            return Err(Error::Setting(format!("--config: {problem}")));
        }
        base.check()?;
        Ok(base)
    }

    fn candidates_of_budgets(
        &self,
        base: &TrainingConfig,
        sizes: &mut Sizes<'_>,
    ) -> Result<Vec<(Budget, Vec<Candidate>)>, Error> {
        let space = Space {
            cells: self.cells.clone(),
            embedding_sizes: self.embedding_sizes.clone(),
            hidden_sizes: self.hidden_sizes.clone(),
            bits: self.bits.clone(),
        };
        let shapes = space.shapes(base.seed);
        let mut budgets = self.flash.clone();
        budgets.sort_unstable();
        budgets.dedup();
        let mut found = Vec::new();
        for budget in budgets {
            let candidates = sizes.candidates(&shapes, budget, self.ram, self.candidates)?;
            if candidates.is_empty() {
                note(&format!("{budget}: none of these networks fits"));
            }
            found.push((budget, candidates));
        }
        if found.iter().all(|(_, candidates)| candidates.is_empty()) {
            let problem = "--flash: none of these networks fits; give more, or smaller sizes to try";
            return Err(Error::Setting(problem.into()));
        }
        Ok(found)
    }
}
