/* betimes why: what was decided about a message, and the values that each decision saw. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/show.h"
#include "cli/why.h"

static void value_words(struct buf *out, const char *name, const json_t *v)
{
    char *text = json_is_string(v) ? mem_printf("'%s'", json_string_value(v))
                                   : json_dumps(v, JSON_ENCODE_ANY);

    buf_printf(out, "%s%s was %s", out->len > 0 ? ", " : "", name, text != NULL ? text : "?");
    free(text);
}

static void cap_words(struct buf *out, const json_t *cap)
{
    buf_printf(out, "%s%lld of %lld messages within %lld hours", out->len > 0 ? ", " : "",
               (long long)json_integer_value(json_object_get(cap, "had")),
               (long long)json_integer_value(json_object_get(cap, "of")),
               (long long)json_integer_value(json_object_get(cap, "hours")));
}

/* "appointment.status was 'booked', 1 of 3 messages within 24 hours". */
static void saw_words(const char *saw, struct buf *out)
{
    json_t *o = saw != NULL ? json_loads(saw, 0, NULL) : NULL;

    for (void *i = json_object_iter(o); i != NULL; i = json_object_iter_next(o, i)) {
        json_t *of = json_object_iter_value(i);
        if (strncmp(json_object_iter_key(i), "cap", 3) == 0) {
            cap_words(out, of);
            continue;
        }
        for (void *k = json_object_iter(of); k != NULL; k = json_object_iter_next(of, k))
            value_words(out, json_object_iter_key(k), json_object_iter_value(k));
    }
    json_decref(o);
}

static void tell(const struct asking *a, const struct decision_row *d, const char *label)
{
    char at[SHOW_TIME_MAX], until[SHOW_TIME_MAX];
    struct buf words;

    buf_init(&words);
    show_time(d->at_ms, a->session.zone, a->now_ms, at);
    saw_words(d->saw, &words);
    char *saw = buf_steal(&words);
    if (d->went) {
        buf_printf(&words, "it may go");
    } else if (d->state == MESSAGE_HELD) {
        buf_printf(&words, "%s: held: %s", at, d->reason);
    } else if (d->next_ms != 0) {
        show_time(d->next_ms, a->session.zone, a->now_ms, until);
        buf_printf(&words, "%s: put off until %s: %s", at, until, d->reason);
    } else {
        buf_printf(&words, "%s: %s: %s", at, message_state_name(d->state), d->reason);
    }
    if (saw[0] != '\0')
        buf_printf(&words, " (%s)", saw);
    why_line(label, words.data);
    buf_close(&words);
    free(saw);
}

int why_decisions(const struct asking *a, int64_t message_id)
{
    struct decision_row *rows;
    size_t count;
    int rc = store_decisions(a->session.store, message_id, &rows, &count);

    for (size_t i = 0; rc == 0 && i < count; i++)
        tell(a, &rows[i], i == 0 ? "decided" : "");
    decisions_free(rows, count);
    return rc;
}

int why_decisions_json(const struct asking *a, int64_t message_id, json_t *into)
{
    struct decision_row *rows;
    size_t count;
    json_t *list = json_array();
    int rc = store_decisions(a->session.store, message_id, &rows, &count);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct decision_row *d = &rows[i];
        json_t *o = json_object(), *saw = d->saw != NULL ? json_loads(d->saw, 0, NULL) : NULL;
        json_object_set_new(o, "at", d->went ? json_null() : show_json_time(d->at_ms));
        json_object_set_new(o, "state", json_string(message_state_name(d->state)));
        json_object_set_new(o, "until", d->next_ms != 0 ? show_json_time(d->next_ms) : json_null());
        json_object_set_new(o, "reason", show_json_text(d->reason));
        json_object_set_new(o, "saw", saw != NULL ? saw : json_null());
        json_array_append_new(list, o);
    }
    json_object_set_new(into, "decisions", list);
    decisions_free(rows, count);
    return rc;
}
