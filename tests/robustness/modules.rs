//! Modules of the trainer that import each other: there are none.

#[path = "../../runtime/tests/common/modules.rs"]
mod graph;

use tests::repository;

#[test]
fn no_modules_of_the_trainer_import_each_other() {
    let none: [String; 0] = [];
    assert_eq!(graph::cycles(&graph::imports(&repository().join("trainer/src"))), none);
}
