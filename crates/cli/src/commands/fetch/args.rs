//! The arguments of `lariat fetch`: curl's words, wherever curl has one.

use std::path::PathBuf;
use std::time::Duration;

use super::fields::Fields;
use crate::client::seconds;

pub const REQUEST: &str = "What is asked, and sent";
const ANSWER: &str = "What becomes of the answer";
const LOGIN: &str = "Who asks";
const WAY: &str = "The way there";

/// The options of [`Fields`], which a request has that sends nothing else.
pub const FIELDS: [&str; 6] = [
    "data",
    "data-raw",
    "data-binary",
    "data-urlencode",
    "form",
    "form-string",
];

/// Fetch from the web, and send to it: pages, files, forms, JSON
///
/// An answer goes to standard output, or with -o or -O into a file: it has .part behind its name until all of it is
/// there, and then the time that the server has for it. Redirections are followed. An answer of 400 and
/// above is an error (exit code 22), is saved nowhere, and shown all the same.
///
/// The options are called as those of curl, but for --json, which is here, as in the other commands, for what a program
/// reads: JSON is sent by --data-json.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, args_override_self = true)]
pub struct Args {
    /// What to fetch: https://HOST/PATH or http://; without a scheme it is http://
    #[arg(value_name = "URL", required = true)]
    pub urls: Vec<String>,

