use std::fmt;
use std::str::FromStr;

/// Bytes that a model may have, as `65536`, `64K` or `1M`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Budget(pub usize);

impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (digits, unit) = match text.char_indices().next_back() {
            Some((end, 'k' | 'K')) => (&text[..end], 1 << 10),
            Some((end, 'm' | 'M')) => (&text[..end], 1 << 20),
            _ => (text, 1),
        };
        let bytes = digits.parse::<usize>().ok().and_then(|number| number.checked_mul(unit));
        bytes
            .filter(|bytes| *bytes > 0)
            .map(Self)
            .ok_or_else(|| format!("{text:?}: expected bytes, as 65536, 64K or 1M"))
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes.is_multiple_of(1 << 20) => write!(formatter, "{}M", bytes >> 20),
            bytes if bytes.is_multiple_of(1 << 10) => write!(formatter, "{}K", bytes >> 10),
            bytes => write!(formatter, "{bytes}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_are_bytes() {
        for (text, bytes, shown) in [("64K", 65_536, "64K"), ("1m", 1 << 20, "1M"), ("50000", 50_000, "50000")] {
            let budget: Budget = text.parse().unwrap_or(Budget(0));
            assert_eq!((budget, budget.to_string().as_str()), (Budget(bytes), shown));
        }
        for text in ["", "K", "0", "-1", "64 K", "1.5K", "64KB", "é", "99999999999999999999M"] {
            assert!(text.parse::<Budget>().is_err(), "{text}");
        }
    }
}
