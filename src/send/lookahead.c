/* Some clients' messages ahead of their time. See send/lookahead.h. */
#include "send/lookahead.h"

#include "watch/replan.h"

#define DAY_MS (24 * 3600 * INT64_C(1000))

int lookahead_open(const struct lookahead_request *r, struct lookahead *out, struct err *err)
{
    const char *database = r->settings->database;

    *out = (struct lookahead){.request = r};
    int rc = store_draft_around(database, r->client_ids, r->client_count, &out->store, err);
    if (rc != 0)
        return rc;
    out->conditions = conditions_open(database, err);
    if (out->conditions == NULL)
        return ERR_IO;
    rc = store_begin(out->store);
    if (rc == 0)
        rc = world_load(&out->world, out->store, r->settings, r->playbook, r->now_ms, true);
    for (size_t i = 0; rc == 0 && i < r->client_count; i++)
        rc = absorb_row(&out->world, ENTITY_CLIENT, r->client_ids[i], r->now_ms, &out->concerned);
    if (rc != 0)
        err_set(err, "%s", store_error(out->store));
    return rc;
}

int lookahead_plan(struct lookahead *l)
{
    struct replan_counts counts = {0};
    int rc = 0;

    subjects_sort(&l->concerned);
    for (size_t i = 0; rc == 0 && i < l->concerned.count; i++)
        rc = replan_subject(&l->world, l->concerned.ids[i], l->request->now_ms, &counts);
    return rc == 0 ? store_commit(l->store) : rc;
}

int lookahead_run(struct lookahead *l, rehearsal_each each, void *arg)
{
    int64_t now_ms = l->request->now_ms;
    struct rehearsal t = {.world = &l->world,
                          .templates = l->request->templates,
                          .conditions = l->conditions,
                          .mails = true};
    bool done = false;
    int rc = rehearsal_begin(&t, now_ms, now_ms + LOOKAHEAD_DAYS * DAY_MS);

    while (rc == 0 && !done)
        rc = rehearsal_step(&t, each, arg, &done);
    rehearsal_close(&t);
    return rc;
}

void lookahead_close(struct lookahead *l)
{
    subjects_close(&l->concerned);
    world_close(&l->world);
    conditions_close(l->conditions);
    store_close(l->store);
    *l = (struct lookahead){0};
}
