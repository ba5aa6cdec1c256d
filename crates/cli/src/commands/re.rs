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
Invalid UTF-8 is searched as U+FFFD. The exit code is grep's: 0 if something matched, 1 if nothing
did, 2 if something went wrong.

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
        return print(pattern.explain());
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
        output: String::new(),
        matched: false,
        trouble: false,
    };
    for file in files {
        if let Err(failure) = search.file(&file) {
            search.flush()?;
            // A reader that went away has had what it wanted.
            let Some(message) = failure.message() else {
                return Err(failure);
            };
            complain(&format!("{}: {message}", file.display()));
            search.trouble = true;
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

struct Search {
    args: Args,
    pattern: Pattern,
    template: Option<Template>,
    /// Whether the file is named before each line.
    named: bool,
    terminal: bool,
    output: String,
    matched: bool,
    /// Whether something went wrong.
    trouble: bool,
}

/// What is searched at a time, and where it stands.
struct Line<'t> {
    file: &'t str,
    number: u64,
    text: &'t str,
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
    fn file(&mut self, path: &Path) -> Result<(), Failure> {
        let name = path.display().to_string();
        if name == "-" {
            return self.lines("(standard input)", &mut BufReader::new(io::stdin().lock()));
        }
        let file = File::open(path).map_err(|error| Failure::new(in_words(&error)))?;
        self.lines(&name, &mut BufReader::new(file))
    }

    fn lines(&mut self, file: &str, input: &mut BufReader<impl Read>) -> Result<(), Failure> {
        let mut line = Vec::new();
        let mut number = 0;
        let mut count = 0;
        loop {
            line.clear();
            let mut bounded = input.by_ref().take(LONGEST + 1);
            let read = if self.args.whole {
                bounded.read_to_end(&mut line)
            } else {
                bounded.read_until(b'\n', &mut line)
            };
            if read.map_err(|error| Failure::new(in_words(&error)))? == 0 {
                break;
            }
            if line.len() as u64 > LONGEST {
                let what = if self.args.whole {
                    "the file"
                } else {
                    "a line"
                };
                let message = format!("{what} is longer than {LONGEST} bytes");
                return Err(Failure::new(message));
            }
            if !self.args.whole && line.ends_with(b"\n") {
                line.pop();
            }
            number += 1;
            let text: Cow<'_, str> = String::from_utf8_lossy(&line);
            let text = text.as_ref();
            let matched = match self.line(&Line { file, number, text }) {
                Ok(matched) => matched,
                Err(error) => {
                    // What is known so far comes before it, and other lines after it.
                    self.flush()?;
                    let place = match self.args.whole {
                        true => file.to_string(),
                        false => format!("{file}:{number}"),
                    };
                    complain(&format!("{place}: {error}"));
                    self.trouble = true;
                    continue;
                }
            };
            count += u64::from(matched);
            self.matched |= matched;
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
            self.output += &format!("{}{count}\n", self.shown(&name));
        }
        Ok(())
    }

    /// Shows what there is to show of a line; whether it matched.
    fn line(&mut self, line: &Line<'_>) -> Result<bool, Error> {
        if self.args.groups {
            let mut known = Known::default();
            return self.each(line, |search, found| {
                Some(search.json(line, found, known.span(found)))
            });
        }
        if self.args.only_matching {
            return self.each(line, |search, found| {
                let text = search.coloured(&search.shown(found.text()));
                // As grep has it: an empty match matches, and there is nothing to show.
                (!found.text().is_empty()).then_some(text)
            });
        }
        if let Some(template) = self.template.clone() {
            let (text, count) = self.pattern.subn(template, line.text, self.args.most)?;
            self.show(line, &self.shown(&text));
            return Ok(count > 0);
        }
        if self.args.split {
            let fields = self.pattern.split(line.text, self.args.most)?;
            self.show(line, &escape_json(&json!(fields).to_string()));
            return Ok(fields.len() > 1);
        }
        let matched = self.pattern.search(line.text)?.is_some() != self.args.invert_match;
        if matched && !self.args.count {
            let text = self.marked(line.text)?;
            self.show(line, &text);
        }
        Ok(matched)
    }

    /// Shows something of each match, or nothing.
    fn each(
        &mut self,
        line: &Line<'_>,
        mut of: impl FnMut(&Search, &Match<'_>) -> Option<String>,
    ) -> Result<bool, Error> {
        let pattern = self.pattern.clone();
        let mut matched = false;
        for found in pattern.find_iter(line.text) {
            if let Some(text) = of(self, &found?) {
                self.show(line, &text);
            }
            matched = true;
        }
        Ok(matched)
    }

    fn json(&self, line: &Line<'_>, found: &Match<'_>, span: (usize, usize)) -> String {
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
        escape_json(&shown.to_string())
    }

    /// The line with its matches coloured, where there is colour.
    fn marked(&self, text: &str) -> Result<String, Error> {
        if !self.has_colour() || self.args.invert_match {
            return Ok(self.shown(text).into_owned());
        }
        let mut marked = String::new();
        let mut last = 0;
        for found in self.pattern.find_iter(text) {
            let found = found?;
            marked += &self.shown(&text[last..found.start()]);
            marked += &self.coloured(&self.shown(found.text()));
            last = found.end();
        }
        marked += &self.shown(&text[last..]);
        Ok(marked)
    }

    fn show(&mut self, line: &Line<'_>, text: &str) {
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
        self.output += &start;
        self.output += text;
        if !text.ends_with('\n') || !self.args.whole {
            self.output.push('\n');
        }
    }

    /// A text as it may be written where it goes: on a terminal, nothing steers it.
    fn shown<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !self.terminal {
            return Cow::Borrowed(text);
        }
        let lines: Vec<String> = text.split('\n').map(one_line).collect();
        Cow::Owned(lines.join("\n"))
    }

    fn coloured(&self, text: &str) -> String {
        if self.has_colour() && !text.is_empty() {
            return format!("\x1b[1;31m{text}\x1b[0m");
        }
        text.to_string()
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
        let output = std::mem::take(&mut self.output);
        print(output)
    }
}
