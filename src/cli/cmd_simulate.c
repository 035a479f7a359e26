/*
 * betimes simulate: what a playbook would have sent in the recorded past, beside what really went;
 * by rule, and one by one. cli/simulation.c finds it out, here it is told.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/all.h"
#include "cli/show.h"
#include "cli/simulation.h"
#include "store/records.h"
#include "time/moment.h"

#define INDENT 8

static const struct option_spec simulate_options[] = {
    {"from", 0, "TIME", "from this time on, like 2026-11-01"},
    {"to", 0, "TIME", "until before this time (now); a date alone: the whole of that day"},
    {"playbook", 0, "FILE", "with this playbook, not the present one"},
    {"list", 0, NULL, "also the messages one by one"},
    OPTION_NOW,
};

struct sums {
    size_t would, did, both, moved, only_would, only_did, would_segments, did_segments;
};

struct telling {
    const struct call *call;
    struct session session;
    struct simulation s;
    int64_t now_ms, from_ms, until_ms;
    struct sums all, *rules;
};

/* --- adding up --- */

static void add(struct sums *to, const struct simulated *m)
{
    to->would += m->would;
    to->did += m->did;
    to->both += m->would && m->did;
    to->moved += simulated_moved(m);
    to->only_would += !m->did;
    to->only_did += !m->would;
    to->would_segments += m->would_segments;
    to->did_segments += m->did_segments;
}

static void add_up(struct telling *g)
{
    g->rules = mem_array(g->s.names.count + 1, sizeof(*g->rules));
    for (size_t i = 0; i < g->s.count; i++) {
        add(&g->all, &g->s.items[i]);
        add(&g->rules[g->s.items[i].rule], &g->s.items[i]);
    }
}

static double cost(const struct telling *g, size_t segments)
{
    return g->s.config.settings->channels[CHANNEL_SMS].price * (double)segments;
}

/* --- one by one --- */

static const char *fate_of(const struct simulated *m)
{
    return m->would && m->did ? "both" : m->would ? "only_would" : "only_did";
}

/* What people know it by. free with outbox_row_close. */
static int describe(const struct telling *g, const struct simulated *m, struct outbox_row *out)
{
    struct store *s = g->session.store;
    struct appointment a = {0};
    struct answer said = {0};
    struct client c = {0};
    struct entity e;
    struct job j = {0};
    int rc = store_entity(s, m->subject_id, &e);

    *out = (struct outbox_row){0};
    if (rc != 0)
        return rc;
    out->subject_kind = e.kind;
    out->subject_ref = mem_strdup(e.key);
    out->client_id = e.client_row;
    if (e.kind == ENTITY_JOB && store_job(s, e.row_id, &j) == 0)
        out->subject_title = mem_strdup(j.title);
    if (e.kind == ENTITY_APPOINTMENT && store_appointment(s, e.row_id, &a) == 0)
        out->subject_title = mem_strdup(a.title);
    if (e.kind == ENTITY_ANSWER)
        store_answer(s, e.row_id, &said);
    out->job_id = e.kind == ENTITY_JOB ? e.row_id : a.job_id + said.job_id;
    out->appointment_id = e.kind == ENTITY_APPOINTMENT ? e.row_id : said.appointment_id;
    if (store_client(s, e.client_row, &c) == 0)
        out->client_name = mem_strdup(c.name);
    client_close(&c);
    job_close(&j);
    appointment_close(&a);
    answer_close(&said);
    entity_close(&e);
    return 0;
}

/* Below a line: why it would not, or when it really went. */
static void print_note(void *arg, size_t line)
{
    const struct telling *g = arg;
    const struct simulated *m = &g->s.items[line];
    char when[SHOW_TIME_MAX], *text = NULL;

    if (simulated_moved(m)) {
        show_time(m->did_ms, g->session.zone, g->now_ms, when);
        text = mem_printf("it went %s", when);
    } else if (m->reason != NULL) {
        text = mem_printf("would not: %s", m->reason);
    }
    if (text == NULL)
        return;
    printf("%*s", INDENT, "");
    put_text(YELLOW, text);
    putchar('\n');
    free(text);
}

