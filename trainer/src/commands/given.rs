use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};

/// The names, without dashes, of the options that were given on the command line. Stands before the options in their
/// struct: those are taken out of what clap found one after another.
#[derive(Debug, Default)]
pub(super) struct Given(Vec<String>);

impl Given {
    /// The names.
    pub(super) fn names(&self) -> &[String] {
        &self.0
    }
}

/// The name of an option that clap knows by the name of its field.
fn option_name(field: &str) -> String {
    match field {
        "teachers" => "teacher".into(),
        _ => field.replace('_', "-"),
    }
}

impl FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let ids = matches.ids().map(clap::Id::as_str);
        let given = ids.filter(|id| {
            // Groups, which clap lists too, have the names of structs.
            id.starts_with(|first: char| first.is_lowercase())
                && matches.value_source(id) == Some(ValueSource::CommandLine)
        });
        Ok(Self(given.map(option_name).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Given {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}