    /// The method [default: GET, POST for what has a body, PUT for -T]
    #[arg(short = 'X', long = "request", value_name = "METHOD", help_heading = REQUEST)]
    pub method: Option<String>,
    /// A header, as 'Name: value'; 'Name:' leaves one out that is sent otherwise, @FILE reads some, a line each
    #[arg(short = 'H', long = "header", value_name = "HEADER", help_heading = REQUEST)]
    pub headers: Vec<String>,
    #[command(flatten)]
    pub fields: Fields,
    /// Send this as JSON, @FILE a file, @- standard input
    #[arg(long, value_name = "JSON", help_heading = REQUEST, conflicts_with_all = FIELDS)]
    pub data_json: Option<String>,
    /// Send this file or pipe by PUT, - standard input; behind a URL that ends with / stands its name then
    #[arg(short = 'T', long, value_name = "FILE", help_heading = REQUEST,
        conflicts_with = "data_json", conflicts_with_all = FIELDS)]
    pub upload_file: Option<PathBuf>,
    /// Put the data behind the ? of the URL, and send none
    #[arg(short = 'G', long, help_heading = REQUEST,
        conflicts_with_all = ["data_json", "form", "form-string", "upload_file"])]
    pub get: bool,
    /// Ask for the head of the answer alone, and show it, or save it by -o; also the heads of those that point elsewhere
    #[arg(short = 'I', long, help_heading = REQUEST, conflicts_with_all = ["remote_name", "remote_header_name", "data_json", "form", "form-string", "upload_file"])]
    pub head: bool,
    /// Ask for these bytes alone, as 0-499 or -500
    #[arg(short = 'r', long, value_name = "RANGE", help_heading = REQUEST, conflicts_with = "resume")]
    pub range: Option<String>,
    /// What asks [default: lariat and its version]
    #[arg(short = 'A', long, value_name = "NAME", help_heading = REQUEST)]
    pub user_agent: Option<String>,
    /// From which page it is asked
    #[arg(short = 'e', long, value_name = "URL", help_heading = REQUEST)]
    pub referer: Option<String>,
    /// Do not ask for compressed answers
    #[arg(long, help_heading = REQUEST)]
    pub no_compressed: bool,
    /// Ask for compressed answers, as is done anyway, in the place of what -H asks for
    #[arg(long, conflicts_with = "no_compressed", hide = true)]
    pub compressed: bool,
    /// Fail where the status is 400 or above, as is done anyway
    #[arg(short = 'f', long, conflicts_with = "any_status", hide = true)]
    pub fail: bool,
    /// Say what went wrong, as is done anyway
    #[arg(short = 'S', long, hide = true)]
    pub show_error: bool,
    /// Look into ~/.netrc, as is done anyway
    #[arg(short = 'n', long, conflicts_with = "no_netrc", hide = true)]
    pub netrc: bool,

    /// Save it here, or in this folder; - is standard output. One for each URL
    #[arg(short = 'o', long, value_name = "FILE", help_heading = ANSWER)]
    pub output: Vec<PathBuf>,
    /// Save it under the name that the URL ends with
    #[arg(short = 'O', long, help_heading = ANSWER, conflicts_with = "output")]
    pub remote_name: bool,
    /// Save it under the name that the server gives it, if it does
    #[arg(short = 'J', long, help_heading = ANSWER, conflicts_with_all = ["output", "resume"])]
    pub remote_header_name: bool,
    /// Save files in this folder
    #[arg(long, value_name = "FOLDER", help_heading = ANSWER)]
    pub output_dir: Option<PathBuf>,
    /// Go on with what an earlier attempt has left, and fetch nothing that is there already
    #[arg(short = 'C', long = "continue", help_heading = ANSWER)]
    pub resume: bool,
    /// The most bytes that may come
    #[arg(long, value_name = "BYTES", help_heading = ANSWER)]
    pub max_filesize: Option<u64>,
    /// Show the heads of the answers as well, those that point elsewhere included
    #[arg(short = 'i', long, help_heading = ANSWER)]
    pub include: bool,
    /// Take an answer of any status for a good one
    #[arg(long, help_heading = ANSWER)]
    pub any_status: bool,
    /// Show what came as a line of JSON for each URL: status, headers, and the body or its file
    #[arg(long, help_heading = ANSWER, conflicts_with_all = ["include", "head", "write_out"])]
    pub json: bool,
    /// Write this when a URL is done, as '%{http_code} %{time_total}\n'; @FILE reads it. A wrong word shows all
    #[arg(short = 'w', long, value_name = "FORMAT", help_heading = ANSWER)]
    pub write_out: Option<String>,
    /// Show no progress, and nothing of what was done
    #[arg(short = 'q', long, visible_short_alias = 's', visible_alias = "silent", help_heading = ANSWER)]
    pub quiet: bool,
    /// Show what is sent and received on standard error: the heads of each request and answer, and the connections
    #[arg(short = 'v', long, help_heading = ANSWER)]
    pub verbose: bool,
    /// Show the bytes on the wire on standard error, but for secrets; over HTTP/1.1
    #[arg(long, help_heading = ANSWER, conflicts_with_all = ["verbose", "http2"])]
    pub raw: bool,

    /// Log in as this user; the password is asked for, or that of LARIAT_HTTP_PASSWORD or ~/.netrc
    #[arg(short = 'u', long, value_name = "NAME", help_heading = LOGIN)]
    pub user: Option<String>,
    /// Show a token, which is asked for, or that of LARIAT_HTTP_TOKEN
    #[arg(long, help_heading = LOGIN, conflicts_with = "user")]
    pub bearer: bool,
    /// Do not look into ~/.netrc
    #[arg(long, help_heading = LOGIN)]
    pub no_netrc: bool,
    /// Send these cookies, as 'a=b; c=d', or those of a file; '' is a jar that is empty at first
    #[arg(short = 'b', long, value_name = "DATA|FILE", help_heading = LOGIN)]
    pub cookie: Vec<String>,
    /// Keep the cookies of servers in this file, in the form of Netscape and curl
    #[arg(short = 'c', long, value_name = "FILE", help_heading = LOGIN)]
    pub cookie_jar: Option<PathBuf>,

    /// Follow redirections, as is done anyway
    #[arg(short = 'L', long, help_heading = WAY)]
    pub location: bool,
    /// How many redirections are followed; 0 shows the answer that redirects
    #[arg(long, value_name = "NUMBER", default_value_t = 10, visible_alias = "max-redirects", help_heading = WAY)]
    pub max_redirs: usize,
    /// Follow redirections from https to http as well, where everybody on the way reads and changes what is sent
    #[arg(long, help_heading = WAY)]
    pub redirect_to_plain: bool,
    /// How often it is tried again where that may help [default: 3 for what is saved, else 0]
    #[arg(long, value_name = "NUMBER", help_heading = WAY)]
    pub retry: Option<u32>,
    /// How many URLs are fetched at once into files, from 1 to 32
    #[arg(short = 'Z', long, value_name = "NUMBER", default_value_t = 4, help_heading = WAY,
        value_parser = clap::value_parser!(u8).range(1..=32))]
    pub parallel: u8,
    /// How long connecting (30 s), and then each answer and each piece of it (60 s), may take
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = WAY)]
    pub timeout: Option<Duration>,
    /// How long connecting may take
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = WAY)]
    pub connect_timeout: Option<Duration>,
    /// How long all of a URL may take [default: as long as it takes]
    #[arg(short = 'm', long, value_name = "SECONDS", value_parser = seconds, help_heading = WAY)]
    pub max_time: Option<Duration>,
    /// Ask by this proxy: http://HOST:PORT, https://, socks5://, socks4://, or socks5h:// and socks4a:// where it looks
    /// names up
    /// [default: those of HTTP_PROXY, HTTPS_PROXY and ALL_PROXY]
    #[arg(short = 'x', long, value_name = "URL", help_heading = WAY)]
    pub proxy: Option<String>,
    /// Log in at the proxy as this user; the password is asked for, or that of LARIAT_PROXY_PASSWORD
    #[arg(long, value_name = "NAME", help_heading = WAY)]
    pub proxy_user: Option<String>,
    /// Trust the authorities of this file alone for a proxy of https:// [default: those of --ca, or the system's]
    #[arg(long, value_name = "FILE", visible_alias = "proxy-cacert", help_heading = WAY)]
    pub proxy_ca: Option<PathBuf>,
    /// Do not check who a proxy of https:// is
    #[arg(long, conflicts_with = "proxy_ca", help_heading = WAY)]
    pub proxy_insecure: bool,
    /// Ask these hosts by no proxy, as example.org,localhost; * is all [default: those of NO_PROXY]
    #[arg(long, value_name = "HOSTS", help_heading = WAY)]
    pub noproxy: Option<String>,
    /// Connect to this endpoint for a host and port, as example.org:443=tcp://127.0.0.1:8443 or =unix:PATH
    #[arg(long, value_name = "HOST:PORT=ENDPOINT", help_heading = WAY)]
    pub connect_to: Vec<String>,
    /// Trust the authorities of this file alone, instead of the system's
    #[arg(long, value_name = "FILE", visible_alias = "cacert", help_heading = WAY)]
    pub ca: Option<PathBuf>,
    /// Show the server this certificate
    #[arg(short = 'E', long, value_name = "FILE", requires = "key", help_heading = WAY)]
    pub cert: Option<PathBuf>,
    /// The key of the certificate
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = WAY)]
    pub key: Option<PathBuf>,
    /// Do not check who the server is: whoever is on the way can read and change everything
    #[arg(short = 'k', long, conflicts_with = "ca", help_heading = WAY)]
    pub insecure: bool,
    /// Speak HTTP/1.1, whatever the server offers
    #[arg(long = "http1.1", conflicts_with = "http2", help_heading = WAY)]
    pub http1: bool,
    /// Speak HTTP/2 alone
    #[arg(long, help_heading = WAY)]
    pub http2: bool,
}

