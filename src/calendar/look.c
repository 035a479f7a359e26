/*
 * From the child's JSON to visits. See calendar/look.h.
 *
 * The objects come one by one, an event before its occurrences, so no more than one is in memory
 * beside what is kept of them. Events that the window left out are visits all the same when they
 * are no series: one that was moved to a far day was not deleted. So every such event becomes a
 * visit at once, which goes again when an occurrence of it is found.
 *
 * Times are kept as an appointment has them: by the clocks of their zone. A time in UTC is told by
 * the calendar's own clocks, or the business's, for nobody comes by those of Greenwich; only the
 * hour that comes twice in autumn has no other way to be said.
 */
#include "calendar/look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "time/civil.h"
#include "time/moment.h"

struct reading {
    const struct look_rules *rules;
    struct look *look;
    size_t first; /* event of this reading: those of others stand before it */
    bool cancels; /* METHOD:CANCEL */
    bool answers; /* METHOD:REPLY and its kind: what guests say, and nobody has agreed to */
    const struct zone *home; /* of the present calendar; NULL: it names none */
    struct buf names;
};

/* ---- the window */

static int64_t today(const struct look_rules *rules)
{
    struct civil c;

    zone_to_civil(rules->zone, rules->now_ms, &c);
    return civil_day_number(&c);
}

void look_request(const struct look_rules *rules, struct ical_request *out)
{
    int64_t day = today(rules);

    *out =
        (struct ical_request){day - LOOK_DAYS_BACK, day + LOOK_DAYS_AHEAD, zone_name(rules->zone)};
}

int64_t look_until_ms(const struct look_rules *rules)
{
    struct civil c;

    civil_from_day_number(today(rules) + LOOK_DAYS_AHEAD, &c);
    return zone_reach(rules->zone, &c);
}

/* ---- words */

static const char *text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

/* On one line, cut at a character's end; NULL when there is nothing. */
static char *one_line(const char *text)
{
    struct buf b;

    if (str_blank(text))
        return NULL;
    buf_init(&b);
    for (const char *p = text, *end = text + strlen(text); p < end && b.len < LOOK_TEXT_MAX;) {
        char utf8[4];
        uint32_t c = str_utf8_next(&p, end);
        if (c < 0x20 || (c >= 0x7f && c < 0xa0))
            buf_putc(&b, ' ');
        else
            buf_append(&b, utf8, str_utf8_put(utf8, c));
    }
    char *copy = mem_strdup(str_trim(b.data));
    buf_close(&b);
    return copy;
}

static void note(struct look *l, const char *title, const char *text)
{
    struct buf b;

    buf_init(&b);
    buf_printf(&b, "%s%s%s", title != NULL ? title : "", title != NULL ? ": " : "", text);
    if (str_list_has(&l->notes, b.data))
        ;
    else if (l->notes.count < LOOK_NOTES_MAX)
        str_list_add(&l->notes, b.data, b.len);
    else
        l->notes_more++;
    buf_close(&b);
}

/* What was not understood; the first of it, or NULL. */
static const char *note_problems(struct look *l, const json_t *o, const char *title)
{
    const json_t *problems = json_object_get(o, "problems");
    const char *first = json_string_value(json_array_get(problems, 0));

    for (size_t i = 0; i < json_array_size(problems); i++) {
        char *text = one_line(json_string_value(json_array_get(problems, i)));
        if (text != NULL)
            note(l, title, text);
        free(text);
    }
    return first;
}

/* ---- times */

/* Which of a series: the instant of its time, or what is written where that is not known. */
static char *recurrence_of(const json_t *when)
{
    const char *text = text_of(when, "instant");

    if (text == NULL)
        text = text_of(when, "local");
    if (text == NULL)
        text = text_of(when, "date");
    return mem_strdup(text != NULL ? text : "");
}

/* A copy of "2026-12-08T15:00:00" without seconds that are none. */
static char *without_seconds(const char *text)
{
    size_t len = strlen(text);

    return mem_strndup(text, str_ends(text, ":00") && len > 16 ? len - 3 : len);
}

/* A time on the clocks of a zone: "2026-12-08T15:00". */
static char *wall(const struct zone *zone, int64_t instant_ms)
{
    char text[MOMENT_TEXT_MAX];
    struct moment m;

    moment_format_local(instant_ms, zone, text);
    if (moment_parse(text, &m, NULL) != 0 || moment_instant(&m, zone) != instant_ms)
        moment_format_utc(instant_ms, text); /* the second of two equal hours */
    return without_seconds(text);
}

