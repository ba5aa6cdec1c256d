//! A certificate's fingerprint, by which people tell it from others.

use rustls::SupportedCipherSuite;
use rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;

/// The SHA-256 digest of a certificate in DER form.
///
/// ```
/// assert_eq!(lariat_tls::fingerprint(b"")[..4], [0xe3, 0xb0, 0xc4, 0x42]);
/// ```
pub fn fingerprint(certificate: &[u8]) -> [u8; 32] {
    // The hash of a suite that rustls always has, so that no other crate is needed for it.
    let SupportedCipherSuite::Tls13(suite) = TLS13_AES_128_GCM_SHA256 else {
        unreachable!("its name says which version it is of");
    };
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(suite.common.hash_provider.hash(certificate).as_ref());
    fingerprint
}
