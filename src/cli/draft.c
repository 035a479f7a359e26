/* A planned draft of the database. See cli/draft.h. */
#include "cli/draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/terminal.h"
#include "watch/absorb.h"
#include "watch/replan.h"
#include "watch/trial.h"

#define BATCH 500 /* changes or subjects at a time */

struct drafting {
    struct draft *d;
    struct subjects subjects;
    struct progress progress;
    size_t done;
    int rc;
};

/* What differs is collected before it is looked at: looking writes into what is being compared. */
struct difference {
    enum entity_kind kind;
    int64_t row_id;
};
struct differences {
    struct difference *items;
    size_t count, cap;
};

static void collect(void *arg, enum entity_kind kind, int64_t row_id)
{
    struct differences *l = arg;

    mem_grow(&l->items, &l->cap, l->count + 1, sizeof(*l->items));
    l->items[l->count++] = (struct difference){kind, row_id};
}

/* The change log first, then what no trigger told. */
static int look(struct drafting *g)
{
    struct store *s = g->d->session.store;
    struct reconcile_cursor cursor = {0};
    struct differences found = {0};
    size_t taken = BATCH;
    bool done = false;

    for (; g->rc == 0 && taken == BATCH; progress_show(&g->progress, g->done += taken, 0))
        g->rc = absorb_changes(&g->d->world, g->d->now_ms, BATCH, &g->subjects, &taken);
    while (g->rc == 0 && !done) {
        found.count = 0;
        g->rc = store_reconcile(s, &cursor, BATCH, collect, &found, &done);
        for (size_t i = 0; g->rc == 0 && i < found.count; i++)
            g->rc = absorb_row(&g->d->world, found.items[i].kind, found.items[i].row_id,
                               g->d->now_ms, &g->subjects);
        progress_show(&g->progress, g->done += found.count, 0);
    }
    free(found.items);
    return g->rc;
}

static int plan_listed(struct drafting *g, const struct subjects *list)
{
    struct replan_counts counts = {0};

    for (size_t i = 0; g->rc == 0 && i < list->count; i++) {
        g->rc = replan_subject(&g->d->world, list->ids[i], g->d->now_ms, &counts);
        progress_show(&g->progress, ++g->done, 0);
    }
    return g->rc;
}

/* What changed, then what was last planned with another playbook. */
static int plan(struct drafting *g)
{
    struct subjects rest = {0};
    int64_t after = 0;
    bool done = false;

    subjects_sort(&g->subjects);
    plan_listed(g, &g->subjects);
    while (g->rc == 0 && !done) {
        rest.count = 0;
        g->rc = store_entities_unplanned(g->d->session.store, g->d->world.generation, &after, BATCH,
                                         subjects_add, &rest, &done);
        plan_listed(g, &rest);
    }
    subjects_close(&rest);
    return g->rc;
}

int draft_make(const struct session *session, const struct config *config, int64_t now_ms,
               struct draft *out)
{
    struct drafting g = {.d = out};
    struct err err = {""};

    *out = (struct draft){.config = config, .now_ms = now_ms};
    out->session.zone = session->zone;
    out->session.database = mem_strdup(session->database);
    conditions_localtime(config->settings->business.calendar.zone); /* as it is for the service */
    progress_begin(&g.progress, "Looking at the records");
    g.rc = store_draft(session->database, &out->session.store, &err);
    if (g.rc != 0)
        return command_error(ERR_IO, "%s", err.text);
    out->conditions = conditions_open(session->database, &err);
    if (out->conditions == NULL)
        return command_error(ERR_IO, "%s", err.text);
    g.rc = store_last_message(out->session.store, &out->known_id);
    if (g.rc == 0)
        g.rc = store_begin(out->session.store);
    if (g.rc == 0)
        g.rc = world_load(&out->world, out->session.store, config->settings, config->playbook,
                          now_ms, true);
    if (g.rc == 0)
        look(&g);
    g.progress.what = "Planning";
    g.done = 0;
    if (g.rc == 0)
        plan(&g);
    if (g.rc == 0)
        g.rc = store_commit(out->session.store);
    progress_end(&g.progress);
    subjects_close(&g.subjects);
    if (g.rc != 0)
        return session_failed(&out->session, g.rc, "plan ahead");
    return EXIT_DONE;
}

bool draft_on_trial(const struct session *session, const struct config *config, int64_t now_ms)
{
    struct world w;
    bool needed = false;

    if (world_load(&w, session->store, config->settings, config->playbook, now_ms, false) == 0)
        needed = trial_needed(&w);
    world_close(&w);
    return needed;
}

void draft_close(struct draft *d)
{
    conditions_close(d->conditions);
    world_close(&d->world);
    session_close(&d->session);
    *d = (struct draft){0};
}
