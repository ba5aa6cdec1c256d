//! Cookies in a file: seven fields a line, as Netscape's browser wrote them and curl and wget still do.

use std::time::{Duration, SystemTime};

use super::cookie::{Cookie, has_control};

/// What a line begins with whose cookie no script was to see. It looks like a comment to those who do not know it.
const HTTP_ONLY: &str = "#HttpOnly_";

/// A file of cookies has a line that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct JarError {
    /// Which line, from 1 on.
    pub line: usize,
    /// What is wrong with it, and what would be right.
    pub problem: String,
}

/// The cookies of a file, as far as they are any.
pub(super) fn read(text: &str) -> impl Iterator<Item = Result<Cookie, JarError>> {
    text.lines().enumerate().filter_map(|(at, line)| {
        let is_http_only = line.starts_with(HTTP_ONLY);
        let line = line.strip_prefix(HTTP_ONLY).unwrap_or(line);
        let is_comment = line.starts_with('#') && !is_http_only;
        if is_comment || line.trim().is_empty() {
            return None;
        }
        let cookie = parse(line, is_http_only);
        Some(cookie.map_err(|problem| JarError {
            line: at + 1,
            problem,
        }))
    })
}

/// The text of a file with these.
pub(super) fn print(cookies: &[&Cookie]) -> String {
    let mut text = "# Netscape HTTP Cookie File\n".to_owned();
    let truth = |is_so: bool| if is_so { "TRUE" } else { "FALSE" };
    for cookie in cookies {
        if cookie.is_http_only {
            text.push_str(HTTP_ONLY);
        }
        if !cookie.is_host_only {
            text.push('.');
        }
        let expires = cookie.expires.and_then(|expires| {
            let since = expires.duration_since(SystemTime::UNIX_EPOCH).ok()?;
            Some(since.as_secs())
        });
        text.push_str(&format!(
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
            cookie.domain,
            truth(!cookie.is_host_only),
            cookie.path,
            truth(cookie.is_secure),
            expires.unwrap_or(0),
            cookie.name,
            cookie.value,
        ));
    }
    text
}

fn parse(line: &str, is_http_only: bool) -> Result<Cookie, String> {
    let fields: Vec<&str> = line.split('\t').collect();
    let (domain, subdomains, path, secure, expires, name, value) = match fields[..] {
        [domain, subdomains, path, secure, expires, name, value] => {
            (domain, subdomains, path, secure, expires, name, value)
        }
        // curl leaves the tab out behind which there is nothing.
        [domain, subdomains, path, secure, expires, name] => {
            (domain, subdomains, path, secure, expires, name, "")
        }
        _ => {
            return Err(format!(
                "a cookie has seven fields with tabs between them, and here are {}",
                fields.len()
            ));
        }
    };
    let expires = time(expires)?;
    if fields.iter().any(|field| has_control(field)) {
        return Err("there is a control character in it".into());
    }
    let path = match path.starts_with('/') {
        true => path,
        false => "/",
    };
    Ok(Cookie {
        name: name.to_owned(),
        value: value.to_owned(),
        domain: domain.trim_start_matches('.').to_ascii_lowercase(),
        is_host_only: !subdomains.eq_ignore_ascii_case("TRUE"),
        path: path.to_owned(),
        is_secure: secure.eq_ignore_ascii_case("TRUE"),
        is_http_only,
        expires,
        made: 0,
        used: 0,
    })
}

/// When a cookie ends, if it does: in seconds since 1970, of which some have fractions. Python's `http.cookiejar` writes
/// nothing for none.
fn time(text: &str) -> Result<Option<SystemTime>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds = whole.parse::<i64>().ok();
    let is_time = fraction.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = seconds.filter(|_| is_time).ok_or_else(|| {
        format!("{text:?} is no time: it is written in seconds since 1970, or 0 for none")
    })?;
    Ok(match u64::try_from(seconds) {
        Ok(0) => None,
        Ok(seconds) => SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)),
        // Before 1970 is as long past as its first second.
        Err(_) => Some(SystemTime::UNIX_EPOCH),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_others_write_it() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        for (text, seconds) in [
            ("", None),
            ("0", None),
            ("17", at(17)),
            ("17.5", at(17)),
            ("-3", at(0)),
        ] {
            assert_eq!(time(text), Ok(seconds), "{text}");
        }
        assert!(time("soon").is_err() && time("1.x").is_err());
    }
}
