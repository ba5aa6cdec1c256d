//! The machine and the linear engines find the same, in made-up regular patterns and texts.
//!
//! `LARIAT_CASES` says how many are made up, 4,000 by default, and `LARIAT_SEED` repeats a run. What CPython
//! finds is compared with both in `python.rs`.

#![allow(clippy::unwrap_used)]

use lariat_re::{Error, Flags, Match, Pattern, Steering, Text};

/// Makes up patterns and texts: xorshift64*.
struct Maker {
    state: u64,
    groups: u32,
}

impl Maker {
    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        (self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    fn pick<'a>(&mut self, among: &[&'a str]) -> &'a str {
        among[self.below(among.len())]
    }

    fn pattern(&mut self, depth: u32) -> String {
        let count = 1 + self.below(3) / 2 + self.below(4) / 3;
        let ways = (0..count).map(|_| self.sequence(depth));
        ways.collect::<Vec<_>>().join("|")
    }

    fn sequence(&mut self, depth: u32) -> String {
        let count = self.below(4);
        (0..count).map(|_| self.repeated(depth)).collect()
    }

    fn repeated(&mut self, depth: u32) -> String {
        let atom = self.atom(depth);
        if self.below(5) < 3 {
            return atom;
        }
        let repeat = self.pick(&["*", "+", "?", "{2}", "{,2}", "{1,3}", "{2,}", "{0}"]);
        // A place cannot be repeated as it is.
        let greed = self.pick(&["", "", "?"]);
        format!("(?:{atom}){repeat}{greed}")
    }

    fn atom(&mut self, depth: u32) -> String {
        let roll = self.below(if depth == 0 { 12 } else { 20 });
        match roll {
            0..=5 => self
                .pick(&["a", "b", "ab", "é", "s", "\u{17f}", r"\n", "_", "K"])
                .to_string(),
            6 | 7 => self
                .pick(&["[ab]", "[^a]", r"[\w-]", "[a-é]", r"[^\W_]", "[^é]"])
                .to_string(),
            8 => "(?:a|ab|aba|b|ba|bab|bb|s|sa|é|éa|1|K|_|_a|aa|aaa|)".to_string(),
            9 => self
                .pick(&[".", r"\w", r"\W", r"\d", r"\s", r"\S"])
                .to_string(),
            10 => self.pick(&["^", "$", r"\A", r"\Z"]).to_string(),
            11 => self.pick(&[r"\b", r"\B"]).to_string(),
            12..=15 => {
                self.groups += 1;
                format!("({})", self.pattern(depth - 1))
            }
            16 | 17 => format!("(?:{})", self.pattern(depth - 1)),
            _ => {
                let flags = self.pick(&["i", "s", "m", "-i", "s-m", "a"]);
                format!("(?{flags}:{})", self.pattern(depth - 1))
            }
        }
    }

    fn flags(&mut self) -> Flags {
        let all = [
            Flags::IGNORECASE,
            Flags::MULTILINE,
            Flags::DOTALL,
            Flags::ASCII,
        ];
        let chosen = all.into_iter().filter(|_| self.below(6) == 0);
        chosen.fold(Flags::NONE, |flags, flag| flags | flag)
    }

    /// Half of them of ASCII alone.
    fn text(&mut self) -> String {
        let letters: &[&str] = match self.below(2) {
            0 => &["a", "a", "b", "ab", "s", "K", "_", " ", "1", "\n"],
            _ => &[
                "a",
                "b",
                "é",
                "É",
                "s",
                "\u{17f}",
                "\u{212a}",
                " ",
                "\u{301}",
                "\u{10400}",
                "\n",
            ],
        };
        let length = self.below(30);
        (0..length).map(|_| self.pick(letters)).collect()
    }
}

type Spans = Vec<Option<(usize, usize)>>;

fn spans<T: Text + ?Sized>(found: &Match<'_, T>) -> Result<(Spans, Option<usize>), Error> {
    let groups = 0..=found.pattern().groups();
    let spans = groups
        .map(|group| found.span_of(group))
        .collect::<Result<_, _>>()?;
    Ok((spans, found.last_index()))
}

/// All that one kind of engine finds, from each place on.
fn found<T: Text + ?Sized>(pattern: &Pattern<T>, text: &T) -> Result<String, Error> {
    let mut all = Vec::new();
    for matched in pattern.find_iter(text) {
        all.push(spans(&matched?)?);
    }
    let first = pattern.match_(text)?.as_ref().map(spans).transpose()?;
    let whole = pattern.fullmatch(text)?.as_ref().map(spans).transpose()?;
    let mut parts = Vec::new();
    for at in (0..text.bytes().len())
        .filter(|at| text.is_between(*at))
        .take(5)
    {
        let matched = pattern.search_in(text, at..)?;
        parts.push(matched.as_ref().map(spans).transpose()?);
        let matched = pattern.search_in(text, ..at)?;
        parts.push(matched.as_ref().map(spans).transpose()?);
    }
    Ok(format!("{all:?} {first:?} {whole:?} {parts:?}"))
}

fn assert_same<T: Text + ?Sized>(pattern: &Pattern<T>, text: &T) {
    let [machine, linear] = [Steering::Machine, Steering::Linear]
        .map(|steering| found(&pattern.steered(steering), text));
    assert_eq!(linear, machine, "{pattern:?} in {text:?}");
}

