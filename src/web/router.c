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

#define SMALL "0123456789abcdefghijklmnopqrstuvwxyz"
#define LETTERS SMALL "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static size_t read_word(const char *s, const char *of, char out[ROUTE_TOKEN_MAX + 1])
{
    size_t n = strspn(s, of);

    if (n > ROUTE_TOKEN_MAX)
        return 0;
    memcpy(out, s, n);
    out[n] = '\0';
    return n;
}

/* What stands in the path where the pattern has this hole, the `nth` word of it: how many bytes; 0:
 * nothing that fits. */
static size_t read_hole(const char *hole, const char *path, size_t *nth, struct route_hole *out)
{
    static const struct {
        const char *hole, *of;
    } words[] = {{"{token}", LETTERS}, {"{name}", SMALL "_-"}, {"{language}", LETTERS "_-"}};

    if (str_starts(hole, "{id}"))
        return read_number(path, &out->id);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_starts(hole, words[i].hole) && *nth < ROUTE_HOLES_MAX) {
            char *to = *nth == 0 ? out->token : out->more[*nth - 1];
            (*nth)++;
            return read_word(path, words[i].of, to);
        }
    return 0;
}

static bool matches(const char *pattern, const char *path, struct route_hole *out)
{
    const char *hole;
    size_t nth = 0;

    *out = (struct route_hole){0};
    if (str_ends(pattern, ROUTER_REST))
        return strncmp(pattern, path, strlen(pattern) - strlen(ROUTER_REST)) == 0;
    while ((hole = strchr(pattern, '{')) != NULL) {
        size_t before = (size_t)(hole - pattern);
        if (strncmp(pattern, path, before) != 0)
            return false;
        path += before;
        size_t n = read_hole(hole, path, &nth, out);
        if (n == 0)
            return false;
        path += n;
        pattern = strchr(hole, '}') + 1;
    }
    return strcmp(pattern, path) == 0;
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
