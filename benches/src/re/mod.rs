//! What compiling a pattern and finding all its matches costs, beside CPython's `re`, the crates
//! `regex` and `fancy-regex`, and PCRE2 with and without its compiler to machine code.

mod cases;
mod engines;
mod python;
mod text;

use std::collections::HashMap;
use std::io;

use cases::Case;
use engines::{Engine, Outcome};
use python::Python;

use crate::timestamp::statistics::Quartiles;

/// How often each engine has its turn.
#[derive(Clone, Copy)]
struct Effort {
    rounds: usize,
    /// How often a pattern is compiled in a turn.
    compiles: u32,
}

/// What was measured of one engine and one case.
#[derive(Default)]
struct Cell {
    compile_ns: Vec<f64>,
    /// Of compiling a pattern and the first search by it together, and of a search after it.
    new_ns: Vec<f64>,
    search_ns: Vec<f64>,
    /// What a search came to, if it is not a time.
    ended: Option<Outcome>,
    count: Option<usize>,
}

/// Measures the cases whose name contains a text, round after round, and prints the tables.
pub fn measure(quick: bool, row: &str) -> io::Result<()> {
    let effort = match quick {
        true => Effort {
            rounds: 1,
            compiles: 1,
        },
        false => Effort {
            rounds: 5,
            compiles: 5,
        },
    };
    let (samples, dictionary) = text::samples();
    let mut cases = cases::cases(&dictionary);
    cases.retain(|case| case.name.contains(row));
    let texts: HashMap<&str, &str> = samples
        .iter()
        .map(|one| (one.name, &one.text[..]))
        .collect();
    let mut python = Python::start(&samples, &cases)?;
    println!(
        "median of {} rounds; CPython {}; texts of {} KiB where they are large",
        effort.rounds,
        python.version()?,
        texts["log"].len() >> 10,
    );
    let mut engines = engines::engines(python);
    let mut rows = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        rows.push(measure_case(
            &mut engines,
            effort,
            (number, case),
            texts[case.text],
        )?);
    }
    let names: Vec<_> = engines.iter().map(|engine| engine.name()).collect();
    println!();
    println!("compiling, in microseconds");
    heading(&names, &["/ CPython"]);
    for (case, cells) in cases.iter().zip(&rows) {
        print_compile(case, cells);
    }
    println!();
    println!("compiling and finding all matches for the first time, together, in microseconds");
    heading(&names, &["/ CPython", "/ regex", "matches"]);
    for (case, cells) in cases.iter().zip(&rows) {
        print_search(case, cells, |cell| &cell.new_ns);
    }
    println!();
    println!("finding them once more, in microseconds");
    heading(&names, &["/ CPython", "/ regex", "matches"]);
    for (case, cells) in cases.iter().zip(&rows) {
        print_search(case, cells, |cell| &cell.search_ns);
    }
    Ok(())
}

/// Gives each engine its turn in each round, so that what else the machine does falls on all.
fn measure_case(
    engines: &mut [Box<dyn Engine>],
    effort: Effort,
    (number, case): (usize, &Case),
    text: &str,
) -> io::Result<Vec<Cell>> {
    let mut cells: Vec<Cell> = engines.iter().map(|_| Cell::default()).collect();
    for _ in 0..effort.rounds {
        for (engine, cell) in engines.iter_mut().zip(&mut cells) {
            let compile_ns = engine.compile(number, case, effort.compiles)?;
            cell.compile_ns.extend(compile_ns);
            if cell.ended.is_some() {
                continue;
            }
            // Some engines do when they compile what others do when they are first used.
            let before_ns = [compile_ns.unwrap_or_default(), 0.0];
            let tables = [&mut cell.new_ns, &mut cell.search_ns];
            for (times, before_ns) in tables.into_iter().zip(before_ns) {
                match engine.search(number, case, text)? {
                    Outcome::Found { took_ns, count } => {
                        times.push(before_ns + took_ns);
                        cell.count = Some(count);
                    }
                    ended => cell.ended = Some(ended),
                }
            }
        }
    }
    Ok(cells)
}

fn heading(engines: &[&str], more: &[&str]) {
    print!("{:<36}", "");
    for name in engines.iter().chain(more) {
        print!("{name:>13}");
    }
    println!();
}

fn print_compile(case: &Case, cells: &[Cell]) {
    print!("{:<36}", case.name);
    let medians = cells
        .iter()
        .map(|cell| Quartiles::of(cell.compile_ns.iter().copied()).median);
    let medians: Vec<f64> = medians.collect();
    for median in &medians {
        print_number(*median / 1000.0);
    }
    print_number(medians[0] / medians[1]);
    println!();
}

fn print_search(case: &Case, cells: &[Cell], times: impl Fn(&Cell) -> &Vec<f64>) {
    print!("{:<36}", case.name);
    let medians = cells
        .iter()
        .map(|cell| Quartiles::of(times(cell).iter().copied()).median);
    let medians: Vec<f64> = medians.collect();
    for (cell, median) in cells.iter().zip(&medians) {
        match cell.ended {
            Some(Outcome::Refused) => print!("{:>13}", "-"),
            Some(_) => print!("{:>13}", "gave up"),
            // What finds something else is measured, but not compared.
            None if cell.count != cells[0].count => {
                print!("{:>13}", format!("{:.1} *", median / 1000.0))
            }
            None => print_number(median / 1000.0),
        }
    }
    // What finds something else has done other work.
    let ratio = |other: usize| match cells[other].count == cells[0].count {
        true => medians[0] / medians[other],
        false => f64::NAN,
    };
    print_number(ratio(1));
    print_number(if case.regular { ratio(2) } else { f64::NAN });
    match cells[0].count {
        Some(count) => print!("{count:>13}"),
        None => print!("{:>13}", "-"),
    }
    println!();
}

fn print_number(number: f64) {
    match number {
        number if number.is_nan() => print!("{:>13}", "-"),
        number if number < 10.0 => print!("{number:>13.2}"),
        number => print!("{number:>13.1}"),
    }
}
