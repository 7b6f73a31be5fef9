use serde::Deserialize;
use toml::Table;

use super::TrainingConfig;
use crate::error::Error;
use crate::nearest::{did_you_mean, of_serde};

/// Settings under a name: `presets/NAME.toml`, a part of those of a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    settings: &'static str,
}

/// All presets.
pub const PRESETS: [Preset; 9] = [
    Preset { name: "eight-epochs", settings: include_str!("../../presets/eight-epochs.toml") },
    Preset { name: "torch-rnn", settings: include_str!("../../presets/torch-rnn.toml") },
    Preset { name: "torch-lstm", settings: include_str!("../../presets/torch-lstm.toml") },
    Preset { name: "torch-lstm-packed", settings: include_str!("../../presets/torch-lstm-packed.toml") },
    Preset { name: "torch-lstm-bidirectional", settings: include_str!("../../presets/torch-lstm-bidirectional.toml") },
    Preset { name: "keras-rnn-titles", settings: include_str!("../../presets/keras-rnn-titles.toml") },
    Preset { name: "keras-rnn-masked", settings: include_str!("../../presets/keras-rnn-masked.toml") },
    Preset { name: "keras-lstm", settings: include_str!("../../presets/keras-lstm.toml") },
    Preset { name: "keras-lstm-bidirectional", settings: include_str!("../../presets/keras-lstm-bidirectional.toml") },
];

impl Preset {
    /// The settings of a preset.
    ///
    /// # Errors
    /// [`Error::Setting`] with all names if there is none of this name.
    pub fn named(name: &str) -> Result<Table, Error> {
        let Some(preset) = PRESETS.iter().find(|preset| preset.name == name) else {
            let names = PRESETS.map(|preset| preset.name);
            let problem = format!("expected one of {}{}", names.join(", "), did_you_mean(name, names));
            return Err(Error::Setting(format!("--preset {}: {problem}", name.escape_debug())));
        };
        preset.settings.parse().map_err(|error| Error::Failed(format!("preset {name}: {error}")))
    }
}

impl TrainingConfig {
    /// The default settings, with those of each table in their place, the last table's before the others'.
    ///
    /// # Errors
    /// [`Error::Setting`] if a key is unknown or its value has the wrong type.
    pub fn from_layers(layers: impl IntoIterator<Item = Table>) -> Result<Self, Error> {
        let mut settings = Table::new();
        settings.extend(layers.into_iter().flatten());
        Self::deserialize(settings)
            .map_err(|error| Error::Setting(of_serde(&error.to_string().trim().replace('\n', " "))))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_a_configuration_that_changes_the_defaults() {
        for preset in PRESETS {
            let config = TrainingConfig::from_layers([Preset::named(preset.name).unwrap()]).unwrap();
            config.check().unwrap();
            assert_ne!(config, TrainingConfig::default());
            if preset.name != "eight-epochs" {
                let lengths = (config.vocabulary_size, config.batch_size, config.epochs);
                assert_eq!(lengths, (20_000, 16, 1), "{}", preset.name);
            }
        }
        let names: std::collections::BTreeSet<_> = PRESETS.iter().map(|preset| preset.name).collect();
        assert_eq!(names.len(), PRESETS.len());
    }

    #[test]
    fn the_last_layer_decides() {
        let table = |text: &str| text.parse::<Table>().unwrap();
        let config = TrainingConfig::from_layers([table("seed = 2\nepochs = 3"), table("epochs = 5")]).unwrap();
        assert_eq!(config, TrainingConfig { seed: 2, epochs: 5, ..TrainingConfig::default() });
        assert_eq!(TrainingConfig::from_layers([]).unwrap(), TrainingConfig::default());
        assert!(TrainingConfig::from_layers([table("epoch = 5")]).unwrap_err().to_string().contains("epoch"));
        let names = Preset::named("torch-gru").unwrap_err().to_string();
        assert!(
            names.starts_with("--preset torch-gru: expected one of eight-epochs, torch-rnn, torch-lstm, "),
            "{names}"
        );
    }
}
