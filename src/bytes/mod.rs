//! Bytes, looked at many at once.
//!
//! Takes: bytes of JSON. Gives: where something in them means something ([`marks`]). Pure, and knows of nothing
//! else in the program.

pub mod marks;