/* The instant of a time of ical/read.h, and the zone that it is told by. False: nobody knows. */
static bool locate(const struct reading *r, const json_t *when, const struct zone **zone,
                   int64_t *instant_ms)
{
    const char *instant = text_of(when, "instant"), *local = text_of(when, "local");
    const char *name = text_of(when, "zone");
    const struct zone *home = r->home != NULL ? r->home : r->rules->zone;
    struct moment m;

    *zone = name != NULL ? zone_get(name) : NULL;
    if (*zone == NULL || *zone == zone_utc())
        *zone = home;
    if (instant != NULL && moment_parse(instant, &m, NULL) == 0) {
        *instant_ms = moment_instant(&m, *zone);
        return true;
    }
    if (!json_is_true(json_object_get(when, "floating")) || local == NULL ||
        moment_parse(local, &m, NULL) != 0)
        return false;
    *zone = r->rules->floating != NULL ? r->rules->floating : r->rules->zone;
    *instant_ms = moment_instant(&m, *zone);
    return true;
}

static void set_times(const struct reading *r, const json_t *start, const json_t *end,
                      struct visit *v)
{
    const char *date = text_of(start, "date"), *last = text_of(end, "date");
    const struct zone *zone, *end_zone;
    struct moment m;
    int64_t end_ms;

    if (date != NULL && moment_parse(date, &m, NULL) == 0) {
        v->starts = mem_strdup(date);
        v->ends = mem_strdup(last);
        v->starts_ms = moment_instant(&m, r->rules->zone);
    } else if (locate(r, start, &zone, &v->starts_ms)) {
        v->starts = wall(zone, v->starts_ms);
        v->timezone = mem_strdup(zone_name(zone));
        if (locate(r, end, &end_zone, &end_ms) && end_ms > v->starts_ms)
            v->ends = wall(zone, end_ms);
    } else {
        const char *written = text_of(start, "local"), *tzid = text_of(start, "tzid");
        v->unreadable = true;
        v->starts = without_seconds(written != NULL ? written : "?");
        v->tzid = one_line(tzid);
        if (written != NULL && moment_parse(written, &m, NULL) == 0)
            v->starts_ms = moment_instant(&m, r->rules->zone); /* about then */
    }
}

/* ---- the objects */

static uint64_t add_digest(uint64_t digest, const char *text)
{
    return str_hash(text != NULL ? text : "\x1f", text != NULL ? strlen(text) + 1 : 1, digest);
}

/* A visit of the event with this index, at the times of `o`. */
static void add_visit(struct reading *r, size_t index, const json_t *o, bool beyond)
{
    struct look *l = r->look;
    const struct look_event *e = &l->events[index];
    struct visit v = {.index = index, .beyond = beyond};

    v.recurrence = recurrence_of(json_object_get(o, "recurrence_id"));
    set_times(r, json_object_get(o, "start"), json_object_get(o, "end"), &v);
    const char *texts[] = {v.starts, v.ends,      v.timezone, v.tzid,
                           e->title, e->location, e->names,   e->cancelled ? "cancelled" : NULL};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        v.digest = add_digest(v.digest, texts[i]);
    v.digest = str_hash(&e->staff_row, sizeof(e->staff_row), v.digest);
    mem_grow(&l->visits, &l->cap, l->count + 1, sizeof(*l->visits));
    l->visits[l->count++] = v;
}

char *look_uid(const char *uid)
{
    size_t cut = str_utf8_valid(uid, strnlen(uid, LOOK_UID_MAX));

    return strlen(uid) <= LOOK_UID_MAX
               ? mem_strdup(uid)
               : mem_printf("%.*s-%016llx", (int)cut, uid,
                            (unsigned long long)str_hash(uid, strlen(uid), 0));
}

/* An identity for an event that has none: it cannot be moved, only replaced. */
static char *uid_of(const json_t *event, const char *title)
{
    const char *uid = text_of(event, "uid");
    json_t *start = json_object_get(event, "start");

    if (uid != NULL)
        return look_uid(uid);
    char *when = json_dumps(start != NULL ? start : event, JSON_ENCODE_ANY | JSON_SORT_KEYS);
    uint64_t hash = str_hash(when, strlen(when), add_digest(0, title));
    free(when);
    return mem_printf("no-uid-%016llx", (unsigned long long)hash);
}

static bool is_answer(const char *method)
{
    static const char *const answers[] = {"REPLY", "COUNTER", "DECLINECOUNTER", "REFRESH"};

    for (size_t i = 0; method != NULL && i < sizeof(answers) / sizeof(answers[0]); i++)
        if (str_ieq(method, answers[i]))
            return true;
    return false;
}

/* Somebody's calendar may have subscribed to ours: what we published comes back, and must not be
 * booked a second time. */
static bool is_our_own(const struct look_rules *rules, const char *uid)
{
    return rules->identity != NULL && str_starts(uid, rules->identity) && str_ends(uid, "@betimes");
}

static void read_calendar(struct reading *r, const json_t *o)
{
    const char *method = text_of(o, "method"), *zone = text_of(o, "timezone");

    note_problems(r->look, o, NULL);
    r->cancels = method != NULL && str_ieq(method, "CANCEL");
    r->answers = is_answer(method);
    r->look->message |= method != NULL && !str_ieq(method, "PUBLISH");
    r->home = zone != NULL ? zone_get(zone) : NULL;
}

