//! What stands in a certificate, as far as we look at it ourselves.
//!
//! Trust is not decided here: that is the work of the TLS library's verifier.

use x509_parser::time::ASN1Time;

use crate::error::{Problem, TlsError};

/// The parts of an authority's certificate that decide whether it can issue.
pub(crate) struct AuthorityFacts {
    /// basicConstraints says CA:TRUE.
    pub(crate) is_authority: bool,
    /// The last second of its validity, in seconds since 1970.
    pub(crate) end: i64,
}

/// Reads the facts from a certificate in DER form.
pub(crate) fn authority_facts(der: &[u8], subject: &str) -> Result<AuthorityFacts, TlsError> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der)
        .map_err(|_| TlsError::misuse(subject, Problem::BrokenCertificate))?;
    Ok(AuthorityFacts {
        is_authority: certificate.is_ca(),
        end: certificate.validity().not_after.timestamp(),
    })
}

/// A point in time as a person reads it: `2026-01-31 12:00 UTC`.
pub(crate) fn date(seconds: i64) -> String {
    match ASN1Time::from_timestamp(seconds) {
        Ok(time) => {
            let time = time.to_datetime();
            format!(
                "{:04}-{:02}-{:02} {:02}:{:02} UTC",
                time.year(),
                u8::from(time.month()),
                time.day(),
                time.hour(),
                time.minute()
            )
        }
        Err(_) => format!("{seconds} s since 1970"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_in_full() {
        assert_eq!(date(0), "1970-01-01 00:00 UTC");
        assert_eq!(date(1_769_860_800), "2026-01-31 12:00 UTC");
        assert_eq!(date(i64::MAX), format!("{} s since 1970", i64::MAX));
    }
}
