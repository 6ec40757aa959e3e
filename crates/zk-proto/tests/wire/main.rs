//! The codec against bytes recorded from the original (`tests/vectors`, see
//! `tests/record/README.md`), against the specification's golden bytes, and against chance.

mod fields;
mod fixture;
mod golden;
mod kinds;
mod properties;
mod records;
mod vectors;
