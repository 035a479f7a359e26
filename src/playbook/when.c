/*
 * `when` and `every`: how far from the event, and how often. Both begin with a number and a unit;
 * all counts have an upper limit, so that no arithmetic with them can run away.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "internal.h"

#define DIGITS_MAX 6
#define TIMES_MAX 100

/* The two-word units come first: they begin like nothing else, but end like the others. */
static const struct {
    const char *one, *many;
    enum offset_unit unit;
    int64_t max; /* about ten years; for business time what a calendar of 400 days can answer */
} units[] = {
    {"business hour", "business hours", UNIT_BUSINESS_HOURS, 1000},
    {"business day", "business days", UNIT_BUSINESS_DAYS, 200},
    {"minute", "minutes", UNIT_MINUTES, 525600},
    {"hour", "hours", UNIT_HOURS, 87600},
    {"day", "days", UNIT_DAYS, 3650},
    {"week", "weeks", UNIT_WEEKS, 520},
    {"month", "months", UNIT_MONTHS, 120},
};
#define UNITS (sizeof(units) / sizeof(units[0]))

const char *offset_unit_name(enum offset_unit unit, int64_t count)
{
    for (size_t i = 0; i < UNITS; i++)
        if (units[i].unit == unit)
            return count == 1 ? units[i].one : units[i].many;
    return "";
}

/* What comes after `word`, when `s` begins with it; else NULL. */
static const char *after_word(const char *s, const char *word)
{
    size_t n = strlen(word);

    if (strncasecmp(s, word, n) != 0 || (s[n] != '\0' && s[n] != ' '))
        return NULL;
    return s + n + (s[n] == ' ');
}

/* What people write for a unit, and no slip of the pen is near enough to. */
static const struct {
    const char *word, *unit;
} nicknames[] = {
    {"min", "minutes"},
    {"mins", "minutes"},
    {"m", "minutes"},
    {"h", "hours"},
    {"hr", "hours"},
    {"hrs", "hours"},
    {"d", "days"},
    {"w", "weeks"},
    {"working", "business days"},
    {"workdays", "business days"},
    {"workday", "business days"},
    {"weekdays", "business days"},
    {"year", "months"},
    {"years", "months"},
};

static void unknown_unit(const struct directive_place *at, const char *s)
{
    const char *names[UNITS];
    char *word = mem_strndup(s, strcspn(s, " "));
    char *hint = NULL;

    if (*word == '.' || *word == ',') {
        place_error(at, "the number has to be a whole one; half a day is `12 hours`");
        free(word);
        return;
    }
    for (size_t i = 0; i < UNITS; i++)
        names[i] = units[i].many;
    for (size_t i = 0; hint == NULL && i < sizeof(nicknames) / sizeof(nicknames[0]); i++)
        if (str_ieq(word, nicknames[i].word))
            hint = mem_printf("; write `%s`", nicknames[i].unit);
    if (hint == NULL)
        hint = suggestion(word, names, UNITS);
    place_error(at, "`%s` is no unit of time%s", word, hint);
    free(hint);
    free(word);
}

/* "3 business days ...": returns what follows, or NULL after complaining. */
static const char *take_amount(const struct directive_place *at, const char *s, const char *example,
                               int64_t *count, enum offset_unit *unit)
{
    size_t digits = strspn(s, "0123456789");
    char *number = mem_strndup(s, digits);
    bool ok = digits <= DIGITS_MAX && str_to_int(number, 0, 999999, count);

    free(number);
    if (digits == 0) {
        place_error(at, "`%s` does not begin with a number; write it as `%s`", s, example);
        return NULL;
    }
    if (!ok) {
        place_error(at, "`%s`: the number is far too large", s);
        return NULL;
    }
    s += digits;
    s += strspn(s, " ");
    if (*s == '\0') {
        place_error(at, "a unit is missing after %lld; write it as `%s`", (long long)*count,
                    example);
        return NULL;
    }
    for (size_t i = 0; i < UNITS; i++) {
        const char *rest = after_word(s, units[i].many);
        if (rest == NULL)
            rest = after_word(s, units[i].one);
        if (rest == NULL)
            continue;
        *unit = units[i].unit;
        if (*count <= units[i].max)
            return rest;
        place_error(at, "%lld %s are too many; %lld are the most", (long long)*count, units[i].many,
                    (long long)units[i].max);
        return NULL;
    }
    unknown_unit(at, s);
    return NULL;
}

static char *at_time(int minute)
{
    return mem_printf("at %02d:%02d", minute / 60, minute % 60);
}

/* The time of day that somebody wrote, in whatever way, as it is written here: "at 18:00" for "1
 * day befor 6pm", so that no suggestion loses it. "at HH:MM" for one that nobody can read; "":
 * there is none. free() it. */
static char *time_of_day(const char *s)
{
    const char *space = strstr(s, " at "), *time = after_word(space != NULL ? space + 1 : s, "at");
    int minute;

    if (time != NULL)
        return hours_guess_minute(time, &minute) ? at_time(minute) : mem_strdup("at HH:MM");
    for (const char *p = s; p != NULL; p = strchr(p, ' '), p = p != NULL ? p + 1 : NULL)
        if (p[strspn(p, "0123456789")] != '\0' && hours_guess_minute(p, &minute))
            return at_time(minute); /* a mere number would be something else */
    return mem_strdup("");
}

