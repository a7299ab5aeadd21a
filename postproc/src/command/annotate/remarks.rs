//! Comments on frames: the findings of a capture as text.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use syncookie_engine::{Evidence, Finding, Frame};

use crate::report::{check, strength, words};

/// Comments on frames, in a temporary file, because they can exceed the memory.
pub struct Remarks {
    texts: BufWriter<File>,
    /// Frame number, and offset and length of its comment in the file.
    index: Vec<(u32, u64, u32)>,
    written: u64,
    /// Number of frames of the output file that precede this capture.
    before: u32,
}

/// Comments, sorted by frame.
pub struct InOrder {
    texts: File,
    index: std::iter::Peekable<std::vec::IntoIter<(u32, u64, u32)>>,
}

impl Remarks {
    /// Creates an empty collection in a temporary file in `folder`. `before` frames of other
    /// captures precede this one.
    pub fn new(folder: &Path, before: u32) -> io::Result<Self> {
        Ok(Self { texts: BufWriter::new(tempfile::tempfile_in(folder)?), index: Vec::new(), written: 0, before })
    }

    fn add(&mut self, frame: Frame, text: &str) -> io::Result<()> {
        self.texts.write_all(text.as_bytes())?;
        self.index.push((frame.number, self.written, text.len() as u32));
        self.written += text.len() as u64;
        Ok(())
    }

    /// Adds the comments on a finding; none on an ordinary handshake that worked.
    pub fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        let verdict = finding.assessment.verdict;
        let frames = finding.frames;
        let is_reported = verdict.is_cookie_style()
            || !finding.causes.is_empty()
            || (!finding.assessment.missing.is_empty() && frames.syn_ack.is_some());
        let Some(place) = frames.syn_ack.or(frames.syn).or(frames.reset).filter(|_| is_reported) else { return Ok(()) };
        self.add(place, &self.verdict(finding))?;
        let there = place.number.saturating_add(self.before);
        if let Some(reset) = frames.reset.filter(|reset| *reset != place) {
            let text = format!("syncookie: this reset ended the handshake of frame {there}. {}", self.why(finding));
            self.add(reset, text.trim_end())?;
        }
        if let Some(settling) = settling(finding, place).filter(|frame| Some(*frame) != frames.reset) {
            let said = sentences(finding.assessment.evidence.iter().filter(|seen| seen.frames.contains(&settling)));
            self.add(
                settling,
                &format!("syncookie: this frame decided the verdict on frame {there}, {}: {said}", title(finding)),
            )?;
        }
        Ok(())
    }

    /// Returns the complete comment, for the frame that the verdict is about.
    fn verdict(&self, finding: &Finding) -> String {
        let stuck = if finding.got_stuck() { ", stuck" } else { "" };
        let mut lines = vec![format!("syncookie: {}; outcome: {}{stuck}", title(finding), finding.outcome)];
        for seen in strength::listed(&finding.assessment) {
            let frames: Vec<_> =
                seen.frames.iter().map(|frame| frame.number.saturating_add(self.before).to_string()).collect();
            let place = match &frames[..] {
                [] => String::new(),
                [frame] => format!(", frame {frame}"),
                several => format!(", frames {}", several.join(", ")),
            };
            lines.push(format!("- {} [{}{place}]", seen.detail, strength::evidence(seen)));
        }
        lines.extend(finding.assessment.missing.iter().map(|missing| format!("- undetermined because: {missing}")));
        let why = self.why(finding);
        lines.extend((!why.is_empty()).then_some(why));
        lines.join("\n")
    }

    /// Returns the first cause of a failure with its evidence and its check; empty if nothing
    /// failed.
    fn why(&self, finding: &Finding) -> String {
        let Some(cause) = finding.causes.first() else { return String::new() };
        // If all causes are ruled out, the first is not likely either.
        if cause.ruled_out {
            return format!("{}.", words::capitalised(words::NO_CAUSE));
        }
        let reasons: String = cause.supporting.iter().map(|reason| format!("- {reason}\n")).collect();
        let check = check::unwrapped("To confirm", &cause.check);
        format!("Most likely cause: {} ({})\n{reasons}{check}", cause.kind.clause(), cause.kind)
    }

    /// Sorts the comments by frame.
    pub fn in_order(self) -> io::Result<InOrder> {
        let mut index = self.index;
        index.sort_unstable();
        let texts = self.texts.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(InOrder { texts, index: index.into_iter().peekable() })
    }
}

/// Returns verdict, confidence and implementations.
fn title(finding: &Finding) -> String {
    let assessment = &finding.assessment;
    let sure = strength::confidence(assessment).map_or_else(String::new, |confidence| format!(", {confidence}"));
    let known: Vec<_> = assessment.implementations.iter().map(|known| known.as_str()).collect();
    let like = if known.is_empty() { String::new() } else { format!(", implementation: {}", known.join(" or ")) };
    format!("{}{sure}{like}", assessment.verdict)
}

fn sentences<'a>(evidence: impl Iterator<Item = &'a Evidence>) -> String {
    evidence.map(|seen| seen.detail.as_str()).collect::<Vec<_>>().join("; ")
}

/// Returns the last frame that supports a SYN cookie or proxy verdict, if it follows the frame of
/// the verdict.
fn settling(finding: &Finding, place: Frame) -> Option<Frame> {
    let verdict = finding.assessment.verdict;
    let speaks = finding.assessment.evidence.iter().filter(|seen| seen.favours == verdict && seen.nats > 0.0);
    let last = speaks.flat_map(|seen| seen.frames.iter().copied()).max();
    last.filter(|&frame| verdict.is_cookie_style() && frame > place)
}

impl InOrder {
    /// Returns the comments on a frame. Frames must be requested in order.
    pub fn on(&mut self, frame: u32) -> io::Result<Vec<Vec<u8>>> {
        let mut comments = Vec::new();
        while let Some((_, at, length)) = self.index.next_if(|&(number, ..)| number <= frame) {
            let mut text = vec![0; length as usize];
            self.texts.seek(SeekFrom::Start(at))?;
            self.texts.read_exact(&mut text)?;
            comments.push(text);
        }
        Ok(comments)
    }
}