static int print_list(struct telling *g)
{
    static const char *const words[] = {"only did", "only would", "both"};
    static const enum colour colours[] = {RED, GREEN, PLAIN};
    struct table t = {.columns = 7, .give = 6};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < g->s.count; i++) {
        const struct simulated *m = &g->s.items[i];
        size_t fate = m->would ? 1 + (size_t)m->did : 0;
        char when[SHOW_TIME_MAX];
        struct outbox_row r;
        rc = describe(g, m, &r);
        char *about = rc == 0 ? show_subject(&r) : NULL;
        show_time(simulated_time(m), g->session.zone, g->now_ms, when);
        table_add(&t, PLAIN, when);
        table_add(&t, colours[fate], words[fate]);
        table_add(&t, PLAIN, channel_name(m->channel));
        table_add(&t, BOLD, g->s.names.items[m->rule]);
        table_add(&t, PLAIN, r.client_name);
        table_add(&t, DIM, m->to);
        table_add(&t, DIM, about);
        free(about);
        outbox_row_close(&r);
    }
    table_print(&t, print_note, g);
    if (g->s.count > 0)
        putchar('\n');
    return rc;
}

/* --- the sums --- */

#define NUMBERS_RIGHT (0x1feu) /* all columns but the first */

static void print_rules(const struct telling *g)
{
    static const char *const heads[] = {"rule",     "would",          "did",
                                        "both",     "moved",          "only would",
                                        "only did", "segments would", "segments did"};
    struct table t = {.heads = heads, .columns = 9, .right = NUMBERS_RIGHT};

    for (size_t i = 0; i < g->s.names.count; i++) {
        const struct sums *r = &g->rules[i];
        const size_t numbers[] = {r->would,      r->did,      r->both,           r->moved,
                                  r->only_would, r->only_did, r->would_segments, r->did_segments};
        table_add(&t, BOLD, g->s.names.items[i]);
        for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++)
            table_addf(&t, numbers[k] > 0 ? PLAIN : DIM, "%zu", numbers[k]);
    }
    table_print(&t, NULL, NULL);
}

static void print_sum(const struct telling *g)
{
    char from[SHOW_TIME_MAX], until[SHOW_TIME_MAX], count[SHOW_TIME_MAX];
    char would[SHOW_TIME_MAX], did[SHOW_TIME_MAX];
    const struct sums *a = &g->all;

    show_time(g->from_ms, g->session.zone, g->now_ms, from);
    show_time(g->until_ms, g->session.zone, g->now_ms, until);
    str_counted((int64_t)a->would, "message", count);
    printf("\nFrom %s until %s %s would have gone out, and %zu did: %zu in both", from, until,
           count, a->did, a->both);
    if (a->moved > 0)
        printf(" (%zu of them due at another time)", a->moved);
    printf(", %zu only would, %zu only did", a->only_would, a->only_did);
    if (a->would_segments + a->did_segments > 0) {
        str_counted((int64_t)a->would_segments, "segment", count);
        printf("; %s of text beside %zu", count, a->did_segments);
    }
    if (cost(g, a->would_segments + a->did_segments) > 0) {
        show_money(cost(g, a->would_segments), g->s.config.settings, would);
        show_money(cost(g, a->did_segments), g->s.config.settings, did);
        printf(", %s beside %s", would, did);
    }
    printf(". Nothing was sent and nothing changed.\n");
}

/* Before the database was made nothing was recorded. */
static void tell_beginning(const struct telling *g)
{
    int64_t created_ms = 0;
    char when[SHOW_TIME_MAX];

    if (store_meta_int(g->session.store, "created_ms", 0, &created_ms) != 0 ||
        created_ms <= g->from_ms)
        return;
    show_time(created_ms, g->session.zone, g->now_ms, when);
    printf("The records begin %s, when the database was made.\n\n", when);
}

