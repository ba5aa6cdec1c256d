//! Numbers as the lines of news have them.

/// A number of digits alone: what `parse` takes besides, a sign, stands in no line of news.
pub(super) fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}