/* "at HH:MM" after a number of days. */
static bool take_at(const struct directive_place *at, const char *s, struct offset *o)
{
    const char *time = after_word(s, "at");
    struct err err = {0};

    if (time == NULL) {
        char *meant = time_of_day(s);
        place_error(at, "`%s` is not understood; only a time can come here, such as `%s`", s,
                    *meant != '\0' ? meant : "at 18:00");
        free(meant);
        return false;
    }
    if (hours_parse_minute(time, &o->at_minute, &err) != 0) {
        place_error(at, "%s", err.text);
        return false;
    }
    if (o->unit == UNIT_MINUTES || o->unit == UNIT_HOURS) {
        place_error(at,
                    "`%s` goes with days, weeks or months; %lld %s from the event is a time of its "
                    "own: leave `%s` out, or write `1 day %s %s`",
                    s, (long long)o->count, offset_unit_name(o->unit, o->count), s,
                    o->before ? "before" : "after", s);
        return false;
    }
    return true;
}

/* What stands behind the unit is neither `before` nor `after`. */
static void tell_direction(const struct directive_place *at, const char *rest,
                           const struct offset *o)
{
    static const char *const words[] = {"before", "after"};
    const char *unit = offset_unit_name(o->unit, o->count);
    char *word = mem_strndup(rest, strcspn(rest, " "));
    const char *near = str_nearest(word, words, 2);
    bool exact = o->unit == UNIT_MINUTES || o->unit == UNIT_HOURS; /* is a time of its own */
    char *time = exact ? mem_strdup("") : time_of_day(rest);
    const char *space = *time != '\0' ? " " : "";

    if (near != NULL)
        place_error(at, "`%s` is neither `before` nor `after`; did you mean `%lld %s %s%s%s`?",
                    word, (long long)o->count, unit, near, space, time);
    else
        place_error(at, "say `before` or `after` the event: `%lld %s after%s%s`",
                    (long long)o->count, unit, space, time);
    free(time);
    free(word);
}

/* "at 6 pm 1 day before": the time stands where the day belongs, or there is no day. */
static void tell_order(const struct directive_place *at, const char *s)
{
    const char *first = s + strlen("at"), *end = first, *next = first;
    char *time = mem_strdup("at HH:MM");

    first += *first == ' ';
    for (int words = 1; words <= 2 && *next != '\0'; words++) {
        int minute;
        next = strchrnul(next + 1, ' ');
        char *written = mem_strndup(first, (size_t)(next - first));
        bool read = hours_guess_minute(written, &minute);
        free(written);
        if (words == 1 || read)
            end = next;
        if (read) {
            free(time);
            time = at_time(minute);
        }
    }
    if (*end == '\0')
        place_error(at, "`%s`: say on which day: `0 days after %s` is the same day", s, time);
    else if (strspn(end + 1, "0123456789") > 0)
        place_error(at, "the time of day comes last: `%s %s`", end + 1, time);
    else
        place_error(at, "`%s` does not begin with a number; write it as `1 day before at 18:00`",
                    s);
    free(time);
}

static bool take_offset(const struct directive_place *at, const char *s, struct offset *o)
{
    if (str_ieq(s, "at once"))
        return true;
    if (after_word(s, "at") != NULL) {
        tell_order(at, s);
        return false;
    }
    char *time = time_of_day(s);
    char *example =
        *time != '\0' ? mem_printf("1 day before %s", time) : mem_strdup("2 hours before");
    const char *rest = take_amount(at, s, example, &o->count, &o->unit);
    free(example);
    free(time);
    if (rest == NULL)
        return false;
    const char *before = after_word(rest, "before"), *after = after_word(rest, "after");
    if (before == NULL && after == NULL) {
        tell_direction(at, rest, o);
        return false;
    }
    o->before = before != NULL;
    rest = before != NULL ? before : after;
    return *rest == '\0' || take_at(at, rest, o);
}

bool parse_when(const struct directive_place *at, const char *value, void *rule)
{
    struct rule *r = rule;
    struct offset o = {.unit = UNIT_MINUTES, .at_minute = -1};

    if (!take_offset(at, value, &o))
        return false;
    r->when = o;
    value_set(&r->when_text, value);
    return true;
}

bool parse_every(const struct directive_place *at, const char *value, void *rule)
{
    static const char example[] = "4 days, 3 times";
    struct rule *r = rule;
    struct repeat every = {0};
    struct str_list parts = {0};
    int64_t times = 0;
    bool ok = false;

    str_split(&parts, value, ',');
    if (parts.count != 2) {
        place_error(at, "`%s`: say how far apart and how many in all, as `%s`", value, example);
        goto out;
    }
    const char *rest = take_amount(at, parts.items[0], example, &every.count, &every.unit);
    if (rest == NULL)
        goto out;
    char *space = strchrnul(parts.items[1], ' ');
    bool word = str_ieq(space, " times");
    *space = '\0';
    if (*rest != '\0')
        place_error(at, "`%s` is not understood; write it as `%s`", rest, example);
    else if (every.count == 0)
        place_error(at, "the distance is at least 1: `%s`", example);
    else if (!word || !str_to_int(parts.items[1], 2, TIMES_MAX, &times))
        place_error(at, "say how many in all, 2 to %d: `%s`", TIMES_MAX, example);
    else
        ok = true;
    every.times = (int)times;
    if (ok)
        r->every = every;
out:
    str_list_close(&parts);
    return ok;
}
