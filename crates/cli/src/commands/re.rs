//! `lariat re`: regular expressions as Python has them, on lines of text; a grep, and a small sed.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use lariat_re::{Error, Flags, Match, Pattern, Template};
use serde_json::json;

use crate::failure::{Failure, USAGE, in_words};
use crate::output::{complain, escape_json, note, one_line, print};

/// The longest line, or whole file, in bytes: a line without an end must not take all memory.
const LONGEST: u64 = 64 << 20;

/// So much is gathered before it is written, unless the input is waited for.
const GATHERED: usize = 32 << 10;

/// Search lines by a regular expression with the semantics of Python's re
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The pattern, as Python reads it
    pattern: String,
    /// Where to search; `-` or nothing for standard input
    files: Vec<PathBuf>,
    /// Ignore case
    #[arg(short, long)]
    ignore_case: bool,
    /// Flags by their letters: a, i, m, s, x
    #[arg(long, value_name = "LETTERS", default_value = "")]
    flags: String,
    /// Show the lines that do not match
    #[arg(short = 'v', long)]
    invert_match: bool,
    /// Show how many lines match, rather than the lines
    #[arg(short, long, conflicts_with_all = ["only_matching", "groups", "sub", "split"])]
    count: bool,
    /// Show what matches, each on a line
    #[arg(short, long, conflicts_with_all = ["invert_match", "groups", "sub", "split"])]
    only_matching: bool,
    /// Show the number of each line
    #[arg(short = 'n', long)]
    line_number: bool,
    /// Take a whole file as one text instead of its lines
    #[arg(short, long)]
    whole: bool,
    /// Show each match as JSON: its place in characters, its text and its groups
    #[arg(long, conflicts_with_all = ["invert_match", "sub", "split"])]
    groups: bool,
    /// Show every line with its matches replaced by a template: \1, \g<name>
    #[arg(long, value_name = "TEMPLATE", group = "changed")]
    #[arg(conflicts_with_all = ["invert_match", "split"])]
    sub: Option<String>,
    /// Show what lies between matches, each line as a JSON array
    #[arg(long, conflicts_with = "invert_match", group = "changed")]
    split: bool,
    /// Replace or split at most so often in a line; 0 for all
    #[arg(long, value_name = "N", default_value_t = 0, requires = "changed")]
    most: usize,
    /// Say in words what the pattern matches, and search nothing
    #[arg(long)]
    explain: bool,
    /// Whether matches are coloured
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: When,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum When {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

const EXAMPLES: &str = "\
What is not UTF-8 is searched as U+FFFD and shown as it is; a line with it is not changed by --sub.
The exit code is grep's: 0 if something matched, 1 if nothing did, 2 if something went wrong.

Examples:
  lariat re '(?<!no)reply' mail.txt
  lariat re -o '\\b(\\w+) \\1\\b' chapter.txt
  lariat re --groups '(?P<day>\\d+)/(?P<month>\\d+)' dates.txt
  lariat re --sub '\\2-\\1' '(\\d+)/(\\d+)' dates.txt
  lariat re --explain '(<)?\\w+@\\w+(?(1)>|$)'";

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    let pattern = compile(&args)?;
    if args.explain {
        return write(pattern.explain().as_bytes());
    }
    let template = match &args.sub {
        Some(template) => Some(Template::new(&pattern, template).map_err(|error| refused(&error))?),
        None => None,
    };
    let mut files = args.files.clone();
    if files.is_empty() {
        files.push("-".into());
    }
    let mut search = Search {
        named: files.len() > 1,
        terminal: io::stdout().is_terminal(),
        args,
        pattern,
        template,
        output: Vec::new(),
        matched: false,
        trouble: false,
    };
    for file in files {
        match search.file(&file) {
            Ok(()) => {}
            Err(Stopped::Output(failure)) => return Err(failure),
            Err(Stopped::Input(message)) => {
                // What is known so far comes before it.
                search.flush()?;
                complain(&format!("{}: {message}", file.display()));
                search.trouble = true;
            }
        }
    }
    search.flush()?;
    match (search.trouble, search.matched) {
        (true, _) => Err(Failure::quiet(USAGE)),
        (false, true) => Ok(()),
        (false, false) => Err(Failure::quiet(1)),
    }
}

fn compile(args: &Args) -> Result<Pattern, Failure> {
    let mut flags = Flags::NONE;
    if args.ignore_case {
        flags |= Flags::IGNORECASE;
    }
    for letter in args.flags.chars() {
        let Some(flag) = Flags::from_letter(letter) else {
            let message = format!("there is no flag {letter}: they are a, i, m, s and x");
            return Err(Failure::usage(message));
        };
        flags |= flag;
    }
    Pattern::with_flags(args.pattern.as_str(), flags).map_err(|error| refused(&error))
}

