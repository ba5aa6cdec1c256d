//! The numbers and the files that the system's resolver is spoken to with.

#[cfg(unix)]
pub(crate) use nix::libc::{
    AI_CANONNAME, AI_NUMERICHOST, AI_NUMERICSERV, AI_PASSIVE, NI_DGRAM, NI_NAMEREQD, NI_NOFQDN,
    NI_NUMERICHOST, NI_NUMERICSERV,
};
#[cfg(all(unix, test))]
pub(crate) use nix::libc::{EAI_AGAIN, EAI_BADFLAGS, EAI_FAIL, EAI_FAMILY, EAI_NONAME};

#[cfg(windows)]
pub(crate) use winsock::*;

/// `ws2tcpip.h`, whose values have not changed since Windows XP.
#[cfg(windows)]
mod winsock {
    pub(crate) const AI_PASSIVE: i32 = 0x1;
    pub(crate) const AI_CANONNAME: i32 = 0x2;
    pub(crate) const AI_NUMERICHOST: i32 = 0x4;
    pub(crate) const AI_NUMERICSERV: i32 = 0x8;
    pub(crate) const NI_NOFQDN: i32 = 0x1;
    pub(crate) const NI_NUMERICHOST: i32 = 0x2;
    pub(crate) const NI_NAMEREQD: i32 = 0x4;
    pub(crate) const NI_NUMERICSERV: i32 = 0x8;
    pub(crate) const NI_DGRAM: i32 = 0x10;
    #[cfg(test)]
    pub(crate) const EAI_AGAIN: i32 = 11002;
    #[cfg(test)]
    pub(crate) const EAI_BADFLAGS: i32 = 10022;
    #[cfg(test)]
    pub(crate) const EAI_FAIL: i32 = 11003;
    #[cfg(test)]
    pub(crate) const EAI_FAMILY: i32 = 10047;
    #[cfg(test)]
    pub(crate) const EAI_NONAME: i32 = 11001;
}

/// Whether a resolver's error number says that the host has addresses, only of another family.
///
/// That is glibc's `EAI_ADDRFAMILY`, which neither `libc` nor `dns-lookup` names.
pub(crate) fn is_no_address_of_family(number: i32) -> bool {
    cfg!(all(target_os = "linux", target_env = "gnu")) && number == -9
}

/// The system's list of protocols, where it has one that can be read.
pub(crate) fn protocols_file() -> Option<String> {
    std::fs::read_to_string(protocols_path()).ok()
}

#[cfg(not(windows))]
fn protocols_path() -> std::path::PathBuf {
    "/etc/protocols".into()
}

#[cfg(windows)]
fn protocols_path() -> std::path::PathBuf {
    let root = std::env::var_os("SystemRoot").unwrap_or_else(|| r"C:\Windows".into());
    std::path::Path::new(&root).join(r"System32\drivers\etc\protocol")
}
