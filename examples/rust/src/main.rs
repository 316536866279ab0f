// SPDX-License-Identifier: MIT
//! Finds the nearest of many 1024-bit fingerprints (of images, molecules, documents) by the number of bits that differ.
//! Counting bits is one instruction from v2 on; at v3 and v4 the compiler counts in whole vectors.

use std::time::Instant;

const WORDS: usize = 16;
const FINGERPRINTS: usize = 10_000;
const QUERIES: usize = 200;

type Fingerprint = [u64; WORDS];

const LEVEL: &str = if cfg!(target_feature = "avx512bw") {
    "x86-64-v4"
} else if cfg!(target_feature = "avx2") {
    "x86-64-v3"
} else if cfg!(target_feature = "popcnt") {
    "x86-64-v2"
} else {
    "x86-64-v1"
};

/// The same fingerprints on every machine (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn fingerprint(&mut self) -> Fingerprint {
        std::array::from_fn(|_| self.next())
    }
}

fn distance(a: &Fingerprint, b: &Fingerprint) -> u32 {
    a.iter().zip(b).map(|(x, y)| (x ^ y).count_ones()).sum()
}

fn nearest(all: &[Fingerprint], wanted: &Fingerprint) -> (u32, usize) {
    all.iter()
        .enumerate()
        .map(|(index, one)| (distance(one, wanted), index))
        .min()
        .expect("there are fingerprints")
}

fn main() {
    let mut random = Random(1);
    let all: Vec<Fingerprint> = (0..FINGERPRINTS).map(|_| random.fingerprint()).collect();
    let queries: Vec<Fingerprint> = (0..QUERIES).map(|_| random.fingerprint()).collect();

    let start = Instant::now();
    let found: Vec<(u32, usize)> = queries.iter().map(|query| nearest(&all, query)).collect();
    let time = start.elapsed();

    println!("level     {LEVEL}");
    let (bits, index) = found.iter().min().expect("there are queries");
    let sum: u32 = found.iter().map(|(bits, _)| bits).sum();
    println!(
        "nearest   fingerprint {index}, {bits} of {} bits differ",
        64 * WORDS
    );
    println!("checksum  {sum}");
    println!("time      {:.1} ms", time.as_secs_f64() * 1e3);
}
