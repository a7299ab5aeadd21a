//! Finds attributes that failed handshakes share and working ones do not.
//!
//! Every attribute is a trial: a factor is reported only where chance would produce it in one
//! report of a thousand, whatever the number of addresses and ports that were compared.

mod attributes;
mod factors;
mod sample;

pub(crate) use attributes::failed_or_delayed;
pub use attributes::{Attribute, Compared, Feature};
pub use factors::CommonFactor;
pub use sample::HandshakeSample;
