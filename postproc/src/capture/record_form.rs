//! Record headers of pcap files: the usual one, and those of old and of patched programs.

use crate::format::Order;

/// Layout of the record headers of a file. All begin with second, fraction and two lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordForm {
    /// Header of libpcap since version 2.4 of the format.
    Usual,
    /// Header of libpcap before version 2.4. The order of the two lengths is not known: before
    /// version 2.3, the length on the wire came first, and some programs wrote the old order with
    /// that version.
    Old,
    /// Header of the patch that Red Hat 6.1 shipped: interface, protocol, packet type and padding
    /// follow.
    Patched,
    /// Header of the patch that SuSE 6.3 shipped: four more bytes.
    PatchedLong,
}

/// Largest interface number in a patched header; what is larger is something else.
const MOST_INTERFACES: u32 = 10_000;
/// Largest packet type in a patched header (`PACKET_OUTGOING` of Linux).
const LAST_PACKET_TYPE: u8 = 4;

impl RecordForm {
    /// Forms of files with the usual magic number, the most frequent first.
    pub(super) const WITH_USUAL_MAGIC: &'static [Self] = &[Self::Usual, Self::Patched];
    /// Forms of files with the magic number of the patches.
    pub(super) const WITH_PATCHED_MAGIC: &'static [Self] = &[Self::Patched, Self::PatchedLong];

    /// Returns the length of a header in bytes.
    #[inline]
    pub(super) const fn header(self) -> usize {
        match self {
            Self::Usual | Self::Old => 16,
            Self::Patched => 24,
            Self::PatchedLong => 28,
        }
    }

    /// Returns the captured length and the length on the wire, in bytes, of the record that begins
    /// here.
    #[inline]
    pub(super) fn lengths(self, order: Order, bytes: &[u8]) -> Option<(u32, u32)> {
        let (first, second) = (order.u32(bytes, 8)?, order.u32(bytes, 12)?);
        Some(if self == Self::Old { (first.min(second), first.max(second)) } else { (first, second) })
    }

    /// Returns whether the record that begins here is followed by another one, or by the end of the
    /// file.
    fn fits(self, order: Order, limit: u32, bytes: &[u8], is_end: bool) -> bool {
        let Some(captured) = self.plausible(order, limit, bytes) else { return false };
        match bytes.get(self.header() + captured as usize..) {
            Some([]) => is_end,
            Some(next) => self.plausible(order, limit, next).is_some(),
            None => false,
        }
    }

    /// Returns the captured length of the record that begins here, if its header is plausible.
    fn plausible(self, order: Order, limit: u32, bytes: &[u8]) -> Option<u32> {
        const MICROSECONDS: u32 = 1_000_000;
        let (captured, original) = self.lengths(order, bytes)?;
        let is_patch_plausible = matches!(self, Self::Usual | Self::Old)
            || order.u32(bytes, 16)? <= MOST_INTERFACES && *bytes.get(22)? <= LAST_PACKET_TYPE;
        let is_plausible = captured <= limit.min(original) && order.u32(bytes, 4)? < MICROSECONDS;
        (is_plausible && is_patch_plausible).then_some(captured)
    }
}

/// Number of bytes after the first packet that decide between forms.
pub(super) const NEXT_HEADERS: usize = 2 * RecordForm::PatchedLong.header();

/// Returns the first of `forms` that the first two records fit, else the first of all.
pub(super) fn choose(forms: &[RecordForm], order: Order, limit: u32, bytes: &[u8], is_end: bool) -> Option<RecordForm> {
    forms.iter().find(|form| form.fits(order, limit, bytes, is_end)).or(forms.first()).copied()
}
