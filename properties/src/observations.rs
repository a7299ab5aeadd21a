//! Observations: judged after they were written and read, they give the same findings.

use std::collections::BTreeSet;
use std::convert::Infallible;

use syncookie_engine::{
    EndOfPackets, Endpoint, Field, Fields, Finding, FindingParts, Findings, HandshakeId, Judge, Limits, Midstream,
    Observed, ObservedHandshake, Observer, Timestamp,
};

/// Packet of a frame: its number, its time, and the IP packet if it has one.
pub type NumberedPacket<'a> = (u32, Timestamp, Option<&'a [u8]>);

/// Returns what a judge finds in observations that were written and read again.
///
/// # Panics
/// When something else is read than was written, or a judge of one listener alone finds something
/// else about it.
pub fn judged_elsewhere<'a>(limits: Limits, frames: impl IntoIterator<Item = NumberedPacket<'a>>) -> (Findings, u64) {
    let mut observer = Observer::new(limits);
    let mut observed = Vec::new();
    let read = |one: &Observed<'_>| (one.opening().server, read_again(one));
    observer.push_all_with_links(0, frames, |_| None, &mut |one| observed.push(read(&one)));
    let early = observer.statistics().evicted_early;
    let Ok(end) = observer.finish(|one| {
        observed.push(read(&one));
        Ok::<_, Infallible>(())
    });
    let findings = judged(limits, observed.iter().map(|(_, one)| one.clone()), end.clone());
    if early == 0 {
        each_listener_alone(limits, &observed, &end, &findings);
    }
    (findings, early)
}

