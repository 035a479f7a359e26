/*
 * The object is read as calendars are (content.h), to find the event and its properties; what is
 * written out are the lines of the bytes themselves, but for those in `patches`.
 *
 * The happy path: find the VEVENT; note for each property that is to be another which lines its new
 * text takes the place of; put the lines together again. For one time of a series the patched lines
 * of its VEVENT are not put in its place but behind it.
 */
#include "ical/edit.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "ical/content.h"
#include "ical/event.h"
#include "ical/line.h"
#include "ical/series.h"
#include "time/moment.h"

#define EVENTS_MAX 20000 /* versions and exceptions of one event */
#define NEAR_DAYS 3      /* around a time, to find it whatever the zone */

/* Lines [from, to) of the object, counted from 1, and what stands there instead. */
struct patch {
    uint32_t from, to;
    char *text;
};

struct edit {
    const struct ical_edit *ask;
    const char *bytes;
    size_t *lines; /* where each begins; one more, the end */
    size_t line_count, line_cap;
    bool bare; /* lines end with a line feed alone */
    struct content *content;
    struct places *places;
    struct trouble trouble;
    int64_t budget;
    struct event *events; /* of this UID */
    size_t event_count, event_cap;
    const struct event *target;
    const struct occurrence *once; /* the time of a series that gets a VEVENT; NULL: the target's
                                      own is patched */
    struct occurrences occurrences;
    struct patch *patches;
    size_t patch_count, patch_cap;
    struct buf added; /* properties that were not there */
};

/* ---- lines */

static void index_lines(struct edit *ed, const char *bytes, size_t len)
{
    const char *end = bytes + len, *newline = memchr(bytes, '\n', len);

    ed->bytes = bytes;
    ed->bare = newline == NULL || newline == bytes || newline[-1] != '\r';
    for (const char *at = bytes; at != NULL;) {
        mem_grow(&ed->lines, &ed->line_cap, ed->line_count + 2, sizeof(*ed->lines));
        ed->lines[ed->line_count++] = (size_t)(at - bytes);
        newline = memchr(at, '\n', (size_t)(end - at));
        at = newline != NULL && newline + 1 < end ? newline + 1 : NULL;
    }
    ed->lines[ed->line_count] = len;
}

/* The line behind the one that begins at `line`, which may be folded. */
static uint32_t behind(const struct edit *ed, uint32_t line)
{
    while (line < ed->line_count &&
           (ed->bytes[ed->lines[line]] == ' ' || ed->bytes[ed->lines[line]] == '\t'))
        line++;
    return line + 1;
}

static void patch(struct edit *ed, uint32_t from, uint32_t to, char *text)
{
    mem_grow(&ed->patches, &ed->patch_cap, ed->patch_count + 1, sizeof(*ed->patches));
    ed->patches[ed->patch_count++] = (struct patch){from, to, text};
}

static int compare_patches(const void *a, const void *b)
{
    const struct patch *x = a, *y = b;

    if (x->from != y->from)
        return x->from > y->from ? 1 : -1;
    return (x->to > y->to) - (x->to < y->to); /* what is put in between comes first */
}

/* Append the lines [from, to) with what is patched in them. */
static void put_lines(const struct edit *ed, uint32_t from, uint32_t to, struct buf *out)
{
    uint32_t at = from;

    for (size_t i = 0; i < ed->patch_count; i++) {
        const struct patch *p = &ed->patches[i];
        if (p->from < from || p->from >= to)
            continue;
        buf_append(out, ed->bytes + ed->lines[at - 1], ed->lines[p->from - 1] - ed->lines[at - 1]);
        buf_puts(out, p->text);
        at = p->to;
    }
    buf_append(out, ed->bytes + ed->lines[at - 1], ed->lines[to - 1] - ed->lines[at - 1]);
}

/* A whole property, folded, with line ends as the object has them. */
static void put_property(const struct edit *ed, struct buf *out, const char *line)
{
    struct buf folded;

    buf_init(&folded);
    line_fold(&folded, line, strlen(line));
    for (const char *p = folded.data; *p != '\0'; p++)
        if (*p != '\r' || !ed->bare)
            buf_putc(out, *p);
    buf_close(&folded);
}

/* ---- properties of the target */

