/*
 * Reading a rule: a table of its parts, each with what takes its members. Whatever is not in the
 * table, given twice, out of range or against RFC 5545 makes the whole rule unusable.
 */
#include "ical/rule.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "ical/trouble.h"

#define LIST_MAX 732 /* members of one BY part: BYSETPOS may name 366 days from both ends */

static const char *const freq_names[] = {"SECONDLY", "MINUTELY", "HOURLY", "DAILY",
                                         "WEEKLY",   "MONTHLY",  "YEARLY"};
static const char *const day_names[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};

static int index_of(const char *s, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_ieq(s, names[i]))
            return (int)i;
    return -1;
}

static void set_add(struct rule_set *s, int n)
{
    uint64_t *side = n > 0 ? s->ahead : s->back;
    unsigned bit = (unsigned)(n > 0 ? n : -n);

    side[bit / 64] |= UINT64_C(1) << bit % 64;
    s->any = true;
}

static bool set_bit(const uint64_t *side, int n)
{
    return n >= 1 && n <= RULE_SET_MAX && (side[n / 64] >> n % 64 & 1) != 0;
}

bool rule_set_has(const struct rule_set *s, int n, int total)
{
    return set_bit(s->ahead, n) || set_bit(s->back, total - n + 1);
}

/* ---- the parts ---- */

/* What is being read: a list's members are given to `take` one by one. */
struct part {
    struct rule *rule;
    const struct part_kind *kind;
};

struct part_kind {
    const char *name;
    bool (*take)(struct part *p, char *member);
    bool list;
    int max;       /* of numbers */
    size_t offset; /* of what it sets in struct rule */
    bool from_end; /* may be negative, then never 0 */
};

static bool number_of(const struct part *p, const char *member, int *out)
{
    int64_t n;

    if (*member == '+')
        member++;
    if (!str_to_int(member, p->kind->from_end ? -p->kind->max : 0, p->kind->max, &n) ||
        (p->kind->from_end && n == 0))
        return false;
    *out = (int)n;
    return true;
}

static void *target(const struct part *p)
{
    return (char *)p->rule + p->kind->offset;
}

static bool take_bit(struct part *p, char *member)
{
    int n;

    if (!number_of(p, member, &n))
        return false;
    *(uint64_t *)target(p) |= UINT64_C(1) << n;
    return true;
}

static bool take_month(struct part *p, char *member)
{
    return !str_eq(member, "0") && take_bit(p, member);
}

static bool take_set(struct part *p, char *member)
{
    int n;

    if (!number_of(p, member, &n))
        return false;
    set_add(target(p), n);
    return true;
}

static bool take_day(struct part *p, char *member)
{
    size_t len = strlen(member);
    int n;

    if (len < 2)
        return false;
    int day = index_of(member + len - 2, day_names, 7);
    if (day < 0)
        return false;
    p->rule->by_day = true;
    if (len == 2) {
        p->rule->weekdays |= 1u << day;
        return true;
    }
    member[len - 2] = '\0';
    if (!number_of(p, member, &n))
        return false;
    set_add(&p->rule->nth[day], n);
    p->rule->by_nth = true;
    return true;
}

static bool take_freq(struct part *p, char *value)
{
    int freq = index_of(value, freq_names, 7);

    p->rule->freq = (enum rule_freq)freq;
    return freq >= 0;
}

static bool take_week_start(struct part *p, char *value)
{
    p->rule->week_start = index_of(value, day_names, 7);
    return p->rule->week_start >= 0;
}

static bool take_amount(struct part *p, char *value)
{
    return str_to_int(value, 1, p->kind->max, target(p));
}

static bool take_until(struct part *p, char *value)
{
    return value_time(value, strlen(value), &p->rule->until);
}

