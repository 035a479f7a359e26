/*
 * Between the parent that wants an object edited and the child that does it. The parent writes one
 * line of JSON that says what, and behind it the object; the child answers with one line of JSON
 * and the line that says that it came to its end (read.c).
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "base/process.h"
#include "base/str.h"
#include "ical/child.h"
#include "ical/edit.h"
#include "ical/read.h"

/* ---- in the child */

static int answer(int rc, const struct buf *text, bool changed, const struct err *why,
                  struct buf *out)
{
    json_t *line = rc == ERR_NOTFOUND ? json_pack("{s:s}", "missing", why->text)
                   : rc == ERR_EXISTS ? json_pack("{s:s}", "conflict", why->text)
                   : changed          ? json_pack("{s:s%}", "edited", text->data, text->len)
                                      : json_pack("{s:n}", "edited");
    char *dumped = json_dumps(line, JSON_COMPACT);

    json_decref(line);
    if (dumped == NULL)
        return ERR_INVALID; /* it holds a NUL */
    buf_puts(out, dumped);
    buf_putc(out, '\n');
    free(dumped);
    return 0;
}

int child_edit(const struct buf *in, struct buf *out, struct err *err)
{
    size_t head = strcspn(in->data, "\n");
    json_t *ask = json_loadb(in->data, head, JSON_REJECT_DUPLICATES, NULL);
    struct ical_edit e = {0};
    struct buf text;
    bool changed;
    json_int_t now_ms;
    int cancelled, known;

    if (head == in->len ||
        json_unpack(ask, "{s:s, s:s, s:b, s:b, s?s, s:I}", "uid", &e.uid, "recurrence",
                    &e.recurrence, "cancelled", &cancelled, "known_cancelled", &known, "attendee",
                    &e.attendee, "now_ms", &now_ms) != 0) {
        json_decref(ask);
        err_set(err, "nobody says what is to be written");
        return ERR_INVALID;
    }
    e.cancelled = cancelled;
    e.known_cancelled = known;
    e.now_ms = now_ms;
    buf_init(&text);
    int rc = ical_edit_text(in->data + head + 1, in->len - head - 1, &e, &text, &changed, err);
    if (rc == 0 || rc == ERR_NOTFOUND || rc == ERR_EXISTS)
        rc = answer(rc, &text, changed, err, out);
    buf_close(&text);
    json_decref(ask);
    return rc;
}

/* ---- in the parent */

static char *ask_line(const struct ical_edit *e)
{
    json_t *ask =
        json_pack("{s:s, s:s, s:b, s:b, s:s*, s:I}", "uid", e->uid, "recurrence", e->recurrence,
                  "cancelled", (int)e->cancelled, "known_cancelled", (int)e->known_cancelled,
                  "attendee", e->attendee, "now_ms", (json_int_t)e->now_ms);
    char *line = json_dumps(ask, JSON_COMPACT);

    json_decref(ask);
    return line;
}

static int take_answer(struct ical_reading *reading, struct buf *out, bool *changed,
                       struct err *err)
{
    json_t *line = json_loadb(reading->text.data, reading->text.len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *edited = json_object_get(line, "edited");
    const char *missing = json_string_value(json_object_get(line, "missing"));
    const char *conflict = json_string_value(json_object_get(line, "conflict"));
    int rc = 0;

    if (missing != NULL || conflict != NULL) {
        err_set(err, "%s", missing != NULL ? missing : conflict);
        rc = missing != NULL ? ERR_NOTFOUND : ERR_EXISTS;
    } else if (json_is_string(edited)) {
        *changed = true;
        buf_append(out, json_string_value(edited), json_string_length(edited));
    } else if (!json_is_null(edited)) {
        err_set(err, "the edited calendar makes no sense");
        rc = ERR_INVALID;
    }
    json_decref(line);
    return rc;
}

int ical_edit(const char *bytes, size_t len, const struct ical_edit *e, struct buf *out,
              bool *changed, struct err *err)
{
    static const char *const argv[] = {"betimes", CHILD_EDIT_WORD, NULL};
    struct ical_reading reading = {0};
    struct process_limits limits;
    enum process_end end;
    struct buf in;

    *changed = false;
    if (len > ICAL_EDIT_BYTES_MAX) {
        err_set(err, "larger than %zu bytes", ICAL_EDIT_BYTES_MAX);
        return ERR_LIMIT;
    }
    char *line = ask_line(e);
    if (line == NULL) {
        err_set(err, "the event's name is not UTF-8");
        return ERR_INVALID;
    }
    buf_init(&in);
    buf_init(&reading.text);
    buf_printf(&in, "%s\n", line);
    free(line);
    buf_append(&in, bytes, len);
    ical_limits(&limits);
    int rc = process_run(PROCESS_SELF, argv, in.data, in.len, &limits, &reading.text, &end, err);
    if (rc == 0)
        rc = ical_reading_check(end, &reading, err);
    if (rc == 0)
        rc = take_answer(&reading, out, changed, err);
    buf_close(&in);
    ical_reading_close(&reading);
    return rc;
}
