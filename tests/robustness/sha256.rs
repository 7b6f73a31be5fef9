//! SHA-256 as FIPS 180-4 defines it, which a model's id is compared with.

/// The fractional part of a root of a prime, in units of 2^-32.
fn fraction(root: f64) -> u32 {
    ((root - root.floor()) * 4_294_967_296.0) as u32
}

fn primes() -> impl Iterator<Item = u32> {
    (2_u32..).filter(|number| (2..*number).all(|divisor| number % divisor != 0))
}

/// The hash of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let constants: Vec<u32> = primes().take(64).map(|prime| fraction(f64::from(prime).cbrt())).collect();
    let mut state: Vec<u32> = primes().take(8).map(|prime| fraction(f64::from(prime).sqrt())).collect();
    let mut message = bytes.to_vec();
    message.push(0x80);
    while message.len() % 64 != 56 {
        message.push(0);
    }
    message.extend((8 * bytes.len() as u64).to_be_bytes());
    for block in message.chunks(64) {
        let mut words: Vec<u32> =
            block.chunks(4).map(|word| u32::from_be_bytes([word[0], word[1], word[2], word[3]])).collect();
        for place in 16..64 {
            let (early, late) = (words[place - 15], words[place - 2]);
            let early = early.rotate_right(7) ^ early.rotate_right(18) ^ early >> 3;
            let late = late.rotate_right(17) ^ late.rotate_right(19) ^ late >> 10;
            words.push(words[place - 16].wrapping_add(early).wrapping_add(words[place - 7]).wrapping_add(late));
        }
        let mut next = state.clone();
        for (word, constant) in words.iter().zip(&constants) {
            let (a, e) = (next[0], next[4]);
            let choice = e & next[5] ^ !e & next[6];
            let majority = a & next[1] ^ a & next[2] ^ next[1] & next[2];
            let of_e = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let of_a = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            let first = [of_e, choice, *constant, *word].iter().fold(next[7], |sum, part| sum.wrapping_add(*part));
            next.rotate_right(1);
            next[4] = next[4].wrapping_add(first);
            next[0] = first.wrapping_add(of_a).wrapping_add(majority);
        }
        state.iter_mut().zip(next).for_each(|(state, next)| *state = state.wrapping_add(next));
    }
    let mut hash = [0; 32];
    hash.iter_mut().zip(state.iter().flat_map(|word| word.to_be_bytes())).for_each(|(byte, of_word)| *byte = of_word);
    hash
}

#[test]
fn the_examples_of_the_standard() {
    let hash = |text: &str| trainer::export::hexadecimal(&sha256(text.as_bytes()));
    assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    let two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    assert_eq!(hash(two_blocks), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}
