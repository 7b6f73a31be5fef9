use super::*;
use crate::encoding::{Splitting, WordRule};
use crate::examples::Example;
use crate::network::Sequence;

fn read(content: &[u8], size: usize) -> Result<Pretrained, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.txt");
    std::fs::write(&path, content).unwrap();
    let words = ["lamp", "off", "on", "été"].map(str::to_owned).to_vec();
    let vocabulary = Vocabulary::new(Splitting::Words(WordRule::default()), words);
    let sequence = Sequence::Tokens(vec![2, 1, 4, 4, 5]);
    let training = [Example { sequence, class: 0 }].into_iter().collect();
    Pretrained::read(&path, size, &vocabulary, &training)
        .map_err(|error| error.to_string().replace(&path.display().to_string(), "v.txt"))
}

#[test]
fn words_of_the_vocabulary_get_their_first_vector() {
    let lines = "on 1 -2.5\r\nON 9 9\nété\t3 4e-1 \non 7 7\nunheard 0 0\n";
    let expected = Pretrained {
        vectors: vec![(4, vec![1.0, -2.5]), (5, vec![3.0, 0.4])],
        words: 4,
        training_tokens: 5,
        covered_tokens: 3,
        nameless: 0,
    };
    assert_eq!(read(lines.as_bytes(), 2).unwrap(), expected);
    assert_eq!(read(format!("5 2\n{lines}").as_bytes(), 2).unwrap(), expected);
    assert_eq!(read(format!("\u{feff}5 2\n{}", lines.trim_end()).as_bytes(), 2).unwrap(), expected);
    let text = "vectors for 2 of 4 words (50.0 %), which are 60.0 % of the words of the training rows";
    assert_eq!(expected.to_string(), text);
}

#[test]
fn the_last_numbers_are_the_vector_and_the_rest_is_the_word() {
    let lines = "lamp 7 8\n. . . 3 4\non the 11 5 6\n 1 2\n\u{a0} 1 2\non 9 9\n";
    let expected = vec![(2, vec![7.0, 8.0]), (4, vec![9.0, 9.0])];
    for content in [lines.to_owned(), format!(". . . 5 6\n{lines}"), format!("6 2\n{lines}")] {
        let found = read(content.as_bytes(), 2).unwrap();
        assert_eq!((&found.vectors, found.nameless), (&expected, 2), "{content}");
        assert!(found.to_string().ends_with("; 2 vectors without a word are skipped"), "{found}");
    }
    let counted = read(b"2 2\nlamp 7 8\n 1 2\n", 2).unwrap();
    assert!(counted.to_string().ends_with("; 1 vector without a word is skipped"), "{counted}");
}

#[test]
fn each_fault_names_its_line() {
    let refused = |content: &str, size| read(content.as_bytes(), size).unwrap_err();
    let none = "v.txt: no word vectors; expected lines of a word and its numbers";
    assert_eq!(refused("", 2), none);
    assert_eq!(refused("0 2\n", 2), none);
    let other = "v.txt, line 1: vectors of 3 numbers, but --embedding-size is 2; leave it out to take 3";
    assert_eq!(refused("a 1 2 3\n", 2), other);
    assert_eq!(refused("7 3\na 1 2\n", 2), other);
    assert_eq!(refused("on\n", 2), "v.txt, line 1: no numbers; expected a word and its numbers");
    assert_eq!(refused("\non 1 2\n", 2), "v.txt, line 1: 0 numbers after the word, expected 2");
    assert_eq!(refused("a 1 2\nb 1\n", 2), "v.txt, line 2: 1 numbers after the word, expected 2");
    assert_eq!(
        refused("a b 1 2\nc 1 2\nd 1 2\n", 3),
        "v.txt, line 2: vectors of 2 numbers, but --embedding-size is 3; leave it out to take 2"
    );
    assert_eq!(refused("a 1 2\n\nb 1 2\n", 2), "v.txt, line 2: 0 numbers after the word, expected 2");
    assert_eq!(refused("1 2\na 1\n", 2), "v.txt, line 2: 1 numbers after the word, expected 2");
    for number in ["nan", "-inf", "1e39", "1,5", "x"] {
        let expected = format!("v.txt, line 2: `{number}` is not a finite number");
        assert_eq!(refused(&format!("a 1 2\nb 1 {number}\n"), 2), expected);
    }
    assert_eq!(refused("3 2\na 1 2\n", 2), "v.txt, line 1: the header announces 3 vectors, the file has 1");
    assert_eq!(refused("0 2\na 1 2\n", 2), "v.txt, line 1: the header announces 0 vectors, the file has 1");
    let error = read(b"a 1 2\nb\xff 1 2\n", 2).unwrap_err();
    assert_eq!(error, "v.txt, line 2: not UTF-8; convert the file (iconv -t utf-8)");
    let error = read(&[b"a 1 2\n", &vec![b'x'; 2 << 20][..]].concat(), 2).unwrap_err();
    assert_eq!(error, "v.txt, line 2: longer than 1048576 bytes; expected a word and its numbers");
    assert!(Pretrained::vector_size(Path::new("missing.txt")).unwrap_err().to_string().starts_with("missing.txt: "));
}
