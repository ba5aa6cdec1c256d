//! Patterns of names: `*` is any text, `?` any character, `[a-z]` one of some, `[!a-z]` one of the others.

/// Whether a word is a pattern, rather than a name.
pub fn is_pattern(word: &str) -> bool {
    word.contains(['*', '?', '['])
}

/// Whether a name fits a pattern, all of it. A name that begins with a point fits only what begins with one.
pub fn fits(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let pattern = parts(pattern);
    let name: Vec<char> = name.chars().collect();
    let (mut at, mut from) = (0, 0);
    // Where the last star is, and how far it reaches: only the last one ever has to reach further.
    let mut star: Option<(usize, usize)> = None;
    while from < name.len() {
        match pattern.get(at) {
            Some(Part::Any) => {
                star = Some((at, from));
                at += 1;
            }
            Some(part) if part.takes(name[from]) => {
                at += 1;
                from += 1;
            }
            _ => match star {
                Some((behind, reached)) => {
                    star = Some((behind, reached + 1));
                    at = behind + 1;
                    from = reached + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|part| *part == Part::Any)
}

#[derive(Debug, PartialEq)]
enum Part {
    Any,
    One,
    Exactly(char),
    Among {
        ranges: Vec<(char, char)>,
        is_not: bool,
    },
}

impl Part {
    fn takes(&self, character: char) -> bool {
        match self {
            Part::Any => false,
            Part::One => true,
            Part::Exactly(own) => *own == character,
            Part::Among { ranges, is_not } => {
                let is_among = ranges
                    .iter()
                    .any(|(first, last)| (*first..=*last).contains(&character));
                is_among != *is_not
            }
        }
    }
}

fn parts(pattern: &str) -> Vec<Part> {
    let all: Vec<char> = pattern.chars().collect();
    let (mut parts, mut at) = (Vec::new(), 0);
    while let Some(character) = all.get(at) {
        at += 1;
        parts.push(match character {
            '*' => Part::Any,
            '?' => Part::One,
            '[' => match class(&all[at..]) {
                Some((part, length)) => {
                    at += length;
                    part
                }
                None => Part::Exactly('['),
            },
            other => Part::Exactly(*other),
        });
    }
    parts
}

/// What stands between brackets, and how long it is with the closing one. Without one it is no class.
fn class(behind: &[char]) -> Option<(Part, usize)> {
    let is_not = matches!(behind.first(), Some('!' | '^'));
    let start = usize::from(is_not);
    // A closing bracket in front is one of the characters.
    let end = (start + 1..behind.len()).find(|at| behind[*at] == ']')?;
    let inner = &behind[start..end];
    let (mut ranges, mut at) = (Vec::new(), 0);
    while at < inner.len() {
        match inner.get(at + 1..at + 3) {
            Some(['-', last]) => {
                ranges.push((inner[at], *last));
                at += 3;
            }
            _ => {
                ranges.push((inner[at], inner[at]));
                at += 1;
            }
        }
    }
    Some((Part::Among { ranges, is_not }, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_patterns() {
        for (pattern, name) in [
            ("*", "a"),
            ("*.txt", "a.b.txt"),
            ("a*b*c", "a--b-b--c"),
            ("?[0-9]", "é7"),
            ("[!a-c]", "d"),
            ("[]]", "]"),
            ("[a", "[a"),
            (".*", ".a"),
            ("a**", "a"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("*", ".a"),
            ("*.txt", "a.txt.gz"),
            ("a*b", "a"),
            ("?", ""),
            ("?", "ab"),
            ("[a-c]", "d"),
            ("[!a]", "a"),
            ("", "a"),
        ] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
        assert!(!fits(&"*a".repeat(5000), &"b".repeat(5000)));
    }
}
