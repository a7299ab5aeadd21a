//! The C interface of the Wireshark release that the plugin is built for, as build.rs generated it.
#![allow(missing_docs, dead_code, non_camel_case_types, non_snake_case, non_upper_case_globals)]
#![allow(unsafe_op_in_unsafe_fn, unnecessary_transmutes, clippy::all, clippy::undocumented_unsafe_blocks)]

include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
