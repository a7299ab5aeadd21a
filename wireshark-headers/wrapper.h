/*
 * The only list of what the plugin uses of Wireshark's C interface.
 *
 * build.rs reads the lines that begin with "// function", "// type" or "// constant". The generated
 * bindings contain the names on them and whatever their declarations need, and nothing else. A name
 * that a release lacks stops the build, except on lines that begin with "// optional": by those
 * names build.rs distinguishes releases.
 */

/* 3.4 hides proto_register_plugin() behind a macro of Wireshark's private config.h. */
#ifndef HAVE_PLUGINS
#define HAVE_PLUGINS 1
#endif

#include <stdbool.h>

#include <glib.h>
// type gboolean

#include <epan/packet.h>
// function proto_register_plugin register_dissector register_init_routine register_cleanup_routine
// function register_postdissector get_data_source_tvb
// type address_type frame_data packet_info
// constant PINFO_HAS_TS
/* Included by packet.h: the columns of the packet list. */
// function col_prepend_fstr col_get_text
// constant COL_EXPERT COL_INFO

#include <epan/proto.h>
// function proto_register_protocol proto_register_field_array proto_register_subtree_array
// function proto_get_id_by_filter_name proto_field_is_referenced
// function proto_tree_add_item proto_tree_add_string proto_tree_add_double proto_tree_add_uint
// function proto_tree_add_ipv4 proto_tree_add_ipv6 proto_tree_add_time
// function proto_item_add_subtree proto_item_set_text
// type field_display_e proto_node ft_framenum_type
// constant FI_GENERATED FI_HIDDEN ENC_NA

#include <epan/tvbuff.h>
// function tvb_captured_length tvb_get_ptr

#include <epan/expert.h>
// function expert_register_protocol expert_register_field_array expert_add_info_format
// constant PI_ASSUMPTION PI_SECURITY PI_SEQUENCE PI_CHAT PI_NOTE PI_WARN

#include <epan/prefs.h>
// function prefs_register_protocol prefs_register_bool_preference prefs_register_uint_preference
// function prefs_register_enum_preference

#include <epan/tap.h>
// function register_tap tap_queue_packet have_tap_listener find_tap_id
// constant TAP_PACKET_REDRAW TAP_PACKET_DONT_REDRAW

#include <epan/stats_tree.h>
// function stats_tree_register_plugin stats_tree_manip_node_int
// type stat_tree_packet_cb _stat_node_datatype _manip_node_mode
// optional STATS_TREE_MENU_SEPARATOR

#include <epan/epan_dissect.h>

#include <epan/conversation_filter.h>
// function register_conversation_filter

/* Their headers move between releases; packet.h includes them. */
// function wmem_alloc wmem_strndup wmem_list_head wmem_list_frame_next wmem_list_frame_data
