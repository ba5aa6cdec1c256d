//! The one cryptographic provider, aws-lc-rs, handed to every builder explicitly.
//!
//! The process-wide default of rustls is never read or set: another library
//! in the same program may want its own.

use std::sync::{Arc, OnceLock};

use rustls::crypto::{CryptoProvider, aws_lc_rs};

/// The provider, shared by every configuration.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(aws_lc_rs::default_provider())))
}
