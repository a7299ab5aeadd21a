//! Files that were read, and how far their handshakes were reported.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use syncookie_engine::Timestamp;

use super::folder::File;
use super::opening::Opening;
use crate::source::frame_times::FrameTimes;
use crate::source::open_ends::OpenEnds;
use crate::source::series;

/// Time in nanoseconds for which files are read again after a restart: a handshake is judged
/// together with the others of its listener.
const CONTEXT: i64 = 600_000_000_000;

/// Number of reads of the folder without a file after which it counts as deleted. While files are
/// renamed, a read can miss one.
const MISSED: u8 = 5;

/// Number of a record, in the order in which the files were read.
pub(super) type Order = u64;

/// File that was read or is being read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub name: String,
    pub inode: u64,
    /// Length in bytes at the time of reading; 0 while it is read for the first time.
    pub bytes: u64,
    /// Modification time in nanoseconds since 1970.
    pub modified: i64,
    /// First bytes; `None` in records of an early version.
    pub opening: Option<Opening>,
    pub is_capture: bool,
    /// Times at which the capture begins and ends, in nanoseconds since 1970.
    pub start: Option<i64>,
    pub end: Option<i64>,
    /// Number of frames.
    pub frames: u32,
    /// Handshakes whose first frame has this number or a lower one were reported.
    pub reported: u32,
    /// Handshakes that began before this time were reported, too; of an early version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_until: Option<i64>,
    /// Number of reads of the folder without the file.
    #[serde(skip)]
    pub missed: u8,
}

/// What is known about a file in the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// File that was not read.
    New,
    /// File that was read, and may have grown since.
    Changed(Order),
    /// File that was read and has not changed.
    Known,
}

/// Records of all files.
#[derive(Debug, Default)]
pub(super) struct Records {
    records: BTreeMap<Order, Record>,
    by_name: HashMap<String, Order>,
    by_inode: HashMap<u64, Order>,
    /// Number of the next record. No number is used twice.
    next: Order,
}

impl Record {
    fn unread(file: &File) -> Self {
        Self {
            name: file.name.clone(),
            inode: file.inode,
            bytes: 0,
            modified: 0,
            opening: Opening::read(&file.path).ok(),
            is_capture: false,
            start: None,
            end: None,
            frames: 0,
            reported: 0,
            reported_until: None,
            missed: 0,
        }
    }

    /// Returns whether all handshakes of the capture were reported.
    pub(super) const fn is_complete(&self) -> bool {
        self.reported >= self.frames
    }

    /// Returns whether the file is in the folder under its name.
    pub(super) fn is_in(&self, folder: &Path) -> bool {
        let begins = |opening: &Opening| opening.begins(&folder.join(&self.name)).unwrap_or(false);
        self.opening.as_ref().is_some_and(begins)
    }

    /// Returns whether the file is as it was when it was read.
    fn is(&self, file: &File) -> bool {
        (self.inode, self.bytes, self.modified) == (file.inode, file.bytes, nanos(file.modified))
    }

    /// Returns whether the file is the one that was read, or has grown from it.
    ///
    /// # Errors
    /// Fails if the file cannot be read, for example because it was just renamed.
    fn became(&self, file: &File) -> io::Result<bool> {
        Ok(self.bytes <= file.bytes && self.opening.as_ref().map_or(Ok(true), |opening| opening.begins(&file.path))?)
    }
}

impl Records {
    /// Takes records in the order in which their files were read.
    pub(super) fn new(records: Vec<Record>) -> Self {
        let mut all = Self::default();
        for record in records {
            all.push(record);
        }
        all
    }

