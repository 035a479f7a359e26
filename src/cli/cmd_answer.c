/*
 * betimes answer: what a client said, written down by whoever heard it. It becomes a row of the
 * table `answer`, as any other program would write it; the service sees it and goes by it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/all.h"
#include "cli/session.h"
#include "cli/show.h"
#include "store/answers.h"
#include "store/records.h"

#define ANSWER_MAX 65536 /* bytes; as the table has it */
#define SCORE_MAX 1000000

static const struct option_spec answer_options[] = {
    {"client", 0, "REF", "who said it (a ref or an id)"},
    {"job", 0, "REF", "about this job"},
    {"appointment", 0, "REF", "about this appointment"},
    {"channel", 0, "CHANNEL", "how: email, sms, phone, web or person"},
    {"score", 0, "N", "a survey's answer, such as 4"},
};

static const char *const channels[] = {"email", "sms", "phone", "web", "person"};

static int check_channel(const struct call *call, const char *channel)
{
    for (size_t i = 0; i < COUNT_OF(channels); i++)
        if (channel == NULL || strcmp(channel, channels[i]) == 0)
            return EXIT_DONE;
    const char *near = str_nearest(channel, channels, COUNT_OF(channels));
    return near != NULL
               ? command_misused(call, "there is no channel `%s`; did you mean `%s`?", channel,
                                 near)
               : command_misused(call,
                                 "there is no channel `%s`; there are email, sms, phone, web and "
                                 "person",
                                 channel);
}

/* --- whose, and about what --- */

/* The record that the option names belongs to `client_id`; the answer is that client's. */
static int take_client(struct answer *a, const char *option, const char *ref, int64_t client_id)
{
    if (a->client_id != 0 && a->client_id != client_id)
        return command_error(ERR_INVALID, "the %s `%s` belongs to another client", option, ref);
    a->client_id = client_id;
    return EXIT_DONE;
}

static int find_job(const struct session *s, const char *ref, struct answer *a)
{
    struct job j = {0};
    int status = session_row(s, ENTITY_JOB, ref, &a->job_id);

    if (status != EXIT_DONE)
        return status;
    int rc = store_job(s->store, a->job_id, &j);
    status =
        rc == 0 ? take_client(a, "job", ref, j.client_id) : session_failed(s, rc, "read the job");
    job_close(&j);
    return status;
}

static int find_appointment(const struct session *s, const char *ref, struct answer *a)
{
    struct appointment v = {0};
    int status = session_row(s, ENTITY_APPOINTMENT, ref, &a->appointment_id);

    if (status != EXIT_DONE)
        return status;
    int rc = store_appointment(s->store, a->appointment_id, &v);
    status = rc == 0 ? take_client(a, "appointment", ref, v.client_id)
                     : session_failed(s, rc, "read the appointment");
    appointment_close(&v);
    return status;
}

static int find_records(const struct call *call, const struct session *s, struct answer *a)
{
    const char *client = option_value(&call->options, "client");
    const char *job = option_value(&call->options, "job");
    const char *appointment = option_value(&call->options, "appointment");
    int status = EXIT_DONE;

    if (client == NULL && job == NULL && appointment == NULL)
        return command_misused(call, "say who answered: --client REF, or --job REF, or "
                                     "--appointment REF");
    if (client != NULL)
        status = session_row(s, ENTITY_CLIENT, client, &a->client_id);
    if (status == EXIT_DONE && job != NULL)
        status = find_job(s, job, a);
    if (status == EXIT_DONE && appointment != NULL)
        status = find_appointment(s, appointment, a);
    return status;
}

/* --- the words --- */

/* From standard input; on a terminal somebody types them, unless a score says it all. */
static int read_input(bool scored, struct buf *out, struct err *err)
{
    if (isatty(STDIN_FILENO)) {
        if (scored)
            return 0;
        fprintf(stderr, "What did the client say? End it with Ctrl-D on a line of its own.\n");
    }
    return fs_read_input(ANSWER_MAX, out, err);
}

