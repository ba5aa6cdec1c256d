//! An article's first meaningful lines: what somebody has written, without what is quoted and who is quoted.
//!
//! It works on text. Decoding an article, and asking for one, is done elsewhere.

/// What is shown of an article.
///
/// Lines lose the spaces at their end, and keep those at their front. Left out are:
///
/// - quoted lines, which begin with `>` or `|`; but not those that begin with `>>>`, as interactive
///   interpreters prompt (see [`Prompts`]);
/// - lines that begin with `in article`, in capitals or not;
/// - lines that end with `writes:`, `wrote:` or any other colon; also those with `>>>`, unless
///   [`Prompts::Apart`] has them for prompts.
///
/// Of several empty lines one is left; none before the first line and behind the last. Empty lines do not
/// count.
///
/// ```
/// use lariat_client::nntp::Excerpt;
///
/// let article = "Ann wrote:\n> Does this print?\n\n\nNot on its own:\n\nYou are missing a bracket.  \n>>> print(1)\n";
/// assert_eq!(Excerpt::default().of(article), ["You are missing a bracket.", ">>> print(1)"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// How many lines, without empty ones. Default 20.
    pub lines: usize,
    /// Which lines with `>>>` are prompts. Default [`Prompts::All`].
    pub prompts: Prompts,
}

/// Which lines that begin with `>>>` are what an interactive interpreter asked, and not quoted for the third time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prompts {
    /// All of them.
    #[default]
    All,
    /// Those that look like it: `>>>` alone or with a space behind it; in lines one under the other that
    /// are quoted three times or not at all, since quotations of different depths stand together; and not under
    /// a line that says who wrote what follows.
    Apart,
}

impl Default for Excerpt {
    fn default() -> Self {
        Excerpt {
            lines: 20,
            prompts: Prompts::All,
        }
    }
}

impl Excerpt {
    /// The lines of a text that are meaningful.
    pub fn of<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        let are_prompts = match self.prompts {
            Prompts::All => vec![true; lines.len()],
            Prompts::Apart => find_prompts(&lines),
        };
        let mut shown = Vec::new();
        let mut left = self.lines;
        let mut is_gap = false;
        for (at, line) in lines.iter().enumerate() {
            if left == 0 {
                break;
            }
            if line.is_empty() {
                is_gap = !shown.is_empty();
                continue;
            }
            // `>>> def f(x):` names nobody, if it was looked at whether it is a prompt.
            let names_nobody = self.prompts == Prompts::Apart && are_prompts[at];
            let is_left_out = is_attribution(line) && !names_nobody;
            if is_left_out || is_quoted(line, are_prompts[at]) {
                continue;
            }
            if std::mem::take(&mut is_gap) {
                shown.push("");
            }
            shown.push(line);
            left -= 1;
        }
        shown
    }
}

fn is_quoted(line: &str, is_prompt: bool) -> bool {
    line.starts_with('|') || (line.starts_with('>') && !(line.starts_with(">>>") && is_prompt))
}

/// Whether a line says whose words follow.
fn is_attribution(line: &str) -> bool {
    const BEGINNING: &str = "in article";
    // `writes:` and `wrote:` end with a colon too.
    let beginning = line.get(..BEGINNING.len());
    beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(BEGINNING))
        || line.ends_with(':')
}

/// Which lines are prompts, by themselves and by the lines around them. Each line is looked at a few times
/// only, however many stand together.
fn find_prompts(lines: &[&str]) -> Vec<bool> {
    let mut are_prompts = vec![false; lines.len()];
    let mut above = "";
    let mut at = 0;
    while at < lines.len() {
        let marked = lines[at..].iter().take_while(|line| line.starts_with('>'));
        let end = at + marked.count();
        let can_be = |line: &&str| line.strip_prefix(">>>").is_some_and(is_behind_a_prompt);
        if !names_an_author(above) && lines[at..end].iter().all(can_be) {
            are_prompts[at..end].fill(true);
        }
        at = end.max(at + 1);
        above = match lines[at - 1] {
            "" => above,
            line => line,
        };
    }
    are_prompts
}

