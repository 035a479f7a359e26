/*
 * What a change would send. See send/foresee.h.
 *
 * Each side is a draft around the client: what nobody has looked at yet is looked at, on the other
 * side the row is changed and looked at again, what that concerns is planned, and the rehearsal
 * decides about everything that waits. Messages meet by rule, subject, occurrence, repeat and
 * recipient; what is left over on both sides, of one rule about one subject for one person, has
 * moved (an appointment that was moved gets a new occurrence).
 */
#include "send/foresee.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "send/lookahead.h"

/* A message of one side. */
struct seen {
    struct foreseen f;
    int64_t rule_id, subject_id, occurrence, recipient;
    int repeat;
    bool met;
};

struct side {
    const struct foresee_request *request;
    struct lookahead_request asked;
    struct lookahead ahead;
    int64_t row_id; /* of the record that is changed; 0: a new one that is not there yet */
    struct seen *items;
    size_t count, cap;
};

static void foreseen_close(struct foreseen *f)
{
    free(f->rule);
    free(f->name);
    free(f->to);
    free(f->about);
    free(f->reason);
    free(f->language);
    free(f->subject);
    free(f->text);
}

void foresight_close(struct foresight *f)
{
    for (size_t i = 0; i < f->count; i++)
        foreseen_close(&f->items[i]);
    free(f->items);
    *f = (struct foresight){0};
}

/* --- one side --- */

/* An address or the office is met by what it is: its entity may be the draft's own. */
static int64_t recipient_of(const struct rehearsal_item *item)
{
    const struct entity *e = &item->letter->recipient;

    if (e->kind == ENTITY_CLIENT || e->kind == ENTITY_STAFF)
        return e->id;
    return (int64_t)(str_hash(e->key, strlen(e->key), 0) | UINT64_C(1) << 63);
}

static const char *name_of(const struct letter *l)
{
    return l->recipient.kind == ENTITY_CLIENT  ? l->subject.client.name
           : l->recipient.kind == ENTITY_STAFF ? l->recipient_staff.name
                                               : NULL;
}

/* The title of the record, if it is not the one that is changed. */
static const char *about(const struct side *s, const struct letter *l)
{
    const struct row_change *c = s->request->change;
    const struct entity *e = &l->subject.entity;

    if (c != NULL && e->kind == c->kind && e->row_id == s->row_id)
        return NULL;
    const char *title =
        l->subject.plan.job != NULL ? l->subject.job.title : l->subject.appointment.title;
    return title != NULL ? title : e->key;
}

static void item_cb(void *arg, const struct rehearsal_item *item)
{
    struct side *s = arg;
    const struct message *m = item->message;
    const struct letter *l = item->letter;

    if (l == NULL || s->count == FORESEEN_MAX)
        return;
    mem_grow(&s->items, &s->cap, s->count + 1, sizeof(*s->items));
    s->items[s->count++] = (struct seen){
        .f = {.fate = item->fate,
              .rule = mem_strdup(l->rule->name),
              .channel = m->channel,
              .recipient = l->recipient.kind,
              .name = mem_strdup(name_of(l)),
              .to = mem_strdup(item->to),
              .about = mem_strdup(about(s, l)),
              .at_ms = item->at_ms,
              .reason = mem_strdup(item->reason),
              .language = mem_strdup(item->words != NULL ? item->words->language : NULL),
              .subject = mem_strdup(item->words != NULL ? item->words->subject : NULL),
              .text = mem_strdup(item->words != NULL ? item->words->text : NULL)},
        .rule_id = m->rule_id,
        .subject_id = m->subject_id,
        .occurrence = m->occurrence,
        .repeat = m->repeat,
        .recipient = recipient_of(item),
    };
}

/* The row as it will be, also for conditions. */
static int change_row(struct side *s, struct err *err)
{
    const struct foresee_request *r = s->request;
    struct row_change c = *r->change; /* borrows its strings */
    struct lookahead *l = &s->ahead;
    int rc = store_draft_row(l->store, &c, r->now_ms);

    if (rc != 0)
        return rc;
    s->row_id = c.id;
    rc = conditions_instead(l->conditions, &c, err);
    return rc == 0 ? absorb_row(&l->world, c.kind, c.id, r->now_ms, &l->concerned) : rc;
}

/* The ledger as it will be: the client is another one by it. */
static int add_consents(struct side *s)
{
    const struct foresee_request *r = s->request;
    struct lookahead *l = &s->ahead;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < r->consent_count; i++)
        rc = store_consent_add(l->store, r->client_id, &r->consents[i], r->now_ms);
    return rc == 0 ? absorb_row(&l->world, ENTITY_CLIENT, r->client_id, r->now_ms, &l->concerned)
                   : rc;
}

static int look_and_plan(struct side *s, bool changed, struct err *err)
{
    const struct foresee_request *r = s->request;
    struct lookahead *l = &s->ahead;
    int rc = 0;

    if (s->row_id != 0)
        rc = absorb_row(&l->world, r->change->kind, r->change->id, r->now_ms, &l->concerned);
    if (rc == 0 && changed)
        rc = r->change != NULL ? change_row(s, err) : add_consents(s);
    return rc == 0 ? lookahead_plan(l) : rc;
}

