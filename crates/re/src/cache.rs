//! Functions that take a pattern as text, and the patterns that they have compiled.

use std::any::{Any, TypeId};
use std::collections::{HashMap, VecDeque};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use crate::error::Error;
use crate::flags::Flags;
use crate::matched::Match;
use crate::pattern::Pattern;
use crate::template::Replacement;
use crate::text::Text;

/// How many patterns are kept, as many as Python keeps; the oldest goes first.
const MOST: usize = 512;

/// No pattern longer than this is kept, in bytes: 512 of them are then 100 MB at worst.
const LONGEST: usize = 4096;

type Key = (TypeId, Vec<u8>, Flags);

#[derive(Default)]
struct Cache {
    patterns: HashMap<Key, Box<dyn Any + Send>>,
    order: VecDeque<Key>,
}

static CACHE: LazyLock<Mutex<Cache>> = LazyLock::new(Mutex::default);

fn cache() -> MutexGuard<'static, Cache> {
    // It is only ever changed whole, so a panic elsewhere cannot have left it half done.
    CACHE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Compiles a pattern, or finds it among those that were compiled last (`re.compile`).
///
/// ```
/// use lariat_re::{Flags, compile};
///
/// let word = compile(r"\bthe\b", Flags::IGNORECASE)?;
/// assert_eq!(word.search("Over The hill")?.unwrap().start(), 5);
/// # Ok::<(), lariat_re::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Pattern`], as [`Pattern::new`].
pub fn compile<T: Text + ?Sized>(pattern: &T, flags: Flags) -> Result<Pattern<T>, Error> {
    let key: Key = (TypeId::of::<Box<T>>(), pattern.bytes().to_vec(), flags);
    if let Some(known) = cache().patterns.get(&key)
        && let Some(known) = known.downcast_ref::<Pattern<T>>()
    {
        return Ok(known.clone());
    }
    let compiled = Pattern::with_flags(pattern, flags)?;
    if key.1.len() > LONGEST {
        return Ok(compiled);
    }
    let mut cache = cache();
    let kept: Box<dyn Any + Send> = Box::new(compiled.clone());
    if cache.patterns.insert(key.clone(), kept).is_none() {
        cache.order.push_back(key);
    }
    if cache.order.len() > MOST
        && let Some(oldest) = cache.order.pop_front()
    {
        cache.patterns.remove(&oldest);
    }
    Ok(compiled)
}

/// Forgets the patterns that were compiled (`re.purge`).
pub fn purge() {
    let mut cache = cache();
    cache.patterns.clear();
    cache.order.clear();
}

/// A function that compiles its pattern and calls the method of its own name.
macro_rules! one_match {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        ///
        /// # Errors
        ///
        /// [`Error::Pattern`] and [`Error::Limit`], as all of these functions.
        pub fn $name<'t, T: Text + ?Sized>(
            pattern: &T,
            text: &'t T,
            flags: Flags,
        ) -> Result<Option<Match<'t, T>>, Error> {
            compile(pattern, flags)?.$name(text)
        }
    };
}

one_match! {
    /// The first match of a pattern in a text (`re.search`); see [`Pattern::search`].
    ///
    /// ```
    /// let found = lariat_re::search(r"\d+", "room 42", lariat_re::Flags::NONE)?.unwrap();
    /// assert_eq!(found.text(), "42");
    /// # Ok::<(), lariat_re::Error>(())
    /// ```
    search
}

one_match! {
    /// A match at the beginning of a text (`re.match`); see [`Pattern::match_`].
    match_
}

one_match! {
    /// A match that is the whole text (`re.fullmatch`); see [`Pattern::fullmatch`].
    fullmatch
}

/// The texts of all matches (`re.findall`); see [`Pattern::findall`].
///
/// ```
/// let words = lariat_re::findall(r"\w+", "to be or not", lariat_re::Flags::NONE)?;
/// assert_eq!(words.concat(), ["to", "be", "or", "not"]);
/// # Ok::<(), lariat_re::Error>(())
/// ```
///
/// # Errors
///
/// As [`search()`].
pub fn findall<'t, T: Text + ?Sized>(
    pattern: &T,
    text: &'t T,
    flags: Flags,
) -> Result<Vec<Vec<&'t T>>, Error> {
    compile(pattern, flags)?.findall(text)
}

/// All matches (`re.finditer`); see [`Pattern::find_iter`]. They are all found before this returns.
///
/// # Errors
///
/// As [`search()`].
pub fn find_iter<'t, T: Text + ?Sized>(
    pattern: &T,
    text: &'t T,
    flags: Flags,
) -> Result<Vec<Match<'t, T>>, Error> {
    compile(pattern, flags)?.find_iter(text).collect()
}

/// What lies between matches (`re.split`); see [`Pattern::split`].
///
/// # Errors
///
/// As [`search()`].
pub fn split<'t, T: Text + ?Sized>(
    pattern: &T,
    text: &'t T,
    most: usize,
    flags: Flags,
) -> Result<Vec<Option<&'t T>>, Error> {
    compile(pattern, flags)?.split(text, most)
}

/// The text with matches replaced (`re.sub`); see [`Pattern::sub`].
///
/// ```
/// let text = lariat_re::sub("colou?r", "hue", "color, colour", 0, lariat_re::Flags::NONE)?;
/// assert_eq!(text, "hue, hue");
/// # Ok::<(), lariat_re::Error>(())
/// ```
///
/// # Errors
///
/// As [`Pattern::sub`], and [`Error::Pattern`].
pub fn sub<T: Text + ?Sized>(
    pattern: &T,
    replacement: impl Replacement<T>,
    text: &T,
    most: usize,
    flags: Flags,
) -> Result<T::Owned, Error> {
    compile(pattern, flags)?.sub(replacement, text, most)
}

/// The same with how many were replaced (`re.subn`).
///
/// # Errors
///
/// As [`sub()`].
pub fn subn<T: Text + ?Sized>(
    pattern: &T,
    replacement: impl Replacement<T>,
    text: &T,
    most: usize,
    flags: Flags,
) -> Result<(T::Owned, usize), Error> {
    compile(pattern, flags)?.subn(replacement, text, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_kept_by_kind_and_flags_and_the_oldest_goes() {
        let shared =
            |one: &Pattern, other: &Pattern| std::sync::Arc::ptr_eq(&one.inner, &other.inner);
        let first = compile("kept a", Flags::NONE).expect("it is a pattern");
        assert!(shared(
            &first,
            &compile("kept a", Flags::NONE).expect("it is kept")
        ));
        let folded = compile("kept a", Flags::IGNORECASE).expect("it is a pattern");
        assert!(!shared(&first, &folded));
        compile(&b"kept a"[..], Flags::NONE).expect("bytes are another kind");
        assert!(shared(
            &first,
            &compile("kept a", Flags::NONE).expect("it is kept")
        ));
        for number in 0..=MOST {
            compile(&format!("kept {number}")[..], Flags::NONE).expect("it is a pattern");
        }
        assert!(!shared(
            &first,
            &compile("kept a", Flags::NONE).expect("it is a pattern")
        ));
        assert!(cache().patterns.len() <= MOST);
        purge();
        assert!(cache().patterns.is_empty() && cache().order.is_empty());
    }
}
