/// A place where the quoting of a CSV file is broken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BrokenQuote {
    /// Byte from the start of the file.
    pub(super) offset: usize,
    pub(super) problem: &'static str,
}

enum Place {
    FieldStart,
    Unquoted,
    Quoted { from: usize },
    AfterQuote,
}

/// Finds the first quoted field that does not end as RFC 4180 has it. The csv crate reads on over such a
/// field and swallows the rows after it.
pub(super) fn find_broken_quote(text: &[u8], delimiter: u8) -> Option<BrokenQuote> {
    let mut place = Place::FieldStart;
    for (offset, byte) in text.iter().copied().enumerate() {
        let ends_field = byte == delimiter || byte == b'\n' || byte == b'\r';
        place = match place {
            Place::FieldStart if byte == b'"' => Place::Quoted { from: offset },
            Place::FieldStart | Place::Unquoted if ends_field => Place::FieldStart,
            Place::FieldStart | Place::Unquoted => Place::Unquoted,
            Place::Quoted { .. } if byte == b'"' => Place::AfterQuote,
            Place::Quoted { from } => Place::Quoted { from },
            Place::AfterQuote if ends_field => Place::FieldStart,
            Place::AfterQuote if byte == b'"' => Place::Quoted { from: offset },
            Place::AfterQuote => {
                let problem = "text after a closing quote; write a quote inside a quoted field as \"\"";
                return Some(BrokenQuote { offset, problem });
            }
        };
    }
    match place {
        Place::Quoted { from } => {
            Some(BrokenQuote { offset: from, problem: "a quote that is opened here is never closed" })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_of_rfc_4180_is_accepted() {
        for text in ["", "a,b\n", "\"a\",\"b \"\"c\"\" d\"\r\n", "a,5\" pipe\n", "\"two\nlines\",x", "\"\",\"\""] {
            assert_eq!(find_broken_quote(text.as_bytes(), b','), None, "{text}");
        }
    }

    #[test]
    fn the_place_of_a_broken_quote_is_told() {
        let offset = |text: &str| find_broken_quote(text.as_bytes(), b',').map(|broken| broken.offset);
        assert_eq!(offset("a,b\nc,\"d\ne,f\n"), Some(6));
        assert_eq!(offset("a,\"b\"c\n"), Some(5));
        assert_eq!(offset("\"a\"\"\n"), Some(3));
    }
}
