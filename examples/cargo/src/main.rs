// SPDX-License-Identifier: MIT
//! Counts the bytes, lines and words of standard input.

use std::io::{self, Read};

const LEVEL: &str = if cfg!(target_feature = "avx512bw") {
    "x86-64-v4"
} else if cfg!(target_feature = "avx2") {
    "x86-64-v3"
} else if cfg!(target_feature = "popcnt") {
    "x86-64-v2"
} else {
    "x86-64-v1"
};

fn main() -> io::Result<()> {
    let mut text = Vec::new();
    io::stdin().read_to_end(&mut text)?;
    let lines = text.iter().filter(|&&byte| byte == b'\n').count();
    let starts = |pair: &[u8]| pair[0].is_ascii_whitespace() && !pair[1].is_ascii_whitespace();
    let first = text.first().is_some_and(|byte| !byte.is_ascii_whitespace());
    let words = text.windows(2).filter(|pair| starts(pair)).count() + usize::from(first);

    println!("level     {LEVEL}");
    println!("bytes     {}", text.len());
    println!("lines     {lines}");
    println!("words     {words}");
    Ok(())
}
