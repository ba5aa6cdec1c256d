//! `lariat get-raw` at the web servers of others: Python's and nginx.

use std::fs;
use std::net::TcpStream;
use std::path::Path;

use crate::lariat::{lariat, text};
use crate::peer::{Peer, program, python_files};
use crate::proxies::free_address;

/// A folder with something to fetch, larger than any buffer on the way.
fn site() -> (tempfile::TempDir, Vec<u8>) {
    let folder = tempfile::tempdir().expect("a folder");
    let large: Vec<u8> = (0..3_000_000_u32)
        .map(|at| (at ^ (at >> 9)) as u8)
        .collect();
    fs::write(folder.path().join("large"), &large).expect("a file");
    fs::write(folder.path().join("index.html"), "hello\n").expect("a file");
    fs::create_dir(folder.path().join("list")).expect("a folder");
    (folder, large)
}

fn get(server: &str, path: &str, into: &Path) -> Peer {
    let output = text(into);
    lariat(["get-raw", server, path, "-o", &output])
}

fn fetches_all(server: &str, large: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("fetched");
    get(server, "/large", &file).succeed();
    assert!(fs::read(&file).expect("saved") == large);
    get(server, "/", &file).succeed();
    assert_eq!(fs::read(&file).expect("saved"), b"hello\n");
    let ended = get(server, "/nothing", &folder.path().join("nothing")).wait();
    assert_eq!(ended.status.code(), Some(1), "{}", ended.errors);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn a_page_of_pythons_server_is_fetched_whole() {
    let (site, large) = site();
    let (_server, address) = python_files(&text(site.path()));
    fetches_all(&address.to_string(), &large);
}

#[test]
fn pages_of_nginx_are_fetched_by_their_length_and_by_their_chunks() {
    let (site, large) = site();
    let address = free_address();
    let folder = tempfile::tempdir().expect("a folder");
    let (here, root) = (folder.path().display(), site.path().display());
    let user = program("id", ["-un"]).succeed().concat();
    let configuration = format!(
        "user {user};\ndaemon off;\nmaster_process off;\npid {here}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n access_log off;\n \
         client_body_temp_path {here}/b;\n proxy_temp_path {here}/p;\n fastcgi_temp_path {here}/f;\n \
         uwsgi_temp_path {here}/u;\n scgi_temp_path {here}/s;\n \
         server {{ listen {address}; root {root}; location /list/ {{ autoindex on; }} }}\n}}\n"
    );
    let path = folder.path().join("nginx.conf");
    fs::write(&path, configuration).expect("it can be written");
    let mut server = program(
        "/usr/sbin/nginx",
        ["-p".to_string(), here.to_string(), "-c".into(), text(&path)],
    );
    server.wait_until("listening", || TcpStream::connect(address).is_ok());
    fetches_all(&address.to_string(), &large);
    // What it makes itself comes in chunks.
    let shown = lariat(["get-raw", "-v", &address.to_string(), "/list/", "-o", "-"]).wait();
    assert_eq!(shown.status.code(), Some(0), "{}", shown.errors);
    assert!(
        shown.errors.contains("Transfer-Encoding: chunked"),
        "{}",
        shown.errors
    );
    assert!(
        shown.lines.concat().trim_end().ends_with("</html>"),
        "{}",
        shown.errors
    );
}
