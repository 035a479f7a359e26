/* A message's plan brought up to date with its record. See send/refresh.h. */
#include "send/refresh.h"

#include <stdlib.h>

#include "base/str.h"
#include "watch/absorb.h"
#include "watch/replan.h"

int refresh_message(struct world *w, struct message *m, bool force, int64_t now_ms, bool *again)
{
    struct entity e;
    char *key = NULL, *facts = NULL;
    struct subjects subjects = {0};
    struct replan_counts counts = {0};
    int rc = store_entity(w->store, m->subject_id, &e);

    *again = false;
    if (rc == 0)
        rc = store_facts(w->store, e.kind, e.row_id, &key, &facts);
    bool gone = rc == ERR_NOTFOUND;
    bool stale = gone || (rc == 0 && (!str_eq(facts, e.facts) || !str_eq(key, e.key)));
    if (stale)
        rc = absorb_row(w, e.kind, e.row_id, now_ms, &subjects);
    if (rc == 0 && (force || stale || w->behind || e.generation != w->generation)) {
        *again = true;
        rc = replan_subject(w, m->subject_id, now_ms, &counts);
    }
    if (rc == 0 && *again) {
        int64_t id = m->id;
        message_close(m);
        rc = store_message(w->store, id, m);
    }
    free(key);
    free(facts);
    subjects_close(&subjects);
    entity_close(&e);
    return rc;
}
