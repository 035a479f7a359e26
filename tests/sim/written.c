/*
 * What people write to one client by themselves: as the page does it (send/written.h), through a
 * connection of its own, while the service runs. No rule of the playbook has a say; consent, hours
 * and caps hold, it goes once, to the client that was meant, and not when it has grown old. For
 * each purpose and channel there is a rule of the simulation's own, after those of the playbook.
 */
#include "send/written.h"

#include <stdio.h>
#include <stdlib.h>

#include "playbook/problems.h"
#include "service/config.h"
#include "sim.h"
#include "store/store.h"

_Static_assert(SIM_ALL_RULES == SIM_RULES + 2 * PURPOSE_INTERNAL, "one for each but internal");

static int rule_for(enum purpose p, enum channel c)
{
    return SIM_RULES + 2 * (int)p + (c == CHANNEL_SMS);
}

int written_by_rule(const struct sim_written *w)
{
    return rule_for(w->purpose, w->channel);
}

void written_begin(void)
{
    for (int p = 0; p < PURPOSE_INTERNAL; p++)
        for (int sms = 0; sms < 2; sms++) {
            struct sim_rule *r =
                &S->rules[rule_for((enum purpose)p, sms ? CHANNEL_SMS : CHANNEL_EMAIL)];
            *r = (struct sim_rule){.present = true,
                                   .kind = SIM_BY_HAND,
                                   .times = 1,
                                   .by = sms ? SIM_BY_SMS : SIM_BY_EMAIL,
                                   .window = SIM_NOT_QUIET,
                                   .purpose = (enum purpose)p,
                                   .capped = true};
            snprintf(r->name, sizeof(r->name), "%s", written_rule_name((enum purpose)p));
        }
}

/* The channel that the page would propose, or any. */
static bool choose_channel(struct store *s, const struct settings *settings, struct written *w)
{
    char reason[PLAN_REASON_MAX] = "";

    w->channel = extra_below(2) == 0 ? CHANNEL_EMAIL : CHANNEL_SMS;
    return extra_below(2) == 0 ||
           (written_channel(s, settings, w->client_id, w->purpose, &w->channel, reason) == 0 &&
            reason[0] == '\0');
}

static int64_t client_row(int i)
{
    char sql[80];

    snprintf(sql, sizeof(sql), "SELECT id FROM client WHERE ref = 'c%d'", i);
    return audit_number(sql);
}

static void write_to(struct store *s, const struct settings *settings, int client)
{
    struct sim_written *note = &S->written[S->written_count];
    char words[40], *text = NULL;
    struct written w = {.client_id = client_row(client),
                        .purpose = (enum purpose)extra_below(PURPOSE_INTERNAL)};
    struct sms_size size;
    struct err err = {""};
    int64_t id = 0;

    snprintf(words, sizeof(words), "R=hand W=w%d C=c%d", S->written_count, client);
    if (!choose_channel(s, settings, &w))
        return;
    w.subject = words;
    w.text = w.channel == CHANNEL_SMS ? words : "Good day.";
    int rc = written_words(settings, &w, &text, &size, &err);
    if (rc == 0)
        rc = store_begin(s);
    if (rc == 0)
        rc = written_add(s, &w, text, "en", sim_wall_ms(), &id);
    if (rc == 0)
        rc = store_commit(s);
    free(text);
    if (rc != 0)
        sim_fail("a person's words to c%d cannot be written: %s %s", client, err.text,
                 store_error(s));
    *note = (struct sim_written){.message_id = id,
                                 .client = client,
                                 .channel = w.channel,
                                 .purpose = w.purpose,
                                 .at_us = S->mono_us,
                                 .at_ms = sim_wall_ms()};
    S->written_count++;
    sim_note("message %lld is written to c%d by %s", (long long)id, client,
             channel_name(w.channel));
    sim_committed();
}

void written_write(void)
{
    int regulars = S->client_count < SIM_REGULARS ? S->client_count : SIM_REGULARS;
    int client = S->client_count - 1 - (int)extra_below((uint64_t)regulars);
    struct problems problems = {0};
    struct config config;
    struct store *s;
    struct err err = {""};

    if (S->written_count == SIM_WRITTEN || !S->clients[client].present)
        return;
    writer_set_busy(true);
    if (config_load(S->dir, NULL, &problems, &config) != 0 ||
        store_open(S->database, STORE_WRITE, &s, &err) != 0)
        sim_fail("the page does not open: %s", err.text);
    write_to(s, config.settings, client);
    store_close(s);
    writer_set_busy(false);
    config_free(&config);
    problems_close(&problems);
}
