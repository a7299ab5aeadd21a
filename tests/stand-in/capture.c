/* Reads pcap and pcapng. */
#include "stand-in.h"

#define MAX_INTERFACES 16

/* What is left of a file or of a block. */
struct reader {
    uint8_t *next, *end;
    bool swapped;
};

struct interface {
    uint32_t link;
    uint64_t ticks_per_second;
    int64_t offset;
};

static size_t left(const struct reader *in) { return (size_t)(in->end - in->next); }

static uint8_t *take(struct reader *in, size_t size) {
    uint8_t *taken = in->next;
    if (size > left(in)) return NULL;
    in->next += size;
    return taken;
}

static uint32_t take_u32(struct reader *in) {
    uint32_t value;
    uint8_t *bytes = take(in, 4);
    if (!bytes) return 0;
    memcpy(&value, bytes, 4);
    return in->swapped ? __builtin_bswap32(value) : value;
}

static uint16_t take_u16(struct reader *in) {
    uint16_t value;
    uint8_t *bytes = take(in, 2);
    if (!bytes) return 0;
    memcpy(&value, bytes, 2);
    return in->swapped ? __builtin_bswap16(value) : value;
}

static uint64_t take_ticks(struct reader *in) {
    uint64_t high = take_u32(in);
    return high << 32 | take_u32(in);
}

static struct frame *add_frame(struct capture *capture) {
    capture->frames = realloc(capture->frames, (capture->count + 1) * sizeof *capture->frames);
    if (!capture->frames) fail("no memory");
    struct frame *frame = &capture->frames[capture->count++];
    memset(frame, 0, sizeof *frame);
    frame->data.num = capture->count;
    return frame;
}

/* Takes the bytes of a frame. Returns NULL if the file ends before they do. */
static struct frame *take_frame(struct capture *capture, struct reader *in, uint32_t length, uint32_t original) {
    uint8_t *bytes = take(in, length);
    if (!bytes) return NULL;
    struct frame *frame = add_frame(capture);
    frame->bytes = bytes;
    frame->length = frame->data.cap_len = length;
    frame->data.pkt_len = original;
    return frame;
}

static void set_time(struct frame *frame, const struct interface *interface, uint64_t ticks) {
    uint64_t fraction = ticks % interface->ticks_per_second;
    frame->has_time = true;
    frame->data.has_ts = 1;
    frame->data.abs_ts.secs = (time_t)(interface->offset + (int64_t)(ticks / interface->ticks_per_second));
    frame->data.abs_ts.nsecs = (int)((unsigned __int128)fraction * 1000000000 / interface->ticks_per_second);
}

static void read_pcap(struct capture *capture, struct reader *in, uint64_t ticks_per_second) {
    struct interface interface = {.ticks_per_second = ticks_per_second};
    take(in, 16);
    interface.link = take_u32(in) & 0x0fffffff;
    while (left(in) >= 16) {
        uint64_t seconds = take_u32(in), fraction = take_u32(in);
        uint32_t length = take_u32(in), original = take_u32(in);
        struct frame *frame = take_frame(capture, in, length, original);
        if (!frame) return;
        frame->link = interface.link;
        set_time(frame, &interface, seconds * ticks_per_second + fraction);
    }
}

static struct interface read_interface(struct reader *in) {
    struct interface interface = {.ticks_per_second = 1000000};
    interface.link = take_u16(in);
    take(in, 6);
    while (left(in) >= 4) {
        uint16_t code = take_u16(in), length = take_u16(in);
        struct reader value = {in->next, in->next + length, in->swapped};
        if (!code || !take(in, (length + 3u) & ~3u)) break;
        if (code == 9) {
            uint8_t resolution = *value.next;
            uint64_t base = resolution & 0x80 ? 2 : 10;
            interface.ticks_per_second = 1;
            for (int i = resolution & 0x7f; i; i--) interface.ticks_per_second *= base;
        }
        if (code == 14) memcpy(&interface.offset, value.next, 8);
        if (code == 14 && value.swapped) interface.offset = (int64_t)__builtin_bswap64((uint64_t)interface.offset);
    }
    return interface;
}

/* Reads a block with a packet: enhanced, obsolete or simple. */
static void read_packet(struct capture *capture, struct reader *in, uint32_t type, const struct interface *interfaces) {
    uint32_t number = type == 6 ? take_u32(in) : type == 2 ? take_u16(in) : 0;
    if (type == 2) take_u16(in);
    uint64_t ticks = type == 3 ? 0 : take_ticks(in);
    uint32_t length = type == 3 ? (uint32_t)left(in) - 4 : take_u32(in), original = take_u32(in);
    if (type == 3 && original < length) length = original;
    struct frame *frame = take_frame(capture, in, length, original);
    if (!frame || number >= MAX_INTERFACES) return;
    frame->link = interfaces[number].link;
    if (type != 3) set_time(frame, &interfaces[number], ticks);
}

static void read_pcapng(struct capture *capture, struct reader *in) {
    struct interface interfaces[MAX_INTERFACES];
    unsigned count = 0;
    while (left(in) >= 12) {
        uint8_t *start = in->next;
        uint32_t type = take_u32(in);
        if (type == 0x0a0d0d0a) {
            in->swapped = false;
            struct reader magic = {in->next + 4, in->end, false};
            in->swapped = take_u32(&magic) != 0x1a2b3c4d;
            count = 0;
        }
        uint32_t total = take_u32(in);
        if (total < 12 || total > (size_t)(in->end - start)) return;
        struct reader body = {in->next, start + total - 4, in->swapped};
        if (type == 1 && count < MAX_INTERFACES) interfaces[count++] = read_interface(&body);
        if (type == 2 || type == 3 || type == 6) read_packet(capture, &body, type, interfaces);
        in->next = start + total;
    }
}

static struct reader read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) fail("cannot read %s", path);
    size_t size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = allocate(size);
    if (fread(bytes, 1, size, file) != size) fail("cannot read %s", path);
    fclose(file);
    return (struct reader){bytes, bytes + size, false};
}

struct capture read_capture(const char *path) {
    struct capture capture = {0};
    struct reader in = read_file(path);
    capture.file = in.next;
    uint32_t magic = take_u32(&in), reversed = __builtin_bswap32(magic);
    if (magic == 0x0a0d0d0a) {
        in.next -= 4;
        read_pcapng(&capture, &in);
    } else if (magic == 0xa1b2c3d4 || reversed == 0xa1b2c3d4 || magic == 0xa1b23c4d || reversed == 0xa1b23c4d) {
        in.swapped = reversed == 0xa1b2c3d4 || reversed == 0xa1b23c4d;
        read_pcap(&capture, &in, magic == 0xa1b2c3d4 || reversed == 0xa1b2c3d4 ? 1000000 : 1000000000);
    } else {
        fail("%s is neither pcap nor pcapng", path);
    }
    return capture;
}
