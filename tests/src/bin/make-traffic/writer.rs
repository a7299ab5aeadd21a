//! Writes a capture as a stream, so that it need not fit into memory.

use std::io::{BufWriter, Result, Write};

use syncookie_testkit::ByteOrder::Little;
use syncookie_testkit::link::ETHERNET;
use syncookie_testkit::pcap::{self, Resolution};
use syncookie_testkit::pcapng::{self, IF_TSRESOL, Pcapng};

/// A capture in the making: Ethernet, little-endian, times in nanoseconds.
pub struct CaptureWriter {
    output: BufWriter<Box<dyn Write>>,
    pcapng: bool,
    snap_length: usize,
    /// Content of payloads, and of the padding of blocks.
    filler: Vec<u8>,
}

impl CaptureWriter {
    pub fn new(file: Box<dyn Write>, pcapng: bool, snap_length: usize) -> Result<Self> {
        let mut output = BufWriter::with_capacity(1 << 20, file);
        let head = if pcapng {
            let mut head = Pcapng::new(Little);
            head.interface(ETHERNET, snap_length as u32, &[(IF_TSRESOL, &[9])]);
            head.bytes
        } else {
            pcap::file_header(Little, Resolution::Nano, snap_length as u32, ETHERNET)
        };
        output.write_all(&head)?;
        Ok(Self { output, pcapng, snap_length, filler: (0..2048_u32).map(|i| (i * 131) as u8).collect() })
    }

    /// Writes a frame of `headers` and `payload` bytes, cut at the snap length. `time` is in nanoseconds since 1970.
    pub fn frame(&mut self, time: u64, headers: &[u8], payload: usize) -> Result<()> {
        let original = headers.len() + payload;
        let captured = original.min(self.snap_length);
        let headers = &headers[..headers.len().min(captured)];
        let filler = captured - headers.len();
        if !self.pcapng {
            self.output.write_all(&pcap::record_header(Little, Resolution::Nano, time, captured, original))?;
            self.output.write_all(headers)?;
            return self.output.write_all(&self.filler[..filler]);
        }
        let padding = captured.next_multiple_of(4) - captured;
        self.output.write_all(&pcapng::enhanced_header(Little, 0, time, captured, original))?;
        self.output.write_all(headers)?;
        self.output.write_all(&self.filler[..filler + padding])?;
        self.output.write_all(&Little.u32(pcapng::enhanced_length(captured)))
    }

    /// Writes what is still in memory.
    pub fn finish(mut self) -> Result<()> {
        self.output.flush()
    }
}
