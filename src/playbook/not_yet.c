/*
 * What the configuration can say and this version cannot do. The readers know all of the language;
 * whatever stands in this table they refuse with a sentence of its own, for an option that is read
 * and then ignored is worse than none. When a feature comes, its line goes.
 */
#include <string.h>

#include "base/str.h"
#include "internal.h"

static const struct {
    const char *section, *key, *value;
} table[] = {
    {"channel sms", "budget", NULL},
    {"channel sms", "countries", NULL},
    {"retention", NULL, NULL},
};

bool not_yet(const char *section, const char *key, const char *value)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strcmp(table[i].section, section) == 0 &&
            (table[i].key == NULL || str_eq(table[i].key, key)) &&
            (table[i].value == NULL || str_eq(table[i].value, value)))
            return true;
    return false;
}

void not_yet_error(const struct reading *r, int line, const char *what)
{
    problems_error(r->problems, r->file, line,
                   "`%s` is not yet supported by this version; leave it out for now", what);
}
