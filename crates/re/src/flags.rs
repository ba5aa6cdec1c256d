//! The flags of a pattern, with the names and the numbers that Python gives them.

use std::fmt;
use std::ops::{BitAnd, BitOr, BitOrAssign, Not};

/// What changes the meaning of a whole pattern.
///
/// They are combined by `|`, and their [`bits`](Flags::bits) are those of Python's `re.RegexFlag`.
///
/// ```
/// use lariat_re::{Flags, Pattern};
///
/// let greeting = Pattern::with_flags("^hello.there$", Flags::IGNORECASE | Flags::DOTALL)?;
/// assert!(greeting.search("Hello\nThere")?.is_some());
/// assert_eq!(Flags::IGNORECASE.bits(), 2);
/// # Ok::<(), lariat_re::Error>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Flags(u32);

impl Flags {
    /// Nothing is changed (`re.NOFLAG`).
    pub const NONE: Flags = Flags(0);
    /// Letters match whatever their case (`re.I`, `(?i)`).
    pub const IGNORECASE: Flags = Flags(2);
    /// Bytes are those of the C locale (`re.L`, `(?L)`); bytes patterns only.
    ///
    /// Lariat never looks at the locale of the process: only ASCII letters have a case and
    /// are of words, as in Python where the locale is `C`.
    pub const LOCALE: Flags = Flags(4);
    /// `^` and `$` match at each line (`re.M`, `(?m)`).
    pub const MULTILINE: Flags = Flags(8);
    /// `.` matches a newline too (`re.S`, `(?s)`).
    pub const DOTALL: Flags = Flags(16);
    /// `\w`, `\d`, `\s`, `\b` and case are Unicode's (`re.U`, `(?u)`): the default for text.
    pub const UNICODE: Flags = Flags(32);
    /// White space and comments in the pattern mean nothing (`re.X`, `(?x)`).
    pub const VERBOSE: Flags = Flags(64);
    /// `\w`, `\d`, `\s`, `\b` and case are ASCII's (`re.A`, `(?a)`).
    pub const ASCII: Flags = Flags(256);

    /// Those of which at most one can be.
    pub(crate) const ALPHABETS: Flags = Flags(4 | 32 | 256);

    const LETTERS: [(char, Flags); 7] = [
        ('a', Flags::ASCII),
        ('i', Flags::IGNORECASE),
        ('L', Flags::LOCALE),
        ('m', Flags::MULTILINE),
        ('s', Flags::DOTALL),
        ('u', Flags::UNICODE),
        ('x', Flags::VERBOSE),
    ];

    /// The numbers that Python gives them.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// The flags of these bits; `None` if one of them is no flag.
    pub fn from_bits(bits: u32) -> Option<Flags> {
        let known = Flags::LETTERS.iter().fold(0, |all, (_, flag)| all | flag.0);
        (bits & !known == 0).then_some(Flags(bits))
    }

    /// Whether all of `flags` are among these.
    pub fn contains(self, flags: Flags) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// Whether any of `flags` is among these.
    pub fn intersects(self, flags: Flags) -> bool {
        self.0 & flags.0 != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The flag of an inline letter, as in `(?i)`.
    ///
    /// ```
    /// use lariat_re::Flags;
    ///
    /// assert_eq!(Flags::from_letter('s'), Some(Flags::DOTALL));
    /// assert_eq!(Flags::from_letter('q'), None);
    /// ```
    pub fn from_letter(letter: char) -> Option<Flags> {
        let found = Flags::LETTERS.iter().find(|(name, _)| *name == letter);
        found.map(|(_, flag)| *flag)
    }

    /// The inline letters of these flags, as in `(?im)`.
    pub fn letters(self) -> String {
        let held = Flags::LETTERS
            .iter()
            .filter(|(_, flag)| self.contains(*flag));
        held.map(|(letter, _)| *letter).collect()
    }

    /// These flags inside of a group that turns some on and some off.
    pub(crate) fn scoped(self, on: Flags, off: Flags) -> Flags {
        let kept = if on.intersects(Flags::ALPHABETS) {
            self & !Flags::ALPHABETS
        } else {
            self
        };
        (kept | on) & !off
    }
}

impl BitOr for Flags {
    type Output = Flags;

    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Flags) {
        self.0 |= other.0;
    }
}

impl BitAnd for Flags {
    type Output = Flags;

    fn bitand(self, other: Flags) -> Flags {
        Flags(self.0 & other.0)
    }
}

impl Not for Flags {
    type Output = Flags;

    fn not(self) -> Flags {
        Flags(!self.0)
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Flags({})", self.letters())
    }
}
