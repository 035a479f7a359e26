/* What becomes of what waits. See send/foretell.h. */
#include "send/foretell.h"

#include <stdlib.h>

#include "base/mem.h"

void foretelling_close(struct foretelling *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->items[i].reason);
    free(f->items);
    *f = (struct foretelling){0};
}

const struct foretold *foretelling_of(const struct foretelling *f, int64_t message_id)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->items[i].message_id == message_id)
            return &f->items[i];
    return NULL;
}

struct telling {
    const struct lookahead_request *request;
    struct foretelling *out;
    size_t cap;
};

/* Why it goes as it does. A silence that begins only ahead of now begins with a message that the
 * client gets before: the row's own time was reckoned from the last one. */
static const char *reason_of(const struct telling *t, const struct rehearsal_item *item)
{
    const struct letter *l = item->letter;
    bool anew = l != NULL && l->rule->event == EVENT_CLIENT_SILENCE &&
                item->message->occurrence >= t->request->now_ms;

    return item->reason == NULL && anew ? "the client hears from us once more before that"
                                        : item->reason;
}

static void item_cb(void *arg, const struct rehearsal_item *item)
{
    struct telling *t = arg;
    struct foretelling *f = t->out;

    if (f->count == FORETOLD_MAX)
        return;
    mem_grow(&f->items, &t->cap, f->count + 1, sizeof(*f->items));
    f->items[f->count++] = (struct foretold){.message_id = item->message->id,
                                             .fate = item->fate,
                                             .channel = item->message->channel,
                                             .at_ms = item->at_ms,
                                             .reason = mem_strdup(reason_of(t, item))};
}

int foretell(const struct lookahead_request *r, struct foretelling *out, struct err *err)
{
    struct telling t = {.request = r, .out = out};
    struct lookahead l;

    *out = (struct foretelling){0};
    int rc = lookahead_open(r, &l, err);
    if (rc == 0)
        rc = lookahead_plan(&l);
    if (rc == 0)
        rc = lookahead_run(&l, item_cb, &t);
    if (rc != 0 && err->text[0] == '\0')
        err_set(err, "%s", store_error(l.store));
    lookahead_close(&l);
    return rc;
}
