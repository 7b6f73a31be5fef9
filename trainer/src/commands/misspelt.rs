//! The nearest name for a misspelt subcommand or choice; for options, clap itself has it.

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, Error};
use trainer::nearest::nearest;

use super::Arguments;

/// The error with the nearest name as its tip, instead of all similar names.
pub(super) fn with_nearest(mut error: Error) -> Error {
    let subcommands = || Arguments::command().get_subcommands().map(|known| known.get_name().to_owned()).collect();
    suggest(&mut error, ContextKind::InvalidSubcommand, ContextKind::SuggestedSubcommand, subcommands);
    let choices = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) => values.clone(),
        _ => Vec::new(),
    };
    suggest(&mut error, ContextKind::InvalidValue, ContextKind::SuggestedValue, || choices);
    error
}

/// Suggests the one of `names` that is nearest to the word in the error's context `given`, if the error has one.
fn suggest(error: &mut Error, given: ContextKind, suggested: ContextKind, names: impl FnOnce() -> Vec<String>) {
    let Some(ContextValue::String(given)) = error.get(given).cloned() else { return };
    let names = names();
    let Some(name) = nearest(&given, names.iter().map(String::as_str)) else { return };
    let value = match suggested {
        ContextKind::SuggestedSubcommand => ContextValue::Strings(vec![name.into()]),
        _ => ContextValue::String(name.into()),
    };
    error.insert(suggested, value);
}