    /// Returns all records in the order in which their files were read.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Record> {
        self.records.values()
    }

    pub(super) fn get(&self, order: Order) -> Option<&Record> {
        self.records.get(&order)
    }

    pub(super) fn get_mut(&mut self, order: Order) -> Option<&mut Record> {
        self.records.get_mut(&order)
    }

    fn push(&mut self, record: Record) -> Order {
        let order = self.next;
        self.next += 1;
        self.index(order, &record);
        self.records.insert(order, record);
        order
    }

    fn index(&mut self, order: Order, record: &Record) {
        self.by_name.insert(record.name.clone(), order);
        if record.inode != 0 {
            self.by_inode.insert(record.inode, order);
        }
    }

    fn remove(&mut self, order: Order) -> Option<Record> {
        let record = self.records.remove(&order)?;
        // Another record may have got its name or its inode.
        if self.by_name.get(&record.name) == Some(&order) {
            self.by_name.remove(&record.name);
        }
        if self.by_inode.get(&record.inode) == Some(&order) {
            self.by_inode.remove(&record.inode);
        }
        Some(record)
    }

    /// Returns what is known about a file: it is recognised by its first bytes, and by its inode
    /// under any name or by its name with any inode.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub(super) fn standing(&mut self, file: &File) -> io::Result<Standing> {
        let places = [self.by_inode.get(&file.inode), self.by_name.get(&file.name)].map(|order| order.copied());
        for order in places.into_iter().flatten() {
            let Some(record) = self.records.get(&order) else { continue };
            if record.is(file) && record.name == file.name {
                return Ok(Standing::Known);
            }
            if record.became(file)? {
                return Ok(self.recognise(order, file));
            }
            // The file that had the inode is gone. The one that had the name may have another now.
            if record.inode == file.inode {
                self.remove(order);
            }
        }
        Ok(Standing::New)
    }

    /// Gives a record the present name and inode of its file.
    fn recognise(&mut self, order: Order, file: &File) -> Standing {
        let Some(mut record) = self.remove(order) else { return Standing::New };
        (record.name, record.inode) = (file.name.clone(), file.inode);
        if record.opening.is_none() && record.bytes == file.bytes {
            record.opening = Opening::read(&file.path).ok();
            record.modified = nanos(file.modified);
        }
        let is_same = record.is(file);
        if !is_same && !record.is_capture {
            return Standing::New;
        }
        self.index(order, &record);
        self.records.insert(order, record);
        if is_same { Standing::Known } else { Standing::Changed(order) }
    }

    /// Adds a record of a capture that is read for the first time.
    pub(super) fn begin(&mut self, file: &File, start: Option<Timestamp>) -> Order {
        let start = start.map(Timestamp::as_nanos);
        self.push(Record { is_capture: true, start, ..Record::unread(file) })
    }

    /// Records when a capture begins that has changed.
    pub(super) fn set_start(&mut self, order: Order, start: Option<Timestamp>) {
        if let Some(record) = self.records.get_mut(&order) {
            record.start = start.map(Timestamp::as_nanos);
        }
    }

    /// Adds a record of a file that is not a capture.
    pub(super) fn add_other(&mut self, file: &File) {
        self.push(Record { bytes: file.bytes, modified: nanos(file.modified), ..Record::unread(file) });
    }

    /// Records that a file was read as it was in the folder, and the times of its frames.
    pub(super) fn finish(&mut self, order: Order, file: &File, frames: u32, times: FrameTimes) {
        let Some(record) = self.records.get_mut(&order) else { return };
        record.bytes = file.bytes;
        record.modified = nanos(file.modified);
        record.frames = frames;
        record.start = times.start().map(Timestamp::as_nanos);
        record.end = times.end().map(Timestamp::as_nanos);
    }

    /// Forgets deleted files: a ring buffer deletes its oldest. Returns whether there was one.
    pub(super) fn forget_missing<'f>(&mut self, files: impl Iterator<Item = &'f File>) -> bool {
        self.records.values_mut().for_each(|record| record.missed = record.missed.saturating_add(1));
        for file in files {
            let order = self.by_name.get(&file.name);
            if let Some(record) = order.and_then(|order| self.records.get_mut(order)) {
                record.missed = 0;
            }
        }
        let is_missing = |(order, record): (&Order, &Record)| (record.missed >= MISSED).then_some(*order);
        let missing: Vec<Order> = self.records.iter().filter_map(is_missing).collect();
        missing.iter().for_each(|order| drop(self.remove(*order)));
        !missing.is_empty()
    }

    /// Returns whether a series has handshakes that were not reported.
    pub(super) fn is_unfinished(&self, series: &str) -> bool {
        self.captures(series).iter().any(|(_, record)| !record.is_complete())
    }

    /// Returns the captures of a series that must be read again before another one is, those that
    /// continue each other together: from the first that is not completely reported or has changed,
    /// and those shortly before it.
    pub(super) fn context(&self, series: &str, changed: &BTreeSet<Order>) -> Vec<Vec<Order>> {
        let is_needed =
            |order: &Order| self.get(*order).is_some_and(|record| !record.is_complete()) || changed.contains(order);
        let from_needed = |chain: Vec<Order>| {
            let first = chain.iter().position(is_needed)?;
            let from = self.get(chain[first])?.start;
            Some(self.shortly_before(chain, first, from))
        };
        self.chains(series).0.into_iter().filter_map(from_needed).collect()
    }

    /// Returns a capture and those shortly before it that it continues, in the order of reading.
    pub(super) fn context_of(&self, series: &str, last: Order) -> Vec<Order> {
        let chain = self.chains(series).0.into_iter().find(|chain| chain.contains(&last)).unwrap_or_default();
        let Some(place) = chain.iter().position(|&order| order == last) else { return Vec::new() };
        let from = self.get(last).and_then(|record| record.end);
        self.shortly_before(chain[..=place].to_vec(), place, from)
    }

    fn shortly_before(&self, mut chain: Vec<Order>, mut first: usize, from: Option<i64>) -> Vec<Order> {
        let end = |order: Order| self.get(order).and_then(|record| record.end);
        let is_near = |order| end(order).zip(from).is_some_and(|(end, from)| end >= from.saturating_sub(CONTEXT));
        while first > 0 && is_near(chain[first - 1]) {
            first -= 1;
        }
        chain.split_off(first)
    }

    /// Returns the ends of the captures of a series that no other continues.
    pub(super) fn open_ends(&self, series: &str) -> OpenEnds {
        self.chains(series).1
    }

    /// Returns the captures of a series that continue each other, as they were read, and the ends
    /// that are open.
    fn chains(&self, series: &str) -> (Vec<Vec<Order>>, OpenEnds) {
        let (mut chains, mut ends): (Vec<Vec<Order>>, _) = (Vec::new(), OpenEnds::default());
        let mut place_of = HashMap::new();
        for (order, record) in self.captures(series) {
            let (start, end) = (record.start.map(Timestamp::from_nanos), record.end.map(Timestamp::from_nanos));
            let before = start.and_then(|start| ends.take(start, |_| true));
            let place = before.and_then(|before| place_of.remove(&before)).unwrap_or(chains.len());
            match chains.get_mut(place) {
                Some(chain) => chain.push(order),
                None => chains.push(vec![order]),
            }
            place_of.insert(order, place);
            start.and(end).into_iter().for_each(|end| ends.add(end, order));
        }
        (chains, ends)
    }

    fn captures(&self, series: &str) -> Vec<(Order, &Record)> {
        let is_member = |record: &Record| record.is_capture && series::pattern(Path::new(&record.name)) == series;
        self.records.iter().filter(|(_, record)| is_member(record)).map(|(order, record)| (*order, record)).collect()
    }
}

/// Returns a time in nanoseconds since 1970.
fn nanos(time: SystemTime) -> i64 {
    let nanos = |age: std::time::Duration| i64::try_from(age.as_nanos()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => nanos(since),
        Err(before) => nanos(before.duration()).saturating_neg(),
    }
}
