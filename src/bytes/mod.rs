//! Bytes, looked at many at once.
//!
//! Takes: bytes of JSON, short names. Gives: where something in them means something ([`marks`]), what numbers
//! they are ([`number`]), and names as numbers that are compared at once ([`name`]). Pure, and knows of nothing
//! else in the program.

pub mod marks;
pub mod name;
pub mod number;