static const struct content_property *first(const struct edit *ed, const char *name)
{
    return content_first(ed->content, ed->target->component, name);
}

/* All of this name go; `line`, NULL for none, stands in the place of the first. */
static void replace(struct edit *ed, const char *name, const char *line)
{
    const struct content_property *p = first(ed, name);
    struct buf text;

    buf_init(&text);
    if (line != NULL)
        put_property(ed, &text, line);
    if (p == NULL)
        buf_puts(&ed->added, text.data);
    for (; p != NULL; p = content_next(ed->content, p, name)) {
        patch(ed, p->line, behind(ed, p->line), buf_steal(&text));
        buf_init(&text);
    }
    buf_close(&text);
}

__attribute__((format(printf, 3, 4))) static void set(struct edit *ed, const char *name,
                                                      const char *fmt, ...)
{
    struct buf line;
    va_list ap;

    buf_init(&line);
    buf_puts(&line, name);
    va_start(ap, fmt);
    buf_vprintf(&line, fmt, ap);
    va_end(ap);
    replace(ed, name, line.data);
    buf_close(&line);
}

/* "20261208", "20261208T150000", "20261208T150000Z" */
static void put_time(struct buf *out, enum value_form form, int64_t wall_s)
{
    struct civil c;

    civil_from_seconds(wall_s, &c);
    buf_printf(out, "%04d%02d%02d", c.year, c.month, c.day);
    if (form != VALUE_DATE)
        buf_printf(out, "T%02d%02d%02d%s", c.hour, c.minute, c.second,
                   form == VALUE_UTC ? "Z" : "");
}

static void set_now(struct edit *ed, const char *name)
{
    struct buf now;

    buf_init(&now);
    put_time(&now, VALUE_UTC, ed->ask->now_ms / 1000);
    set(ed, name, ":%s", now.data);
    buf_close(&now);
}

/* A time with the parameters that another property has. */
static void set_time(struct edit *ed, const char *name, const struct content_property *like,
                     enum value_form form, int64_t wall_s)
{
    struct buf value;

    buf_init(&value);
    put_time(&value, form, wall_s);
    set(ed, name, "%s%s:%s", like->params[0] != '\0' ? ";" : "", like->params, value.data);
    buf_close(&value);
}

/* ---- what is to be another */

static bool set_status(struct edit *ed)
{
    const char *status = ed->ask->cancelled ? "CANCELLED" : "CONFIRMED";
    const struct content_property *p = first(ed, "STATUS");

    if (p != NULL && str_ieq(p->value, status))
        return false;
    set(ed, "STATUS", ":%s", status);
    set(ed, "SEQUENCE", ":%lld",
        (long long)(ed->target->sequence < INT32_MAX ? ed->target->sequence + 1 : INT32_MAX));
    return true;
}

/* The end of the parameter at `p`: its ";" or the end of all. */
static const char *param_end(const char *p)
{
    bool quoted = false;

    for (; *p != '\0' && (quoted || *p != ';'); p++)
        if (*p == '"')
            quoted = !quoted;
    return p;
}

/* The attendee's line with another PARTSTAT. */
static char *attendee_line(const struct content_property *p, const char *partstat)
{
    struct buf line;

    buf_init(&line);
    buf_puts(&line, "ATTENDEE");
    for (const char *at = p->params, *end; *at != '\0'; at = *end == ';' ? end + 1 : end) {
        end = param_end(at);
        if (strncasecmp(at, "PARTSTAT=", 9) != 0)
            buf_printf(&line, ";%.*s", (int)(end - at), at);
    }
    buf_printf(&line, ";PARTSTAT=%s:%s", partstat, p->value);
    return buf_steal(&line);
}

static bool is_attendee(const struct content_property *p, const char *address)
{
    struct buf email;
    bool is = strncasecmp(p->value, "mailto:", 7) == 0 && str_ieq(p->value + 7, address);

    buf_init(&email);
    if (!is && content_param(p, "EMAIL", &email))
        is = str_ieq(email.data, address);
    buf_close(&email);
    return is;
}

