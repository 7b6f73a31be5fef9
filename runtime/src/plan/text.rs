use crate::error::Field;
use crate::format::{
    Feature, FingerprintTable, MAX_BUCKETS, MAX_COMPOSED_ROWS, Tensors, Text, Tokens, UNICODE_VERSION, Vectors,
    WordSplit,
};
use crate::text::{FingerprintVocabulary, Parts, TextInput, Vocabulary};

/// Borrows and checks how text becomes tokens; puts it in its place, because a move would be a copy.
#[inline]
pub(super) const fn read<'m>(place: &mut Option<TextInput<'m>>, tensors: &mut Tensors<'m>, text: &Text) {
    match text.tokens {
        Tokens::Words { split, vocabulary } if Feature::Words.is_built() => {
            check_split(tensors, split);
            let known = Vocabulary::read(tensors, vocabulary, false);
            *place = Some(TextInput::Words { rule: split.rule, known });
        }
        Tokens::HashedWords { split, buckets } if Feature::Hashed.is_built() => {
            check_split(tensors, split);
            tensors.expect_within(Field::Buckets, 1, MAX_BUCKETS, buckets as usize);
            *place = Some(TextInput::HashedWords { rule: split.rule, buckets });
        }
        Tokens::Characters { unicode, alphabet, .. } if Feature::Characters.is_built() => {
            tensors.expect(Field::Unicode, UNICODE_VERSION as usize, unicode as usize);
            *place = Some(TextInput::Characters(Vocabulary::read(tensors, alphabet, true)));
        }
        Tokens::FingerprintedWords { split, table } | Tokens::ComposedWords { split, table, .. }
            if Feature::Fingerprints.is_built() =>
        {
            check_split(tensors, split);
            let table = FingerprintTable::read(tensors, table);
            let parts = match text.tokens {
                Tokens::ComposedWords { parts, buckets, .. } => {
                    let others = FingerprintVocabulary::new(table).token_count();
                    let most = MAX_COMPOSED_ROWS.saturating_sub(others);
                    tensors.expect_within(Field::Buckets, 1, most, buckets as usize);
                    tensors.expect(Field::OneHot, 0, matches!(text.vectors, Vectors::OneHot) as usize);
                    Some(Parts { rule: parts, first_row: others as u32, buckets })
                }
                _ => None,
            };
            *place = Some(TextInput::FingerprintedWords {
                rule: split.rule,
                known: FingerprintVocabulary::with_parts(table, parts),
            });
        }
        // Bytes: part one has no kind that this build leaves out.
        _ => *place = Some(TextInput::Bytes),
    }
}

#[inline]
const fn check_split(tensors: &mut Tensors<'_>, split: WordSplit) {
    tensors.expect(Field::Unicode, split.rule.unicode() as usize, split.unicode as usize);
}
