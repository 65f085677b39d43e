//! Whom to trust.
//!
//! Takes: nothing. Gives: the TLS settings of the client: the roots of this machine and built-in
//! ones beside them, because the library's default panics on a machine that has none, even for
//! plain HTTP.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// The settings; the error is a sentence.
pub(super) fn config() -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    // What cannot be read there is not trusted, and needs no word: the built-in roots stand.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| format!("TLS cannot be set up: {error}"))?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
