//! Cookies (RFC 6265 and its revision): what servers had kept, and to whom it goes back.

mod cookie;
mod date;
mod netscape;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use http::{HeaderValue, Uri};

use super::address::Target;
pub(super) use cookie::Cookie;
use cookie::{Origin, site};
pub use netscape::JarError;

/// Cookies of one site at most: as many as browsers keep.
const PER_SITE: usize = 180;

/// Cookies at most: what RFC 6265, section 6.1, has at least.
const IN_ALL: usize = 3000;

/// The bytes and the cookies of a header at most, above which servers refuse a request. Both are curl's.
const HEADER: (usize, usize) = (8190, 150);

/// A jar of cookies, which any number of clients may share.
///
/// A cookie goes back to the server that set it, to those in the domain that it names, and to nobody else. A domain that is
/// everybody's is refused: `co.uk`, `github.io` and what else is in the public suffix list, which is a part of this program and
/// is as old as it is. So is what is for `https` alone when it comes without, and what has more than 4096
/// bytes. A site keeps 180 cookies and all together 3000; those that have not been used for longest make room.
///
/// ```
/// use std::time::SystemTime;
/// use lariat_client::http::Jar;
///
/// let (jar, now) = (Jar::new(), SystemTime::UNIX_EPOCH);
/// let shop = "https://shop.example.org/".parse()?;
/// jar.take(&shop, &"id=7; Domain=example.org; Max-Age=60".parse()?, now);
/// jar.take(&shop, &"all=1; Domain=org".parse()?, now);
/// let header = jar.header(&"http://www.example.org/".parse()?, now);
/// assert_eq!(header, Some("id=7".parse()?));
/// assert_eq!(jar.header(&"http://example.com/".parse()?, now), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct Jar {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// By the domain that somebody has registered, or the host where there is none.
    sites: HashMap<String, Vec<Cookie>>,
    count: usize,
    /// Goes up with each use, so that what was used last has the highest.
    clock: u64,
}

impl Jar {
    /// An empty one.
    pub fn new() -> Self {
        Jar::default()
    }

    /// Takes the value of a `Set-Cookie` of an answer, if it is one that may be kept.
    pub fn take(&self, from: &Uri, line: &HeaderValue, now: SystemTime) {
        if let Ok((target, _)) = Target::new(from) {
            self.take_from(&target, line, now);
        }
    }

    /// The header `Cookie` of a request, if there is anything to tell.
    pub fn header(&self, to: &Uri, now: SystemTime) -> Option<HeaderValue> {
        let (target, _) = Target::new(to).ok()?;
        self.header_for(&target, now)
    }