/// What is wrong in a pattern or template, with a caret under the place.
fn refused(error: &Error) -> Failure {
    for line in error.caret().unwrap_or_default().lines() {
        note(line);
    }
    Failure::usage(error.to_string())
}

/// Writes what is found. What cannot be written is grep's trouble, too; a reader that went away has had
/// what it wanted.
fn write(output: &[u8]) -> Result<(), Failure> {
    print(output).map_err(|failure| match failure.message() {
        Some(_) => failure.with_code(USAGE),
        None => failure,
    })
}

/// Why a file was not searched to its end.
enum Stopped {
    /// It cannot be read, in words; another may be.
    Input(String),
    /// Nothing can be written any more.
    Output(Failure),
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Stopped::Output(failure)
    }
}

struct Search {
    args: Args,
    pattern: Pattern,
    template: Option<Template>,
    /// Whether the file is named before each line.
    named: bool,
    terminal: bool,
    output: Vec<u8>,
    matched: bool,
    /// Whether something went wrong.
    trouble: bool,
}

/// What is searched at a time, and where it stands.
struct Line<'t> {
    file: &'t str,
    number: u64,
    text: &'t str,
    /// What was read: the text, unless that is not all UTF-8.
    bytes: &'t [u8],
}

impl Line<'_> {
    fn is_utf8(&self) -> bool {
        self.text.as_bytes() == self.bytes
    }
}

/// A line as it is shown, part by part from its beginning.
struct Parts<'t> {
    text: &'t str,
    /// What was read, and comes next.
    bytes: &'t [u8],
    at: usize,
    terminal: bool,
}

impl<'t> Parts<'t> {
    fn of(line: &Line<'t>, terminal: bool) -> Self {
        Parts {
            text: line.text,
            bytes: line.bytes,
            at: 0,
            terminal,
        }
    }

    /// The part up to a place of the text: as it was read, or harmless on a terminal.
    fn until(&mut self, place: usize) -> Cow<'t, [u8]> {
        let part = &self.text[self.at..place];
        self.at = place;
        let (bytes, rest) = self.bytes.split_at(read_as(self.bytes, part));
        self.bytes = rest;
        if !self.terminal {
            return Cow::Borrowed(bytes);
        }
        let part = match place == self.text.len() {
            true => part.strip_suffix('\r').unwrap_or(part),
            false => part,
        };
        Cow::Owned(harmless(part).into_bytes())
    }
}

/// How many of these bytes are read as this text, with which they begin.
fn read_as(bytes: &[u8], text: &str) -> usize {
    if bytes.starts_with(text.as_bytes()) {
        return text.len();
    }
    let (mut left, mut length) = (text.len(), 0);
    // What is no UTF-8 has no more bytes than the U+FFFD that stands for it.
    for chunk in bytes[..bytes.len().min(text.len())].utf8_chunks() {
        let valid = chunk.valid().len();
        if left <= valid {
            return length + left;
        }
        left = left.saturating_sub(valid + char::REPLACEMENT_CHARACTER.len_utf8());
        length += valid + chunk.invalid().len();
    }
    length
}

/// A text as it may be shown on a terminal: nothing steers it, tabs stay, and lines may end as they do elsewhere.
fn harmless(text: &str) -> String {
    let line = |line: &str| {
        let columns: Vec<String> = line.split('\t').map(one_line).collect();
        columns.join("\t")
    };
    let text = text.replace("\r\n", "\n");
    let lines: Vec<String> = text.split('\n').map(line).collect();
    lines.join("\n")
}

/// A place of a text in bytes and in characters. It only goes on: to count from the beginning for each
/// match would take time that grows with the square of the text.
#[derive(Default)]
struct Known {
    byte: usize,
    character: usize,
}

impl Known {
    /// The span of a match in characters. No match may begin before the one before it ended.
    fn span(&mut self, found: &Match<'_>) -> (usize, usize) {
        let mut character = |byte| {
            self.character += found.string()[self.byte..byte].chars().count();
            self.byte = byte;
            self.character
        };
        (character(found.start()), character(found.end()))
    }
}

