/* The question and the answer as JSON. See send/foresee_wire.h. */
#include "send/foresee_wire.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/mem.h"

/* A text that the JSON lacks is NULL on the other end. */
struct text_key {
    const char *key;
    size_t at; /* in the struct, a char * */
};
#define TEXT(type, field)                                                                          \
    {                                                                                              \
#field, offsetof(struct type, field)                                                       \
    }
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const struct text_key job_texts[] = {
    TEXT(job, workflow), TEXT(job, stage),  TEXT(job, title),
    TEXT(job, due),      TEXT(job, amount), TEXT(job, currency),
};
static const struct text_key appointment_texts[] = {
    TEXT(appointment, title), TEXT(appointment, location), TEXT(appointment, starts),
    TEXT(appointment, ends),  TEXT(appointment, timezone), TEXT(appointment, status),
};
static const struct text_key foretold_texts[] = {TEXT(foretold, reason)};
static const struct text_key foreseen_texts[] = {
    TEXT(foreseen, rule),    TEXT(foreseen, name),   TEXT(foreseen, to),
    TEXT(foreseen, about),   TEXT(foreseen, reason), TEXT(foreseen, language),
    TEXT(foreseen, subject), TEXT(foreseen, text),
};

static void put_texts(json_t *o, const void *from, const struct text_key *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *text = *(char *const *)((const char *)from + keys[i].at);
        if (text != NULL)
            json_object_set_new(o, keys[i].key, json_string(text));
    }
}

static void take_texts(const json_t *o, void *to, const struct text_key *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        *(char **)((char *)to + keys[i].at) =
            mem_strdup(json_string_value(json_object_get(o, keys[i].key)));
}

