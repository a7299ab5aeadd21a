/* Calls the plugin: when protocols are registered, when a file is opened, and for each frame. */
#include "stand-in.h"

struct dissector_handle {
    const char *name;
    dissector_t dissector;
    int protocol;
};

struct data_source {
    tvbuff_t *tvb;
};

static const proto_plugin *plugin;
static struct dissector_handle handle;
static bool is_postdissector;
static void (*init)(void), (*cleanup)(void);
static is_filter_valid_func is_filter_valid;
static build_filter_string_func build_filter;

void proto_register_plugin(const proto_plugin *registered) {
    log_line("proto_register_plugin()");
    plugin = registered;
}

void register_plugins(void) {
    if (!plugin) fail("the plugin does not register itself");
    plugin->register_protoinfo();
    plugin->register_handoff();
    if (!is_postdissector || !init || !cleanup || !build_filter) fail("the plugin does not register all callbacks");
}

dissector_handle_t register_dissector(const char *name, dissector_t dissector, const int protocol) {
    log_line("register_dissector(%s, %s)", quoted(name), field_name(protocol));
    handle = (struct dissector_handle){name, dissector, protocol};
    return &handle;
}

void register_postdissector(dissector_handle_t registered) {
    log_line("register_postdissector(%s)", registered->name);
    is_postdissector = true;
}

void register_init_routine(void (*function)(void)) {
    log_line("register_init_routine()");
    init = function;
}

void register_cleanup_routine(void (*function)(void)) {
    log_line("register_cleanup_routine()");
    cleanup = function;
}

void register_conversation_filter(const char *protocol, const char *name, is_filter_valid_func is_valid,
                                  build_filter_string_func build
#if SINCE(4, 2)
                                  , void *user_data
#endif
) {
#if SINCE(4, 2)
    if (user_data) fail("the stand-in passes no user data");
#endif
    log_line("register_conversation_filter(%s, %s)", quoted(protocol), quoted(name));
    is_filter_valid = is_valid;
    build_filter = build;
}

tvbuff_t *get_data_source_tvb(const struct data_source *source) { return source->tvb; }

void open_file(void) { init(); }

void close_file(void) { cleanup(); }

static void fill(packet_info *info, struct frame *frame) {
    static char columns;
    info->num = frame->data.num;
    info->fd = &frame->data;
    info->abs_ts = frame->data.abs_ts;
    info->presence_flags = frame->has_time ? PINFO_HAS_TS : 0;
    /* Only Wireshark's own functions look into it. */
    info->cinfo = (column_info *)&columns;
    info->pool = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);
    info->layers = wmem_list_new(info->pool);
    wmem_list_append(info->layers, (void *)(intptr_t)protocols.other);
}

/* Calls the dissector of the plugin. Returns false if longjmp() left it. */
static bool call_dissector_of_plugin(tvbuff_t *tvb, packet_info *info, proto_tree *tree) {
    if (setjmp(thrown)) return false;
    int length = handle.dissector(tvb, info, tree, NULL);
    if (length != (int)tvb_captured_length(tvb)) fail("the dissector returned %d", length);
    return true;
}

void dissect(struct frame *frame, unsigned pass) {
    packet_info info = {0};
    tvbuff_t *tvb = new_tvbuff(frame->bytes, frame->length);
    struct data_source source = {tvb};
    GSList sources = {&source, NULL};
    proto_tree *tree = pass > 1 || options.tree_at_once ? new_tree() : NULL;
    fill(&info, frame);
    info.data_src = &sources;
    decode(frame, &info);
    frame->data.visited = pass > 1;
    bool is_complete = call_dissector_of_plugin(tvb, &info, tree);
    run_taps(&info);
    finish_tree(is_complete);
    wmem_destroy_allocator(info.pool);
    free(tvb);
}

/* Asks for the display filter of the connection, as the menu Conversation Filter does. */
void log_conversation(struct frame *frame) {
    packet_info info = {0};
    char *filter = NULL;
    fill(&info, frame);
#if SINCE(4, 2)
    if (is_filter_valid(&info, NULL)) filter = build_filter(&info, NULL);
#else
    if (is_filter_valid(&info)) filter = build_filter(&info);
#endif
    if (filter) log_line("conversation filter of frame %u: %s", (unsigned)info.num, filter);
    wmem_free(NULL, filter);
    wmem_destroy_allocator(info.pool);
}
