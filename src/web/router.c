/* The router. See web/router.h. */
#include "web/router.h"

#include <stdbool.h>
#include <string.h>

#define NUMBER_DIGITS_MAX 18

/* The digits of an {id}: a number without a sign or leading zeros, so that a page has one address
 * only. */
static size_t read_number(const char *s, int64_t *out)
{
    size_t n = strspn(s, "0123456789");
    int64_t value = 0;

    if (n == 0 || n > NUMBER_DIGITS_MAX || s[0] == '0')
        return 0;
    for (size_t i = 0; i < n; i++)
        value = value * 10 + (s[i] - '0');
    *out = value;
    return n;
}

static bool matches(const char *pattern, const char *path, int64_t *id)
{
    const char *hole = strstr(pattern, "{id}");

    *id = 0;
    if (hole == NULL)
        return strcmp(pattern, path) == 0;
    size_t before = (size_t)(hole - pattern);
    if (strncmp(pattern, path, before) != 0)
        return false;
    size_t digits = read_number(path + before, id);
    return digits > 0 && strcmp(hole + 4, path + before + digits) == 0;
}

enum found router_find(const struct route *table, size_t count, enum method method,
                       const char *path, const struct route **out, int64_t *id)
{
    enum found found = FOUND_NOTHING;

    *out = NULL;
    for (size_t i = 0; i < count; i++) {
        int64_t number;
        if (!matches(table[i].path, path, &number))
            continue;
        *out = &table[i];
        *id = number;
        if (table[i].method == method)
            return FOUND;
        found = FOUND_PATH_ONLY;
    }
    return found;
}