#define AT(field) offsetof(struct rule, field)
static const struct part_kind kinds[] = {
    {"FREQ", take_freq, false, 0, 0, false},
    {"INTERVAL", take_amount, false, RULE_INTERVAL_MAX, AT(interval), false},
    {"COUNT", take_amount, false, RULE_COUNT_MAX, AT(count), false},
    {"UNTIL", take_until, false, 0, 0, false},
    {"WKST", take_week_start, false, 0, 0, false},
    {"BYMONTH", take_month, true, 12, AT(months), false},
    {"BYWEEKNO", take_set, true, 53, AT(weeks), true},
    {"BYYEARDAY", take_set, true, 366, AT(year_days), true},
    {"BYMONTHDAY", take_set, true, 31, AT(month_days), true},
    {"BYDAY", take_day, true, 53, 0, true},
    {"BYHOUR", take_bit, true, 23, AT(hours), false},
    {"BYMINUTE", take_bit, true, 59, AT(minutes), false},
    {"BYSECOND", take_bit, true, 60, AT(seconds), false},
    {"BYSETPOS", take_set, true, 366, AT(positions), true},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool take_members(struct part *p, char *value)
{
    char *rest = value, *member;
    size_t count = 0;

    while ((member = strsep(&rest, ",")) != NULL)
        if (++count > LIST_MAX || !p->kind->take(p, member))
            return false;
    return true;
}

static int parse_part(struct rule *rule, char *name, unsigned *seen, struct err *err)
{
    char *value = strchr(name, '=');

    if (value != NULL)
        *value++ = '\0';
    for (size_t i = 0; i < KINDS && value != NULL; i++) {
        struct part p = {rule, &kinds[i]};
        if (!str_ieq(name, kinds[i].name))
            continue;
        if ((*seen & 1u << i) != 0) {
            err_set(err, "%s is given twice", kinds[i].name);
            return ERR_INVALID;
        }
        *seen |= 1u << i;
        if (!(kinds[i].list ? take_members(&p, value) : kinds[i].take(&p, value))) {
            err_set(err, "%s is not understood", kinds[i].name);
            return ERR_INVALID;
        }
        return 0;
    }
    err_set(err, "\"%.*s\" is not understood", trouble_quote(name), name);
    return ERR_INVALID;
}

/* What RFC 5545 forbids ("MUST NOT"), and what no calendar program writes. */
static const char *impossible(const struct rule *r)
{
    if (r->count > 0 && r->until.form != VALUE_NONE)
        return "COUNT and UNTIL exclude each other";
    if (r->by_nth && (r->freq < RULE_MONTHLY || r->weeks.any))
        return "BYDAY may have numbers by the month or year only, and not with BYWEEKNO";
    if (r->month_days.any && r->freq == RULE_WEEKLY)
        return "BYMONTHDAY has no meaning by the week";
    if (r->year_days.any && r->freq >= RULE_DAILY && r->freq <= RULE_MONTHLY)
        return "BYYEARDAY has no meaning by the day, week or month";
    if (r->weeks.any && r->freq != RULE_YEARLY)
        return "BYWEEKNO has a meaning by the year only";
    if (r->positions.any && r->freq < RULE_DAILY)
        return "BYSETPOS within a day is not understood";
    return NULL;
}

int rule_parse(const char *s, struct rule *out, struct err *err)
{
    char copy[8192]; /* a rule with every member of every list once has under 4,000 bytes */
    char *rest = copy, *part;
    unsigned seen = 0;
    int rc;

    if (strlen(s) >= sizeof(copy)) {
        err_set(err, "a rule of more than %zu bytes", sizeof(copy) - 1);
        return ERR_INVALID;
    }
    memcpy(copy, s, strlen(s) + 1);
    *out = (struct rule){.interval = 1, .week_start = 1};
    while ((part = strsep(&rest, ";")) != NULL)
        if (*part != '\0' && (rc = parse_part(out, part, &seen, err)) != 0)
            return rc;
    if ((seen & 1) == 0) {
        err_set(err, "FREQ is missing");
        return ERR_INVALID;
    }
    if ((out->seconds >> 60 & 1) != 0) /* a leap second is the one before it */
        out->seconds = (out->seconds & ~(UINT64_C(1) << 60)) | UINT64_C(1) << 59;
    const char *why = impossible(out);
    if (why != NULL) {
        err_set(err, "%s", why);
        return ERR_INVALID;
    }
    return 0;
}
