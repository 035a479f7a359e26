/* betimes outbox: a list of messages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/all.h"
#include "cli/outlook.h"
#include "cli/session.h"
#include "cli/show.h"
#include "send/foretell.h"
#include "service/config.h"
#include "store/condition.h"

#define LIMIT_MAX 1000000
#define OTHER_TIME_MS INT64_C(60000)

static const struct option_spec outbox_options[] = {
    {"all", 0, NULL, "also what has left or was decided against"},
    {"state", 0, "STATE,...",
     "only these: planned, held, retry, sending, unknown, sent,\n"
     "delivered, bounced, failed, cancelled, skipped, expired"},
    {"unknown", 0, NULL,
     "only what an answer was once unclear of, whatever came of it\n"
     "later: it may be out, or out twice"},
    {"rule", 0, "RULE", "only of this rule"},
    {"client", 0, "REF", "only what concerns this client (a ref or an id)"},
    {"job", 0, "REF", "only about this job and its appointments"},
    {"appointment", 0, "REF", "only about this appointment"},
    {"since", 0, "TIME", "due then or later, like 2026-12-08 or 2026-12-08T15:00"},
    {"until", 0, "TIME", "due before then"},
    {"limit", 0, "N", "no more than the first N"},
};

/* "held,unknown" */
static int parse_states(const struct call *call, const char *text, unsigned *states)
{
    const char *names[MESSAGE_STATES];
    struct str_list list = {0};
    int status = EXIT_DONE;

    for (int i = 0; i < MESSAGE_STATES; i++)
        names[i] = message_state_name((enum message_state)i);
    str_split(&list, text, ',');
    *states = 0;
    for (size_t i = 0; status == EXIT_DONE && i < list.count; i++) {
        enum message_state s;
        if (message_state_from(list.items[i], &s)) {
            *states |= 1u << s;
            continue;
        }
        const char *near = str_nearest(list.items[i], names, MESSAGE_STATES);
        status = near != NULL ? command_misused(call, "there is no state `%s`; did you mean `%s`?",
                                                list.items[i], near)
                              : command_misused(call,
                                                "there is no state `%s`; there are planned, "
                                                "held, retry, sending, unknown, sent, "
                                                "delivered, bounced, failed, cancelled, "
                                                "skipped and expired",
                                                list.items[i]);
    }
    if (status == EXIT_DONE && *states == 0)
        status = command_misused(call, "--state needs a state, like held");
    str_list_close(&list);
    return status;
}

static int parse_filter(const struct call *call, const struct session *s, struct outbox_filter *f)
{
    const struct options *o = &call->options;
    const char *job = option_value(o, "job"), *appointment = option_value(o, "appointment");
    struct err err = {""};
    int64_t limit;
    int status = EXIT_DONE;

    f->unclear = option_given(o, "unknown");
    f->states = option_given(o, "all") || f->unclear ? STATES_ALL : STATES_OPEN;
    f->rule = option_value(o, "rule");
    if (option_given(o, "all") && option_given(o, "state"))
        return command_misused(call, "--all and --state exclude each other; leave one out");
    if (job != NULL && appointment != NULL)
        return command_misused(call, "--job and --appointment exclude each other; leave one out");
    if (option_number(o, "limit", 1, LIMIT_MAX, 0, &limit, &err) != 0)
        return command_misused(call, "%s", err.text);
    f->limit = (size_t)limit;
    if (option_given(o, "state"))
        status = parse_states(call, option_value(o, "state"), &f->states);
    if (status == EXIT_DONE && option_given(o, "client"))
        status = session_row(s, ENTITY_CLIENT, option_value(o, "client"), &f->client_row);
    if (status == EXIT_DONE && (job != NULL || appointment != NULL)) {
        f->with_visits = true;
        f->subject_kind = job != NULL ? ENTITY_JOB : ENTITY_APPOINTMENT;
        status = session_row(s, f->subject_kind, job != NULL ? job : appointment, &f->subject_row);
    }
    if (status == EXIT_DONE)
        status = session_time(call, "since", s->zone, 0, &f->since_ms);
    if (status == EXIT_DONE)
        status = session_time(call, "until", s->zone, 0, &f->until_ms);
    return status;
}

/* The rule is looked for among those that the database knows: the playbook may be broken. */
static int check_rule(const struct session *s, const char *rule)
{
    struct store_status st;
    const char *near = NULL;
    bool known = rule == NULL;
    int rc = known ? 0 : store_status(s->store, clock_wall_ms(), &st);

    if (known)
        return EXIT_DONE;
    if (rc == 0) {
        const char **names = mem_array(st.rule_count + 1, sizeof(*names));
        for (size_t i = 0; i < st.rule_count; i++) {
            names[i] = st.rules[i].name;
            known |= strcmp(names[i], rule) == 0;
        }
        near = str_nearest(rule, names, st.rule_count);
        free(names);
    }
    int status = EXIT_DONE;
    if (rc != 0)
        status = session_failed(s, rc, "read the rules");
    else if (!known && near != NULL)
        status = command_error(ERR_NOTFOUND, "the database knows no rule `%s`; did you mean `%s`?",
                               rule, near);
    else if (!known)
        status = command_error(ERR_NOTFOUND, "the database knows no rule `%s`", rule);
    store_status_close(&st);
    return status;
}

/* --- when they will really go --- */