    /// How many there are, those among them whose time has run out meanwhile.
    pub fn len(&self) -> usize {
        self.kept().count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the cookies of a file in the form that Netscape had and curl, wget and Python's `MozillaCookieJar` write.
    ///
    /// # Errors
    ///
    /// [`JarError`] names the first line that is none; those before it were taken.
    pub fn load(&self, text: &str, now: SystemTime) -> Result<(), JarError> {
        for cookie in netscape::read(text) {
            self.kept().put(cookie?, now);
        }
        Ok(())
    }

    /// The text of such a file, with the cookies whose time has not run out. Those without a time, which a browser
    /// forgets when it is closed, are in it.
    pub fn save(&self, now: SystemTime) -> String {
        let kept = self.kept();
        let mut all: Vec<&Cookie> = kept.sites.values().flatten().collect();
        all.retain(|cookie| cookie.is_alive(now));
        all.sort_by_key(|cookie| cookie.made);
        netscape::print(&all)
    }

    pub(super) fn take_from(&self, target: &Target, line: &HeaderValue, now: SystemTime) {
        let host = target.host();
        let origin = Origin {
            host: &host,
            path: target.path(),
            is_secure: target.is_secure(),
        };
        match Cookie::parse(line.as_bytes(), &origin, now) {
            Ok(cookie) => self.kept().put_from(cookie, &origin, now),
            Err(why) => tracing::debug!(%target, why, "a cookie was not taken"),
        }
    }

    pub(super) fn header_for(&self, target: &Target, now: SystemTime) -> Option<HeaderValue> {
        let host = target.host();
        let mut kept = self.kept();
        kept.clock += 1;
        let clock = kept.clock;
        let cookies = kept.sites.get_mut(&site(&host))?;
        let mut found: Vec<&mut Cookie> = cookies
            .iter_mut()
            .filter(|cookie| {
                cookie.is_alive(now) && cookie.is_for(&host, target.path(), target.is_secure())
            })
            .collect();
        // Longer paths first, then those that were made first (RFC 6265, section 5.4).
        found.sort_by_key(|cookie| (std::cmp::Reverse(cookie.path.len()), cookie.made));
        let mut header = Vec::new();
        for cookie in found.into_iter().take(HEADER.1) {
            let length = cookie.name.len() + cookie.value.len() + 3;
            if header.len() + length > HEADER.0 {
                break;
            }
            if !header.is_empty() {
                header.extend_from_slice(b"; ");
            }
            header.extend_from_slice(cookie.name.as_bytes());
            header.push(b'=');
            header.extend_from_slice(cookie.value.as_bytes());
            cookie.used = clock;
        }
        let mut header = HeaderValue::from_maybe_shared(bytes::Bytes::from(header)).ok()?;
        header.set_sensitive(true);
        (!header.is_empty()).then_some(header)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Puts what a server sent. Who is not asked by TLS does not change what is for TLS alone.
    fn put_from(&mut self, cookie: Cookie, origin: &Origin<'_>, now: SystemTime) {
        let others = self.sites.get(&site(&cookie.domain));
        let hides = |other: &Cookie| {
            other.is_secure && other.name == cookie.name && other.is_of_domain(&cookie.domain)
        };
        if origin.is_secure || !others.is_some_and(|others| others.iter().any(hides)) {
            self.put(cookie, now);
        }
    }

    /// Puts a cookie in the place of the one that it replaces, if there is one. One whose time has run out only
    /// removes that.
    fn put(&mut self, mut cookie: Cookie, now: SystemTime) {
        self.clock += 1;
        (cookie.made, cookie.used) = (self.clock, self.clock);
        let name = site(&cookie.domain);
        let cookies = self.sites.entry(name.clone()).or_default();
        let before = cookies.len();
        cookies.retain(|other| match other.is_same(&cookie) {
            true => {
                cookie.made = other.made;
                false
            }
            false => other.is_alive(now),
        });
        if cookie.is_alive(now) {
            if cookies.len() >= PER_SITE {
                drop_oldest(cookies);
            }
            cookies.push(cookie);
        }
        self.count = self.count + cookies.len() - before;
        if cookies.is_empty() {
            self.sites.remove(&name);
        }
        while self.count > IN_ALL {
            self.make_room();
        }
    }

    /// Takes one from the site that has the most, so that one who sets thousands of them puts out their own.
    fn make_room(&mut self) {
        let largest = self.sites.values_mut().max_by_key(|cookies| cookies.len());
        match largest {
            Some(cookies) if cookies.len() > 1 => {
                drop_oldest(cookies);
                self.count -= 1;
            }
            _ => {
                let oldest = self
                    .sites
                    .iter()
                    .min_by_key(|(_, cookies)| cookies.iter().map(|cookie| cookie.used).max())
                    .map(|(name, cookies)| (name.clone(), cookies.len()));
                match oldest {
                    Some((name, length)) => {
                        self.sites.remove(&name);
                        self.count -= length;
                    }
                    None => self.count = 0,
                }
            }
        }
    }
}

fn drop_oldest(cookies: &mut Vec<Cookie>) {
    let oldest = (0..cookies.len()).min_by_key(|at| cookies[*at].used);
    if let Some(oldest) = oldest {
        cookies.remove(oldest);
    }
}

impl fmt::Debug for Jar {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Jar({} cookies)", self.len())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::time::Duration;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    fn jar(lines: &[(&str, &str)]) -> Jar {
        let jar = Jar::new();
        for (from, line) in lines {
            jar.take(&uri(from), &line.parse().unwrap(), NOW);
        }
        jar
    }

    fn told(jar: &Jar, to: &str) -> String {
        let header = jar.header(&uri(to), NOW);
        header.map_or_else(String::new, |header| header.to_str().unwrap().to_owned())
    }

    #[test]
    fn cookies_go_to_those_whom_they_are_for() {
        let jar = jar(&[
            ("http://a.example.org/x/y", "here=1"),
            (
                "http://a.example.org/x/y",
                "all=2; Domain=.Example.org; Path=/",
            ),
            ("https://a.example.org/", "tls=3; Secure"),
            ("http://a.example.org/", "other=4; Domain=b.example.org"),
            ("http://a.example.org/", "path=5; Path=/x/y"),
        ]);
        assert_eq!(
            told(&jar, "http://a.example.org/x/y"),
            "path=5; here=1; all=2"
        );
        assert_eq!(told(&jar, "http://a.example.org/x/yz"), "here=1; all=2");
        assert_eq!(told(&jar, "https://a.example.org/"), "all=2; tls=3");
        assert_eq!(told(&jar, "http://b.example.org/"), "all=2");
        assert_eq!(told(&jar, "http://example.org/"), "all=2");
        assert_eq!(told(&jar, "http://badexample.org/"), "");
    }

    #[test]
    fn nobody_sets_what_is_everybodys_or_somebody_elses() {
        for (from, line) in [
            ("http://a.co.uk/", "x=1; Domain=co.uk"),
            ("http://me.github.io/", "x=1; Domain=github.io"),
            ("http://a.org/", "x=1; Domain=org"),
            ("http://a.org/", "x=1; Domain=b.org"),
            ("http://127.0.0.1/", "x=1; Domain=0.0.1"),
            ("http://a.org/", "__Host-x=1; Secure; Path=/"),
            ("https://a.org/", "__Secure-x=1"),
            ("https://a.org/", "__Host-x=1; Secure; Path=/; Domain=a.org"),
            ("http://a.org/", "x=1; Secure"),
            ("http://a.org/", "=1"),
            ("http://a.org/", "nothing"),
            ("http://a.org/", "x=1; Max-Age=0"),
        ] {
            assert_eq!(jar(&[(from, line)]).len(), 0, "{from} {line}");
        }
        let long = format!("x={}", "y".repeat(4096));
        assert!(jar(&[("http://a.org/", &long)]).is_empty());
        let own = jar(&[
            ("http://127.0.0.1/", "x=1; Domain=127.0.0.1"),
            ("http://github.io/", "y=1; Domain=github.io"),
        ]);
        assert_eq!(told(&own, "http://127.0.0.1/"), "x=1");
        assert_eq!(told(&own, "http://github.io/"), "y=1");
        assert_eq!(told(&own, "http://me.github.io/"), "");
    }

    #[test]
    fn a_cookie_replaces_that_of_its_name_and_one_in_the_past_removes_it() {
        let jar = jar(&[
            ("https://a.org/", "x=1; Secure"),
            ("https://a.org/", "y=1"),
            ("http://a.org/", "x=2"),
            ("http://a.org/", "y=2"),
        ]);
        assert_eq!(told(&jar, "https://a.org/"), "x=1; y=2");
        let past = "y=; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
        jar.take(&uri("http://a.org/"), &past.parse().unwrap(), NOW);
        assert_eq!(
            (told(&jar, "https://a.org/").as_str(), jar.len()),
            ("x=1", 1)
        );
        let line = "x=3; Secure; Max-Age=5; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
        jar.take(&uri("https://a.org/"), &line.parse().unwrap(), NOW);
        let later = NOW + Duration::from_secs(5);
        assert_eq!(told(&jar, "https://a.org/"), "x=3");
        assert_eq!(jar.header(&uri("https://a.org/"), later), None);
    }

    #[test]
    fn a_site_keeps_so_many_and_those_that_are_used() {
        let jar = Jar::new();
        let from = uri("http://a.org/");
        jar.take(&from, &"first=1".parse().unwrap(), NOW);
        for number in 0..PER_SITE * 2 {
            let line = format!("n{number}=1; Path=/never");
            let host = uri(&format!("http://h{number}.a.org/"));
            jar.take(&host, &line.parse().unwrap(), NOW);
            assert_eq!(told(&jar, "http://a.org/"), "first=1");
        }
        assert_eq!(jar.len(), PER_SITE);
        for number in 0..IN_ALL + 50 {
            let host = uri(&format!("http://h{number}.org/"));
            jar.take(&host, &"x=1".parse().unwrap(), NOW);
        }
        assert_eq!(jar.len(), IN_ALL);
        let sum: usize = jar.kept().sites.values().map(Vec::len).sum();
        assert_eq!(sum, IN_ALL);
        assert_eq!(told(&jar, &format!("http://h{}.org/", IN_ALL + 49)), "x=1");
    }

    #[test]
    fn a_jar_is_kept_in_a_file_and_read_again() {
        let first = jar(&[
            ("http://a.org/x/", "one=1"),
            (
                "https://a.org/",
                "two=a b; Domain=a.org; Secure; HttpOnly; Max-Age=60; Path=/",
            ),
        ]);
        let text = first.save(NOW);
        assert_eq!(
            text,
            "# Netscape HTTP Cookie File\n\
             a.org\tFALSE\t/x\tFALSE\t0\tone\t1\n\
             #HttpOnly_.a.org\tTRUE\t/\tTRUE\t60\ttwo\ta b\n"
        );
        let second = Jar::new();
        second.load(&text, NOW).unwrap();
        assert_eq!(second.save(NOW), text);
        assert_eq!(told(&second, "https://b.a.org/"), "two=a b");
        assert!(!second.save(NOW + Duration::from_secs(60)).contains("two"));

        let error = second.load("# a\n\na.org\tTRUE\n", NOW).unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 3: a cookie has seven fields with tabs between them, and here are 2"
        );
        let error = second
            .load("a.org\tFALSE\t/\tFALSE\tsoon\ta\tb", NOW)
            .unwrap_err();
        assert!(error.to_string().contains("\"soon\""), "{error}");
        let error = second
            .load("a.org\tFALSE\t/\tFALSE\t0\ta\tb\u{1}", NOW)
            .unwrap_err();
        assert!(error.to_string().contains("control character"), "{error}");
    }

