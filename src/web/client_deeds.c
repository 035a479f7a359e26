/*
 * What people write down about a client: a note, what the client answered by telephone or in
 * person. Each has a page with a form, and becomes a row that is only ever added. What the client
 * agrees to is in consent_write.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/answers.h"
#include "store/desk.h"
#include "store/records.h"
#include "store/web_queries.h"
#include "web/clients.h"
#include "web/deed.h"
#include "web/form.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/messages.h"
#include "web/pages.h"
#include "web/parts.h"

#define TEXT_MAX_CHARS 10000
#define SCORE_MAX 1000000
#define CHOICES_MAX 30 /* jobs and appointments to choose from, of each */

/* --- what they share --- */

void client_about(int64_t id, char out[CLIENT_ABOUT_MAX])
{
    snprintf(out, CLIENT_ABOUT_MAX, "client %lld", (long long)id);
}

void client_path(int64_t id, const char *what, char out[CLIENT_PATH_MAX])
{
    snprintf(out, CLIENT_PATH_MAX, "/clients/%lld%s%s", (long long)id, what != NULL ? "/" : "",
             what != NULL ? what : "");
}

int client_task_begin(struct visit *v, enum word title)
{
    struct buf *b = &v->response->body;
    struct client c;
    int rc = store_client(v->store, v->hole.id, &c);

    if (rc != 0)
        return rc;
    frame_begin(v, word(title), PLACE_CLIENTS);
    buf_printf(b, "<p class=\"back\"><a href=\"/clients/%lld\">", (long long)c.id);
    html_name(b, c.name);
    buf_puts(b, "</a></p><h1>");
    html_word(b, title);
    buf_puts(b, "</h1>");
    client_close(&c);
    return 0;
}

int client_task_end(struct visit *v, enum word button)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<button class=\"strong\">");
    html_word(b, button);
    buf_puts(b, "</button></form>");
    frame_end(v);
    return 0;
}

int client_deed_end(struct visit *v, int rc, const char *action, const char *detail,
                    const char *said)
{
    char about[CLIENT_ABOUT_MAX], path[CLIENT_PATH_MAX];

    client_about(v->hole.id, about);
    client_path(v->hole.id, NULL, path);
    return deed_end(v, rc, action, about, detail, path, said);
}

int client_deed_begin(struct visit *v)
{
    struct client c;
    int rc = deed_begin(v);

    if (rc == 0) {
        rc = store_client(v->store, v->hole.id, &c);
        if (rc == 0)
            client_close(&c);
    }
    return rc;
}

/* --- a note --- */

static int note_form(struct visit *v, const struct form *f)
{
    static const struct form_field text = {"text", W_NOTE,         W_NOTE_HINT, FORM_LONG,
                                           NULL,   TEXT_MAX_CHARS, true,        NULL};
    char action[CLIENT_PATH_MAX];

    if (f->problem_count > 0)
        v->response->status = 400;
    int rc = client_task_begin(v, W_NOTE_ADD);
    if (rc != 0)
        return rc;
    client_path(v->hole.id, "note", action);
    form_begin(v, f, action);
    form_field(v, f, &text);
    return client_task_end(v, W_SAVE);
}

int page_note(struct visit *v)
{
    struct form f = {0};

    return note_form(v, &f);
}

int page_note_save(struct visit *v)
{
    struct form f = {.typed = &v->request->form};
    const char *text = form_value(&f, "text");

    if (str_blank(text)) {
        form_wrong(&f, "text", W_TEXT_NEEDED, NULL);
        return note_form(v, &f);
    }
    int rc = client_deed_begin(v);
    if (rc == 0)
        rc = store_note_add(v->store, v->hole.id, v->login.user.name, text, v->now_ms);
    return client_deed_end(v, rc, "note added", NULL, "noted");
}

/* --- an answer --- */

/* "job 7", "appointment 3", or "". */
static void subject_value(const char *kind, int64_t id, char out[40])
{
    snprintf(out, 40, "%s %lld", kind, (long long)id);
}

static bool is_over(const struct appointment *a)
{
    return !str_eq(a->status, "booked") && !str_eq(a->status, "confirmed");
}

static void visit_option(struct visit *v, const struct form *f, const struct form_list *list,
                         const struct appointment *a)
{
    char value[40];
    char *time = part_row_time_words(v, a->starts, a->timezone);
    const char *status = word(visit_status_word(a->status));
    char *text = mem_printf("%s: %s%s%s%s", time, a->title != NULL ? a->title : status,
                            a->title != NULL && is_over(a) ? " (" : "",
                            a->title != NULL && is_over(a) ? status : "",
                            a->title != NULL && is_over(a) ? ")" : "");

    subject_value("appointment", a->id, value);
    form_option(v, f, list, value, text);
    free(text);
    free(time);
}

