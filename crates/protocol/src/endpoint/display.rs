//! An [`Endpoint`] to text: the shortest URL that means the same.
//!
//! What is printed is read back as an equal endpoint, unless it was built by hand from parts that
//! no URL can have (a path that is not UTF-8, a host that is none).

use std::fmt;

use super::{Base, Endpoint, Host, SocketPath, percent, service};

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:", self.scheme())?;
        let mut path_in_url = false;
        match &self.base {
            Base::Tcp { host, port } | Base::Udp { host, port } => {
                formatter.write_str(&authority(host, *port))?;
                // A `?` within the path can only be printed as an option.
                if let Some(path) = self
                    .options
                    .path
                    .as_ref()
                    .filter(|path| !path.contains('?'))
                {
                    formatter.write_str(path)?;
                    path_in_url = true;
                }
            }
            Base::Unix { path } | Base::UnixGram { path } => {
                formatter.write_str(&socket_path(path))?;
            }
            Base::Fd(descriptor) => write!(formatter, "//{descriptor}")?,
            Base::Stdio => {}
            Base::Memory(name) => {
                write!(formatter, "//{}", percent::encode(name.as_bytes(), b"?#"))?;
            }
            Base::Service(name) => formatter.write_str(&service::print(name))?,
        }
        formatter.write_str(&self.print_query(path_in_url))
    }
}

fn authority(host: &Host, port: Option<u16>) -> String {
    match port {
        Some(port) => format!("//{}:{port}", host.to_url()),
        None => format!("//{}", host.to_url()),
    }
}

fn socket_path(path: &SocketPath) -> String {
    match path {
        SocketPath::Abstract(name) => format!("@{}", percent::encode(name, b"?#")),
        SocketPath::File(path) => {
            let encoded = percent::encode(path.as_os_str().as_encoded_bytes(), b"?#");
            if encoded.starts_with('/') {
                return format!("//{encoded}");
            }
            match encoded.strip_prefix('@') {
                Some(rest) => format!("%40{rest}"),
                None => encoded,
            }
        }
    }
}