static int read_event(struct reading *r, const json_t *o, struct err *err)
{
    struct look *l = r->look;
    size_t index = r->first + (size_t)json_integer_value(json_object_get(o, "index"));
    const char *status = text_of(o, "status");

    if (index != l->event_count) {
        err_set(err, "the events are not in their order");
        return ERR_INVALID;
    }
    mem_grow(&l->events, &l->event_cap, l->event_count + 1, sizeof(*l->events));
    struct look_event *e = &l->events[l->event_count++];
    *e = (struct look_event){
        .title = one_line(text_of(o, "summary")),
        .location = one_line(text_of(o, "location")),
        .sequence = json_integer_value(json_object_get(o, "sequence")),
        .cancelled = r->cancels || (status != NULL && str_ieq(status, "CANCELLED")),
    };
    e->uid = uid_of(o, e->title);
    e->left_out = r->answers || is_our_own(r->rules, e->uid);
    if (e->left_out) {
        note(l, NULL,
             r->answers ? "answers of guests are left out"
                        : "what Betimes itself publishes is left out");
        return 0;
    }
    names_of(&r->rules->names, o, &r->names, &e->staff_row);
    e->names = mem_strdup(r->names.data);
    const char *why = note_problems(l, o, e->title);
    if (why != NULL) {
        e->trouble = true;
        e->why = one_line(why);
        str_list_add(&l->troubled, e->uid, strlen(e->uid));
    }
    if (text_of(o, "rrule") == NULL && json_is_object(json_object_get(o, "start")))
        add_visit(r, index, o, true);
    return 0;
}

static int read_occurrence(struct reading *r, const json_t *o, struct err *err)
{
    size_t index = r->first + (size_t)json_integer_value(json_object_get(o, "event"));

    if (index < r->first || index >= r->look->event_count) {
        err_set(err, "a time of no event");
        return ERR_INVALID;
    }
    if (r->look->events[index].left_out)
        return 0;
    r->look->events[index].has_visit = true;
    add_visit(r, index, o, false);
    return 0;
}

/* ---- order */

static int compare_visits(const void *a, const void *b)
{
    const struct visit *x = a, *y = b;
    int order = strcmp(x->event->uid, y->event->uid);

    if (order == 0)
        order = strcmp(x->recurrence, y->recurrence);
    if (order == 0) /* the version that counts goes first */
        order =
            (x->event->sequence < y->event->sequence) - (x->event->sequence > y->event->sequence);
    return order != 0 ? order : (x->index < y->index) - (x->index > y->index);
}

static void visit_close(struct visit *v)
{
    free(v->recurrence);
    free(v->starts);
    free(v->ends);
    free(v->timezone);
    free(v->tzid);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Leave out the visits that `drop` names. */
static void weed(struct look *l, bool (*drop)(const struct visit *before, const struct visit *v))
{
    size_t kept = 0;

    for (size_t i = 0; i < l->count; i++) {
        if (drop(kept > 0 ? &l->visits[kept - 1] : NULL, &l->visits[i])) {
            visit_close(&l->visits[i]);
            continue;
        }
        l->visits[kept++] = l->visits[i];
    }
    l->count = kept;
}

static bool is_within_after_all(const struct visit *before, const struct visit *v)
{
    return v->beyond && v->event->has_visit;
}

static bool is_older_version(const struct visit *before, const struct visit *v)
{
    return before != NULL && strcmp(before->event->uid, v->event->uid) == 0 &&
           strcmp(before->recurrence, v->recurrence) == 0;
}

void look_end(struct look *l)
{
    for (size_t i = 0; i < l->count; i++)
        l->visits[i].event = &l->events[l->visits[i].index];
    weed(l, is_within_after_all);
    if (l->count > 1)
        qsort(l->visits, l->count, sizeof(*l->visits), compare_visits);
    weed(l, is_older_version);
    if (l->troubled.count > 1)
        qsort(l->troubled.items, l->troubled.count, sizeof(char *), compare_texts);
}

int look_read(const struct look_rules *rules, struct ical_reading *reading, struct look *look,
              struct err *err)
{
    struct reading r = {.rules = rules, .look = look, .first = look->event_count};
    const char *kind;
    json_t *o;
    int rc = 0;

    buf_init(&r.names);
    while (rc == 0 && (o = ical_reading_next(reading, &kind)) != NULL) {
        if (str_eq(kind, "calendar"))
            read_calendar(&r, o);
        else if (str_eq(kind, "event"))
            rc = read_event(&r, o, err);
        else
            rc = read_occurrence(&r, o, err);
        json_decref(o);
    }
    buf_close(&r.names);
    return rc;
}

void look_close(struct look *l)
{
    for (size_t i = 0; i < l->count; i++)
        visit_close(&l->visits[i]);
    for (size_t i = 0; i < l->event_count; i++) {
        struct look_event *e = &l->events[i];
        free(e->uid);
        free(e->title);
        free(e->location);
        free(e->names);
        free(e->why);
    }
    free(l->visits);
    free(l->events);
    str_list_close(&l->troubled);
    str_list_close(&l->notes);
    *l = (struct look){0};
}
