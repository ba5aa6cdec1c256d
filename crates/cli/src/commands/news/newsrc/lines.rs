//! The lines of a `.newsrc`: a group's name, `:` or, where nobody subscribes to it, `!`, and the numbers that
//! were read. What is no such line, such as another reader's options, stays as it is.

use std::collections::HashMap;

use super::numbers::Numbers;

/// What was read, and all else that stands in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Newsrc {
    /// Each with its end; the last one may have none.
    lines: Vec<Vec<u8>>,
    /// In which line a group stands, the first if there are several, and what was read of it.
    groups: HashMap<String, (usize, Numbers)>,
}

impl Newsrc {
    /// Reads a file.
    pub fn parse(content: &[u8]) -> Self {
        let lines = content.split_inclusive(|byte| *byte == b'\n');
        let lines: Vec<Vec<u8>> = lines.map(<[u8]>::to_vec).collect();
        let mut groups = HashMap::new();
        for (at, line) in lines.iter().enumerate() {
            if let Some(Group { name, read, .. }) = Group::parse(line) {
                groups.entry(name.to_owned()).or_insert((at, read));
            }
        }
        Newsrc { lines, groups }
    }

    /// What was read of a group, if it is known.
    pub fn read(&self, group: &str) -> Option<&Numbers> {
        self.groups.get(group).map(|(_, read)| read)
    }

    /// How many articles of a group have not been read, of those that it may have. None has the number 0, by which a server says
    /// that it has none (RFC 3977, section 6.1.1.2).
    pub fn unread(&self, group: &str, first: u64, last: u64) -> u64 {
        let first = first.max(1);
        match self.read(group) {
            Some(read) => read.missing_between(first, last),
            None => Numbers::default().missing_between(first, last),
        }
    }

    /// More was read of a group. False if all of that was known, or cannot be written.
    pub fn add(&mut self, group: &str, numbers: &Numbers) -> bool {
        let Some((at, read)) = self.groups.get_mut(group) else {
            return self.append(group, numbers.clone());
        };
        let before = read.clone();
        read.extend(numbers);
        if *read == before {
            return false;
        }
        let line = &mut self.lines[*at];
        if let Some(known) = Group::parse(line) {
            let group = Group {
                read: read.clone(),
                ..known
            };
            let changed = group.to_line();
            *line = changed;
        }
        true
    }

    /// A line for a group that has none. Who has read in it has not subscribed to it by that.
    fn append(&mut self, name: &str, read: Numbers) -> bool {
        let group = Group {
            name,
            mark: '!',
            read,
            end: "\n",
        };
        let line = group.to_line();
        // A name that would be read as another one would get a line more each time.
        let is_itself = Group::parse(&line).is_some_and(|parsed| parsed.name == name);
        if !is_itself || group.read == Numbers::default() {
            return false;
        }
        if let Some(last) = self.lines.last_mut().filter(|last| !last.ends_with(b"\n")) {
            last.push(b'\n');
        }
        self.lines.push(line);
        let place = (self.lines.len() - 1, group.read);
        self.groups.insert(name.to_owned(), place);
        true
    }

    /// The whole file.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.lines.concat()
    }
}

/// A line that is a group's.
struct Group<'a> {
    name: &'a str,
    /// `:` or `!`.
    mark: char,
    read: Numbers,
    /// How the line ends.
    end: &'a str,
}

impl<'a> Group<'a> {
    fn parse(line: &'a [u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?;
        let text = line.trim_end_matches(['\r', '\n']);
        let at = text.find([':', '!'])?;
        let (name, rest) = text.split_at(at);
        let mark = rest.chars().next()?;
        if name.is_empty() || name.contains(char::is_whitespace) {
            return None;
        }
        Some(Group {
            name,
            mark,
            read: Numbers::parse(&rest[1..])?,
            end: &line[text.len()..],
        })
    }

    fn to_line(&self) -> Vec<u8> {
        let Group {
            name,
            mark,
            read,
            end,
        } = self;
        format!("{name}{mark} {read}{end}").into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(content: &str, group: &str, first: u64, last: u64) -> String {
        let mut newsrc = Newsrc::parse(content.as_bytes());
        newsrc.add(group, &Numbers::between(first, last));
        String::from_utf8(newsrc.to_bytes()).expect("text")
    }

    #[test]
    fn only_what_was_read_is_changed() {
        let content =
            "options -n all !b\n# mine\na: 1-9,11\nb!\nc:x\nd: 3-2\n\na: 5\n\tz: 1\ne:1,2";
        for (group, line, written) in [
            ("a", "a: 1-9,11", "a: 1-11"),
            // Who has given a group up may read in it.
            ("b", "b!", "b! 10"),
            ("e", "e:1,2", "e: 1-2,10"),
        ] {
            let expected = content.replacen(line, written, 1);
            assert_eq!(added(content, group, 10, 10), expected, "{group}");
        }
        // A line that nobody understands stays, and so does one that says nothing new.
        for group in ["c", "d", "new.group"] {
            let expected = format!("{content}\n{group}! 10\n");
            assert_eq!(added(content, group, 10, 10), expected);
        }
        assert_eq!(added(content, "a", 2, 5), content);
        assert_eq!(added("", "a", 1, 3), "a! 1-3\n");
        assert_eq!(added("a: 1\r\nb: 1\r\n", "a", 2, 2), "a: 1-2\r\nb: 1\r\n");
    }

    #[test]
    fn any_bytes_stay_as_they_are() {
        let content = b"\xff\xfe: 1\n\0\na: 1\n: 5\n!\n\xe4: 2";
        let mut newsrc = Newsrc::parse(content);
        assert_eq!(newsrc.to_bytes(), content);
        newsrc.add("a", &Numbers::between(2, 2));
        let expected = b"\xff\xfe: 1\n\0\na: 1-2\n: 5\n!\n\xe4: 2";
        assert_eq!(newsrc.to_bytes(), expected);
    }

    #[test]
    fn what_cannot_be_read_again_is_not_written() {
        let content = "a: 1";
        for group in ["b:c", "b!c", "b c", "b\nc", "b\r", "\u{2028}", ""] {
            assert_eq!(added(content, group, 1, 9), content, "{group:?}");
        }
        // Of an empty group nothing was read.
        assert_eq!(added(content, "b", 1, 0), content);
    }

    #[test]
    fn what_is_unread_is_counted() {
        let newsrc = Newsrc::parse(b"a: 1-9,11\n");
        assert_eq!(newsrc.unread("a", 5, 14), 4);
        assert_eq!(newsrc.unread("a", 15, 14), 0);
        assert_eq!(newsrc.unread("b", 5, 14), 10);
        assert_eq!(newsrc.unread("b", 0, 0), 0);
        assert_eq!(newsrc.unread("b", 0, 3), 3);
    }
}