#[test]
fn what_all_alternatives_begin_with_does_not_change_their_order() {
    for pattern in ["(?:a|ab)c|(?:a|ab)", "x(?:a|ab)c|x(?:a|ab)d?", "a*?c|a*?"] {
        let pattern = Pattern::new(pattern).unwrap();
        for text in ["abc", "xabc", "xab", "aac"] {
            assert_same(&pattern, text);
        }
    }
}

/// So many that they have an automaton of their own.
#[test]
fn many_words_are_found_in_their_order() {
    let mut maker = Maker {
        state: 27,
        groups: 0,
    };
    let letters = ["a", "b", "c", "é", "€", " "];
    let mut word = || {
        let length = 1 + maker.below(7);
        let letters = (0..length).map(|_| maker.pick(&letters));
        letters.collect::<String>()
    };
    // Some are the same as others, and many begin with others.
    let words: Vec<String> = (0..3500).map(|_| word()).collect();
    let texts: Vec<String> = (0..40).map(|_| (0..30).map(|_| word()).collect()).collect();
    let long: String = texts.concat();
    for pattern in [
        words.join("|"),
        format!("(?:{})", words.join("|")),
        // With an empty one, or a group around them, they are none.
        format!("{}|", words.join("|")),
        format!("({})", words.join("|")),
    ] {
        let of_text = Pattern::new(&pattern[..]).unwrap();
        let of_bytes = Pattern::new(pattern.as_bytes()).unwrap();
        assert!(of_text.is_linear() && of_bytes.is_linear());
        for text in texts.iter().chain([&long]) {
            assert_same(&of_text, &text[..]);
            assert_same(&of_bytes, text.as_bytes());
        }
        assert!(
            of_text
                .fullmatch(&format!("{}x", words[0]))
                .unwrap()
                .is_none()
        );
        assert!(of_text.fullmatch(&words[3000]).unwrap().is_some());
    }
}

/// The automaton of so many would be large.
#[test]
fn more_words_than_have_an_automaton_are_found_by_the_machine() {
    let words: Vec<String> = (0..12_000).map(|n| format!("{n:05}-word-{n}")).collect();
    let pattern = Pattern::new(&words.join("|")[..]).unwrap();
    assert!(!pattern.is_linear());
    let text = format!("{} {}", "11999-word- ".repeat(100), words[11_999]);
    let found = pattern.search(&text).unwrap().unwrap();
    assert_eq!(found.text(), words[11_999]);
}

/// Longer than what is looked at of a text at a time.
#[test]
fn a_long_text_is_searched_as_if_it_were_one_piece() {
    let filler = "word, 12/3 words\n".repeat(5000);
    let crossing = "x".repeat(150_000);
    for (pattern, text) in [
        (
            r"\b\d+/\d{4}",
            format!("{filler}1/2000 {filler}é 3/2001{filler}4/2002"),
        ),
        (
            r"[\w.]+@\w+",
            format!("{filler}a@b\n{filler}é@ü {filler}c@d"),
        ),
        (
            r"@\w*",
            format!("{filler}@{filler}@\n{crossing}\n@{crossing}@"),
        ),
        (
            r"x+y|\s@",
            format!("{filler}{crossing}y\n @{crossing}\n{filler} @"),
        ),
        (r"(?m)^$|#", format!("{filler}\n{filler}#{filler}")),
        (r"(?:#|\Bé)\b", format!("{filler}#{filler}#a{filler}aéb #é")),
        (r"(?s)#.*?#", format!("{filler}#{filler}#{filler}##\n")),
        (r"#$|\A#", format!("#{filler}#\n{filler}#")),
    ] {
        let pattern = Pattern::new(pattern).unwrap();
        assert!(pattern.is_linear());
        let all = |steering| {
            let pattern = pattern.steered(steering);
            let all = pattern
                .find_iter(&text)
                .map(|found| spans(&found.unwrap()).unwrap());
            all.collect::<Vec<_>>()
        };
        let machine = all(Steering::Machine);
        assert!(machine.len() > 1, "{pattern:?}");
        assert_eq!(all(Steering::Linear), machine, "{pattern:?}");
        assert_eq!(all(Steering::Both), machine, "{pattern:?}");
    }
}

#[test]
fn the_linear_engines_find_what_the_machine_does() {
    let setting = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|value| value.parse().ok())
    };
    let seed = setting("LARIAT_SEED").unwrap_or(20_261_121_u64);
    println!("LARIAT_SEED={seed}");
    let mut maker = Maker {
        state: seed.wrapping_mul(2).wrapping_add(1),
        groups: 0,
    };
    let cases = setting("LARIAT_CASES").unwrap_or(4000);
    let mut linear = 0;
    for _ in 0..cases {
        let source = maker.pattern(3);
        let flags = maker.flags();
        let texts = [maker.text(), maker.text()];
        if let Ok(pattern) = Pattern::with_flags(&source[..], flags) {
            linear += u64::from(pattern.is_linear());
            texts
                .iter()
                .for_each(|text| assert_same(&pattern, &text[..]));
        }
        if let Ok(pattern) = Pattern::with_flags(source.as_bytes(), flags) {
            texts
                .iter()
                .for_each(|text| assert_same(&pattern, text.as_bytes()));
        }
    }
    assert!(linear > cases / 2, "{linear} of {cases} are compared");
}
