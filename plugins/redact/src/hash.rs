//! Keyed hashes: HMAC-SHA-256 (RFC 2104), so that nobody without the secret can find a value by trying all there may be.

use sha2::{Digest, Sha256};

const BLOCK_BYTES: usize = 64;
const SECRET_BYTES_MIN: usize = 16;
/// How much of a hash is shown: 64 bits, at which two of a hundred million values are equal by chance once in 3,700 cases.
const SHOWN_BYTES: usize = 8;

/// Hashes with one secret.
pub(crate) struct Hasher {
    inner: Sha256,
    outer: Sha256,
}

impl Hasher {
    pub(crate) fn new(secret: &str) -> Result<Self, String> {
        if secret.len() < SECRET_BYTES_MIN {
            return Err(format!(
                "found a `secret` of {} bytes, expected at least {SECRET_BYTES_MIN}, chosen at random",
                secret.len()
            ));
        }
        Ok(Self::keyed(secret.as_bytes()))
    }

    fn keyed(secret: &[u8]) -> Self {
        let mut block = [0_u8; BLOCK_BYTES];
        if secret.len() > BLOCK_BYTES {
            let digest = Sha256::digest(secret);
            block.iter_mut().zip(digest.iter()).for_each(|(byte, of_digest)| *byte = *of_digest);
        } else {
            block.iter_mut().zip(secret).for_each(|(byte, of_secret)| *byte = *of_secret);
        }
        let padded = |pad: u8| Sha256::new().chain_update(block.map(|byte| byte ^ pad));
        Self { inner: padded(0x36), outer: padded(0x5c) }
    }

    fn hmac(&self, bytes: &[u8]) -> [u8; 32] {
        let inner = self.inner.clone().chain_update(bytes).finalize();
        self.outer.clone().chain_update(inner).finalize().into()
    }

    /// Sixteen hexadecimal digits.
    pub(crate) fn hash(&self, text: &str) -> String {
        self.hmac(text.as_bytes()).iter().take(SHOWN_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Hasher;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        let short = Hasher::keyed(b"Jefe").hmac(b"what do ya want for nothing?");
        assert_eq!(hex(&short), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let long =
            Hasher::keyed(&[0xaa; 131]).hmac(b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(hex(&long), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }
}
