//! The one nearest name for a subcommand or a choice that there is not; clap itself has it for options.

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, Error};
use trainer::nearest::nearest;

use super::Arguments;

/// The error with the nearest name as its tip, in place of all similar ones.
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

/// Suggests the nearest of `names` to what stands under `given`, if something does.
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
