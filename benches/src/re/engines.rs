//! The engines that are measured, each by the calls that its users would make.

use std::io;
use std::time::{Duration, Instant};

use super::cases::Case;
use super::python::{self, Python};

/// What a search came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    Found {
        took_ns: f64,
        count: usize,
    },
    /// It was given up, by the engine's limit or ours.
    GaveUp,
    /// The engine does not know what the pattern has.
    Refused,
}

/// An engine, with what it has compiled of each case.
pub trait Engine {
    fn name(&self) -> &'static str;

    /// What it takes to compile a case's patterns once, in ns; nothing if it refuses them.
    fn compile(&mut self, number: usize, case: &Case, times: u32) -> io::Result<Option<f64>>;

    /// Finds all matches of what was compiled last of a case.
    fn search(&mut self, number: usize, case: &Case, text: &str) -> io::Result<Outcome>;
}

/// All engines, Lariat's first.
pub fn engines(python: Python) -> Vec<Box<dyn Engine>> {
    vec![
        Box::new(library("lariat", lariat_pattern)),
        Box::new(python),
        Box::new(library("regex", rust_regex)),
        Box::new(library("fancy-regex", fancy)),
        Box::new(library("pcre2", |pattern, ascii| {
            pcre(pattern, ascii, false)
        })),
        Box::new(library("pcre2 JIT", |pattern, ascii| {
            pcre(pattern, ascii, true)
        })),
    ]
}

/// A compiled pattern: counts its matches in a text, unless it gives up.
type Compiled = Box<dyn Fn(&str) -> Option<usize>>;

/// An engine that is a library in this process; it is told whether the text is of ASCII.
struct Library<C> {
    name: &'static str,
    compile: C,
    /// What was compiled last, with the number of its case.
    last: (usize, Vec<Compiled>),
}

fn library<C: Fn(&str, bool) -> Option<Compiled>>(name: &'static str, compile: C) -> Library<C> {
    Library {
        name,
        compile,
        last: (usize::MAX, Vec::new()),
    }
}

impl<C: Fn(&str, bool) -> Option<Compiled>> Engine for Library<C> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn compile(&mut self, number: usize, case: &Case, times: u32) -> io::Result<Option<f64>> {
        let mut took = Duration::ZERO;
        for _ in 0..times {
            self.last = (number, Vec::new());
            let began = Instant::now();
            for pattern in &case.patterns {
                let Some(compiled) = (self.compile)(pattern, case.is_ascii()) else {
                    return Ok(None);
                };
                self.last.1.push(compiled);
            }
            took += began.elapsed();
        }
        Ok(Some(took.as_nanos() as f64 / f64::from(times)))
    }

    fn search(&mut self, _: usize, case: &Case, text: &str) -> io::Result<Outcome> {
        if self.last.1.len() < case.patterns.len() {
            return Ok(Outcome::Refused);
        }
        let began = Instant::now();
        let counts = self.last.1.iter().map(|pattern| pattern(text));
        let count = counts.sum::<Option<usize>>();
        let took_ns = began.elapsed().as_nanos() as f64;
        Ok(match count {
            Some(count) => Outcome::Found { took_ns, count },
            None => Outcome::GaveUp,
        })
    }
}

/// How many there are, unless one is an error or they take longer than Python may.
fn count<T, E>(found: impl Iterator<Item = Result<T, E>>) -> Option<usize> {
    let began = Instant::now();
    let mut count = 0;
    for one in found {
        one.ok()?;
        count += 1;
        if count % 256 == 0 && began.elapsed().as_secs_f64() > python::SECONDS {
            return None;
        }
    }
    Some(count)
}

fn lariat_pattern(pattern: &str, _: bool) -> Option<Compiled> {
    let pattern = lariat::re::Pattern::new(pattern).ok()?;
    Some(Box::new(move |text| count(pattern.find_iter(text))))
}

/// The `regex` crate tells groups only where it is asked for them; so where there are none it is not.
fn rust_regex(pattern: &str, _: bool) -> Option<Compiled> {
    let pattern = regex::Regex::new(pattern).ok()?;
    Some(Box::new(move |text| match pattern.captures_len() {
        1 => count(pattern.find_iter(text).map(Ok::<_, ()>)),
        _ => count(pattern.captures_iter(text).map(Ok::<_, ()>)),
    }))
}

fn fancy(pattern: &str, _: bool) -> Option<Compiled> {
    let pattern = fancy_regex::Regex::new(pattern).ok()?;
    Some(Box::new(move |text| match pattern.captures_len() {
        1 => count(pattern.find_iter(text)),
        _ => count(pattern.captures_iter(text)),
    }))
}

/// Where the text is of ASCII it need not be told of UTF-8, which without JIT this crate would have it
/// check anew for each match.
fn pcre(pattern: &str, ascii: bool, jit: bool) -> Option<Compiled> {
    let mut builder = pcre2::bytes::RegexBuilder::new();
    builder.utf(!ascii).ucp(!ascii).jit(jit);
    let pattern = builder.build(pattern).ok()?;
    Some(Box::new(move |text| {
        count(pattern.find_iter(text.as_bytes()))
    }))
}