static int subject_list(struct visit *v, const struct form *f)
{
    const struct form_list list = {"about", W_ANSWER_ABOUT, WORD_COUNT,
                                   fields_get(&v->request->query, "about"), false};
    struct job *jobs = NULL;
    struct appointment *visits = NULL;
    size_t job_count = 0, visit_count = 0;
    char value[40];
    int rc = store_client_jobs(v->store, v->hole.id, CHOICES_MAX, &jobs, &job_count);

    if (rc == 0)
        rc = store_client_appointments(v->store, v->hole.id, CHOICES_MAX, &visits, &visit_count);
    form_list_begin(v, f, &list);
    form_option(v, f, &list, "", word(W_ABOUT_NOTHING));
    for (size_t i = 0; i < job_count; i++) {
        char *text = mem_printf("%s: %s",
                                jobs[i].title != NULL ? jobs[i].title
                                : jobs[i].ref != NULL ? jobs[i].ref
                                                      : word(W_JOBS),
                                jobs[i].stage);
        subject_value("job", jobs[i].id, value);
        form_option(v, f, &list, value, text);
        free(text);
    }
    for (int over = 0; over < 2; over++) /* those to come first */
        for (size_t i = visit_count; i-- > 0;)
            if (is_over(&visits[i]) == (over == 1))
                visit_option(v, f, &list, &visits[i]);
    form_list_end(v);
    jobs_free(jobs, job_count);
    appointments_free(visits, visit_count);
    return rc;
}

static int answer_form(struct visit *v, const struct form *f)
{
    static const struct form_list channel = {"channel", W_ANSWER_WAY, WORD_COUNT, "phone", false};
    static const struct form_field text = {"text", W_ANSWER_TEXT,  WORD_COUNT, FORM_LONG,
                                           NULL,   TEXT_MAX_CHARS, false,      NULL};
    static const struct form_field score = {
        "score", W_ANSWER_SCORE, W_ANSWER_SCORE_HINT, FORM_NUMBER, NULL, 0, false, NULL};
    static const struct {
        const char *value;
        enum word w;
    } ways[] = {{"phone", W_BY_PHONE},
                {"person", W_IN_PERSON},
                {"email", W_EMAIL},
                {"sms", W_SMS},
                {"web", W_ON_WEB}};
    char action[CLIENT_PATH_MAX];

    if (f->problem_count > 0)
        v->response->status = 400;
    int rc = client_task_begin(v, W_ANSWER_ADD);
    if (rc != 0)
        return rc;
    part_quiet(&v->response->body, W_ANSWER_HELP);
    client_path(v->hole.id, "answer", action);
    form_begin(v, f, action);
    rc = subject_list(v, f);
    form_list_begin(v, f, &channel);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        form_option(v, f, &channel, ways[i].value, word(ways[i].w));
    form_list_end(v);
    form_field(v, f, &text);
    form_field(v, f, &score);
    return rc != 0 ? rc : client_task_end(v, W_SAVE);
}

int page_answer(struct visit *v)
{
    struct form f = {0};

    return answer_form(v, &f);
}

/* The job or appointment that was chosen, if it is this client's. */
static int take_subject(struct visit *v, struct form *f, struct answer *a)
{
    const char *about = form_value(f, "about");
    struct job j = {0};
    struct appointment p = {0};
    int rc = 0;

    if (str_blank(about))
        return 0;
    const char *number = strchr(about, ' ');
    int64_t id = 0, owner = 0;
    bool is_job = str_starts(about, "job ");
    if (number != NULL && str_to_int(number + 1, 1, INT64_MAX, &id)) {
        rc = is_job ? store_job(v->store, id, &j) : store_appointment(v->store, id, &p);
        owner = is_job ? j.client_id : p.client_id;
    }
    if ((rc != 0 && rc != ERR_NOTFOUND) || owner == v->hole.id) {
        *(is_job ? &a->job_id : &a->appointment_id) = id;
    } else {
        form_wrong(f, "about", W_ABOUT_UNKNOWN, NULL);
        rc = 0;
    }
    job_close(&j);
    appointment_close(&p);
    return rc;
}

int page_answer_save(struct visit *v)
{
    static const char *const ways[] = {"phone", "person", "email", "sms", "web"};
    struct form f = {.typed = &v->request->form};
    struct answer a = {.client_id = v->hole.id};
    const char *text = form_value(&f, "text"), *score = form_value(&f, "score");
    const char *way = form_value(&f, "channel");
    int64_t number;

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (str_eq(way, ways[i]))
            a.channel = mem_strdup(way);
    if (a.channel == NULL)
        form_wrong(&f, "channel", W_CHANNEL_UNKNOWN, NULL);
    if (str_blank(text) && str_blank(score))
        form_wrong(&f, "text", W_ANSWER_NEEDED, NULL);
    if (!str_blank(score) && !str_to_int(score, -SCORE_MAX, SCORE_MAX, &number))
        form_wrong(&f, "score", W_SCORE_WRONG, NULL);
    int rc = take_subject(v, &f, &a);
    if (rc == 0 && f.problem_count > 0) {
        rc = answer_form(v, &f);
    } else if (rc == 0) {
        a.text = str_blank(text) ? NULL : mem_strdup(text);
        a.score = str_blank(score) ? NULL : mem_strdup(score);
        rc = client_deed_begin(v);
        if (rc == 0)
            rc = store_answer_add(v->store, &a);
        rc = client_deed_end(v, rc, "answer recorded", NULL, "answer");
    }
    answer_close(&a);
    return rc;
}
