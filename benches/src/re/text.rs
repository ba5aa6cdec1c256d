//! Large texts to search in, made by a seeded generator so that they are the same in each run.

use std::fmt::Write as _;

/// About so many bytes of each.
const LARGE: usize = 1 << 20;

/// How many words the dictionary has.
const WORDS: usize = 5000;

/// A text that cases are searched in.
pub struct Sample {
    pub name: &'static str,
    pub text: String,
}

/// All of them, and the words of a dictionary of which some are in the prose.
pub fn samples() -> (Vec<Sample>, Vec<String>) {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let words = words(&mut random);
    let ascii = prose(&mut random, &words, false);
    let samples = vec![
        sample("log", log(&mut random)),
        sample("dna", dna(&mut random)),
        sample("prose", ascii),
        sample("prose, not all ASCII", prose(&mut random, &words, true)),
        sample("a, 1,000 times", "a".repeat(1000)),
        sample("words and a mark", format!("{}!", "word ".repeat(200))),
        sample("x, 2,000 times", "x".repeat(2000)),
    ];
    // Those of the dictionary are rarer than the rest.
    let dictionary = words
        .into_iter()
        .skip(2000)
        .step_by(2)
        .take(WORDS)
        .collect();
    (samples, dictionary)
}

fn sample(name: &'static str, text: String) -> Sample {
    Sample { name, text }
}

/// Numbers that look random: xorshift64*, which every language has in three lines.
struct Random(u64);

impl Random {
    /// A number below another.
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        number as usize % limit
    }

    fn pick<'a, T: ?Sized>(&mut self, among: &[&'a T]) -> &'a T {
        among[self.below(among.len())]
    }
}

/// Words of two to four syllables, none twice.
fn words(random: &mut Random) -> Vec<String> {
    const BEGIN: [&str; 18] = [
        "b", "br", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "st", "t", "tr", "v", "w",
    ];
    const MIDDLE: [&str; 9] = ["a", "e", "i", "o", "u", "ea", "ou", "ai", "oo"];
    const END: [&str; 8] = ["", "", "n", "r", "s", "t", "ll", "nd"];
    let mut known = std::collections::HashSet::new();
    let mut words = Vec::new();
    while words.len() < 2000 + 2 * WORDS {
        let mut word = String::new();
        for _ in 0..2 + random.below(3) {
            word.push_str(random.pick(&BEGIN));
            word.push_str(random.pick(&MIDDLE));
            word.push_str(random.pick(&END));
        }
        if known.insert(word.clone()) {
            words.push(word);
        }
    }
    words
}

/// Sentences, with an e-mail address, an address of the web, one of the network or a date now and then.
fn prose(random: &mut Random, words: &[String], beyond_ascii: bool) -> String {
    let mut text = String::with_capacity(LARGE + 200);
    while text.len() < LARGE {
        for number in 0..4 + random.below(12) {
            if number > 0 {
                text.push(' ');
            }
            put(&mut text, random, words);
        }
        text.push_str(random.pick(&[".", ".", "?", "; ", ", and so on."]));
        text.push_str(if beyond_ascii && random.below(4) == 0 {
            " « Voilà »\n"
        } else {
            "\n"
        });
    }
    text
}

fn put(text: &mut String, random: &mut Random, words: &[String]) {
    // Of two numbers the smaller: some words come often and most seldom.
    let index = random.below(words.len()).min(random.below(words.len()));
    let word = &words[index];
    let other = &words[random.below(words.len())];
    let number = |random: &mut Random, limit| random.below(limit);
    // Writing to a string cannot fail.
    let _ = match random.below(400) {
        0 => write!(text, "{word}.{other}@mail.{other}.org"),
        1 => write!(text, "https://{word}.example/{other}?q={index}#{word}"),
        2 => {
            let [one, two, three, four] = [256, 256, 256, 256].map(|limit| number(random, limit));
            write!(text, "{one}.{two}.{three}.{four}")
        }
        3 => {
            let (day, month) = (1 + number(random, 28), 1 + number(random, 12));
            write!(text, "{day}/{month}/{}", 1950 + number(random, 90))
        }
        4 => write!(
            text,
            "{} March {}",
            1 + number(random, 28),
            1950 + number(random, 90)
        ),
        5..=40 => {
            let mut letters = word.chars();
            let first = letters.next().unwrap_or('X').to_ascii_uppercase();
            write!(text, "{first}{}", letters.as_str())
        }
        _ => write!(text, "{word}"),
    };
}

/// Lines of a web server's log.
fn log(random: &mut Random) -> String {
    let mut text = String::with_capacity(LARGE + 200);
    let paths = [
        "/",
        "/index.html",
        "/health",
        "/api/v1/items",
        "/static/app.js",
        "/login",
    ];
    let agents = [
        "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0",
        "curl/8.14.1",
        "Examplebot/2.1 (+https://example.org/bot)",
    ];
    let mut second = 0;
    while text.len() < LARGE {
        second += random.below(3);
        let status = random.pick(&["200", "200", "200", "200", "304", "404", "302", "500"]);
        let method = random.pick(&["GET", "GET", "GET", "POST", "HEAD"]);
        let _ = writeln!(
            text,
            "10.{}.{}.{} - - [21/Nov/2026:{:02}:{:02}:{:02} +0000] \"{method} {} HTTP/1.1\" {status} {} \"-\" \"{}\"",
            random.below(256),
            random.below(256),
            random.below(256),
            second / 3600 % 24,
            second / 60 % 60,
            second % 60,
            random.pick(&paths),
            random.below(100_000),
            random.pick(&agents),
        );
        if random.below(200) == 0 {
            let what = random.pick(&[
                "timed out",
                "Failed to connect",
                "warning: slow",
                "ERROR: no route",
            ]);
            let _ = writeln!(text, "upstream {what} ({} ms)", random.below(30_000));
        }
    }
    text
}

/// Sequences as the benchmark of that name has them: a heading, and lines of 60.
fn dna(random: &mut Random) -> String {
    let mut text = String::with_capacity(LARGE + 200);
    for name in [
        "ONE Homo sapiens alu",
        "TWO IUB ambiguity codes",
        "THREE Homo sapiens frequency",
    ] {
        let _ = writeln!(text, ">{name}");
        let until = text.len() + LARGE / 3;
        while text.len() < until {
            for _ in 0..60 {
                text.push_str(random.pick(&["a", "a", "a", "c", "c", "g", "g", "t", "t", "t"]));
            }
            text.push('\n');
        }
    }
    text
}
