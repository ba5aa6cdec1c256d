//! Servers of a folder.

use std::fs;
use std::io;
use std::path::Path;

use super::{Given, Running, folder, free_address, program};
use crate::load::identity;

/// vsftpd, to which anybody may send and from which anybody may fetch; over TLS it insists on it.
pub fn vsftpd(given: Given, served: &Path, tls: bool) -> io::Result<Running> {
    let vsftpd = program("vsftpd", "vsftpd")?;
    let folder = folder()?;
    let address = free_address()?;
    let (certificate, key) = identity::write(folder.path())?;
    let security = match tls {
        false => String::new(),
        true => format!(
            "ssl_enable=YES\nallow_anon_ssl=YES\nforce_anon_logins_ssl=YES\n\
             force_anon_data_ssl=YES\nrequire_ssl_reuse=NO\nrsa_cert_file={}\n\
             rsa_private_key_file={}\n",
            certificate.display(),
            key.display()
        ),
    };
    let configuration = format!(
        "listen=YES\nlisten_address={}\nlisten_port={}\nbackground=NO\n\
         run_as_launching_user=YES\nlocal_enable=NO\nanonymous_enable=YES\nanon_root={}\n\
         anon_upload_enable=YES\nanon_mkdir_write_enable=YES\nanon_other_write_enable=YES\n\
         write_enable=YES\nanon_umask=022\nanon_world_readable_only=NO\n\
         allow_writeable_chroot=YES\nseccomp_sandbox=NO\nisolate=NO\nisolate_network=NO\n\
         connect_from_port_20=NO\nxferlog_enable=NO\nmax_per_ip=0\n{security}",
        address.ip(),
        address.port(),
        served.display()
    );
    let path = folder.path().join("vsftpd.conf");
    fs::write(&path, configuration)?;
    let command = [vsftpd, path.display().to_string()];
    Running::listening(given, folder, address, &command)
}

/// nginx, which takes files by PUT.
pub fn nginx(given: Given, served: &Path, tls: bool) -> io::Result<Running> {
    let nginx = program("nginx", "nginx-light")?;
    let folder = folder()?;
    let address = free_address()?;
    let (certificate, key) = identity::write(folder.path())?;
    let (listen, security) = match tls {
        false => ("", String::new()),
        true => (
            " ssl",
            format!(
                "ssl_certificate {}; ssl_certificate_key {};",
                certificate.display(),
                key.display()
            ),
        ),
    };
    // Beside what is served, so that a file that has come is put there by its name alone.
    let spool = served.with_file_name("spool");
    let (here, served, spool) = (folder.path().display(), served.display(), spool.display());
    let configuration = format!(
        "daemon off; master_process off; pid {here}/pid; error_log {here}/errors;
        events {{ worker_connections 1024; }}
        http {{
            access_log off; keepalive_requests 1000000000; sendfile on; client_max_body_size 0;
            client_body_temp_path {spool}; proxy_temp_path {here}/proxy;
            fastcgi_temp_path {here}/fastcgi; uwsgi_temp_path {here}/uwsgi;
            scgi_temp_path {here}/scgi;
            server {{
                listen {address}{listen}; {security} root {served};
                location / {{ }}
                location /sent/ {{ dav_methods PUT; }}
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
