/* Protocols, fields, and the tree of a frame. */
#include "stand-in.h"

#define MAX_FIELDS 512

struct protocols protocols;

static header_field_info *fields[MAX_FIELDS];
static int field_count;
static int subtree_kinds;

/* A line of the packet details. The node is what the plugin sees. */
struct item {
    proto_node node;
    field_info info;
    int number;
    struct item *next;
};

static struct item *items, **last_item = &items;
static int item_count;

static header_field_info *field(int id) {
    if (id < 0 || id >= field_count) fail("there is no field with the id %d", id);
    return fields[id];
}

const char *field_name(int id) { return field(id)->abbrev; }

int register_field(int parent, header_field_info *info) {
    for (int i = 0; i < field_count; i++)
        if (!strcmp(fields[i]->abbrev, info->abbrev) && fields[i]->type != info->type)
            fail("the field %s has two types", info->abbrev);
    if (field_count == MAX_FIELDS) fail("too many fields");
    info->parent = parent;
    info->id = field_count;
    fields[field_count] = info;
    return field_count++;
}

static int add_protocol(const char *name, const char *filter) {
    header_field_info *info = allocate(sizeof *info);
    info->name = name;
    info->abbrev = filter;
    info->type = FT_PROTOCOL;
    return register_field(-1, info);
}

/* Wireshark's own protocols. The first one has the id 0, which no protocol of interest has. */
void register_own_protocols(void) {
    protocols.other = add_protocol("Frame", "frame");
    protocols.ip = add_protocol("Internet Protocol Version 4", "ip");
    protocols.ipv6 = add_protocol("Internet Protocol Version 6", "ipv6");
    protocols.tcp = add_protocol("Transmission Control Protocol", "tcp");
    protocols.icmp = add_protocol("Internet Control Message Protocol", "icmp");
    protocols.icmpv6 = add_protocol("Internet Control Message Protocol v6", "icmpv6");
    add_protocol("Expert Info", "_ws.expert");
}

int proto_register_protocol(const char *name, const char *short_name, const char *filter) {
    log_line("proto_register_protocol(%s, %s, %s)", quoted(name), quoted(short_name), filter);
    return add_protocol(name, filter);
}

int proto_get_id_by_filter_name(const char *filter) {
    for (int i = 0; i < field_count; i++)
        if (fields[i]->type == FT_PROTOCOL && !strcmp(fields[i]->abbrev, filter)) return i;
    return -1;
}

static const char *type_name(const header_field_info *info) {
    switch (info->type) {
    case FT_NONE: return "FT_NONE";
    case FT_STRING: return "FT_STRING";
    case FT_DOUBLE: return "FT_DOUBLE";
    case FT_UINT8: return "FT_UINT8";
    case FT_UINT16: return "FT_UINT16";
    case FT_IPv4: return "FT_IPv4";
    case FT_IPv6: return "FT_IPv6";
    case FT_RELATIVE_TIME: return "FT_RELATIVE_TIME";
    case FT_FRAMENUM: return "FT_FRAMENUM";
    default: fail("the field %s has a type that the stand-in does not know", info->abbrev);
    }
}

void proto_register_field_array(const int parent, hf_register_info *array, const int count) {
    log_line("proto_register_field_array(%s, %d)", field_name(parent), count);
    for (int i = 0; i < count; i++) {
        header_field_info *info = &array[i].hfinfo;
        if (*array[i].p_id != -1) fail("the id of %s is %d, not -1", info->abbrev, *array[i].p_id);
        log_line("  %s %s %s, display %d, kind %d, %s", info->abbrev, type_name(info), quoted(info->name), info->display,
                 (int)(intptr_t)info->strings, quoted(info->blurb));
        *array[i].p_id = register_field(parent, info);
    }
}

void proto_register_subtree_array(int *const *ids, const int count) {
    log_line("proto_register_subtree_array(%d)", count);
    for (int i = 0; i < count; i++) *ids[i] = subtree_kinds++;
}

/* Without options.field, everything is shown, as in the packet details. */
truth proto_field_is_referenced(proto_tree *tree, int id) {
    const char *name = field_name(id);
    if (!tree) return false;
    if (!options.field || !strcmp(options.field, name)) return true;
    size_t length = strlen(name);
    return field(id)->type == FT_PROTOCOL && !strncmp(options.field, name, length) && options.field[length] == '.';
}

static struct item *new_item(int id) {
    struct item *item = allocate(sizeof *item);
    item->node.finfo = &item->info;
    item->info.hfinfo = field(id);
    item->number = item_count++;
    *last_item = item;
    last_item = &item->next;
    return item;
}

proto_tree *new_tree(void) {
    item_count = 0;
    return &new_item(protocols.other)->node;
}

int item_number(const proto_item *item) { return item ? ((const struct item *)item)->number : -1; }