/* --- JSON --- */

static json_t *sums_json(const struct telling *g, const struct sums *a)
{
    bool priced = g->s.config.settings->channels[CHANNEL_SMS].price > 0;

    return json_pack(
        "{sI sI sI sI sI sI sI sI so so}", "would", (json_int_t)a->would, "did", (json_int_t)a->did,
        "both", (json_int_t)a->both, "moved", (json_int_t)a->moved, "only_would",
        (json_int_t)a->only_would, "only_did", (json_int_t)a->only_did, "would_segments",
        (json_int_t)a->would_segments, "did_segments", (json_int_t)a->did_segments, "would_cost",
        priced || a->would_segments == 0 ? json_real(cost(g, a->would_segments)) : json_null(),
        "did_cost",
        priced || a->did_segments == 0 ? json_real(cost(g, a->did_segments)) : json_null());
}

static json_t *id_json(int64_t id)
{
    return id != 0 ? json_integer(id) : json_null();
}

static json_t *message_json(const struct telling *g, const struct simulated *m,
                            const struct outbox_row *r)
{
    json_t *o = json_object();
    char *about = show_subject(r);

    json_object_set_new(o, "id", id_json(m->id));
    json_object_set_new(o, "rule", show_json_text(g->s.names.items[m->rule]));
    json_object_set_new(o, "client_id", id_json(r->client_id));
    json_object_set_new(o, "client", show_json_text(r->client_name));
    json_object_set_new(o, "job_id", id_json(r->job_id));
    json_object_set_new(o, "appointment_id", id_json(r->appointment_id));
    json_object_set_new(o, "about", show_json_text(about));
    json_object_set_new(o, "to", show_json_text(m->to));
    json_object_set_new(o, "channel", json_string(channel_name(m->channel)));
    json_object_set_new(o, "fate", json_string(fate_of(m)));
    json_object_set_new(o, "would", m->would ? show_json_time(m->would_ms) : json_null());
    json_object_set_new(o, "did", m->did ? show_json_time(m->did_ms) : json_null());
    json_object_set_new(o, "moved", json_boolean(simulated_moved(m)));
    json_object_set_new(o, "state",
                        m->did ? json_string(message_state_name(m->state)) : json_null());
    json_object_set_new(o, "reason", show_json_text(m->reason));
    json_object_set_new(o, "would_segments", json_integer((json_int_t)m->would_segments));
    json_object_set_new(o, "did_segments", json_integer((json_int_t)m->did_segments));
    free(about);
    return o;
}

static int print_json(const struct telling *g)
{
    json_t *o = json_object(), *rules = json_array(), *messages = json_array();

    json_object_set_new(o, "from", show_json_time(g->from_ms));
    json_object_set_new(o, "to", show_json_time(g->until_ms));
    json_object_set_new(o, "totals", sums_json(g, &g->all));
    json_object_set_new(o, "currency", show_json_text(g->s.config.settings->business.currency));
    json_object_set_new(o, "rules", rules);
    json_object_set_new(o, "messages", messages);
    for (size_t i = 0; i < g->s.names.count; i++) {
        json_t *r = sums_json(g, &g->rules[i]);
        json_object_set_new(r, "rule", show_json_text(g->s.names.items[i]));
        json_array_append_new(rules, r);
    }
    for (size_t i = 0; i < g->s.count; i++) {
        struct outbox_row r;
        int rc = describe(g, &g->s.items[i], &r);
        if (rc != 0) {
            json_decref(o);
            return session_failed(&g->session, rc, "read what the messages are about");
        }
        json_array_append_new(messages, message_json(g, &g->s.items[i], &r));
        outbox_row_close(&r);
    }
    return show_print_json(o);
}

/* --- what was asked --- */

