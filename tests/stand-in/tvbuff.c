/* The bytes of a frame. */
#include "stand-in.h"

struct tvbuff {
    const uint8_t *bytes;
    uint32_t length;
};

tvbuff_t *new_tvbuff(const uint8_t *bytes, uint32_t length) {
    tvbuff_t *tvb = allocate(sizeof *tvb);
    tvb->bytes = bytes;
    tvb->length = length;
    return tvb;
}

unsigned tvb_captured_length(const tvbuff_t *tvb) { return tvb->length; }

const uint8_t *tvb_get_ptr(tvbuff_t *tvb, const int offset, const int length) {
    if (offset < 0 || length < 0 || (uint32_t)offset + (uint32_t)length > tvb->length)
        fail("tvb_get_ptr(%d, %d) is outside the %u bytes of the frame", offset, length, (unsigned)tvb->length);
    return tvb->bytes + offset;
}
