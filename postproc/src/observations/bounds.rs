//! Checks what a Parquet file says about its own sizes, before anything is decoded.
//!
//! The Parquet crate reserves memory for what the headers of a file promise. A file of a few bytes
//! can promise gigabytes. What [`super::Writer`] writes has one form, and any other is refused: flat
//! columns without dictionaries or compression, in pages of a limited size.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;

use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};

use super::ReadError;
use super::guard::guarded;

/// Last bytes of a file: the length of the metadata, and four letters.
const TAIL: u64 = 8;
const LETTERS: &[u8] = b"PAR1";

/// Maximum length of the metadata: this and a share of the file. A row group of 30 MB takes less than
/// 1,000 bytes of it.
const METADATA: u64 = 64 << 10;
const METADATA_SHARE: u64 = 1000;

/// Maximum number of columns.
const COLUMNS: usize = 16;

/// Maximum bytes of a page. The writer ends one after a megabyte, or after a longer record.
const PAGE_BYTES: u64 = 16 << 20;

/// Maximum number of values of a page. The writer ends one after 20,000.
const PAGE_VALUES: u64 = 1 << 16;

/// Reads the metadata of a file, and checks that it promises no more than the file has.
pub(super) fn metadata(file: &File) -> Result<ArrowReaderMetadata, ReadError> {
    let length = check_tail(file)?;
    // What is in the metadata for Arrow alone is not needed.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = guarded(|| ArrowReaderMetadata::load(file, options)).ok_or(ReadError::Damaged)??;
    let columns = metadata.parquet_schema().columns();
    if columns.len() > COLUMNS || columns.iter().any(|column| column.max_rep_level() > 0) {
        return Err(ReadError::Foreign);
    }
    let (mut reader, mut from) = (BufReader::new(file), 0);
    for group in metadata.metadata().row_groups() {
        from = match end_of(group, from..length, &mut reader) {
            Ok(Some(end)) => end,
            Ok(None) => return Err(ReadError::Unlike),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Err(ReadError::Unlike),
            Err(error) => return Err(ReadError::Open(error)),
        };
    }
    Ok(metadata)
}

/// Checks the length of the metadata, and returns that of the file.
fn check_tail(mut file: &File) -> Result<u64, ReadError> {
    let length = file.seek(SeekFrom::End(0)).map_err(ReadError::Open)?;
    let Some(tail_at) = length.checked_sub(TAIL) else { return Ok(length) };
    let mut tail = [0; TAIL as usize];
    file.seek(SeekFrom::Start(tail_at)).and_then(|_| file.read_exact(&mut tail)).map_err(ReadError::Open)?;
    let (metadata, letters) = tail.split_at(4);
    let metadata = metadata.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte));
    let most = METADATA + length / METADATA_SHARE;
    if letters == LETTERS && metadata > most { Err(ReadError::Unlike) } else { Ok(length) }
}

/// Returns where a row group ends. `None` if its pages do not follow each other within this range, or
/// have not the rows and the sizes that it promises.
fn end_of(group: &RowGroupMetaData, within: Range<u64>, reader: &mut BufReader<&File>) -> io::Result<Option<u64>> {
    let mut from = within.start;
    for chunk in group.columns() {
        let Some(place) = place(chunk, from..within.end) else { return Ok(None) };
        from = place.end;
        if values(place, reader)? != u64::try_from(group.num_rows()).ok() {
            return Ok(None);
        }
    }
    Ok(Some(from))
}

/// Returns the place of a column's pages, if it lies within this range, and the column has no
/// dictionary and is not compressed.
fn place(chunk: &ColumnChunkMetaData, within: Range<u64>) -> Option<Range<u64>> {
    let is_known = chunk.compression() == Compression::UNCOMPRESSED && chunk.dictionary_page_offset().is_none();
    let start = u64::try_from(chunk.data_page_offset()).ok()?;
    let end = start.checked_add(chunk.compressed_size().try_into().ok()?)?;
    (is_known && within.start <= start && end <= within.end).then_some(start..end)
}

