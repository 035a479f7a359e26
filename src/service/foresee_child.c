/*
 * The process in which a change is thought through. See service/foresee_child.h.
 *
 * Exit status 0 with an answer, also when that is why there is none (the files of the configuration
 * have errors, the database cannot be read); 3 when nobody asked anything that makes sense.
 */
#include "service/foresee_child.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "playbook/problems.h"
#include "send/foresee_wire.h"
#include "service/config.h"
#include "store/condition.h"

#define READ_BYTES ((size_t)65536)
#define QUESTION_BYTES_MAX ((size_t)1 << 20)
#define STATUS_NO_QUESTION 3

bool foresee_is_child(int argc, char **argv)
{
    return argc == 2 && strcmp(argv[1], FORESEE_CHILD_WORD) == 0;
}

static bool read_all(struct buf *in)
{
    while (in->len <= QUESTION_BYTES_MAX) {
        buf_reserve(in, READ_BYTES);
        ssize_t n = read(STDIN_FILENO, in->data + in->len, READ_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        in->len += (size_t)n;
    }
    return false;
}

/* The first thing that is wrong with the files, as `check` would tell it. */
static void put_problem(const struct problems *problems, struct buf *out)
{
    char *line = problems->count > 0 ? problem_format(&problems->items[0]) : NULL;

    foresee_put_trouble(line != NULL ? line : "the configuration cannot be read", out);
    free(line);
}

static int answer_change(const struct foresee_question *q, const struct config *c, struct buf *out,
                         struct err *err)
{
    const struct foresee_request request = {.settings = c->settings,
                                            .playbook = c->playbook,
                                            .templates = c->templates,
                                            .change = q->consent_count > 0 ? NULL : &q->change,
                                            .consents = q->consents,
                                            .consent_count = q->consent_count,
                                            .client_id = q->client_id,
                                            .now_ms = q->now_ms};
    struct foresight f;
    int rc = foresee(&request, &f, err);

    if (rc == 0)
        foresee_put_answer(&f, out);
    foresight_close(&f);
    return rc;
}

static int answer_waiting(const struct foresee_question *q, const struct config *c, struct buf *out,
                          struct err *err)
{
    const struct lookahead_request request = {.settings = c->settings,
                                              .playbook = c->playbook,
                                              .templates = c->templates,
                                              .client_ids = q->waiting,
                                              .client_count = q->waiting_count,
                                              .now_ms = q->now_ms};
    struct foretelling f;
    int rc = foretell(&request, &f, err);

    if (rc == 0)
        foretell_put_answer(&f, out);
    foretelling_close(&f);
    return rc;
}

static void answer(const struct foresee_question *q, struct buf *out)
{
    struct problems problems = {0};
    struct config config;
    struct err err = {""};

    if (config_load(q->dir, NULL, &problems, &config) != 0) {
        put_problem(&problems, out);
    } else {
        conditions_localtime(config.settings->business.calendar.zone);
        clock_stand(q->now_ms);
        int rc = q->waiting_count > 0 ? answer_waiting(q, &config, out, &err)
                                      : answer_change(q, &config, out, &err);
        if (rc != 0)
            foresee_put_trouble(err.text, out);
    }
    config_free(&config);
    problems_close(&problems);
}

int foresee_child(void)
{
    struct foresee_question q;
    struct buf in, out;
    int status = STATUS_NO_QUESTION;

    buf_init(&in);
    buf_init(&out);
    if (read_all(&in) && foresee_take_question(in.data, in.len, &q)) {
        if (q.credentials != NULL)
            setenv("CREDENTIALS_DIRECTORY", q.credentials, 1);
        answer(&q, &out);
        foresee_question_close(&q);
        if (fwrite(out.data, 1, out.len, stdout) == out.len && fflush(stdout) == 0)
            status = 0;
    }
    buf_close(&in);
    buf_close(&out);
    return status;
}