/// Returns what a judge finds in the observations of stretches that end before the frames at these
/// places, and the last at the end.
///
/// # Panics
/// When something else is read than was written.
pub fn judged_in_stretches(limits: Limits, frames: &[NumberedPacket<'_>], places: &[usize]) -> Findings {
    let starts = std::iter::once(&0).chain(places);
    let ends = places.iter().chain(std::iter::once(&usize::MAX));
    let (mut observed, mut known) = (Vec::new(), None::<EndOfPackets>);
    for (&start, &end) in starts.zip(ends) {
        let [start, end] = [start, end].map(|place| place.min(frames.len()));
        let mut observer = Observer::new(limits);
        let mut push = |observer: &mut Observer, frames: &[NumberedPacket<'_>]| {
            observer
                .push_all_with_links(0, frames.iter().copied(), |_| None, &mut |one| observed.push(read_again(&one)));
        };
        push(&mut observer, &frames[..start]);
        observer.begin_stretch();
        push(&mut observer, &frames[start..end]);
        observer.end_stretch();
        push(&mut observer, &frames[end..]);
        let Ok(end) = observer.finish(|one| {
            observed.push(read_again(&one));
            Ok::<_, Infallible>(())
        });
        let end = EndOfPackets { midstream: Midstream::default(), ..end };
        match &mut known {
            Some(known) => known.merge(end),
            None => known = Some(end),
        }
    }
    judged(limits, observed.into_iter(), known.expect("there is a stretch"))
}

/// Checks that the findings of a listener are the same if a judge gets no others.
fn each_listener_alone(
    limits: Limits,
    observed: &[(Endpoint, ObservedHandshake)],
    end: &EndOfPackets,
    together: &Findings,
) {
    let servers: BTreeSet<Endpoint> = observed.iter().map(|&(server, _)| server).collect();
    for server in servers {
        let own = observed.iter().filter(|&&(other, _)| other == server).map(|(_, one)| one.clone());
        let alone = judged(limits, own, end.clone());
        let numbered = |(id, finding): (u64, &Finding)| Finding { id: HandshakeId(id), ..finding.clone() };
        let expected = together.handshakes.iter().filter(|finding| finding.server == server);
        let expected: Vec<Finding> = (0..).zip(expected).map(numbered).collect();
        let found: Vec<Finding> = (0..).zip(&alone.handshakes).map(numbered).collect();
        assert_eq!(found, expected, "{server:?} alone");
        if let Some(listener) = together.listeners.iter().find(|listener| listener.server == server) {
            assert_eq!(alone.listeners.first(), Some(listener), "{server:?} alone");
        }
    }
}

fn judged(limits: Limits, observed: impl Iterator<Item = ObservedHandshake>, end: EndOfPackets) -> Findings {
    let mut judge = Judge::new(limits, FindingParts::default());
    let mut handshakes: Vec<Finding> = Vec::new();
    for observed in observed {
        judge.push(observed, &mut |mut portion| handshakes.append(&mut portion));
    }
    let Ok(findings) = judge.finish_in_portions(end, |mut portion| {
        handshakes.append(&mut portion);
        Ok::<_, Infallible>(())
    });
    Findings { handshakes, ..findings }
}

fn read_again(observed: &Observed<'_>) -> ObservedHandshake {
    let mut written = Written::default();
    observed.write(&mut written).expect("everything can be written");
    let mut reader = Reader { written: &written.0, next: 0 };
    let read = ObservedHandshake::read(observed.opening(), &mut reader).expect("what was written can be read");
    assert_eq!(reader.next, written.0.len(), "all fields are read");
    read
}

/// Value of a field.
#[derive(Clone, Debug)]
enum Value {
    Number(u32),
    Random(u32),
    Difference(i32),
    Long(i64),
    Optional(Option<u32>),
    OptionalLong(Option<i64>),
    Flag(bool),
    Word(usize),
    Bytes(Vec<u8>),
    Mac([u8; 6]),
    List(usize),
}

/// The name of a field, if it is missing or has another type.
#[derive(Debug)]
struct Invalid(#[expect(dead_code, reason = "shown when a test fails")] &'static str);

/// Fields that were written, with their names.
#[derive(Default)]
struct Written(Vec<(&'static str, Value)>);

impl Written {
    fn add<T>(&mut self, field: &'static Field, value: Value, same: T) -> Result<T, Invalid> {
        self.0.push((field.name, value));
        Ok(same)
    }
}

impl Fields for Written {
    type Error = Invalid;

    const READS: bool = false;

    fn number(&mut self, field: &'static Field, value: u32) -> Result<u32, Invalid> {
        self.add(field, Value::Number(value), value)
    }

    fn random(&mut self, field: &'static Field, value: u32) -> Result<u32, Invalid> {
        self.add(field, Value::Random(value), value)
    }

    fn difference(&mut self, field: &'static Field, value: i32) -> Result<i32, Invalid> {
        self.add(field, Value::Difference(value), value)
    }

    fn long(&mut self, field: &'static Field, value: i64) -> Result<i64, Invalid> {
        self.add(field, Value::Long(value), value)
    }

    fn optional(&mut self, field: &'static Field, value: Option<u32>) -> Result<Option<u32>, Invalid> {
        self.add(field, Value::Optional(value), value)
    }

    fn optional_long(&mut self, field: &'static Field, value: Option<i64>) -> Result<Option<i64>, Invalid> {
        self.add(field, Value::OptionalLong(value), value)
    }

    fn flag(&mut self, field: &'static Field, value: bool) -> Result<bool, Invalid> {
        self.add(field, Value::Flag(value), value)
    }

    fn word(&mut self, field: &'static Field, value: usize, words: &'static [&'static str]) -> Result<usize, Invalid> {
        assert!(value < words.len(), "{field:?} has a word");
        self.add(field, Value::Word(value), value)
    }

    fn bytes(&mut self, field: &'static Field, value: &mut [u8], length: usize) -> Result<usize, Invalid> {
        self.add(field, Value::Bytes(value[..length].to_vec()), length)
    }

    fn mac(&mut self, field: &'static Field, value: [u8; 6]) -> Result<[u8; 6], Invalid> {
        self.add(field, Value::Mac(value), value)
    }

    fn list(&mut self, field: &'static Field, length: usize, most: usize) -> Result<usize, Invalid> {
        assert!(length <= most, "{field:?} is too long");
        self.add(field, Value::List(length), length)
    }

    fn invalid(&self, field: &'static Field) -> Invalid {
        Invalid(field.name)
    }
}

/// Reads fields that were written.
struct Reader<'a> {
    written: &'a [(&'static str, Value)],
    next: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self, field: &'static Field) -> &'a Value {
        let (name, value) = &self.written[self.next];
        assert_eq!(*name, field.name, "fields are read in the order in which they were written");
        self.next += 1;
        value
    }
}

/// Reads the next field with a value of this type.
macro_rules! next {
    ($reader:ident, $field:ident, $kind:ident) => {
        match $reader.next($field) {
            Value::$kind(value) => Ok(value.clone()),
            _ => Err(Invalid($field.name)),
        }
    };
}

impl Fields for Reader<'_> {
    type Error = Invalid;

    const READS: bool = true;

    fn number(&mut self, field: &'static Field, _: u32) -> Result<u32, Invalid> {
        next!(self, field, Number)
    }

    fn random(&mut self, field: &'static Field, _: u32) -> Result<u32, Invalid> {
        next!(self, field, Random)
    }

    fn difference(&mut self, field: &'static Field, _: i32) -> Result<i32, Invalid> {
        next!(self, field, Difference)
    }

    fn long(&mut self, field: &'static Field, _: i64) -> Result<i64, Invalid> {
        next!(self, field, Long)
    }

    fn optional(&mut self, field: &'static Field, _: Option<u32>) -> Result<Option<u32>, Invalid> {
        next!(self, field, Optional)
    }

    fn optional_long(&mut self, field: &'static Field, _: Option<i64>) -> Result<Option<i64>, Invalid> {
        next!(self, field, OptionalLong)
    }

    fn flag(&mut self, field: &'static Field, _: bool) -> Result<bool, Invalid> {
        next!(self, field, Flag)
    }

    fn word(&mut self, field: &'static Field, _: usize, _: &'static [&'static str]) -> Result<usize, Invalid> {
        next!(self, field, Word)
    }

    fn bytes(&mut self, field: &'static Field, value: &mut [u8], _: usize) -> Result<usize, Invalid> {
        let bytes = next!(self, field, Bytes)?;
        value[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    fn mac(&mut self, field: &'static Field, _: [u8; 6]) -> Result<[u8; 6], Invalid> {
        next!(self, field, Mac)
    }

    fn list(&mut self, field: &'static Field, _: usize, _: usize) -> Result<usize, Invalid> {
        next!(self, field, List)
    }

    fn invalid(&self, field: &'static Field) -> Invalid {
        Invalid(field.name)
    }
}
