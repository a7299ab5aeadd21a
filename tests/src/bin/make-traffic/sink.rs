//! Writes a capture.

use std::io::{BufWriter, Result, Write};

/// A capture being written.
pub struct Sink {
    output: BufWriter<Box<dyn Write>>,
    pcapng: bool,
    snap: usize,
    padding: Vec<u8>,
}

impl Sink {
    pub fn new(file: Box<dyn Write>, pcapng: bool, snap: usize) -> Result<Self> {
        let mut output = BufWriter::with_capacity(1 << 20, file);
        if pcapng {
            let words: [u32; 7] = [0x0a0d_0d0a, 28, 0x1a2b_3c4d, 1, u32::MAX, u32::MAX, 28];
            // Ethernet, and times in nanoseconds (if_tsresol 9).
            let interface: [u32; 8] = [1, 32, 1, snap as u32, 9 | 1 << 16, 9, 0, 32];
            words.into_iter().chain(interface).try_for_each(|word| output.write_all(&word.to_le_bytes()))?;
        } else {
            let words: [u32; 6] = [0xa1b2_3c4d, 2 | 4 << 16, 0, 0, snap as u32, 1];
            words.into_iter().try_for_each(|word| output.write_all(&word.to_le_bytes()))?;
        }
        Ok(Self { output, pcapng, snap, padding: (0..2048_u32).map(|i| (i * 131) as u8).collect() })
    }

    /// Headers, and so many bytes of payload behind them.
    pub fn frame(&mut self, time: u64, headers: &[u8], payload: usize) -> Result<()> {
        let original = headers.len() + payload;
        let kept = original.min(self.snap);
        let bytes = &headers[..headers.len().min(kept)];
        let mut words = if self.pcapng {
            let length = 32 + kept.next_multiple_of(4) as u32;
            vec![6, length, 0, (time >> 32) as u32, time as u32, kept as u32, original as u32]
        } else {
            vec![(time / 1_000_000_000) as u32, (time % 1_000_000_000) as u32, kept as u32, original as u32]
        };
        words.drain(..).try_for_each(|word| self.output.write_all(&word.to_le_bytes()))?;
        self.output.write_all(bytes)?;
        let rest = kept - bytes.len() + if self.pcapng { kept.next_multiple_of(4) - kept } else { 0 };
        self.output.write_all(&self.padding[..rest])?;
        if self.pcapng {
            self.output.write_all(&(32 + kept.next_multiple_of(4) as u32).to_le_bytes())?;
        }
        Ok(())
    }

    /// Writes what is still in memory.
    pub fn finish(mut self) -> Result<()> {
        self.output.flush()
    }
}
