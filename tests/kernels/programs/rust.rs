// SPDX-License-Identifier: MIT
// Threads that panic, which is caught, and arguments.
use std::panic;
use std::thread;

fn main() {
    panic::set_hook(Box::new(|_| {}));
    let threads: Vec<_> = (0..8u64)
        .map(|i| {
            thread::spawn(move || {
                let sum: u64 = (0..1000).map(|j| i * j).sum();
                if i % 2 == 1 {
                    panic!("{}", sum);
                }
                sum
            })
        })
        .collect();
    for thread in threads {
        match thread.join() {
            Ok(sum) => println!("returned {}", sum),
            Err(text) => println!("panicked {}", text.downcast_ref::<String>().unwrap()),
        }
    }
    println!("{:?}", std::env::args().skip(1).collect::<Vec<_>>());
    std::process::exit(9);
}
