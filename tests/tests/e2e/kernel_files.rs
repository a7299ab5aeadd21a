//! `syncookie kernel` on what people save.
