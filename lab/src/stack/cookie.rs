//! How SYN cookies of several stacks encode options.

/// Returns the largest value that is not above `now` and whose bits under `mask` are `bits`.
#[must_use]
pub fn behind(now: u32, mask: u32, bits: u32) -> u32 {
    let value = now & !mask | bits;
    if value > now { value.wrapping_sub(mask + 1) } else { value }
}

/// Returns the index of the largest entry that is not above `mss`, and 0 when all are.
#[must_use]
pub fn table_index(table: &[u16], mss: u16) -> usize {
    table.iter().rposition(|&entry| entry <= mss).unwrap_or(0)
}