static int take_words(const struct call *call, struct answer *a)
{
    struct err err = {""};
    struct buf b;
    int rc = 0;

    buf_init(&b);
    for (size_t i = 0; i < call->options.word_count; i++)
        buf_printf(&b, "%s%s", i > 0 ? " " : "", call->options.words[i]);
    if (b.len == 0)
        rc = read_input(a->score != NULL, &b, &err);
    if (rc == 0 && b.len > ANSWER_MAX) {
        err_set(&err, "the answer: more than %d bytes", ANSWER_MAX);
        rc = ERR_LIMIT;
    }
    if (rc == 0 && strlen(b.data) != b.len) {
        err_set(&err, "the answer: it has a NUL byte; text has none");
        rc = ERR_INVALID;
    }
    char *text = buf_steal(&b), *trimmed = str_trim(text);
    if (rc == 0 && *trimmed == '\0' && a->score == NULL) {
        err_set(&err, "there is no answer: give its words, or --score N");
        rc = ERR_INVALID;
    }
    if (rc == 0 && *trimmed != '\0')
        a->text = mem_strdup(trimmed);
    free(text);
    return rc == 0 ? EXIT_DONE : command_error(rc, "%s", err.text);
}

/* --- */

static int write_answer(const struct session *s, struct answer *a)
{
    int rc = store_begin(s->store);

    if (rc == 0)
        rc = store_answer_add(s->store, a);
    if (rc == 0)
        rc = store_commit(s->store);
    if (rc == 0)
        return EXIT_DONE;
    int status = session_failed(s, rc, "write it down");
    store_rollback(s->store);
    return status;
}

static int tell(const struct call *call, const struct session *s, const struct answer *a)
{
    struct client c = {0};

    if (call->json)
        return show_print_json(show_answer_json(a, clock_wall_ms()));
    if (store_client(s->store, a->client_id, &c) == 0)
        printf("Written down: the answer of %s.\n", c.name);
    client_close(&c);
    return EXIT_DONE;
}

static int run_answer(const struct call *call)
{
    const char *score = option_value(&call->options, "score");
    const char *channel = option_value(&call->options, "channel");
    struct answer a = {0};
    struct session s = {0};
    struct err err = {""};
    int64_t number;
    int status = check_channel(call, channel);

    if (status == EXIT_DONE &&
        option_number(&call->options, "score", -SCORE_MAX, SCORE_MAX, 0, &number, &err) != 0)
        status = command_misused(call, "%s", err.text);
    if (status == EXIT_DONE)
        status = session_open(call, STORE_WRITE, &s);
    if (status == EXIT_DONE)
        status = find_records(call, &s, &a);
    a.channel = channel != NULL ? mem_strdup(channel) : NULL;
    a.score = score != NULL ? mem_strdup(score) : NULL;
    if (status == EXIT_DONE)
        status = take_words(call, &a);
    if (status == EXIT_DONE)
        status = write_answer(&s, &a);
    if (status == EXIT_DONE)
        status = tell(call, &s, &a);
    answer_close(&a);
    session_close(&s);
    return status;
}

const struct command command_answer = {
    .name = "answer",
    .words = "[TEXT...]",
    .words_max = WORDS_MAX,
    .help = "Write down what a client said, by telephone or in person",
    .more = "Chases end, and rules on `client answers`, `no answer to` and `survey below` go by\n"
            "it. Without TEXT the words come from standard input, where no other user of the\n"
            "machine can see them:\n\n"
            "  betimes answer --job J-17 --channel phone \"Go ahead with the brakes\"\n"
            "  betimes answer --client c7 --score 4 < reply.txt\n",
    .options = answer_options,
    .option_count = COUNT_OF(answer_options),
    .reads = true,
    .run = run_answer,
};