    #[test]
    fn whatever_servers_set_is_told_within_limits_and_is_the_same_from_a_file() {
        let words = [
            "a",
            "=",
            "; ",
            "Path=/",
            "Domain=",
            "Max-Age=",
            "Expires=",
            "Secure",
            "HttpOnly",
            "b.org",
            ".",
            "9",
            "-1",
            "Thu, 01 Jan 2031 00:00:00 GMT",
            "\t",
            "#",
            "ü",
            "\u{85}",
            "__Host-",
            "99999999999999999999",
            "/x",
        ];
        let mut chance = fastrand::Rng::with_seed(7);
        let hosts = [
            "https://a.b.org/x/y",
            "http://b.org/",
            "https://127.0.0.1/",
            "http://co.uk/",
        ];
        for _ in 0..300 {
            let jar = Jar::new();
            for _ in 0..20 {
                let length = chance.usize(1..12);
                let line: String = (0..length)
                    .map(|_| *chance.choice(&words).unwrap())
                    .collect();
                let from = uri(chance.choice(hosts).unwrap());
                let value = HeaderValue::from_bytes(line.as_bytes()).unwrap();
                jar.take(&from, &value, NOW);
                let header = jar.header(&from, NOW);
                assert!(header.is_none_or(|header| header.len() <= HEADER.0));
            }
            let text = jar.save(NOW);
            let again = Jar::new();
            again.load(&text, NOW).unwrap();
            assert_eq!(again.save(NOW), text);
        }
    }
}
