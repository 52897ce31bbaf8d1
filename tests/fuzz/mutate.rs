//! From good inputs to bad ones, the same from the same seed.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Longest input: more than any decoder reads of a request, less than what takes long.
const BYTES_MAX: usize = 64 * 1024;

/// What means something nearly everywhere.
const WORDS: [&[u8]; 26] = [
    b"",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xae",
    b"\n",
    b"\r\n",
    b"\"",
    b"'",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"true",
    b"-1",
    b"0",
    b"1e999",
    b"NaN",
    b"18446744073709551616",
    b"-9223372036854775809",
    b"9999-12-31T23:59:59Z",
    b"\xf0\x9f\xa6\x80",
];

pub(super) struct Mutator<'a> {
    random: ChaCha8Rng,
    seeds: &'a [Vec<u8>],
    /// What means something to this decoder.
    words: &'a [&'a str],
}

impl<'a> Mutator<'a> {
    pub(super) fn new(seed: u64, seeds: &'a [Vec<u8>], words: &'a [&'a str]) -> Self {
        Self { random: ChaCha8Rng::seed_from_u64(seed), seeds, words }
    }

    /// One of the good inputs with one to eight changes, few more often than many.
    pub(super) fn input(&mut self) -> Vec<u8> {
        let mut input = self.good();
        let most = 1 + self.below(8);
        for _ in 0..=self.below(most) {
            self.change(&mut input);
            input.truncate(BYTES_MAX);
        }
        input
    }

    fn below(&mut self, bound: usize) -> usize {
        self.random.random_range(0..bound.max(1))
    }

    fn good(&mut self) -> Vec<u8> {
        let i = self.below(self.seeds.len());
        self.seeds[i].clone()
    }

    /// A range of at most so many bytes.
    fn range(&mut self, length: usize, most: usize) -> std::ops::Range<usize> {
        let from = self.below(length + 1);
        from..length.min(from + 1 + self.below(most))
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        match self.below(9) {
            0 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << self.random.random_range(0..8);
                }
            }
            1 => input.insert(at, self.random.random()),
            2 => drop(input.drain(self.range(input.len(), 64))),
            3 => input.truncate(at),
            4 => {
                let copied = input[self.range(input.len(), 256)].to_vec();
                drop(input.splice(at..at, copied));
            }
            5 => {
                let other = self.good();
                let part = other[self.range(other.len(), 256)].to_vec();
                drop(input.splice(at..at, part));
            }
            6 => {
                // Depth.
                let (word, times) = (self.word(), 1 + self.below(2_000));
                let room = BYTES_MAX / word.len().max(1);
                drop(input.splice(at..at, word.repeat(times.min(room))));
            }
            _ => {
                let word = self.word();
                let replaced = at..input.len().min(at + self.below(8));
                drop(input.splice(replaced, word));
            }
        }
    }

    fn word(&mut self) -> Vec<u8> {
        let i = self.below(WORDS.len() + self.words.len());
        WORDS.get(i).map_or_else(|| self.words[i - WORDS.len()].as_bytes().to_vec(), |word| word.to_vec())
    }
}