static int64_t number(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

static void put_number(json_t *o, const char *key, int64_t n)
{
    json_object_set_new(o, key, json_integer(n));
}

static void write_down(json_t *o, struct buf *out)
{
    char *text = json_dumps(o, JSON_COMPACT);

    if (text != NULL)
        buf_puts(out, text);
    free(text);
    json_decref(o);
}

/* --- the question --- */

void foresee_question_close(struct foresee_question *q)
{
    free(q->dir);
    free(q->credentials);
    row_change_close(&q->change);
    free(q->waiting);
    free(q->consents); /* which hold no texts */
    *q = (struct foresee_question){0};
}

static json_t *consents_json(const struct foresee_question *q)
{
    json_t *list = json_array();

    for (size_t i = 0; i < q->consent_count; i++) {
        const struct consent_line *c = &q->consents[i];
        json_t *o = json_object();
        put_number(o, "channel", c->channel);
        put_number(o, "purpose", c->purpose);
        put_number(o, "in", c->in);
        json_array_append_new(list, o);
    }
    return list;
}

void foresee_put_question(const struct foresee_question *q, struct buf *out)
{
    const struct row_change *c = &q->change;
    bool job = c->kind == ENTITY_JOB;
    json_t *o = json_object(), *row = json_object();

    json_object_set_new(o, "dir", json_string(q->dir));
    if (q->credentials != NULL)
        json_object_set_new(o, "credentials", json_string(q->credentials));
    put_number(o, "now", q->now_ms);
    if (q->waiting_count > 0) {
        json_t *ids = json_array();
        for (size_t i = 0; i < q->waiting_count; i++)
            json_array_append_new(ids, json_integer(q->waiting[i]));
        json_object_set_new(o, "waiting", ids);
        json_decref(row);
        write_down(o, out);
        return;
    }
    put_number(o, "client", q->client_id);
    if (q->consent_count > 0) {
        json_object_set_new(o, "consents", consents_json(q));
        json_decref(row);
        write_down(o, out);
        return;
    }
    put_number(o, "kind", c->kind);
    put_number(o, "id", c->id);
    put_number(row, "staff", job ? c->job.staff_id : c->appointment.staff_id);
    put_number(row, "job", job ? 0 : c->appointment.job_id);
    if (job)
        put_texts(row, &c->job, job_texts, COUNT(job_texts));
    else
        put_texts(row, &c->appointment, appointment_texts, COUNT(appointment_texts));
    json_object_set_new(o, "row", row);
    write_down(o, out);
}

/* Of some clients, by their ids. */
static void take_waiting(const json_t *ids, struct foresee_question *out)
{
    size_t count = json_array_size(ids);

    if (count > FORETELL_CLIENTS_MAX)
        count = FORETELL_CLIENTS_MAX;
    out->waiting = mem_array(count, sizeof(*out->waiting));
    for (; out->waiting_count < count; out->waiting_count++)
        out->waiting[out->waiting_count] =
            json_integer_value(json_array_get(ids, out->waiting_count));
}

static void take_consents(const json_t *list, struct foresee_question *out)
{
    size_t count = json_array_size(list);

    if (count > CONSENTS_MAX)
        count = CONSENTS_MAX;
    out->consents = mem_array(count, sizeof(*out->consents));
    for (; out->consent_count < count; out->consent_count++) {
        const json_t *o = json_array_get(list, out->consent_count);
        out->consents[out->consent_count] =
            (struct consent_line){.channel = (enum channel)number(o, "channel"),
                                  .purpose = (enum purpose)number(o, "purpose"),
                                  .in = number(o, "in") != 0};
    }
}

static bool take_change(const json_t *o, struct foresee_question *out)
{
    const json_t *row = json_object_get(o, "row");
    struct row_change *c = &out->change;

    c->kind = (enum entity_kind)number(o, "kind");
    c->id = number(o, "id");
    if (c->kind == ENTITY_JOB) {
        c->job.client_id = out->client_id;
        c->job.staff_id = number(row, "staff");
        take_texts(row, &c->job, job_texts, COUNT(job_texts));
    } else {
        c->appointment.client_id = out->client_id;
        c->appointment.staff_id = number(row, "staff");
        c->appointment.job_id = number(row, "job");
        take_texts(row, &c->appointment, appointment_texts, COUNT(appointment_texts));
    }
    return row != NULL && (c->kind == ENTITY_JOB
                               ? c->job.stage != NULL
                               : c->kind == ENTITY_APPOINTMENT && c->appointment.starts != NULL &&
                                     c->appointment.status != NULL);
}

bool foresee_take_question(const char *text, size_t len, struct foresee_question *out)
{
    json_t *o = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *waiting = json_object_get(o, "waiting");
    const json_t *consents = json_object_get(o, "consents");
    bool fine = true;

    *out = (struct foresee_question){0};
    out->dir = mem_strdup(json_string_value(json_object_get(o, "dir")));
    out->credentials = mem_strdup(json_string_value(json_object_get(o, "credentials")));
    out->client_id = number(o, "client");
    out->now_ms = number(o, "now");
    if (json_array_size(consents) > 0)
        take_consents(consents, out);
    else if (json_array_size(waiting) > 0)
        take_waiting(waiting, out);
    else
        fine = take_change(o, out);
    fine = fine && out->dir != NULL;
    json_decref(o);
    return fine;
}

/* --- the answer --- */

void foresee_put_answer(const struct foresight *f, struct buf *out)
{
    json_t *o = json_object(), *list = json_array();

    for (size_t i = 0; i < f->count; i++) {
        const struct foreseen *m = &f->items[i];
        json_t *item = json_object();
        put_number(item, "kind", m->kind);
        put_number(item, "fate", m->fate);
        put_number(item, "channel", m->channel);
        put_number(item, "recipient", m->recipient);
        put_number(item, "at", m->at_ms);
        put_number(item, "was", m->was_ms);
        put_number(item, "was_channel", m->was_channel);
        put_texts(item, m, foreseen_texts, COUNT(foreseen_texts));
        json_array_append_new(list, item);
    }
    json_object_set_new(o, "items", list);
    put_number(o, "same", (int64_t)f->same);
    write_down(o, out);
}

void foretell_put_answer(const struct foretelling *f, struct buf *out)
{
    json_t *o = json_object(), *list = json_array();

    for (size_t i = 0; i < f->count; i++) {
        const struct foretold *m = &f->items[i];
        json_t *item = json_object();
        put_number(item, "id", m->message_id);
        put_number(item, "fate", m->fate);
        put_number(item, "channel", m->channel);
        put_number(item, "at", m->at_ms);
        put_texts(item, m, foretold_texts, COUNT(foretold_texts));
        json_array_append_new(list, item);
    }
    json_object_set_new(o, "items", list);
    write_down(o, out);
}

void foresee_put_trouble(const char *words, struct buf *out)
{
    json_t *o = json_object();

    json_object_set_new(o, "trouble", json_string(words));
    write_down(o, out);
}

static void take_item(const json_t *o, struct foreseen *out)
{
    *out = (struct foreseen){
        .kind = (enum foreseen_kind)number(o, "kind"),
        .fate = (enum fate)number(o, "fate"),
        .channel = (enum channel)number(o, "channel"),
        .recipient = (enum entity_kind)number(o, "recipient"),
        .at_ms = number(o, "at"),
        .was_ms = number(o, "was"),
        .was_channel = (enum channel)number(o, "was_channel"),
    };
    take_texts(o, out, foreseen_texts, COUNT(foreseen_texts));
}

static void take_told(const json_t *o, struct foretold *out)
{
    *out = (struct foretold){
        .message_id = number(o, "id"),
        .fate = (enum fate)number(o, "fate"),
        .channel = (enum channel)number(o, "channel"),
        .at_ms = number(o, "at"),
    };
    take_texts(o, out, foretold_texts, COUNT(foretold_texts));
}

/* The list of the answer: 0, or why there is none. */
static int items_of(const json_t *o, const json_t **list, struct err *err)
{
    const char *trouble = json_string_value(json_object_get(o, "trouble"));

    *list = json_object_get(o, "items");
    if (trouble == NULL)
        return json_is_array(*list) ? 0 : ERR_CORRUPT;
    err_set(err, "%s", trouble);
    return ERR_INVALID;
}

int foresee_take_answer(const char *text, size_t len, struct foresight *out, struct err *err)
{
    json_t *o = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *list;
    int rc = items_of(o, &list, err);

    *out = (struct foresight){0};
    if (rc == 0) {
        out->items = mem_array(json_array_size(list) + 1, sizeof(*out->items));
        for (; out->count < json_array_size(list); out->count++)
            take_item(json_array_get(list, out->count), &out->items[out->count]);
        out->same = (size_t)number(o, "same");
    }
    json_decref(o);
    return rc;
}

int foretell_take_answer(const char *text, size_t len, struct foretelling *out, struct err *err)
{
    json_t *o = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *list;
    int rc = items_of(o, &list, err);

    *out = (struct foretelling){0};
    if (rc == 0) {
        out->items = mem_array(json_array_size(list) + 1, sizeof(*out->items));
        for (; out->count < json_array_size(list); out->count++)
            take_told(json_array_get(list, out->count), &out->items[out->count]);
    }
    json_decref(o);
    return rc;
}
