/*
 * Decodes a frame as far as the plugin looks at the result: the list of protocols, and the addresses
 * and ports that were decoded last.
 */
#include "stand-in.h"

#define MAX_LAYERS 20

/* Bytes that are left to decode. */
struct bytes {
    const uint8_t *next;
    size_t left;
};

static bool skip(struct bytes *in, size_t size) {
    if (size > in->left) return false;
    in->next += size;
    in->left -= size;
    return true;
}

static unsigned u16(const uint8_t *bytes) { return (unsigned)bytes[0] << 8 | bytes[1]; }

static void add_layer(packet_info *info, int protocol) {
    info->curr_layer_num++;
    wmem_list_append(info->layers, (void *)(intptr_t)protocol);
}

static void set_net(address *address, int type, int length, const uint8_t *bytes) {
    address->type = type;
    address->len = length;
    address->data = bytes;
}

static void decode_ip(struct bytes in, packet_info *info);

static void decode_transport(unsigned protocol, struct bytes in, packet_info *info) {
    switch (protocol) {
    case 4:
    case 41:
        decode_ip(in, info);
        return;
    case 6:
        add_layer(info, protocols.tcp);
        if (in.left < 4) return;
        info->srcport = u16(in.next);
        info->destport = u16(in.next + 2);
        return;
    case 1:
        add_layer(info, protocols.icmp);
        if (in.left && strchr("\x03\x04\x05\x0b\x0c", in.next[0]) && in.next[0] && skip(&in, 8)) decode_ip(in, info);
        return;
    case 58:
        add_layer(info, protocols.icmpv6);
        if (in.left && in.next[0] >= 1 && in.next[0] <= 4 && skip(&in, 8)) decode_ip(in, info);
        return;
    default:
        add_layer(info, protocols.other);
    }
}

static void decode_ipv4(struct bytes in, packet_info *info) {
    const uint8_t *header = in.next;
    size_t header_length = 4u * (header[0] & 15), total = u16(header + 2);
    add_layer(info, protocols.ip);
    set_net(&info->net_src, AT_IPv4, 4, header + 12);
    set_net(&info->net_dst, AT_IPv4, 4, header + 16);
    if (total >= header_length && total < in.left) in.left = total;
    /* Fragments are not reassembled here. */
    if (header_length < 20 || u16(header + 6) & 0x3fff || !skip(&in, header_length)) return;
    decode_transport(header[9], in, info);
}

static void decode_ipv6(struct bytes in, packet_info *info) {
    const uint8_t *header = in.next;
    unsigned protocol = header[6];
    size_t length = u16(header + 4);
    add_layer(info, protocols.ipv6);
    set_net(&info->net_src, AT_IPv6, 16, header + 8);
    set_net(&info->net_dst, AT_IPv6, 16, header + 24);
    skip(&in, 40);
    if (length && length < in.left) in.left = length;
    for (;;) {
        bool is_fragment = protocol == 44;
        if (protocol != 0 && protocol != 43 && protocol != 60 && !is_fragment) break;
        if (in.left < 8 || (is_fragment && u16(in.next + 2) & 0xfff9)) return;
        protocol = in.next[0];
        if (!skip(&in, is_fragment ? 8 : 8u * (in.next[1] + 1u))) return;
    }
    decode_transport(protocol, in, info);
}

static void decode_ip(struct bytes in, packet_info *info) {
    if (info->curr_layer_num > MAX_LAYERS || !in.left) return;
    if (in.next[0] >> 4 == 4 && in.left >= 20) decode_ipv4(in, info);
    if (in.next[0] >> 4 == 6 && in.left >= 40) decode_ipv6(in, info);
}

/* Decodes what follows an EtherType, whose two bytes come first. */
static void decode_ether_type(struct bytes in, packet_info *info) {
    while (in.left >= 2) {
        unsigned type = u16(in.next);
        skip(&in, 2);
        if (type == 0x0800 || type == 0x86dd) decode_ip(in, info);
        if (type != 0x8100 && type != 0x88a8) return;
        add_layer(info, protocols.other);
        if (!skip(&in, 2)) return;
    }
}

void decode(const struct frame *frame, packet_info *info) {
    struct bytes in = {frame->bytes, frame->length};
    add_layer(info, protocols.other);
    switch (frame->link) {
    case 0:   /* BSD loopback */
    case 108: /* OpenBSD loopback */
        if (skip(&in, 4)) decode_ip(in, info);
        return;
    case 1: /* Ethernet */
        if (skip(&in, 12)) decode_ether_type(in, info);
        return;
    case 101: /* raw IP */
        decode_ip(in, info);
        return;
    case 113: /* Linux cooked */
        if (skip(&in, 14)) decode_ether_type(in, info);
        return;
    case 276: /* Linux cooked, version 2 */
        if (in.left < 20) return;
        if (u16(in.next) == 0x0800 || u16(in.next) == 0x86dd) {
            skip(&in, 20);
            decode_ip(in, info);
        }
        return;
    default:
        return;
    }
}
