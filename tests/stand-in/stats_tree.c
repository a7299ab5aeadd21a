/* Statistics: a tree of counts, as "tshark -z syncookie,tree" shows it. */
#include "stand-in.h"

#define MAX_NODES 4096

struct _stats_tree {
    struct {
        char *name;
        int parent, count;
    } nodes[MAX_NODES];
    int count;
};

static stats_tree tree;
static stat_tree_packet_cb packet;
static stat_tree_init_cb init;

#if SINCE(4, 4)
stats_tree_cfg *
#else
void
#endif
stats_tree_register_plugin(const char *tap, const char *abbreviation, const char *name, unsigned flags,
                           stat_tree_packet_cb packet_callback, stat_tree_init_cb init_callback,
                           stat_tree_cleanup_cb cleanup_callback) {
    log_line("stats_tree_register_plugin(%s, %s, %s, %u)", quoted(tap), quoted(abbreviation), quoted(name), flags);
    if (cleanup_callback) fail("the stand-in calls no cleanup callback");
    packet = packet_callback;
    init = init_callback;
#if SINCE(4, 4)
    return NULL;
#endif
}

void start_statistics(void) {
    while (tree.count > 1) free(tree.nodes[--tree.count].name);
    tree.count = 1;
    init(&tree);
}

void count_record(packet_info *info, const void *record) {
#if SINCE(4, 0)
    packet(&tree, info, NULL, record, 0);
#else
    packet(&tree, info, NULL, record);
#endif
}

static int node_of(const char *name, int parent) {
    for (int i = 1; i < tree.count; i++)
        if (tree.nodes[i].parent == parent && !strcmp(tree.nodes[i].name, name)) return i;
    if (tree.count == MAX_NODES) fail("too many nodes");
    size_t size = strlen(name) + 1;
    tree.nodes[tree.count].name = memcpy(allocate(size), name, size);
    tree.nodes[tree.count].parent = parent;
    tree.nodes[tree.count].count = 0;
    return tree.count++;
}

int stats_tree_manip_node_int(manip_node_mode mode, stats_tree *st, const char *name, int parent, truth with_children,
                              int value) {
    if (st != &tree || mode != MN_INCREASE || !with_children || parent < 0 || parent >= tree.count)
        fail("stats_tree_manip_node_int(%d, %p, %s, %d): not what the stand-in expects", (int)mode, (void *)st,
             quoted(name), parent);
    int node = node_of(name, parent);
    tree.nodes[node].count += value;
    return node;
}

static void log_nodes(int parent, int depth) {
    for (int i = 1; i < tree.count; i++) {
        if (tree.nodes[i].parent != parent) continue;
        if (tree.nodes[i].count) log_line("%*s%s: %d", 2 * depth, "", tree.nodes[i].name, tree.nodes[i].count);
        log_nodes(i, depth + 1);
    }
}

void log_statistics(void) {
    log_line("statistics");
    log_nodes(0, 1);
}
