/* How many clients a changed rule would write to at once. See watch/trial.h. */
#include "watch/trial.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"

#define AT_ONCE_MS (10 * 60 * INT64_C(1000))
/* What waits for a window comes within a long holiday. */
#define WINDOW_MS (10 * 24 * 3600 * INT64_C(1000))

static bool counts(const struct rule_state *r)
{
    return r->trial != TRIAL_NONE && !r->paused;
}

bool trial_needed(const struct world *w)
{
    for (size_t i = 0; i < w->playbook->rule_count; i++)
        if (counts(&w->rules[i]))
            return true;
    return false;
}

static void look(void *arg, int64_t rule_id, int64_t recipient_id, int64_t at_ms)
{
    struct trial *t = arg;

    if (at_ms >= t->at_once_ms)
        return;
    int rule = world_rule_by_id(t->world, rule_id);
    if (rule >= 0 && counts(&t->world->rules[rule]))
        subjects_add(&t->recipients[rule], recipient_id);
}

int trial_count(struct trial *t, const struct world *w, int64_t now_ms, bool *done)
{
    if (t->recipients == NULL || t->world != w) {
        trial_close(t);
        t->world = w;
        t->rule_count = w->playbook->rule_count;
        t->at_once_ms = now_ms + AT_ONCE_MS;
        t->recipients = mem_array(t->rule_count, sizeof(*t->recipients));
    }
    return store_pending_page(w->store, &t->cursor, now_ms + WINDOW_MS, TRIAL_PAGE, look, t, done);
}

size_t trial_recipients(struct trial *t, size_t rule)
{
    subjects_sort(&t->recipients[rule]);
    return t->recipients[rule].count;
}

void trial_reason(const struct world *w, size_t rule, size_t recipients, char out[TRIAL_TEXT_MAX])
{
    const struct rule *r = &w->playbook->rules[rule];
    bool conditions = r->only_if != NULL || r->unless != NULL; /* asked only in the last moment */

    snprintf(out, TRIAL_TEXT_MAX, "%s: would write to %s%zu %s at once",
             w->rules[rule].trial == TRIAL_NEW ? "new" : "changed", conditions ? "up to " : "",
             recipients, r->to == TO_CLIENT ? "clients" : "people");
}

static int ask(const struct world *w, size_t rule, size_t recipients, int64_t now_ms)
{
    const char *name = w->playbook->rules[rule].name;
    char reason[TRIAL_TEXT_MAX];

    trial_reason(w, rule, recipients, reason);
    char *text =
        mem_printf("The rule %s is %s, so it waits for a yes. `betimes forecast --rule %s` "
                   "shows them, `betimes resume %s` lets them go.",
                   name, reason, name, name);
    int rc = store_rule_ask(w->store, name, PAUSED_BY_BLAST, now_ms, reason, text);
    free(text);
    log_warning("rule waits for a yes", "rule=%s recipients=%zu", name, recipients);
    return rc;
}

int trial_decide(struct trial *t, const struct world *w, int64_t now_ms)
{
    size_t limit = (size_t)w->settings->blast_clients;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < w->playbook->rule_count; i++) {
        if (!counts(&w->rules[i]))
            continue;
        size_t n = limit > 0 ? trial_recipients(t, i) : 0;
        rc = n > limit ? ask(w, i, n, now_ms)
                       : store_rule_trial_end(w->store, w->playbook->rules[i].name, now_ms);
    }
    return rc;
}

void trial_close(struct trial *t)
{
    for (size_t i = 0; i < t->rule_count; i++)
        subjects_close(&t->recipients[i]);
    free(t->recipients);
    *t = (struct trial){0};
}