impl Search {
    fn file(&mut self, path: &Path) -> Result<(), Stopped> {
        let name = path.display().to_string();
        if name == "-" {
            return self.lines("(standard input)", &mut BufReader::new(io::stdin().lock()));
        }
        let file = File::open(path).map_err(|error| Stopped::Input(in_words(&error)))?;
        self.lines(&name, &mut BufReader::new(file))
    }

    fn lines(&mut self, file: &str, input: &mut BufReader<impl Read>) -> Result<(), Stopped> {
        let mut bytes = Vec::new();
        let mut number = 0;
        let mut count = 0;
        while self.read(input, &mut bytes, number)? {
            number += 1;
            let text = String::from_utf8_lossy(&bytes);
            let line = Line {
                file,
                number,
                text: &text,
                bytes: &bytes,
            };
            match self.line(&line) {
                Ok(matched) => {
                    count += u64::from(matched);
                    self.matched |= matched;
                }
                Err(message) => {
                    // What is known so far comes before it, and other lines after it.
                    self.flush()?;
                    let place = match self.args.whole {
                        true => file.to_string(),
                        false => format!("{file}:{number}"),
                    };
                    complain(&format!("{place}: {message}"));
                    self.trouble = true;
                }
            }
            if self.output.len() > GATHERED || input.buffer().is_empty() {
                self.flush()?;
            }
        }
        if self.args.count {
            let name = if self.named {
                format!("{file}:")
            } else {
                String::new()
            };
            let count = format!("{}{count}\n", self.shown(&name));
            self.output.extend_from_slice(count.as_bytes());
        }
        Ok(())
    }

    /// Reads what is searched next, after so many lines; whether there is something. A whole file may be empty.
    fn read(
        &self,
        input: &mut BufReader<impl Read>,
        bytes: &mut Vec<u8>,
        number: u64,
    ) -> Result<bool, Stopped> {
        bytes.clear();
        let mut bounded = input.by_ref().take(LONGEST + 1);
        let (read, what) = match self.args.whole {
            true if number > 0 => return Ok(false),
            true => (bounded.read_to_end(bytes), "the file"),
            false => (bounded.read_until(b'\n', bytes), "a line"),
        };
        read.map_err(|error| Stopped::Input(in_words(&error)))?;
        if bytes.len() as u64 > LONGEST {
            let message = format!("{what} is longer than {LONGEST} bytes");
            return Err(Stopped::Input(message));
        }
        let is_something = self.args.whole || !bytes.is_empty();
        if !self.args.whole && bytes.ends_with(b"\n") {
            bytes.pop();
        }
        Ok(is_something)
    }

    /// Shows what there is to show of a line; whether it matched, or what went wrong.
    fn line(&mut self, line: &Line<'_>) -> Result<bool, String> {
        if self.args.groups {
            let mut known = Known::default();
            return self.each(line, |search, found| {
                Some(search.json(line, found, known.span(found)))
            });
        }
        if self.args.only_matching {
            let mut parts = Parts::of(line, self.terminal);
            return self.each(line, |search, found| {
                parts.until(found.start());
                let part = parts.until(found.end());
                // As grep has it: an empty match matches, and there is nothing to show.
                (!found.text().is_empty()).then(|| search.coloured(&part))
            });
        }
        if let Some(template) = self.template.clone() {
            return self.replaced(line, template);
        }
        if self.args.split {
            let fields = self.pattern.split(line.text, self.args.most);
            let fields = fields.map_err(|error| error.to_string())?;
            self.show(line, escape_json(&json!(fields).to_string()).as_bytes());
            return Ok(fields.len() > 1);
        }
        let found = self.pattern.search(line.text);
        let found = found.map_err(|error| error.to_string())?;
        let matched = found.is_some() != self.args.invert_match;
        if matched && !self.args.count {
            return self.marked(line).map(|()| true);
        }
        Ok(matched)
    }