/* Adds an item. For a field that nothing refers to there is none, but its parent. */
static proto_item *add(const char *function, proto_tree *tree, int id, const char *value) {
    int parent = item_number(tree);
    if (!tree) return NULL;
    log_line("  %s(item %d, %s, %s)", function, parent, field_name(id), value);
    maybe_throw(function);
    if (!proto_field_is_referenced(tree, id)) return tree;
    return &new_item(id)->node;
}

/* What all functions that add an item check. */
static void check(tvbuff_t *tvb, int start, int length, int id, bool has_type) {
    if (!tvb || start || length) fail("the item of %s is not for the frame as a whole", field_name(id));
    if (!has_type) fail("the value of %s has another type than the field", field_name(id));
}

proto_item *proto_tree_add_item(proto_tree *tree, int id, tvbuff_t *tvb, const int start, int length,
                                const unsigned encoding) {
    check(tvb, start, length, id, field(id)->type == FT_NONE || field(id)->type == FT_PROTOCOL);
    if (encoding != ENC_NA) fail("the encoding of %s is %u", field_name(id), encoding);
    return add("proto_tree_add_item", tree, id, "ENC_NA");
}

proto_item *proto_tree_add_string(proto_tree *tree, int id, tvbuff_t *tvb, int start, int length, const char *value) {
    check(tvb, start, length, id, field(id)->type == FT_STRING);
    return add("proto_tree_add_string", tree, id, quoted(value));
}

proto_item *proto_tree_add_double(proto_tree *tree, int id, tvbuff_t *tvb, int start, int length, double value) {
    char text[40];
    check(tvb, start, length, id, field(id)->type == FT_DOUBLE);
    snprintf(text, sizeof text, "%.17g", value);
    return add("proto_tree_add_double", tree, id, text);
}

proto_item *proto_tree_add_uint(proto_tree *tree, int id, tvbuff_t *tvb, int start, int length, uint32_t value) {
    char text[16];
    enum ftenum type = field(id)->type;
    check(tvb, start, length, id, type == FT_UINT8 || type == FT_UINT16 || type == FT_FRAMENUM);
    snprintf(text, sizeof text, "%u", (unsigned)value);
    return add("proto_tree_add_uint", tree, id, text);
}

/* Writes an address in hexadecimal. */
static const char *address_text(const void *bytes, unsigned length) {
    static char text[40];
    for (unsigned i = 0; i < length; i++) snprintf(text + 2 * i, 3, "%02x", ((const uint8_t *)bytes)[i]);
    return text;
}

proto_item *proto_tree_add_ipv4(proto_tree *tree, int id, tvbuff_t *tvb, int start, int length, ws_in4_addr value) {
    check(tvb, start, length, id, field(id)->type == FT_IPv4);
    return add("proto_tree_add_ipv4", tree, id, address_text(&value, sizeof value));
}

proto_item *proto_tree_add_ipv6(proto_tree *tree, int id, tvbuff_t *tvb, int start, int length,
                                const ws_in6_addr *value) {
    check(tvb, start, length, id, field(id)->type == FT_IPv6);
    return add("proto_tree_add_ipv6", tree, id, address_text(value, sizeof *value));
}

proto_item *proto_tree_add_time(proto_tree *tree, int id, tvbuff_t *tvb, int start, int length, const nstime_t *value) {
    char text[40];
    check(tvb, start, length, id, field(id)->type == FT_RELATIVE_TIME);
    snprintf(text, sizeof text, "%lld.%09d", (long long)value->secs, value->nsecs);
    return add("proto_tree_add_time", tree, id, text);
}

proto_tree *proto_item_add_subtree(proto_item *item, const int kind) {
    if (!item) return NULL;
    if (kind < 0 || kind >= subtree_kinds) fail("there is no subtree of the kind %d", kind);
    log_line("  proto_item_add_subtree(item %d, %d)", item_number(item), kind);
    maybe_throw("proto_item_add_subtree");
    return item;
}

void proto_item_set_text(proto_item *item, const char *format, ...) {
    char text[4096];
    va_list arguments;
    if (!item) return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    log_line("  proto_item_set_text(item %d, %s)", item_number(item), quoted(text));
    maybe_throw("proto_item_set_text");
}

/* Checks the flags that the plugin has set, unless it could not finish, and frees the tree. */
void finish_tree(bool is_complete) {
    while (items) {
        struct item *item = items;
        bool is_generated = item->info.flags & FI_GENERATED;
        if (item->number && !is_generated && is_complete) fail("item %d is not marked as generated", item->number);
        if (!item->number && item->info.flags) fail("the plugin changed an item that is not its own");
        if (item->info.flags & FI_HIDDEN) log_line("  item %d is hidden", item->number);
        items = item->next;
        free(item);
    }
    last_item = &items;
}