/* Of the clients that wait first; *more: there are others. */
static size_t clients_of(const struct outbox_row *rows, size_t count, int64_t *ids, bool *more)
{
    size_t found = 0;

    *more = false;
    for (size_t i = 0; i < count && !*more; i++) {
        size_t k = 0;
        if (!message_is_pending(rows[i].state) || rows[i].client_id == 0)
            continue;
        while (k < found && ids[k] != rows[i].client_id)
            k++;
        *more = k == FORETELL_CLIENTS_MAX;
        if (k == found && !*more)
            ids[found++] = rows[i].client_id;
    }
    return found;
}

/* Without a configuration that is in order nobody knows: the rows have their own times then. */
static void look_ahead(const struct call *call, const struct outbox_row *rows, size_t count,
                       struct foretelling *out, bool *more)
{
    int64_t ids[FORETELL_CLIENTS_MAX];
    struct lookahead_request r = {.client_ids = ids, .now_ms = clock_wall_ms()};
    struct problems problems = {0};
    struct config c = {0};
    struct err err = {""};

    *out = (struct foretelling){0};
    r.client_count = clients_of(rows, count, ids, more);
    if (r.client_count > 0 && config_load(call->dir, NULL, &problems, &c) == 0) {
        r.settings = c.settings;
        r.playbook = c.playbook;
        r.templates = c.templates;
        conditions_localtime(c.settings->business.calendar.zone);
        if (foretell(&r, out, &err) != 0)
            foretelling_close(out);
    }
    config_free(&c);
    problems_close(&problems);
}

static json_t *row_json(const struct outbox_row *r, const struct foretold *t)
{
    json_t *o = show_json(r);

    json_object_set_new(o, "fate", t != NULL ? json_string(fate_name(t->fate)) : json_null());
    json_object_set_new(o, "expected", t != NULL ? show_json_time(t->at_ms) : json_null());
    json_object_set_new(o, "expected_reason", show_json_text(t != NULL ? t->reason : NULL));
    return o;
}

/* In the table the time is the one at which it will go, and what stands below says so. */
static void expect(struct outbox_row *r, const struct foretold *t, const struct session *s)
{
    char planned[SHOW_TIME_MAX];
    bool goes = t->fate == FATE_GOES || t->fate == FATE_JOINED;
    int64_t now_ms = clock_wall_ms();
    char *reason;

    if (goes && r->due_ms > now_ms && llabs(t->at_ms - r->due_ms) >= OTHER_TIME_MS) {
        show_time(r->due_ms, s->zone, now_ms, planned);
        reason = mem_printf("instead of %s%s%s", planned, t->reason != NULL ? ": " : "",
                            t->reason != NULL ? t->reason : "");
        r->due_ms = t->at_ms;
    } else if (!goes && r->state == MESSAGE_PLANNED) {
        reason = mem_printf("will %s: %s",
                            t->fate == FATE_SKIPPED ? "not go"
                            : t->fate == FATE_HELD  ? "be held"
                                                    : "wait",
                            t->reason);
    } else {
        reason = mem_strdup(t->reason);
    }
    free(r->reason);
    r->reason = reason;
}

static void print_table(struct outbox_row *rows, size_t count, const struct session *s,
                        const struct foretelling *told)
{
    for (size_t i = 0; i < count; i++) {
        const struct foretold *t = foretelling_of(told, rows[i].id);
        if (t != NULL)
            expect(&rows[i], t, s);
    }
    show_table(rows, count, s->zone, clock_wall_ms());
}

static int print_list(const struct call *call, const struct session *s,
                      const struct outbox_filter *f, const char *none)
{
    struct foretelling told = {0};
    struct outbox_row *rows;
    size_t count;
    bool more = false;
    int rc = store_outbox(s->store, f, &rows, &count);
    int status = EXIT_DONE;

    if (rc == 0)
        look_ahead(call, rows, count, &told, &more);
    if (rc != 0) {
        status = session_failed(s, rc, "list the messages");
    } else if (call->json) {
        json_t *list = json_array();
        for (size_t i = 0; i < count; i++)
            json_array_append_new(list, row_json(&rows[i], foretelling_of(&told, rows[i].id)));
        status = show_print_json(list);
    } else if (count == 0) {
        printf("%s\n", none);
    } else {
        print_table(rows, count, s, &told);
        if (more)
            printf("\nCaps and hours are looked ahead at for the first %d clients only; `betimes "
                   "forecast` does it for all.\n",
                   FORETELL_CLIENTS_MAX);
    }
    foretelling_close(&told);
    outbox_rows_free(rows, count);
    return status;
}

static int run_outbox(const struct call *call)
{
    struct outbox_filter f = {0};
    struct session s;
    int status = session_open(call, STORE_READ, &s);

    if (status == EXIT_DONE)
        status = parse_filter(call, &s, &f);
    if (status == EXIT_DONE)
        status = check_rule(&s, f.rule);
    if (status == EXIT_DONE)
        status = print_list(call, &s, &f,
                            f.states == STATES_OPEN ? "Nothing is waiting." : "No such message.");
    session_close(&s);
    return status;
}

const struct command command_outbox = {
    .name = "outbox",
    .words = "",
    .help = "Messages that wait, are held or under way",
    .more = "In the order in which they are due. What a message was held or decided against for\n"
            "stands below it; `betimes why ID` tells all about one.\n\n"
            "  betimes outbox --state held,unknown     what needs a person\n"
            "  betimes outbox --all --client c7        everything for one client\n",
    .options = outbox_options,
    .option_count = COUNT_OF(outbox_options),
    .reads = true,
    .run = run_outbox,
};
