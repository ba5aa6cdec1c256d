//! What is compiled and searched for: the sets that engines are usually measured by.

/// Patterns and the text that they are searched in.
pub struct Case {
    pub name: String,
    pub patterns: Vec<String>,
    /// The name of a [`Sample`](super::text::Sample).
    pub text: &'static str,
    /// Whether the `regex` crate can be asked, and ours must be near it.
    pub regular: bool,
}

impl Case {
    /// Whether all of the text is ASCII.
    pub fn is_ascii(&self) -> bool {
        self.text != WIDE
    }
}

/// The text that is not.
const WIDE: &str = "prose, not all ASCII";

/// The nine variants of the regex-dna benchmark.
const VARIANTS: [&str; 9] = [
    "agggtaaa|tttaccct",
    "[cgt]gggtaaa|tttaccc[acg]",
    "a[act]ggtaaa|tttacc[agt]t",
    "ag[act]gtaaa|tttac[agt]ct",
    "agg[act]taaa|ttta[agt]cct",
    "aggg[acg]aaa|ttt[cgt]ccc",
    "agggt[cgt]aa|tt[acg]accct",
    "agggta[cgt]a|t[acg]taccct",
    "agggtaa[cgt]|[acg]ttaccct",
];

const EMAIL: &str = r"[\w\.+-]+@[\w\.-]+\.[\w\.-]+";
const URI: &str = r"[\w]+://[^/\s?#]+[^\s?#]+(?:\?[^\s#]*)?(?:#[^\s]*)?";
const IP: &str =
    r"(?:(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9])";
const DATE: &str = r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b";
const MONTH: &str = r"\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}";
const REQUEST: &str = r#""(GET|POST) ([^ "]+) HTTP/1\.[01]" (\d{3})"#;
const LINE: &str = r#"(?m)^(?P<host>\S+) \S+ \S+ \[(?P<time>[^\]]+)\] "(?P<request>[^"]*)" (?P<status>\d{3}) (?P<size>\d+|-)"#;

/// All cases; some search for the words of a dictionary.
pub fn cases(dictionary: &[String]) -> Vec<Case> {
    let words = dictionary.join("|");
    let regular = |name: &str, text, pattern: &str| case(name, text, true, &[pattern]);
    let other = |name: &str, text, pattern: &str| case(name, text, false, &[pattern]);
    vec![
        regular("log: status 5xx", "log", r#"" 5\d\d "#),
        regular("log: requests, three groups", "log", REQUEST),
        regular("log: whole lines, five groups", "log", LINE),
        regular(
            "log: trouble, any case",
            "log",
            "(?i)error|warning|failed|timed out",
        ),
        other(
            "log: lines without bot or health",
            "log",
            r"(?m)^(?!.*(?:bot|health)).+$",
        ),
        case("dna: nine variants", "dna", true, &VARIANTS),
        regular("dna: headings and line ends", "dna", r">.*\n|\n"),
        regular("e-mail", "prose", EMAIL),
        regular("URI", "prose", URI),
        regular("IP", "prose", IP),
        regular("date, three groups", "prose", DATE),
        regular("date with a month", "prose", MONTH),
        regular("words", "prose", r"\w+"),
        regular("two names", "prose", r"[A-Z]\w+ [A-Z]\w+"),
        regular("a literal", "prose", "example"),
        regular("a literal, any case", "prose", "(?i)example"),
        regular("e-mail, not all ASCII", WIDE, EMAIL),
        regular("words, not all ASCII", WIDE, r"\w+"),
        other("doubled letters", "prose", r"\b\w*(\w)\1\w*\b"),
        other("words not before and", "prose", r"\b\w+\b(?!,? and)"),
        regular("dictionary of 5,000", "prose", &words),
        regular(
            "dictionary of 5,000, whole words",
            "prose",
            &format!(r"\b(?:{words})\b"),
        ),
        regular("(a+)+[bc]", "a, 1,000 times", "(a+)+[bc]"),
        regular("(x+x+)+y", "x, 2,000 times", "(x+x+)+y"),
        regular(r"^(\w+\s?)*$", "words and a mark", r"^(\w+\s?)*$"),
        other(
            r"^(\w+\s?)*$(?<!x)",
            "words and a mark",
            r"^(\w+\s?)*$(?<!x)",
        ),
    ]
}

fn case(name: &str, text: &'static str, regular: bool, patterns: &[&str]) -> Case {
    Case {
        name: name.to_string(),
        patterns: patterns
            .iter()
            .map(|pattern| (*pattern).to_string())
            .collect(),
        text,
        regular,
    }
}