static bool set_partstat(struct edit *ed)
{
    const char *partstat = ed->ask->cancelled ? "DECLINED" : "ACCEPTED";
    struct buf was, text;
    bool changed = false;

    if (ed->ask->attendee == NULL)
        return false;
    for (const struct content_property *p = first(ed, "ATTENDEE"); p != NULL;
         p = content_next(ed->content, p, "ATTENDEE")) {
        if (!is_attendee(p, ed->ask->attendee))
            continue;
        buf_init(&was);
        if (!content_param(p, "PARTSTAT", &was) || !str_ieq(was.data, partstat)) {
            char *line = attendee_line(p, partstat);
            buf_init(&text);
            put_property(ed, &text, line);
            patch(ed, p->line, behind(ed, p->line), buf_steal(&text));
            free(line);
            changed = true;
        }
        buf_close(&was);
    }
    return changed;
}

/* The target's VEVENT becomes one of a single time. */
static void set_once(struct edit *ed)
{
    static const char *const repeats[] = {"RRULE", "RDATE", "EXRULE", "EXDATE"};
    const struct content_property *start = first(ed, "DTSTART"), *end = first(ed, "DTEND");
    const struct event *e = ed->target;
    const struct occurrence *o = ed->once;

    for (size_t i = 0; i < sizeof(repeats) / sizeof(*repeats); i++)
        replace(ed, repeats[i], NULL);
    set_time(ed, "RECURRENCE-ID", start, o->recurrence_id.form, o->recurrence_id.wall_s);
    set_time(ed, "DTSTART", start, o->start.form, o->start.wall_s);
    if (e->end_kind != EVENT_END_TIME || end == NULL)
        return;
    int64_t wall_s = o->end.wall_s;
    if (e->end.form != VALUE_DATE && place_known(e->end.place))
        wall_s = place_wall(ed->places, e->end.place, when_instant(ed->places, &o->end));
    set_time(ed, "DTEND", end, e->end.form, wall_s);
}

/* ---- which event */

/* As calendar/look.c has it: the instant, or what is written where that is not known. */
static bool is_time(const struct edit *ed, const struct when *w, const char *key)
{
    char text[MOMENT_TEXT_MAX];

    if (w->form == VALUE_NONE)
        return false;
    if (w->form != VALUE_DATE && place_known(w->place))
        moment_format_utc(place_instant(ed->places, w->place, w->wall_s), text);
    else
        moment_format_local(w->wall_s * 1000, zone_utc(), text);
    if (w->form == VALUE_DATE)
        text[10] = '\0';
    return strcmp(text, key) == 0;
}

static void read_events(struct edit *ed, uint32_t calendar)
{
    const struct content_component *all = ed->content->components;

    for (uint32_t k = all[calendar].child; k != CONTENT_NONE; k = all[k].sibling) {
        struct event e = {0};
        if (strcmp(all[k].name, "VEVENT") != 0 || ed->event_count >= EVENTS_MAX)
            continue;
        event_read(ed->content, k, ed->places, &e);
        if (strcmp(e.uid, ed->ask->uid) != 0) {
            event_close(&e);
            continue;
        }
        mem_grow(&ed->events, &ed->event_cap, ed->event_count + 1, sizeof(*ed->events));
        ed->events[ed->event_count++] = e;
    }
}

/* The VEVENT that stands for this time alone; of several the latest. */
static const struct event *own_event(struct edit *ed)
{
    const char *key = ed->ask->recurrence;
    const struct event *found = NULL;

    for (size_t i = 0; i < ed->event_count; i++) {
        const struct event *e = &ed->events[i];
        bool is = *key == '\0' ? !e->is_override : is_time(ed, &e->recurrence_id, key);
        if (is && (found == NULL || e->sequence > found->sequence))
            found = e;
    }
    return found;
}

static bool repeats(const struct edit *ed, const struct event *e)
{
    return content_first(ed->content, e->component, "RRULE") != NULL ||
           content_first(ed->content, e->component, "RDATE") != NULL;
}

