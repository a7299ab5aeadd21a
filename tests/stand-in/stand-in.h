/*
 * What the files of the stand-in share. Wireshark's own headers declare everything that the plugin
 * calls, so a definition here that disagrees with them does not compile.
 */
#ifndef STAND_IN_H
#define STAND_IN_H

/* Wireshark 3.4 hides proto_register_plugin() behind this macro. */
#define HAVE_PLUGINS 1

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>
#include <epan/packet.h>
#include <epan/expert.h>
#include <epan/prefs.h>
#include <epan/tap.h>
#include <epan/stats_tree.h>
#include <epan/epan_dissect.h>
#include <epan/conversation_filter.h>

/* Whether the headers are those of this release or a later one. */
#define SINCE(major, minor) (WIRESHARK_MAJOR * 100 + WIRESHARK_MINOR >= (major) * 100 + (minor))

/* A truth value, as this release declares it. */
typedef __typeof__(have_tap_listener(0)) truth;

/* A frame of a capture. */
struct frame {
    frame_data data;
    bool has_time;
    uint32_t link;
    uint32_t length;
    uint8_t *bytes;
};

struct capture {
    struct frame *frames;
    uint32_t count;
    /* The file, which has the bytes of the frames. */
    uint8_t *file;
};

/* What the command line asks for. */
struct options {
    /* Every how many calls one is left by longjmp(); 0 for none. */
    unsigned throw_every;
    /* Whether statistics are open. */
    bool statistics;
    /* The tree of a frame exists in the first pass, too. */
    bool tree_at_once;
    /* The only field that something refers to; NULL for all. */
    const char *field;
};
extern struct options options;

/* log.c */
void log_frame(unsigned number);
void log_line(const char *format, ...) G_GNUC_PRINTF(1, 2);
void fail(const char *format, ...) G_GNUC_PRINTF(1, 2) G_GNUC_NORETURN;
const char *quoted(const char *text);
void *allocate(size_t size);

/* throw.c */
extern jmp_buf thrown;
extern bool may_throw;
void maybe_throw(const char *function);

/* load.c */
void load_plugin(const char *path);

/* capture.c */
struct capture read_capture(const char *path);

/* decode.c */
void decode(const struct frame *frame, packet_info *info);

/* packet.c */
void register_plugins(void);
void open_file(void);
void close_file(void);
void dissect(struct frame *frame, unsigned pass);
void log_conversation(struct frame *frame);

/* proto.c */
struct protocols {
    int other, ip, ipv6, tcp, icmp, icmpv6;
};
extern struct protocols protocols;
void register_own_protocols(void);
int register_field(int parent, header_field_info *info);
const char *field_name(int id);
proto_tree *new_tree(void);
void finish_tree(bool is_complete);
int item_number(const proto_item *item);

/* prefs.c */
void set_preference(const char *assignment);

/* tap.c */
void register_own_taps(void);
void run_taps(packet_info *info);

/* stats_tree.c */
void start_statistics(void);
void count_record(packet_info *info, const void *record);
void log_statistics(void);

/* tvbuff.c */
tvbuff_t *new_tvbuff(const uint8_t *bytes, uint32_t length);

#endif