fn is_behind_a_prompt(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(' ')
}

/// Whether a line ends as `Ann wrote:` does. A colon alone may introduce an example.
fn names_an_author(line: &str) -> bool {
    let small = line.to_lowercase();
    small.starts_with("in article") || small.ends_with("wrote:") || small.ends_with("writes:")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> Vec<&str> {
        Excerpt::default().of(text)
    }

    fn apart(text: &str) -> Vec<&str> {
        let excerpt = Excerpt {
            prompts: Prompts::Apart,
            ..Excerpt::default()
        };
        excerpt.of(text)
    }

    #[test]
    fn only_the_right_is_trimmed() {
        assert_eq!(first("  a \t\n\tb\r\n"), ["  a", "\tb"]);
    }

    #[test]
    fn quoted_lines_are_left_out_and_prompts_are_not() {
        let text = "> a\n>b\n>> c\n>>d\n| e\n|f\n>>> g\n>>>h\n>>>> i\n > j\nk > l\n";
        assert_eq!(first(text), [">>> g", ">>>h", ">>>> i", " > j", "k > l"]);
    }

    #[test]
    fn lines_that_say_who_is_quoted_are_left_out() {
        for line in [
            "In article <1@a>, Ann said",
            "in article 7",
            "IN ARTICLE",
            "Ann writes:",
            "Ann WROTE:",
            "On Monday, Ann (a@b) wrote:   ",
            "Any colon:",
            ":",
        ] {
            assert_eq!(first(line), [""; 0], "{line}");
        }
        for line in ["Within: no", "an in article", "in articl", "wrote: x", "ä"] {
            assert_eq!(first(line), [line]);
        }
    }

    #[test]
    fn empty_lines_are_folded_and_do_not_count() {
        let text = "\n \n\na\n\n\n  \nb\n> q\n\nc\n\n> q\n\nd\n\n\n";
        assert_eq!(first(text), ["a", "", "b", "", "c", "", "d"]);
        let two = Excerpt {
            lines: 2,
            ..Excerpt::default()
        };
        assert_eq!(two.of(text), ["a", "", "b"]);
        let none = Excerpt { lines: 0, ..two };
        assert_eq!(none.of(text), [""; 0]);
        assert_eq!(first(""), [""; 0]);
    }

    #[test]
    fn there_are_twenty_lines_at_most() {
        let text: String = (1..=30).map(|number| format!("{number}\n\n")).collect();
        let shown = first(&text);
        assert_eq!(shown.len(), 39);
        assert_eq!(shown.last(), Some(&"20"));
    }

    #[test]
    fn prompts_are_told_from_what_is_quoted_three_times() {
        let session = "Try this\n>>> x = 1\n>>> x\n1\n>>>\n";
        assert_eq!(apart(session), first(session));
        // Others of another depth stand beside it.
        assert_eq!(apart(">>> Does it?\n>> It does.\n> Good.\nYes"), ["Yes"]);
        assert_eq!(apart("> >> a\n>>> b\nYes"), ["Yes"]);
        // No interpreter leaves the space out.
        assert_eq!(apart(">>>b\nYes"), ["Yes"]);
        // Somebody else's, as the line above says, over an empty one too.
        assert_eq!(apart("Ann wrote:\n\n>>> b\n>>> c\nYes"), ["Yes"]);
        assert_eq!(apart("In article <1@a>\n>>> b\nYes"), ["Yes"]);
        // An example is introduced by a colon as well.
        assert_eq!(apart("For example:\n>>> b"), [">>> b"]);
        assert_eq!(apart("> a\n\n>>> b"), [">>> b"]);
        // What ends with a colon names nobody then.
        let function = ">>> def f(x):\n...     return x\n";
        assert_eq!(apart(function), [">>> def f(x):", "...     return x"]);
        assert_eq!(first(function), ["...     return x"]);
        assert_eq!(apart("Ann wrote:\n>>> He said:\nYes"), ["Yes"]);
    }
}
