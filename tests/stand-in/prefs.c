/* Preferences. */
#include "stand-in.h"

#define MAX_PREFERENCES 16

struct pref_module {
    int protocol;
};

static struct {
    const char *name;
    /* One of these is set. */
    truth *truth_value;
    unsigned *number;
    int *choice;
    const enum_val_t *choices;
} preferences[MAX_PREFERENCES];
static unsigned count;

static unsigned add(const char *name, const char *title, const char *description) {
    if (count == MAX_PREFERENCES) fail("too many preferences");
    if (!*title || !*description) fail("the preference %s has no description", name);
    preferences[count].name = name;
    return count++;
}

module_t *prefs_register_protocol(int protocol, void (*apply)(void)) {
    static module_t module;
    log_line("prefs_register_protocol(%s, %s)", field_name(protocol), apply ? "callback" : "NULL");
    module.protocol = protocol;
    return &module;
}

void prefs_register_bool_preference(module_t *module, const char *name, const char *title, const char *description,
                                    truth *value) {
    log_line("prefs_register_bool_preference(%s, %s, %s) = %d", field_name(module->protocol), name, quoted(title),
             (int)*value);
    preferences[add(name, title, description)].truth_value = value;
}

void prefs_register_uint_preference(module_t *module, const char *name, const char *title, const char *description,
                                    unsigned base, unsigned *value) {
    log_line("prefs_register_uint_preference(%s, %s, %s, %u) = %u", field_name(module->protocol), name, quoted(title),
             base, *value);
    preferences[add(name, title, description)].number = value;
}

void prefs_register_enum_preference(module_t *module, const char *name, const char *title, const char *description,
                                    int *value, const enum_val_t *choices, truth radio_buttons) {
    log_line("prefs_register_enum_preference(%s, %s, %s, %d) = %d", field_name(module->protocol), name, quoted(title),
             (int)radio_buttons, *value);
    for (const enum_val_t *choice = choices; choice->name; choice++)
        log_line("  %d %s %s", choice->value, choice->name, quoted(choice->description));
    unsigned index = add(name, title, description);
    preferences[index].choice = value;
    preferences[index].choices = choices;
}

/* Sets a preference: NAME=VALUE. */
void set_preference(const char *assignment) {
    const char *value = strchr(assignment, '=');
    size_t length = value ? (size_t)(value - assignment) : 0;
    for (unsigned i = 0; i < count; i++) {
        if (strlen(preferences[i].name) != length || strncmp(preferences[i].name, assignment, length)) continue;
        value++;
        if (preferences[i].truth_value) *preferences[i].truth_value = !strcmp(value, "TRUE");
        if (preferences[i].number) *preferences[i].number = (unsigned)strtoul(value, NULL, 10);
        for (const enum_val_t *choice = preferences[i].choices; choice && choice->name; choice++)
            if (!strcmp(choice->name, value)) *preferences[i].choice = choice->value;
        return;
    }
    fail("there is no preference %s", assignment);
}
