//! End to end: real tshark with the plugin, the real batch tool, real captures.

mod annotate;
mod batch;
mod cases;
mod compare;
mod damage;
mod documents;
mod duplicates;
mod explain;
mod follow;
mod foreign;
mod formats;
mod html;
mod inputs;
mod kernel;
mod kernel_files;
mod kernel_net;
mod layers;
mod manual;
mod releases;
mod series;
mod terminal;
mod threads;
mod wireshark;
mod wireshark_install;
mod wireshark_preferences;
mod wireshark_statistics;
