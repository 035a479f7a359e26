/* `cap`: how often one client may hear from the business: "3 per day, 8 per week", or none. */
#include <string.h>

#include "internal.h"
#include "playbook/settings.h"

#define CAP_MAX 1000

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