/* The option's time; *day: it is a date alone. */
static int read_time(const struct telling *g, const char *option, int64_t *out_ms, bool *day)
{
    const char *text = option_value(&g->call->options, option);
    struct moment m;

    *day = moment_parse(text, &m, NULL) == 0 && m.kind == MOMENT_DATE;
    return session_time(g->call, option, g->session.zone, 0, out_ms);
}

static int read_end(struct telling *g)
{
    bool day;
    int status = read_time(g, "to", &g->until_ms, &day);

    if (status != EXIT_DONE)
        return status;
    if (g->until_ms > g->now_ms)
        return command_misused(g->call, "--to: that time has not come yet");
    if (day) {
        struct moment next = {.kind = MOMENT_DATE};
        zone_to_civil(g->session.zone, g->until_ms, &next.civil);
        civil_add_days(&next.civil, 1);
        g->until_ms = moment_instant(&next, g->session.zone);
    }
    if (g->until_ms > g->now_ms) /* of today what has been */
        g->until_ms = g->now_ms;
    return EXIT_DONE;
}

static int read_span(struct telling *g)
{
    const struct options *o = &g->call->options;
    bool day;

    if (!option_given(o, "from"))
        return command_misused(g->call, "say from when on, like --from 2026-11-01");
    int status = session_time(g->call, "now", g->session.zone, clock_wall_ms(), &g->now_ms);
    if (status == EXIT_DONE)
        status = read_time(g, "from", &g->from_ms, &day);
    if (status != EXIT_DONE)
        return status;
    if (g->from_ms >= g->now_ms)
        return command_misused(
            g->call, "--from: that time has not come yet; `betimes forecast` looks ahead");
    g->until_ms = g->now_ms;
    if (option_given(o, "to"))
        status = read_end(g);
    if (status == EXIT_DONE && g->until_ms <= g->from_ms)
        return command_misused(g->call, "--to has to be later than --from");
    return status;
}

static int run_simulate(const struct call *call)
{
    const struct options *o = &call->options;
    struct telling g = {.call = call};
    int rc = 0, status = session_open(call, STORE_READ, &g.session);

    if (status == EXIT_DONE)
        status = read_span(&g);
    if (status == EXIT_DONE)
        status = simulation_run(call, &g.session, option_value(o, "playbook"), g.from_ms,
                                g.until_ms, &g.s);
    if (status == EXIT_DONE)
        add_up(&g);
    if (status == EXIT_DONE && call->json) {
        status = print_json(&g);
    } else if (status == EXIT_DONE) {
        tell_beginning(&g);
        if (option_given(o, "list"))
            rc = print_list(&g);
        print_rules(&g);
        print_sum(&g);
        status = rc == 0 ? show_flush() : session_failed(&g.session, rc, "read the records");
    }
    free(g.rules);
    simulation_close(&g.s);
    session_close(&g.session);
    return status;
}

const struct command command_simulate = {
    .name = "simulate",
    .words = "",
    .help = "What the playbook would have sent in the past, beside what went",
    .more =
        "Everything that was recorded happens once more, with the present playbook or another,\n"
        "and no gateway: visits are booked and moved, jobs go through their stages, and each\n"
        "message is decided about as it would have been then.\n\n"
        "  betimes simulate --from 2026-11-01 --to 2026-11-30 --playbook new-playbook.conf\n\n"
        "A rule counts from when it was switched on, or from --from if that was earlier; one that\n"
        "the service does not know counts from --from. No rule is paused. What had been decided\n"
        "before --from stays decided. What would go arrives; answers come when they came.\n\n"
        "What the records no longer know is as it is now: names, addresses, titles, amounts, own\n"
        "fields, staff. What was deleted since is left out. Consents count from their dates.\n\n"
        "With --json it is an object: from, to, totals, currency, rules and messages, each with\n"
        "its fate: both, only_would or only_did.\n",
    .options = simulate_options,
    .option_count = COUNT_OF(simulate_options),
    .reads = true,
    .run = run_simulate,
};
