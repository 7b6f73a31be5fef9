//! The files that the fuzzer starts from are the models that the exporter writes today.

use std::path::Path;

use runtime::format::Precision;

use crate::fixture::two_layers;

#[test]
fn the_fuzzers_seeds_are_todays_models() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for precision in [Precision::Int8, Precision::F16, Precision::F32] {
        let path = folder.join(format!("{precision}.rnl"));
        let file = two_layers(precision);
        if std::env::var_os("RUNNEL_WRITE_SEEDS").is_some() {
            std::fs::write(&path, file.bytes()).unwrap();
        }
        let seed = std::fs::read(&path).unwrap_or_default();
        assert!(seed == file.bytes(), "{}: write it anew with RUNNEL_WRITE_SEEDS=1 set for this test", path.display());
    }
}