const EXAMPLES: &str = "\
Examples:
  lariat fetch https://example.org/
  lariat fetch -O https://example.org/pub/file.iso
  lariat fetch -C -O https://example.org/pub/file.iso
  lariat fetch -q --output-dir isos -O https://example.org/{a,b,c}.iso
  lariat fetch --data-json '{\"name\": \"rope\"}' https://example.org/things
  lariat fetch -d q=rope -d page=2 -G https://example.org/search
  lariat fetch -F title=Knots -F 'photo=@knot.jpg;type=image/jpeg' https://example.org/upload
  lariat fetch -T notes.txt -u anna https://example.org/files/
  lariat fetch --json https://example.org/ | jq .status
  lariat fetch -s -o /dev/null -w '%{http_code} %{time_total}\\n' https://example.org/
  lariat fetch --raw http://example.org/

Exit codes, which are those of curl where it has one:
  0    done
  1    failed in another way than these, as for a URL of another protocol
  2    wrong usage
  3    what is no URL
  5    the name of the proxy could not be found
  6    the name of the server could not be found
  7    there was no connection
  18   not all of the file came
  22   the status of the answer is 400 or above
  23   what came could not be written
  26   what was to be sent could not be read
  28   it took too long
  35   TLS could not be begun
  47   too many redirections, or one that is not followed
  52   the server closed the connection without an answer
  56   the connection broke, what came is no HTTP, or a proxy of HTTP made no connection
  60   the server's certificate is not trusted
  61   what came is not compressed as it says
  63   it was larger than is allowed
  65   what was to be sent cannot be sent a second time
  77   a file with certificates or a key cannot be used
  97   a proxy of SOCKS made no connection
  130  interrupted";
