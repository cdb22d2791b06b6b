//! Payloads that GrowthBook encrypted: AES in CBC mode with PKCS #7 padding, as `initialisation vector.ciphertext`,
//! both in Base64.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockDecryptMut, KeyIvInit};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The plain text, or `None` when the key is wrong or one of the three parts is malformed. The key has 128 or 256 bits.
pub fn decrypt(encrypted: &str, key: &str) -> Option<String> {
    let mut parts = encrypted.split('.');
    let (iv, text) = (BASE64.decode(parts.next()?).ok()?, BASE64.decode(parts.next()?).ok()?);
    let key = BASE64.decode(key).ok()?;
    let plain = match key.len() {
        16 => cbc::Decryptor::<aes::Aes128>::new_from_slices(&key, &iv).ok()?.decrypt_padded_vec_mut::<Pkcs7>(&text),
        _ => cbc::Decryptor::<aes::Aes256>::new_from_slices(&key, &iv).ok()?.decrypt_padded_vec_mut::<Pkcs7>(&text),
    };
    // What is no UTF-8 comes out as replacement characters, as in a browser.
    Some(String::from_utf8_lossy(&plain.ok()?).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODw==";
    /// `{"a":1}` under [`KEY`] with an initialisation vector of zeros, made with OpenSSL.
    const TEXT: &str = "AAAAAAAAAAAAAAAAAAAAAA==.OPu5otG1drB6dWFGfVTzTA==";

    #[test]
    fn what_openssl_encrypted_comes_back() {
        assert_eq!(decrypt(TEXT, KEY).as_deref(), Some(r#"{"a":1}"#));
    }

    #[test]
    fn nothing_malformed_is_decrypted() {
        let truncated = &TEXT[..TEXT.len() - 4];
        for (text, key) in [
            (TEXT, "AAECAwQFBgcICQoLDA0ODg=="),
            (TEXT, "AAEC"),
            (TEXT, "not base64!"),
            (TEXT, ""),
            ("", KEY),
            (".", KEY),
            ("AAAA.AAAA", KEY),
            (truncated, KEY),
            ("no delimiter", KEY),
        ] {
            assert_eq!(decrypt(text, key), None, "{text} with {key}");
        }
    }
}