    /// Shows something of each match, or nothing.
    fn each(
        &mut self,
        line: &Line<'_>,
        mut of: impl FnMut(&Search, &Match<'_>) -> Option<Vec<u8>>,
    ) -> Result<bool, String> {
        let pattern = self.pattern.clone();
        let mut matched = false;
        for found in pattern.find_iter(line.text) {
            let found = found.map_err(|error| error.to_string())?;
            if let Some(text) = of(self, &found) {
                self.show(line, &text);
            }
            matched = true;
        }
        Ok(matched)
    }

    fn json(&self, line: &Line<'_>, found: &Match<'_>, span: (usize, usize)) -> Vec<u8> {
        let named: serde_json::Map<_, _> = found
            .group_dict()
            .into_iter()
            .map(|(name, text)| (name.to_string(), json!(text)))
            .collect();
        let shown = json!({
            "file": line.file,
            "line": line.number,
            "span": span,
            "text": found.text(),
            "groups": found.groups(),
            "named": named,
        });
        escape_json(&shown.to_string()).into_bytes()
    }

    /// Shows the line with its matches replaced.
    fn replaced(&mut self, line: &Line<'_>, template: Template) -> Result<bool, String> {
        let replaced = self.pattern.subn(template, line.text, self.args.most);
        let (text, count) = replaced.map_err(|error| error.to_string())?;
        if count > 0 && !line.is_utf8() {
            // Each U+FFFD would be written where there were other bytes.
            self.show_whole(line);
            return Err("it is left as it is, since not all of it is UTF-8".to_string());
        }
        if count == 0 {
            self.show_whole(line);
        } else {
            let text = match self.terminal {
                true => text.strip_suffix('\r').unwrap_or(&text),
                false => &text,
            };
            self.show(line, self.shown(text).as_bytes());
        }
        Ok(count > 0)
    }

    /// Shows the line as it is.
    fn show_whole(&mut self, line: &Line<'_>) {
        // An empty file stays empty.
        if !(self.args.whole && line.bytes.is_empty()) {
            let all = Parts::of(line, self.terminal).until(line.text.len());
            self.show(line, &all);
        }
    }

    /// Shows the line with its matches coloured, where there is colour. It is shown even if there are more of
    /// them than can be found.
    fn marked(&mut self, line: &Line<'_>) -> Result<(), String> {
        let mut parts = Parts::of(line, self.terminal);
        let mut marked = Vec::new();
        let mut ended = Ok(());
        if self.has_colour() && !self.args.invert_match {
            for found in self.pattern.find_iter(line.text) {
                let found = match found {
                    Ok(found) => found,
                    Err(error) => {
                        ended = Err(error.to_string());
                        break;
                    }
                };
                marked.extend_from_slice(&parts.until(found.start()));
                marked.extend(self.coloured(&parts.until(found.end())));
            }
        }
        marked.extend_from_slice(&parts.until(line.text.len()));
        self.show(line, &marked);
        ended
    }

    fn show(&mut self, line: &Line<'_>, text: &[u8]) {
        let mut start = String::new();
        if !self.args.groups {
            if self.named {
                start += &format!("{}:", line.file);
            }
            if self.args.line_number {
                start += &format!("{}:", line.number);
            }
        }
        let start = self.shown(&start).into_owned();
        self.output.extend_from_slice(start.as_bytes());
        self.output.extend_from_slice(text);
        if !text.ends_with(b"\n") || !self.args.whole {
            self.output.push(b'\n');
        }
    }

    /// A text as it may be written where it goes.
    fn shown<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.terminal {
            true => Cow::Owned(harmless(text)),
            false => Cow::Borrowed(text),
        }
    }

    fn coloured(&self, text: &[u8]) -> Vec<u8> {
        if self.has_colour() && !text.is_empty() {
            return [b"\x1b[1;31m", text, b"\x1b[0m"].concat();
        }
        text.to_vec()
    }

    fn has_colour(&self) -> bool {
        match self.args.color {
            When::Always => true,
            When::Never => false,
            When::Auto => {
                self.terminal && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
            }
        }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        if self.output.is_empty() {
            return Ok(());
        }
        write(&std::mem::take(&mut self.output))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_what_is_no_utf8_are_as_they_were_read() {
        let bytes = b"a\xff\xe2\x82b\xc3\xa9\xef\xbf\xbd\xf0\x9f\xff";
        let text = String::from_utf8_lossy(bytes);
        assert_eq!(text, "a\u{fffd}\u{fffd}b\u{e9}\u{fffd}\u{fffd}\u{fffd}");
        let of_each: [&[u8]; 8] = [
            b"a",
            b"\xff",
            b"\xe2\x82",
            b"b",
            b"\xc3\xa9",
            b"\xef\xbf\xbd",
            b"\xf0\x9f",
            b"\xff",
        ];
        let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
        let places = [&places[..], &[text.len()]].concat();
        for first in 0..of_each.len() {
            for last in first..=of_each.len() {
                let line = Line {
                    file: "",
                    number: 1,
                    text: &text,
                    bytes,
                };
                let mut parts = Parts::of(&line, false);
                assert_eq!(parts.until(places[first]), of_each[..first].concat());
                assert_eq!(parts.until(places[last]), of_each[first..last].concat());
                assert_eq!(parts.until(text.len()), of_each[last..].concat());
            }
        }
    }
}
