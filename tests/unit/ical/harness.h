/* For the tests of ical/: calendars in a few words, read by a real child, and what came of them. */
#ifndef TESTS_ICAL_HARNESS_H
#define TESTS_ICAL_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/buf.h"
#include "ical/read.h"
#include "time/civil.h"
#include "time/moment.h"

/* A calendar of these lines, which end with "\n" and are given CRLF; one event around them unless
 * they have a BEGIN of their own. */
static inline void make_calendar(struct buf *out, const char *lines)
{
    const char *frame = strstr(lines, "BEGIN:") == NULL ? "VEVENT" : NULL;

    buf_puts(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n");
    if (frame != NULL)
        buf_printf(out, "BEGIN:%s\r\nUID:1\r\n", frame);
    for (; *lines != '\0'; lines++)
        buf_puts(out, *lines == '\n' ? "\r\n" : (char[]){*lines, '\0'});
    if (frame != NULL)
        buf_printf(out, "END:%s\r\n", frame);
    buf_puts(out, "END:VCALENDAR\r\n");
}

static inline int64_t day_of(const char *date)
{
    struct moment m;

    assert_int_equal(moment_parse(date, &m, NULL), 0);
    return civil_day_number(&m.civil);
}

/* {"calendar": [...], "event": [...], "occurrence": [...]} of bytes as they are, in the days FROM
 * to TO of Riga. */
static inline json_t *read_bytes(const void *bytes, size_t len, const char *from, const char *to)
{
    struct ical_request request = {day_of(from), day_of(to), "Europe/Riga"};
    struct ical_reading reading;
    struct err err = {""};
    json_t *all = json_pack("{s[]s[]s[]}", "calendar", "event", "occurrence"), *o;
    const char *kind;

    if (ical_read(bytes, len, &request, &reading, &err) != 0)
        fail_msg("%s", err.text);
    while ((o = ical_reading_next(&reading, &kind)) != NULL)
        json_array_append_new(json_object_get(all, kind), o);
    ical_reading_close(&reading);
    return all;
}

static inline json_t *read_in(const char *lines, const char *from, const char *to)
{
    struct buf text;

    buf_init(&text);
    make_calendar(&text, lines);
    json_t *all = read_bytes(text.data, text.len, from, to);
    buf_close(&text);
    return all;
}

static inline json_t *read_lines(const char *lines)
{
    return read_in(lines, "2026-01-01", "2027-01-01");
}

/* It is refused, with these words. */
static inline void assert_refused(const void *bytes, size_t len, const char *words)
{
    struct ical_request request = {0, 1, NULL};
    struct ical_reading reading;
    struct err err = {""};

    assert_int_not_equal(ical_read(bytes, len, &request, &reading, &err), 0);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
    ical_reading_close(&reading);
}

static inline json_t *nth(const json_t *all, const char *kind, size_t n)
{
    return json_array_get(json_object_get(all, kind), n);
}

static inline size_t count_of(const json_t *all, const char *kind)
{
    return json_array_size(json_object_get(all, kind));
}

static inline const char *text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

/* One of the problems of the n-th calendar or event has these words. */
static inline void assert_problem(const json_t *all, const char *kind, size_t n, const char *words)
{
    const json_t *problems = json_object_get(nth(all, kind, n), "problems");
    bool found = false;
    size_t i;
    json_t *p;

    json_array_foreach(problems, i, p) found = found || strstr(json_string_value(p), words) != NULL;
    if (!found) {
        char *text = json_dumps(problems, JSON_ENCODE_ANY);
        fail_msg("no problem with \"%s\" in %s", words, text);
    }
}

static inline void assert_no_problems(const json_t *all)
{
    static const char *const kinds[] = {"calendar", "event"};

    for (size_t k = 0; k < 2; k++)
        for (size_t n = 0; n < count_of(all, kinds[k]); n++) {
            const json_t *problems = json_object_get(nth(all, kinds[k], n), "problems");
            if (json_is_array(problems))
                fail_msg("%s", json_string_value(json_array_get(problems, 0)));
        }
}

/* All occurrences begin at these times: what the key of their start says, each cut to the length
 * of the one that is expected, with spaces between; then frees `all`. */
static inline void assert_starts(json_t *all, const char *key, const char *expected)
{
    struct buf got;

    buf_init(&got);
    for (size_t i = 0; i < count_of(all, "occurrence"); i++) {
        const char *start = text_of(json_object_get(nth(all, "occurrence", i), "start"), key);
        int len = (int)strcspn(expected, " ");
        buf_printf(&got, "%s%.*s", i > 0 ? " " : "", len, start != NULL ? start : "?");
    }
    assert_string_equal(got.data, expected);
    buf_close(&got);
    json_decref(all);
}

#endif
