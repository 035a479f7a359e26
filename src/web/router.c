/* The router. See web/router.h. */
#include "web/router.h"

#include <stdbool.h>
#include <string.h>

#include "base/str.h"

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

static size_t read_token(const char *s, char out[ROUTE_TOKEN_MAX + 1])
{
    size_t n = strspn(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    if (n > ROUTE_TOKEN_MAX)
        return 0;
    memcpy(out, s, n);
    out[n] = '\0';
    return n;
}

/* The name of a rule or a template. */
static size_t read_name(const char *s, char out[ROUTE_TOKEN_MAX + 1])
{
    size_t n = strspn(s, "0123456789abcdefghijklmnopqrstuvwxyz_-");

    if (n > ROUTE_TOKEN_MAX)
        return 0;
    memcpy(out, s, n);
    out[n] = '\0';
    return n;
}

static bool matches(const char *pattern, const char *path, struct route_hole *out)
{
    const char *hole = strchr(pattern, '{');

    *out = (struct route_hole){0};
    if (str_ends(pattern, ROUTER_REST))
        return strncmp(pattern, path, strlen(pattern) - strlen(ROUTER_REST)) == 0;
    if (hole == NULL)
        return strcmp(pattern, path) == 0;
    size_t before = (size_t)(hole - pattern);
    if (strncmp(pattern, path, before) != 0)
        return false;
    size_t n = strncmp(hole, "{id}", 4) == 0     ? read_number(path + before, &out->id)
               : strncmp(hole, "{name}", 6) == 0 ? read_name(path + before, out->token)
                                                 : read_token(path + before, out->token);
    return n > 0 && strcmp(strchr(hole, '}') + 1, path + before + n) == 0;
}

enum found router_find(const struct route *table, size_t count, enum method method,
                       const char *path, const struct route **out, struct route_hole *hole)
{
    enum found found = FOUND_NOTHING;

    *out = NULL;
    for (size_t i = 0; i < count; i++) {
        struct route_hole found_in;
        if (!matches(table[i].path, path, &found_in))
            continue;
        *out = &table[i];
        *hole = found_in;
        if (table[i].method == method)
            return FOUND;
        found = FOUND_PATH_ONLY;
    }
    return found;
}
