/*
 * The parent's side of reading a calendar. What comes back over the pipe is the child's, and a
 * child that a stranger's bytes have taken over may write anything: it is JSON of a limited size
 * and depth or it is refused.
 */
#include "ical/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "ical/child.h"
#include "time/civil.h"

#define ZONEINFO_DIR "/usr/share/zoneinfo"

static const char end_line[] = "{\"end\":true}\n";

/* The largest calendar takes about 130 MB; child and service share what the unit allows. */
void ical_limits(struct process_limits *out)
{
    const char *dir = getenv("TZDIR");

    *out = (struct process_limits){
        .memory_bytes = (size_t)384 * 1024 * 1024,
        .cpu_s = 20,
        .files = 8,
        .reads = dir != NULL && *dir != '\0' ? dir : ZONEINFO_DIR,
        .wall_ms = 30000,
        .output_bytes = (size_t)128 * 1024 * 1024,
    };
}

void ical_child_argv(const struct ical_request *request, struct ical_argv *out)
{
    const char *zone = request->zone != NULL ? request->zone : "UTC";

    snprintf(out->from, sizeof(out->from), "%lld", (long long)request->from_day);
    snprintf(out->to, sizeof(out->to), "%lld", (long long)request->to_day);
    snprintf(out->zone, sizeof(out->zone), "%s", zone);
    const char *argv[] = {"betimes", CHILD_WORD, out->from, out->to, out->zone, NULL};
    memcpy(out->argv, argv, sizeof(argv));
}

static json_t *load_line(const char *line, size_t len)
{
    return json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
}

static int refused(const struct ical_reading *r, struct err *err)
{
    json_t *line = load_line(r->text.data, strcspn(r->text.data, "\n"));
    const char *why = json_string_value(json_object_get(line, "error"));

    err_set(err, "%s", why != NULL ? why : "the calendar was refused");
    json_decref(line);
    return ERR_INVALID;
}

int ical_reading_check(enum process_end end, struct ical_reading *out, struct err *err)
{
    size_t end_len = sizeof(end_line) - 1;

    if (end == PROCESS_REFUSED)
        return refused(out, err);
    if (end != PROCESS_DONE) {
        err_set(err, "the calendar %s", process_end_words(end));
        return ERR_INVALID;
    }
    if (!str_ends(out->text.data, end_line)) {
        err_set(err, "the calendar was not read to its end");
        return ERR_INVALID;
    }
    buf_truncate(&out->text, out->text.len - end_len);
    return 0;
}

int ical_read(const void *bytes, size_t len, const struct ical_request *request,
              struct ical_reading *out, struct err *err)
{
    struct process_limits limits;
    struct ical_argv child;
    enum process_end end;

    out->at = 0;
    buf_init(&out->text);
    if (request->to_day < request->from_day ||
        request->to_day - request->from_day > ICAL_DAYS_MAX) {
        err_set(err, "at most %d days can be looked at", ICAL_DAYS_MAX);
        return ERR_INVALID;
    }
    if (len > ICAL_BYTES_MAX) {
        err_set(err, "larger than %zu bytes", ICAL_BYTES_MAX);
        return ERR_LIMIT;
    }
    ical_child_argv(request, &child);
    ical_limits(&limits);
    int rc = process_run(PROCESS_SELF, child.argv, bytes, len, &limits, &out->text, &end, err);
    return rc == 0 ? ical_reading_check(end, out, err) : rc;
}

int ical_read_file(const char *path, const struct ical_request *request, struct ical_reading *out,
                   struct err *err)
{
    struct buf bytes;

    buf_init(&bytes);
    out->at = 0;
    buf_init(&out->text);
    int rc = str_eq(path, "-") ? child_read_input(&bytes, err)
                               : fs_read(path, ICAL_BYTES_MAX, &bytes, err);
    if (rc == 0 && (rc = ical_read(bytes.data, bytes.len, request, out, err)) != 0)
        err_context(err, "%s", path);
    buf_close(&bytes);
    return rc;
}

json_t *ical_reading_next(struct ical_reading *r, const char **kind)
{
    static const char *const kinds[] = {"calendar", "event", "occurrence"};

    while (r->at < r->text.len) {
        const char *line = r->text.data + r->at;
        const char *newline = memchr(line, '\n', r->text.len - r->at);
        size_t len = newline != NULL ? (size_t)(newline - line) : r->text.len - r->at;
        json_t *whole = load_line(line, len), *object = NULL;
        r->at += len + (newline != NULL);
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && object == NULL; i++)
            if ((object = json_incref(json_object_get(whole, kinds[i]))) != NULL)
                *kind = kinds[i];
        json_decref(whole);
        if (object != NULL)
            return object;
    }
    return NULL;
}

void ical_reading_close(struct ical_reading *r)
{
    buf_close(&r->text);
    r->at = 0;
}
