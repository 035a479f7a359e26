/* betimes outbox: a list of messages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/all.h"
#include "cli/session.h"
#include "cli/show.h"

#define LIMIT_MAX 1000000

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

static int print_list(const struct call *call, const struct session *s,
                      const struct outbox_filter *f, const char *none)
{
    struct outbox_row *rows;
    size_t count;
    int rc = store_outbox(s->store, f, &rows, &count);
    int status = EXIT_DONE;

    if (rc != 0) {
        status = session_failed(s, rc, "list the messages");
    } else if (call->json) {
        json_t *list = json_array();
        for (size_t i = 0; i < count; i++)
            json_array_append_new(list, show_json(&rows[i]));
        status = show_print_json(list);
    } else if (count == 0) {
        printf("%s\n", none);
    } else {
        show_table(rows, count, s->zone, clock_wall_ms());
    }
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
