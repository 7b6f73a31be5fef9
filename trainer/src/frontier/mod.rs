//! The frontier: for each budget of flash and RAM the network that is right most often on validation rows.
//!
//! A [`Shape`] of the [`Space`] becomes a [`Candidate`] of a [`Budget`] with the largest vocabulary whose file fits,
//! which [`Sizes`] finds by exporting networks that are not trained. [`search`] trains the candidates by successive
//! halving: all of them shortly on a part of the rows, the better half longer, the best one in full with several seeds.

mod budget;
mod chosen;
mod figure;
mod references;
mod search;
mod search_file;
mod sizes;
mod space;
mod table;

pub use budget::Budget;
pub use references::{Reference, read_references};
pub use search::{Search, Trial, search};
pub use search_file::{SearchFolder, SearchInputs};
pub use sizes::{Candidate, Size, Sizes};
pub use space::{Shape, Space};
pub use table::{ChosenModel, Frontier, Measured, Stage};
