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
    struct foretelling *out;
    size_t cap;
};

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
                                             .reason = mem_strdup(item->reason)};
}

int foretell(const struct lookahead_request *r, struct foretelling *out, struct err *err)
{
    struct telling t = {.out = out};
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
