/* Limits that are counts. `cap`: how often one client may hear from the business, "3 per day, 8 per
 * week"; `blast` and `brake`: when to stop and ask, "50 clients", "5 times"; each may be none. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "internal.h"
#include "playbook/settings.h"

#define CAP_MAX 1000
#define BLAST_MAX 1000000
#define BRAKE_MAX 1000

/* "3 per day" */
static bool parse_one_cap(char *text, struct cap *cap)
{
    static const struct {
        const char *name;
        int64_t ms;
    } periods[] = {
        {"hour", 3600000}, {"day", 86400000}, {"week", 604800000}, {"month", INT64_C(2592000000)}};
    char *per = strstr(text, " per ");
    int64_t count;

    if (per == NULL)
        return false;
    *per = '\0';
    if (!str_to_int(text, 1, CAP_MAX, &count))
        return false;
    for (size_t i = 0; i < sizeof(periods) / sizeof(periods[0]); i++)
        if (str_ieq(per + strlen(" per "), periods[i].name)) {
            *cap = (struct cap){(int)count, periods[i].ms};
            return true;
        }
    return false;
}

bool parse_cap(const struct directive_place *at, const char *value, void *field)
{
    struct business *b = field;
    struct str_list list = {0};
    struct cap caps[SETTINGS_CAPS_MAX];
    bool none = str_ieq(value, "none"), ok = true;

    if (!none)
        str_split(&list, value, ',');
    ok = none || (list.count > 0 && list.count <= SETTINGS_CAPS_MAX);
    for (size_t i = 0; ok && i < list.count; i++)
        ok = parse_one_cap(list.items[i], &caps[i]);
    if (ok) {
        b->cap_count = list.count;
        memcpy(b->caps, caps, list.count * sizeof(caps[0]));
    } else {
        place_error(at,
                    "`%s` is no cap; write at most %d of them, each per hour, day, week or month: "
                    "`3 per day, 8 per week`, or `none`",
                    value, SETTINGS_CAPS_MAX);
    }
    str_list_close(&list);
    return ok;
}

/* "50 clients", "5 times": a number and a word that makes it readable; "none" is 0. */
static bool parse_counted(const struct directive_place *at, const char *value, void *field,
                          const char *word, int64_t max)
{
    const char *space = strchrnul(value, ' ');
    char *number = mem_strndup(value, (size_t)(space - value));
    int64_t count = 0;
    bool ok = str_ieq(value, "none") ||
              (str_to_int(number, 1, max, &count) && (*space == '\0' || str_ieq(space + 1, word)));

    free(number);
    if (ok)
        *(int *)field = (int)count;
    else
        place_error(at, "`%s` is not a limit; write it as `20 %s`, at most %lld, or `none`", value,
                    word, (long long)max);
    return ok;
}

bool parse_blast(const struct directive_place *at, const char *value, void *field)
{
    return parse_counted(at, value, field, "clients", BLAST_MAX);
}

bool parse_brake(const struct directive_place *at, const char *value, void *field)
{
    return parse_counted(at, value, field, "times", BRAKE_MAX);
}
