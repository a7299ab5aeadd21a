/* Expert items. */
#include "stand-in.h"

#define MAX_EXPERTS 32

struct expert_module {
    int protocol;
};

static struct {
    const expert_field *ids;
    const char *name;
} experts[MAX_EXPERTS];
static int expert_count;

expert_module_t *expert_register_protocol(int protocol) {
    static expert_module_t module;
    log_line("expert_register_protocol(%s)", field_name(protocol));
    module.protocol = protocol;
    return &module;
}

void expert_register_field_array(expert_module_t *module, ei_register_info *array, const int count) {
    log_line("expert_register_field_array(%s, %d)", field_name(module->protocol), count);
    for (int i = 0; i < count; i++) {
        expert_field_info *info = &array[i].eiinfo;
        if (expert_count == MAX_EXPERTS) fail("too many expert items");
        if (array[i].ids->ei != -1 || array[i].ids->hf != -1) fail("the ids of %s are not -1", info->name);
        log_line("  %s, group %#x, severity %#x, %s", info->name, (unsigned)info->group, (unsigned)info->severity,
                 quoted(info->summary));
        info->hf_info.hfinfo.abbrev = info->name;
        array[i].ids->ei = expert_count;
        array[i].ids->hf = register_field(module->protocol, &info->hf_info.hfinfo);
        experts[expert_count].ids = array[i].ids;
        experts[expert_count++].name = info->name;
    }
}

#if SINCE(4, 2)
proto_item *
#else
void
#endif
expert_add_info_format(packet_info *info, proto_item *item, expert_field *ids, const char *format, ...) {
    char text[4096];
    va_list arguments;
    if (!info || ids->ei < 0 || ids->ei >= expert_count || experts[ids->ei].ids != ids)
        fail("expert_add_info_format: there is no such expert item");
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    log_line("  expert_add_info_format(item %d, %s, %s)", item_number(item), experts[ids->ei].name, quoted(text));
    maybe_throw("expert_add_info_format");
#if SINCE(4, 2)
    return NULL;
#endif
}