/// Counts the values of a column's pages; `None` if a page is too large or not of the writer's form.
fn values(place: Range<u64>, reader: &mut BufReader<&File>) -> io::Result<Option<u64>> {
    let (mut at, mut values) = (place.start, 0);
    reader.seek(SeekFrom::Start(at))?;
    while at < place.end {
        let mut header = Header { reader, read: 0 };
        let Some(page) = page(&mut header)? else { return Ok(None) };
        at += header.read + page.bytes;
        if at > place.end || page.bytes > PAGE_BYTES || page.values > PAGE_VALUES {
            return Ok(None);
        }
        values += page.values;
        reader.seek_relative(page.bytes.cast_signed())?;
    }
    Ok(Some(values))
}

/// What the header of a page promises.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    bytes: u64,
    values: u64,
}

/// Reads the header of a page; `None` if it is not of the writer's form. That form is strict, so that
/// the Parquet crate cannot understand it otherwise: an object of Thrift's compact protocol with
/// numbers of 32 bits for the kind of page and its two sizes, and an inner one for its values.
fn page<R: BufRead>(header: &mut Header<'_, R>) -> io::Result<Option<Page>> {
    const DATA: u64 = 0;
    const PLAIN: u64 = 0;
    const RUNS: u64 = 3;
    let Some([kind, uncompressed, bytes]) = header.numbers()? else { return Ok(None) };
    // The next field but one is an object.
    if header.byte()? != 2 << 4 | Header::<R>::OBJECT {
        return Ok(None);
    }
    let Some([values, encoding, definitions, repetitions]) = header.numbers()? else { return Ok(None) };
    let ends = header.byte()? == 0 && header.byte()? == 0;
    let is_known = ends && [kind, encoding, definitions, repetitions] == [DATA, PLAIN, RUNS, RUNS];
    Ok((is_known && uncompressed == bytes).then_some(Page { bytes, values }))
}

/// Reads the header of a page.
struct Header<'a, R> {
    reader: &'a mut R,
    /// Number of bytes that were read.
    read: u64,
}

impl<R: BufRead> Header<'_, R> {
    /// Types of fields.
    const NUMBER: u8 = 5;
    const OBJECT: u8 = 12;

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.reader.read_exact(&mut byte)?;
        self.read += 1;
        Ok(byte[0])
    }

    /// Reads fields that follow each other and are numbers from 0 to 2^31 - 1.
    fn numbers<const N: usize>(&mut self) -> io::Result<Option<[u64; N]>> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            if self.byte()? != 1 << 4 | Self::NUMBER {
                return Ok(None);
            }
            match self.number()? {
                Some(read) => *number = read,
                None => return Ok(None),
            }
        }
        Ok(Some(numbers))
    }

    /// Reads a number: seven bits in each byte, the sign in the lowest bit.
    fn number(&mut self) -> io::Result<Option<u64>> {
        let mut folded = 0;
        for place in 0..5 {
            let byte = self.byte()?;
            folded |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                return Ok((folded & 1 == 0 && folded <= u32::MAX.into()).then_some(folded / 2));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Header of a page of 40 bytes with 7 values.
    const HEADER: [u8; 17] = [0x15, 0, 0x15, 80, 0x15, 80, 0x2c, 0x15, 14, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0];

    fn page_of(bytes: &[u8]) -> Option<Page> {
        page(&mut Header { reader: &mut &*bytes, read: 0 }).ok().flatten()
    }

    #[test]
    fn the_sizes_of_a_page_are_read_and_any_other_header_is_refused() {
        assert_eq!(page_of(&HEADER), Some(Page { bytes: 40, values: 7 }));
        for place in 0..HEADER.len() {
            assert_eq!(page_of(&HEADER[..place]), None, "{place} bytes");
            let mut changed = HEADER;
            changed[place] ^= 1;
            assert_eq!(page_of(&changed), None, "byte {place}");
        }
    }
}
