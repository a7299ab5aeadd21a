//! End to end: real tshark with the plugin, the real batch tool, real captures.

mod batch;
mod cases;
mod damage;
mod duplicates;
mod foreign;
mod formats;
mod layers;
mod series;
mod wireshark;
