/* Printing what was read, for programs and for people. See ical/command.h. */
#include "ical/command.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "ical/read.h"
#include "time/civil.h"
#include "time/moment.h"
#include "time/zone.h"

static int read_day(const char *text, const char *name, int64_t *out, struct err *err)
{
    struct moment m;

    if (moment_parse(text, &m, NULL) != 0 || m.kind != MOMENT_DATE) {
        err_set(err, "%s is `%s`; it has to be a date like 2026-12-08", name, text);
        return ERR_INVALID;
    }
    *out = civil_day_number(&m.civil);
    return 0;
}

static int read_request(const struct ical_command *c, struct ical_request *out, struct err *err)
{
    const struct zone *zone = c->zone != NULL ? zone_get(c->zone) : zone_utc();
    struct civil today;
    int rc = 0;

    if (zone == NULL) {
        err_set(err, "there is no time zone `%s` here", c->zone);
        return ERR_INVALID;
    }
    zone_to_civil(zone, clock_wall_ms(), &today);
    out->zone = c->zone;
    out->from_day = civil_day_number(&today);
    if (c->from != NULL && (rc = read_day(c->from, "--from", &out->from_day, err)) != 0)
        return rc;
    out->to_day = out->from_day + ICAL_COMMAND_DAYS - 1;
    if (c->to != NULL && (rc = read_day(c->to, "--to", &out->to_day, err)) != 0)
        return rc;
    if (out->to_day < out->from_day) {
        err_set(err, "--to lies before --from");
        return ERR_INVALID;
    }
    out->to_day++;
    return 0;
}

/* ---- for programs ---- */

static void print_array(struct ical_reading *r, const char *wanted)
{
    const char *kind, *comma = "";
    json_t *o;

    r->at = 0;
    printf("\"%ss\": [", wanted);
    while ((o = ical_reading_next(r, &kind)) != NULL) {
        if (str_eq(kind, wanted)) {
            printf("%s\n  ", comma);
            json_dumpf(o, stdout, 0);
            comma = ",";
        }
        json_decref(o);
    }
    printf("]");
}

static void print_json(struct ical_reading *r)
{
    printf("{");
    print_array(r, "calendar");
    printf(",\n");
    print_array(r, "event");
    printf(",\n");
    print_array(r, "occurrence");
    printf("}\n");
}

/* ---- for people ---- */

/* On one line. The child lets no control characters through but these two; another one in its place
 * might, so none gets to a terminal. */
static void append_line(struct buf *out, const char *text)
{
    const char *p = text != NULL ? text : "";

    for (const char *end = p + strlen(p); p < end;) {
        const char *from = p;
        uint32_t c = str_utf8_next(&p, end);
        if (c < 0x20 || (c >= 0x7f && c < 0xa0))
            buf_putc(out, ' ');
        else
            buf_append(out, from, (size_t)(p - from));
    }
}

static void print_line(const char *text)
{
    struct buf line;

    buf_init(&line);
    append_line(&line, text);
    fputs(line.data, stdout);
    buf_close(&line);
}

static const char *text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

/* "2026-12-08 15:00" of "2026-12-08T15:00:00"; a date as it is. */
static void print_time(const json_t *when)
{
    const char *local = text_of(when, "local"), *date = text_of(when, "date");

    if (local != NULL)
        printf("%.10s %.5s", local, local + 11);
    else
        printf("%-16s", date != NULL ? date : "?");
}

static void print_occurrence(const json_t *o)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    const json_t *start = json_object_get(o, "start");
    const char *text = text_of(start, "local"), *zone = text_of(start, "zone");
    const char *status = text_of(o, "status");
    struct moment m;

    if (text == NULL)
        text = text_of(start, "date");
    if (text != NULL && moment_parse(text, &m, NULL) == 0)
        printf("%s ", days[civil_weekday(&m.civil)]);
    print_time(start);
    printf("  ");
    print_line(text_of(o, "summary") != NULL ? text_of(o, "summary") : "(no summary)");
    if (zone != NULL)
        printf("  [%s]", zone);
    else if (json_object_get(start, "tzid") != NULL) {
        printf("  [unknown zone ");
        print_line(text_of(start, "tzid"));
        printf("]");
    }
    if (status != NULL && str_ieq(status, "CANCELLED"))
        printf("  cancelled");
    putchar('\n');
}

static size_t note_problems(const json_t *o, struct buf *notes)
{
    const json_t *problems = json_object_get(o, "problems");
    const char *summary = text_of(o, "summary");
    size_t count = json_array_size(problems);

    for (size_t i = 0; i < count; i++) {
        const char *problem = json_string_value(json_array_get(problems, i));
        buf_puts(notes, "! ");
        append_line(notes, summary);
        buf_puts(notes, summary != NULL ? ": " : "");
        append_line(notes, problem);
        buf_putc(notes, '\n');
    }
    return count;
}

static void print_list(struct ical_reading *r)
{
    size_t events = 0, occurrences = 0, problems = 0;
    struct buf notes;
    const char *kind;
    json_t *o;

    buf_init(&notes);
    while ((o = ical_reading_next(r, &kind)) != NULL) {
        if (str_eq(kind, "occurrence")) {
            occurrences++;
            print_occurrence(o);
        }
        events += str_eq(kind, "event");
        problems += note_problems(o, &notes);
        json_decref(o);
    }
    printf("%s%zu %s, %zu %s in these days", notes.data, events, events == 1 ? "event" : "events",
           occurrences, occurrences == 1 ? "time" : "times");
    if (problems > 0)
        printf(", %zu %s", problems, problems == 1 ? "problem" : "problems");
    putchar('\n');
    buf_close(&notes);
}

int ical_command_run(const struct ical_command *c, struct err *err)
{
    struct ical_request request;
    struct ical_reading reading;
    int rc = read_request(c, &request, err);

    if (rc != 0)
        return rc;
    rc = ical_read_file(c->path, &request, &reading, err);
    if (rc == 0 && c->json)
        print_json(&reading);
    else if (rc == 0)
        print_list(&reading);
    ical_reading_close(&reading);
    return rc;
}