/* `changed`: as the records would stand. */
static int side_make(struct side *s, bool changed, struct err *err)
{
    const struct foresee_request *r = s->request;

    s->row_id = r->change != NULL ? r->change->id : 0;
    s->asked = (struct lookahead_request){.settings = r->settings,
                                          .playbook = r->playbook,
                                          .templates = r->templates,
                                          .client_ids = &r->client_id,
                                          .client_count = 1,
                                          .now_ms = r->now_ms};
    int rc = lookahead_open(&s->asked, &s->ahead, err);
    if (rc == 0)
        rc = look_and_plan(s, changed, err);
    if (rc == 0)
        rc = lookahead_run(&s->ahead, item_cb, s);
    if (rc != 0 && err->text[0] == '\0')
        err_set(err, "%s", store_error(s->ahead.store));
    return rc;
}

static void side_close(struct side *s)
{
    for (size_t i = 0; i < s->count; i++)
        foreseen_close(&s->items[i].f);
    free(s->items);
    lookahead_close(&s->ahead);
}

/* --- both sides meet --- */

static bool goes(const struct seen *m)
{
    return m->f.fate == FATE_GOES || m->f.fate == FATE_JOINED;
}

static bool same_kin(const struct seen *a, const struct seen *b)
{
    return a->rule_id == b->rule_id && a->subject_id == b->subject_id &&
           a->recipient == b->recipient;
}

static bool same_message(const struct seen *a, const struct seen *b)
{
    return same_kin(a, b) && a->occurrence == b->occurrence && a->repeat == b->repeat;
}

static struct seen *meets(struct side *s, const struct seen *m,
                          bool (*same)(const struct seen *a, const struct seen *b))
{
    for (size_t i = 0; i < s->count; i++)
        if (!s->items[i].met && goes(&s->items[i]) == goes(m) && same(&s->items[i], m))
            return &s->items[i];
    return NULL;
}

/* Take what the item holds. */
static void tell(struct foresight *out, struct seen *m, enum foreseen_kind kind)
{
    struct foreseen *f = &out->items[out->count++];

    *f = m->f;
    f->kind = kind;
    m->f = (struct foreseen){0};
}

/* Why the row of what went on the side of now does not go on the other: as the plan left it. */
static int reason_of(const struct side *then, struct seen *m)
{
    struct message *rows;
    size_t count;
    int rc = store_messages_of(then->ahead.store, m->subject_id, &rows, &count);

    for (size_t i = 0; rc == 0 && i < count; i++)
        if (rows[i].rule_id == m->rule_id && rows[i].occurrence == m->occurrence &&
            rows[i].repeat == m->repeat && rows[i].reason != NULL) {
            free(m->f.reason);
            m->f.reason = mem_strdup(rows[i].reason);
        }
    messages_free(rows, count);
    return rc;
}

static void pair(struct foresight *out, struct seen *was, struct seen *is)
{
    was->met = is->met = true;
    if (!goes(is)) {
        out->same++;
        return;
    }
    is->f.was_ms = was->f.at_ms;
    is->f.was_channel = was->f.channel;
    if (is->f.at_ms != was->f.at_ms)
        tell(out, is, FORESEEN_MOVED);
    else if (is->f.channel != was->f.channel || !str_eq(is->f.text, was->f.text) ||
             !str_eq(is->f.subject, was->f.subject) || !str_eq(is->f.to, was->f.to))
        tell(out, is, FORESEEN_REWORDED);
    else
        out->same++;
}

static void pair_all(struct foresight *out, struct side *now, struct side *then,
                     bool (*same)(const struct seen *a, const struct seen *b))
{
    for (size_t i = 0; i < then->count; i++) {
        struct seen *is = &then->items[i];
        struct seen *was = is->met ? NULL : meets(now, is, same);
        if (was != NULL)
            pair(out, was, is);
    }
}

/* It went on the side of now; on the other its own decision says why it does not. */
static bool decided_against(struct side *then, struct seen *was)
{
    for (size_t i = 0; i < then->count; i++) {
        struct seen *is = &then->items[i];
        if (is->met || goes(is) || !same_message(is, was))
            continue;
        is->met = true;
        free(was->f.reason);
        was->f.reason = is->f.reason;
        is->f.reason = NULL;
        return true;
    }
    return false;
}

static int by_time(const void *a, const void *b)
{
    const struct foreseen *x = a, *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return strcmp(x->rule, y->rule);
}

static int lay_side_by_side(struct side *now, struct side *then, struct foresight *out)
{
    int rc = 0;

    out->items = mem_array(now->count + then->count + 1, sizeof(*out->items));
    pair_all(out, now, then, same_message);
    pair_all(out, now, then, same_kin);
    for (size_t i = 0; rc == 0 && i < now->count; i++) {
        struct seen *was = &now->items[i];
        if (was->met || !goes(was))
            continue;
        if (!decided_against(then, was))
            rc = reason_of(then, was);
        tell(out, was, FORESEEN_GONE);
    }
    for (size_t i = 0; i < then->count; i++)
        if (!then->items[i].met)
            tell(out, &then->items[i], goes(&then->items[i]) ? FORESEEN_NEW : FORESEEN_NOT_SENT);
    qsort(out->items, out->count, sizeof(*out->items), by_time);
    return rc;
}

int foresee(const struct foresee_request *r, struct foresight *out, struct err *err)
{
    struct side now = {.request = r}, then = {.request = r};
    int rc = side_make(&now, false, err);

    *out = (struct foresight){0};
    if (rc == 0)
        rc = side_make(&then, true, err);
    if (rc == 0)
        rc = lay_side_by_side(&now, &then, out);
    side_close(&now);
    side_close(&then);
    return rc;
}