/* The time among those that the series comes to. */
static void find_once(struct edit *ed)
{
    struct event **list = mem_array(ed->event_count, sizeof(struct event *));
    struct moment m;

    if (moment_parse(ed->ask->recurrence, &m, NULL) == 0 && ed->event_count > 0) {
        int64_t day = civil_day_number(&m.civil);
        struct series s = {
            .content = ed->content,
            .places = ed->places,
            .window = {day - NEAR_DAYS, day + NEAR_DAYS, (day - NEAR_DAYS) * INT64_C(86400000),
                       (day + NEAR_DAYS) * INT64_C(86400000)},
            .budget = &ed->budget,
            .out = &ed->occurrences,
        };
        for (size_t i = 0; i < ed->event_count; i++)
            list[i] = &ed->events[i];
        series_expand(&s, list, ed->event_count);
    }
    free(list);
    for (size_t i = 0; i < ed->occurrences.count && ed->once == NULL; i++) {
        const struct occurrence *o = &ed->occurrences.items[i];
        if (!o->event->is_override && is_time(ed, &o->recurrence_id, ed->ask->recurrence)) {
            ed->once = o;
            ed->target = o->event;
        }
    }
}

static int find_target(struct edit *ed, struct err *err)
{
    uint32_t calendar = CONTENT_NONE;

    for (uint32_t i = 0; i < ed->content->component_count; i++) {
        if (ed->content->components[i].parent != CONTENT_NONE)
            continue;
        if (calendar != CONTENT_NONE) {
            err_set(err, "it is more than one calendar");
            return ERR_INVALID;
        }
        calendar = i;
    }
    ed->places = places_create(ed->content, calendar, zone_utc(), &ed->budget, &ed->trouble);
    read_events(ed, calendar);
    ed->target = own_event(ed);
    if (ed->target != NULL && *ed->ask->recurrence == '\0' && repeats(ed, ed->target))
        ed->target = NULL; /* it has become a series since */
    if (ed->target == NULL && *ed->ask->recurrence != '\0')
        find_once(ed);
    if (ed->target == NULL) {
        err_set(err, ed->event_count == 0 ? "the event is not in it any more"
                                          : "the event is at other times now");
        return ERR_NOTFOUND;
    }
    return 0;
}

/* ---- the whole */

static void write_out(struct edit *ed, struct buf *out)
{
    const struct content_component *home = &ed->content->components[ed->target->component];
    uint32_t end = behind(ed, home->end), last = (uint32_t)ed->line_count + 1;

    if (ed->added.len > 0)
        patch(ed, behind(ed, home->line), behind(ed, home->line), buf_steal(&ed->added));
    qsort(ed->patches, ed->patch_count, sizeof(*ed->patches), compare_patches);
    if (ed->once == NULL) {
        put_lines(ed, 1, last, out);
        return;
    }
    buf_append(out, ed->bytes, ed->lines[end - 1]);
    put_lines(ed, home->line, end, out);
    buf_append(out, ed->bytes + ed->lines[end - 1], ed->lines[last - 1] - ed->lines[end - 1]);
}

static void edit_close(struct edit *ed)
{
    for (size_t i = 0; i < ed->patch_count; i++)
        free(ed->patches[i].text);
    free(ed->patches);
    free(ed->lines);
    buf_close(&ed->added);
    for (size_t i = 0; i < ed->event_count; i++)
        event_close(&ed->events[i]);
    free(ed->events);
    occurrences_close(&ed->occurrences);
    places_free(ed->places);
    trouble_close(&ed->trouble);
    content_free(ed->content);
}

int ical_edit_text(const char *bytes, size_t len, const struct ical_edit *e, struct buf *out,
                   bool *changed, struct err *err)
{
    struct edit ed = {.ask = e, .budget = SERIES_BUDGET};

    *changed = false;
    if (str_utf8_valid(bytes, len) != len) {
        err_set(err, "it is not UTF-8");
        return ERR_INVALID;
    }
    int rc = content_parse(bytes, len, &ed.content, err);
    if (rc != 0)
        return rc;
    buf_init(&ed.added);
    index_lines(&ed, bytes, len);
    rc = find_target(&ed, err);
    if (rc == 0 && !e->cancelled && !e->known_cancelled && ed.target->cancelled) {
        err_set(err, "it was cancelled there in the meantime");
        rc = ERR_EXISTS;
    }
    if (rc == 0) {
        bool status = set_status(&ed), partstat = set_partstat(&ed);
        *changed = status || partstat;
    }
    if (*changed) {
        set_now(&ed, "DTSTAMP");
        set_now(&ed, "LAST-MODIFIED");
        if (ed.once != NULL)
            set_once(&ed);
        write_out(&ed, out);
    }
    edit_close(&ed);
    return rc;
}
