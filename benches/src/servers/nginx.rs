//! nginx, in one process so that its clock has all it uses.

use std::fs;
use std::io;
use std::path::Path;

use super::{Given, Running, folder, free_address, program};
use crate::load::identity;

/// What its modules are called, and the package of the one that echoes.
const ECHO: &str = "/usr/lib/nginx/modules/ngx_http_echo_module.so";

/// Plain HTTP with nginx's own deadlines.
pub fn plain(given: Given) -> io::Result<Running> {
    start(given, "", "return 200 ok;", "")
}

/// HTTPS that answers two bytes, by the same certificate as the others.
pub fn tls(given: Given) -> io::Result<Running> {
    start(given, " ssl", "return 200 ok;", "")
}

/// HTTPS that sends back what is posted: the same bytes in and out as a line's.
pub fn tls_echo(given: Given) -> io::Result<Running> {
    if !Path::new(ECHO).is_file() {
        return Err(super::not_installed("libnginx-mod-http-echo"));
    }
    let modules = format!("load_module {ECHO};");
    let location = "echo_read_request_body; echo_request_body;";
    start(given, " ssl", location, &modules)
}

fn start(given: Given, listen: &str, location: &str, modules: &str) -> io::Result<Running> {
    let nginx = program("nginx", "nginx-light")?;
    let folder = folder()?;
    let address = free_address()?;
    let (certificate, key) = identity::write(folder.path())?;
    let tls = match listen {
        "" => String::new(),
        _ => format!(
            "ssl_certificate {}; ssl_certificate_key {};",
            certificate.display(),
            key.display()
        ),
    };
    let deadlines = match given.hurried {
        true => "client_header_timeout 5s; client_body_timeout 5s; keepalive_timeout 7s;",
        false => "",
    };
    let here = folder.path().display();
    let configuration = format!(
        "{modules}
        daemon off; master_process off; pid {here}/pid; error_log {here}/errors;
        worker_rlimit_nofile 19000;
        events {{ worker_connections 18500; }}
        http {{
            {deadlines}
            access_log off; keepalive_requests 1000000000; client_body_buffer_size 64k;
            client_body_temp_path {here}/body; proxy_temp_path {here}/proxy;
            fastcgi_temp_path {here}/fastcgi; uwsgi_temp_path {here}/uwsgi;
            scgi_temp_path {here}/scgi;
            server {{
                listen {address}{listen}; {tls}
                location / {{ {location} }}
            }}
        }}"
    );
    let path = folder.path().join("nginx.conf");
    fs::write(&path, configuration)?;
    let path = path.display().to_string();
    let errors = folder.path().join("log").display().to_string();
    let command = [nginx, "-e".into(), errors, "-c".into(), path];
    Running::listening(given, folder, address, &command)
}
