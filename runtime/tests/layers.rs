//! Imports run downwards: no modules of the crate import each other, and the layers stand in their order.
#![allow(clippy::unwrap_used)]

#[path = "common/modules.rs"]
mod modules;

use std::path::Path;

use modules::{cycles, imports};

/// The layers, from the file to the public face.
const LAYERS: [&str; 8] = ["format", "plan", "kernels", "cell", "network", "sequence", "classifier", "stream"];

#[test]
fn no_modules_import_each_other() {
    let imports = imports(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(imports.len() > LAYERS.len());
    assert_eq!(cycles(&imports), [""; 0]);
    for (number, layer) in LAYERS.iter().enumerate() {
        let above: Vec<_> = LAYERS[number + 1..].iter().filter(|above| imports[*layer].contains(**above)).collect();
        assert!(above.is_empty(), "{layer} imports {above:?}");
    }
}

#[test]
fn a_cell_imports_kernels_and_numbers_alone() {
    let imports = imports(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(imports["cell"].iter().eq(["kernels", "numeric"]), "{:?}", imports["cell"]);
}
