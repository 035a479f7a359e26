/* betimes why: what was decided about a message, or would be now, and the values that are seen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/show.h"
#include "cli/why.h"
#include "send/gate.h"
#include "store/condition.h"

static void value_words(struct buf *out, const char *name, const char *verb, const json_t *v)
{
    char *text = json_is_string(v) ? mem_printf("'%s'", json_string_value(v))
                                   : json_dumps(v, JSON_ENCODE_ANY);

    buf_printf(out, "%s%s %s %s", out->len > 0 ? ", " : "", name, verb, text != NULL ? text : "?");
    free(text);
}

static void cap_words(struct buf *out, const json_t *cap)
{
    char messages[STR_COUNTED_MAX], hours[STR_COUNTED_MAX];

    str_counted(json_integer_value(json_object_get(cap, "of")), "message", messages);
    str_counted(json_integer_value(json_object_get(cap, "hours")), "hour", hours);
    buf_printf(out, "%s%lld of %s within %s", out->len > 0 ? ", " : "",
               (long long)json_integer_value(json_object_get(cap, "had")), messages, hours);
}

/* "appointment.status was 'booked', 1 of 3 messages within 24 hours"; `verb`: was, is. */
static void saw_words(const char *saw, const char *verb, struct buf *out)
{
    json_t *o = saw != NULL ? json_loads(saw, 0, NULL) : NULL;

    for (void *i = json_object_iter(o); i != NULL; i = json_object_iter_next(o, i)) {
        json_t *of = json_object_iter_value(i);
        if (strncmp(json_object_iter_key(i), "cap", 3) == 0) {
            cap_words(out, of);
            continue;
        }
        for (void *k = json_object_iter(of); k != NULL; k = json_object_iter_next(of, k))
            value_words(out, json_object_iter_key(k), verb, json_object_iter_value(k));
    }
    json_decref(o);
}

static json_t *saw_json(const char *saw)
{
    json_t *o = saw != NULL && saw[0] != '\0' ? json_loads(saw, 0, NULL) : NULL;

    return o != NULL ? o : json_null();
}

static json_t *decision_json(const struct decision_row *d)
{
    json_t *o = json_object();

    json_object_set_new(o, "at", d->went ? json_null() : show_json_time(d->at_ms));
    json_object_set_new(o, "state", json_string(message_state_name(d->state)));
    json_object_set_new(o, "until", d->next_ms != 0 ? show_json_time(d->next_ms) : json_null());
    json_object_set_new(o, "reason", show_json_text(d->reason));
    json_object_set_new(o, "saw", saw_json(d->saw));
    return o;
}

static void tell(const struct asking *a, const struct decision_row *d, struct why_steps *out)
{
    char at[SHOW_TIME_MAX], until[SHOW_TIME_MAX];
    struct buf words;

    buf_init(&words);
    show_time(d->at_ms, a->session.zone, a->now_ms, at);
    saw_words(d->saw, "was", &words);
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
    why_step(out, "decided", decision_json(d), "%s", words.data);
    buf_close(&words);
    free(saw);
}

int why_decisions(const struct asking *a, int64_t message_id, struct why_steps *out)
{
    struct decision_row *rows;
    size_t count;
    int rc = store_decisions(a->session.store, message_id, &rows, &count);

    for (size_t i = 0; rc == 0 && i < count; i++)
        tell(a, &rows[i], out);
    decisions_free(rows, count);
    return rc;
}

int why_decisions_json(const struct asking *a, int64_t message_id, json_t *into)
{
    struct decision_row *rows;
    size_t count;
    json_t *list = json_array();
    int rc = store_decisions(a->session.store, message_id, &rows, &count);

    for (size_t i = 0; rc == 0 && i < count; i++)
        json_array_append_new(list, decision_json(&rows[i]));
    json_object_set_new(into, "decisions", list);
    decisions_free(rows, count);
    return rc;
}

/* ---- as of now */

static json_t *gate_json(const struct gate_decision *d)
{
    static const char *const answers[] = {
        [GATE_GO] = "go",   [GATE_WAIT] = "wait",     [GATE_HOLD] = "hold",
        [GATE_END] = "end", [GATE_REPLAN] = "replan",
    };
    json_t *o = json_object();

    json_object_set_new(o, "answer", json_string(answers[d->answer]));
    json_object_set_new(o, "reason",
                        d->reason[0] != '\0' ? show_json_text(d->reason) : json_null());
    json_object_set_new(o, "until",
                        d->answer == GATE_WAIT ? show_json_time(d->next_ms) : json_null());
    json_object_set_new(o, "saw", saw_json(d->saw));
    return o;
}

static void tell_gate(const struct gate_decision *d, const char *saw, struct why_steps *out)
{
    const char *verdict = d->answer == GATE_GO     ? "it may go"
                          : d->answer == GATE_WAIT ? "it would be put off: "
                          : d->answer == GATE_HOLD ? "it would be held: "
                          : d->answer == GATE_END  ? "it would not go: "
                                                   : "it would be planned again first: ";

    why_step(out, "as of now", gate_json(d), "%s%s%s%s%s", verdict, d->reason,
             saw[0] != '\0' ? " (" : "", saw, saw[0] != '\0' ? ")" : "");
}

void why_gate(const struct asking *a, struct world *w, const struct message *m,
              const struct letter *l, struct why_steps *out)
{
    int64_t at_ms = m->next_ms > a->now_ms ? m->next_ms : a->now_ms;
    struct conditions *conditions = NULL;
    struct gate_decision d;
    struct err err = {""};
    struct buf words;

    if (l->rule != NULL && (l->rule->only_if != NULL || l->rule->unless != NULL)) {
        conditions_localtime(w->settings->business.calendar.zone); /* as it is for the service */
        conditions = conditions_open(a->session.database, &err);
        if (conditions == NULL) {
            why_step(out, "as of now", NULL, "its condition cannot be asked: %s", err.text);
            return;
        }
    }
    gate_decide(w, conditions, m, l, at_ms, &d);
    conditions_close(conditions);
    buf_init(&words);
    saw_words(d.saw[0] != '\0' ? d.saw : NULL, "is", &words);
    tell_gate(&d, words.data != NULL ? words.data : "", out);
    buf_close(&words);
}
