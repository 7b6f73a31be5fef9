//! The answers while a text is taken in.

use std::path::Path;

use tests::repository;
use trainer::data::{Content, read_rows};
use trainer::export::ModelFile;
use trainer::inference::{HostClassifier, classes_by_step};

#[test]
fn the_class_after_each_step_is_that_of_the_words_so_far() {
    let path = repository().join("models/home-commands/home-commands.int8.rnl");
    let file = ModelFile::read(&path).unwrap();
    let model = file.parse(&path).unwrap();
    let (mut classifier, mut fresh) = (HostClassifier::new(&model).unwrap(), HostClassifier::new(&model).unwrap());
    let rows = read_rows(&repository().join(Path::new("trainer/data/home_commands/test.csv")), &Default::default());
    let mut changes = 0;
    for row in rows.unwrap().iter().take(60) {
        let text = row.content.text().unwrap();
        // An apostrophe makes two words of one.
        let words: Vec<&str> = text.split_whitespace().filter(|word| word.chars().all(char::is_alphanumeric)).collect();
        let found = classes_by_step(&mut classifier, &Content::Text(words.join(" "))).unwrap();
        let expected: Vec<usize> = (1..=words.len())
            .map(|count| {
                fresh.reset();
                fresh.push_text(&words[..count].join(" "));
                fresh.predict().class
            })
            .collect();
        assert_eq!(found.by_step, expected, "{text}");
        assert_eq!(Some(&found.last), expected.last());
        changes += expected.windows(2).filter(|pair| pair[0] != pair[1]).count();
    }
    assert!(changes > 50, "{changes}");
}
