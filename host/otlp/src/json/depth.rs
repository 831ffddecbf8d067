//! Looks at JSON text before anything is built from it: how deep and how many objects.

use crate::decode::{DecodeError, ELEMENTS_MAX, NESTING_MAX};

/// Checks that objects are nested at most [`NESTING_MAX`] deep and number at most [`ELEMENTS_MAX`]. An object is a message
/// of the protobuf encoding, so that both encodings have one bound. Text that is no JSON passes: the parser says why.
pub(crate) fn check_shape(text: &[u8]) -> Result<(), DecodeError> {
    let (mut depth, mut objects) = (0_usize, 0_usize);
    let mut in_string = false;
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match (in_string, byte) {
            (true, b'\\') => {
                bytes.next();
            }
            (_, b'"') => in_string = !in_string,
            (false, b'{') => {
                depth += 1;
                objects += 1;
                if depth > NESTING_MAX {
                    return Err(DecodeError::TooDeep);
                }
                if objects > ELEMENTS_MAX {
                    return Err(DecodeError::TooManyElements);
                }
            }
            (false, b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}
