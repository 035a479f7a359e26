/* Clients whom nothing reaches. See watch/reach.h. */
#include "watch/reach.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/entities.h"
#include "store/tasks.h"

static char *key_of(int64_t client_id)
{
    return mem_printf("unreachable:%lld", (long long)client_id);
}

/* Can they be reached by any channel at all, whatever a rule says? */
static bool is_reachable(const struct world *w, const struct plan_contact *c, char *why)
{
    static const struct rule any = {.by = BY_SMS_AND_EMAIL, .purpose = PURPOSE_SERVICE};
    enum channel channels[2];

    return plan_channels(&any, &w->settings->business, c, channels, why) > 0;
}

bool reach_is_lost(const struct world *w, const struct rule *rule, const struct plan_contact *c,
                   char *why)
{
    return rule->purpose == PURPOSE_SERVICE && c != NULL && !is_reachable(w, c, why);
}

/* Who wants no messages is told of it by a person all the same, but has nothing to be corrected. */
static int text_of(struct world *w, const struct unreached *u, const char *name, char **text)
{
    struct consents said;
    int rc = store_consents(w->store, u->client_row, &said);

    name = name != NULL ? name : "A client";
    if (rc == 0 && said.opted[CHANNEL_EMAIL][PURPOSE_SERVICE] == 'o' &&
        said.opted[CHANNEL_SMS][PURPOSE_SERVICE] == 'o')
        *text = mem_printf("%s wants no messages, so that of the rule %s does not go. If they have "
                           "to know, tell them yourself.",
                           name, u->rule->name);
    else
        *text = mem_printf("%s cannot be reached: %s. The message of the rule %s does not go. "
                           "Tell them yourself, and correct the client's record if you can: "
                           "then this task ends by itself.",
                           name, u->why, u->rule->name);
    return rc;
}

int reach_lost(struct world *w, const struct unreached *u, int64_t now_ms)
{
    char *key = key_of(u->client_id);
    struct client client = {0};
    bool open;
    int rc = store_task_is_open(w->store, key, &open);

    if (rc == 0 && !open)
        rc = store_client(w->store, u->client_row, &client);
    char *text = NULL;
    if (rc == 0 && !open)
        rc = text_of(w, u, client.name, &text);
    if (rc == 0 && !open) {
        struct task t = {.key = key,
                         .client_id = u->client_row,
                         .job_id = u->job_id,
                         .appointment_id = u->appointment_id,
                         .text = text};
        rc = store_task_raise(w->store, &t, now_ms);
    }
    free(text);
    client_close(&client);
    free(key);
    return rc == ERR_NOTFOUND ? 0 : rc; /* deleted meanwhile: nobody to reach */
}

int reach_failed(struct world *w, const struct message *m, const char *why, int64_t now_ms)
{
    int index = world_rule_by_id(w, m->rule_id);
    struct entity client = {0}, subject = {0};

    if (index < 0 || w->playbook->rules[index].purpose != PURPOSE_SERVICE)
        return 0;
    int rc = store_entity(w->store, m->recipient_id, &client);
    if (rc == 0)
        rc = store_entity(w->store, m->subject_id, &subject);
    if (rc == 0 && client.kind == ENTITY_CLIENT) {
        struct unreached u = {
            .client_id = client.id,
            .client_row = client.row_id,
            .rule = &w->playbook->rules[index],
            .job_id = subject.kind == ENTITY_JOB ? subject.row_id : 0,
            .appointment_id = subject.kind == ENTITY_APPOINTMENT ? subject.row_id : 0,
            .why = why,
        };
        rc = reach_lost(w, &u, now_ms);
    }
    entity_close(&client);
    entity_close(&subject);
    return rc;
}

int reach_changed(struct world *w, int64_t client_id, int64_t client_row, int64_t now_ms)
{
    char *key = key_of(client_id), why[PLAN_REASON_MAX];
    struct client client = {0};
    struct contact contact;
    bool open, gone = false;
    int rc = store_task_is_open(w->store, key, &open);

    if (rc == 0 && open) {
        rc = store_client(w->store, client_row, &client);
        gone = rc == ERR_NOTFOUND;
        rc = gone ? 0 : rc == 0 ? contact_of_client(w, &client, true, &contact) : rc;
        if (rc == 0 && (gone || is_reachable(w, &contact.plan, why)))
            rc = store_task_end(w->store, key,
                                gone ? "the client is not in the database any more"
                                     : "the client's record was changed, and they can be reached",
                                now_ms);
        client_close(&client);
    }
    free(key);
    return rc;
}
