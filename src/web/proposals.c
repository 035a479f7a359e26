/*
 * Changes of the playbook before they are saved. See web/proposals.h.
 *
 * The happy path: proposals_add puts one at the end of the list, and the next proposals_pump, on
 * the loop, starts `betimes forecast` for the first that waits, with the file as it would be in a
 * memory file that the child reads as its descriptor 3. What the child writes is collected: the
 * result from its standard output, how far it is from its standard error. When it has ended and
 * both are read to their end, the result goes to the change, if that is still there, and the next
 * one begins.
 *
 * A child that takes too long or says too much is killed, and ends as any other. The list is
 * guarded by a mutex, for pages are made on other threads; a child belongs to the loop alone.
 */
#include "web/proposals.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/process.h"
#include "base/rng.h"
#include "base/str.h"
#include "time/moment.h"

#define COUNT_WALL_MS (20 * 60 * 1000) /* then it is given up */
#define OUTPUT_MAX ((size_t)4 * 1024 * 1024)
#define WORDS_MAX ((size_t)64 * 1024) /* of the child's standard error */
#define NICENESS 10

enum { HANDLE_PROCESS, HANDLE_OUTPUT, HANDLE_WORDS, HANDLE_TIMER, HANDLES };

/* What is being counted. */
struct count {
    struct proposals *list;
    char token[PROPOSAL_TOKEN_MAX];
    uv_process_t process;
    uv_pipe_t output, words;
    uv_timer_t timer;
    struct buf said, told; /* standard output and standard error */
    char piece[16384];
    int64_t status;
    int signal;
    bool overtime, overflow;
    int open; /* handles that are not closed yet */
};

struct proposals {
    uv_loop_t *loop;
    pthread_mutex_t mutex;
    struct proposal *items[PROPOSALS_MAX]; /* the oldest one first */
    size_t count;
    struct count *running; /* NULL: nothing is counted */
    bool closing;
    void (*closed)(void *arg);
    void *closed_arg;
};

/* --- the list --- */

void proposal_close(struct proposal *c)
{
    char *texts[] = {c->rule,    c->was, c->section,  c->before, c->file,
                     c->against, c->dir, c->progress, c->result};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        free(texts[i]);
    *c = (struct proposal){0};
}

struct proposals *proposals_create(uv_loop_t *loop)
{
    struct proposals *l = mem_zalloc(sizeof(*l));

    l->loop = loop;
    pthread_mutex_init(&l->mutex, NULL);
    return l;
}

/* Under the mutex. */
static void remove_at(struct proposals *l, size_t i)
{
    proposal_close(l->items[i]);
    free(l->items[i]);
    memmove(&l->items[i], &l->items[i + 1], (l->count - i - 1) * sizeof(l->items[0]));
    l->count--;
}

/* Under the mutex; NULL: it is gone. */
static struct proposal *find(struct proposals *l, const char *token)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->items[i]->token, token) == 0)
            return l->items[i];
    return NULL;
}

void proposals_add(struct proposals *l, struct proposal *c)
{
    struct proposal *own = mem_zalloc(sizeof(*own));

    rng_hex(c->token, PROPOSAL_TOKEN_BITS);
    c->state = COUNT_WAITS;
    *own = *c;
    pthread_mutex_lock(&l->mutex);
    if (l->count == PROPOSALS_MAX)
        remove_at(l, 0);
    l->items[l->count++] = own;
    pthread_mutex_unlock(&l->mutex);
}

bool proposals_get(struct proposals *l, const char *token, int64_t user_id, struct proposal *out)
{
    pthread_mutex_lock(&l->mutex);
    const struct proposal *c = find(l, token);
    bool found = c != NULL && c->user_id == user_id;
    if (found) {
        *out = *c;
        out->rule = mem_strdup(c->rule);
        out->was = mem_strdup(c->was);
        out->section = mem_strdup(c->section);
        out->before = mem_strdup(c->before);
        out->file = mem_strdup(c->file);
        out->against = mem_strdup(c->against);
        out->dir = mem_strdup(c->dir);
        out->progress = mem_strdup(c->progress);
        out->result = mem_strdup(c->result);
    }
    pthread_mutex_unlock(&l->mutex);
    return found;
}

void proposals_drop(struct proposals *l, const char *token)
{
    pthread_mutex_lock(&l->mutex);
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->items[i]->token, token) == 0) {
            remove_at(l, i);
            break;
        }
    pthread_mutex_unlock(&l->mutex);
}

static void set_text(char **text, char *value)
{
    free(*text);
    *text = value;
}

/* --- the end of a count --- */

static void end_all(struct proposals *l)
{
    while (l->count > 0)
        remove_at(l, 0);
    pthread_mutex_destroy(&l->mutex);
    void (*closed)(void *) = l->closed;
    void *arg = l->closed_arg;
    free(l);
    closed(arg);
}

/* What the child said last, for people. */
static char *last_words(const struct count *c)
{
    char *text = mem_strndup(c->told.data, c->told.len), *trimmed = str_trim(text);
    char *line = strrchr(trimmed, '\n'), *words = mem_strdup(line != NULL ? line + 1 : trimmed);

    free(text);
    return words;
}

static void tell_result(struct count *c)
{
    enum process_end end = process_judge(c->status, c->signal, c->overtime, c->overflow);
    bool done = end == PROCESS_DONE;

    pthread_mutex_lock(&c->list->mutex);
    struct proposal *own = find(c->list, c->token);
    if (own != NULL) {
        own->state = done ? COUNT_DONE : COUNT_FAILED;
        set_text(&own->progress, NULL);
        set_text(&own->result, done ? mem_strndup(c->said.data, c->said.len)
                               : end == PROCESS_CRASHED && c->signal == 0
                                   ? last_words(c)
                                   : mem_strdup(process_end_words(end)));
    }
    pthread_mutex_unlock(&c->list->mutex);
}

static void closed_cb(uv_handle_t *h)
{
    struct count *c = h->data;
    struct proposals *l = c->list;

    if (--c->open > 0)
        return;
    tell_result(c);
    buf_close(&c->said);
    buf_close(&c->told);
    free(c);
    l->running = NULL;
    if (l->closing)
        end_all(l);
    else
        proposals_pump(l);
}

static void close_handle(uv_handle_t *h)
{
    if (!uv_is_closing(h))
        uv_close(h, closed_cb);
}

static void exit_cb(uv_process_t *p, int64_t status, int signal)
{
    struct count *c = p->data;

    c->status = status;
    c->signal = signal;
    close_handle((uv_handle_t *)&c->timer);
    close_handle((uv_handle_t *)p);
}

static void timer_cb(uv_timer_t *t)
{
    struct count *c = t->data;

    c->overtime = true;
    uv_process_kill(&c->process, SIGKILL);
}

/* --- while it goes on --- */

static void piece_cb(uv_handle_t *h, size_t suggested, uv_buf_t *out)
{
    struct count *c = h->data;

    *out = uv_buf_init(c->piece, sizeof(c->piece));
}

static void output_cb(uv_stream_t *s, ssize_t n, const uv_buf_t *piece)
{
    struct count *c = s->data;

    if (n < 0) {
        close_handle((uv_handle_t *)s);
    } else if (c->said.len + (size_t)n > OUTPUT_MAX) {
        c->overflow = true;
        uv_process_kill(&c->process, SIGKILL);
    } else {
        buf_append(&c->said, piece->base, (size_t)n);
    }
}

static void words_cb(uv_stream_t *s, ssize_t n, const uv_buf_t *piece)
{
    struct count *c = s->data;

    if (n < 0) {
        close_handle((uv_handle_t *)s);
        return;
    }
    if (c->told.len + (size_t)n > WORDS_MAX)
        buf_clear(&c->told); /* only the last of them are of interest */
    buf_append(&c->told, piece->base, (size_t)n);
    char *line = last_words(c);
    pthread_mutex_lock(&c->list->mutex);
    struct proposal *own = find(c->list, c->token);
    if (own != NULL)
        set_text(&own->progress, line);
    else
        free(line);
    pthread_mutex_unlock(&c->list->mutex);
    if (own == NULL)
        uv_process_kill(&c->process, SIGKILL); /* nobody waits for it any more */
}

/* --- its beginning --- */

/* The text as a file in memory. */
static int memory_file(const char *text)
{
    int fd = memfd_create("playbook", MFD_CLOEXEC);

    if (fd >= 0 && fs_put(fd, text, strlen(text), NULL) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* `against`: -1: the present file. */
static int spawn(struct count *c, const struct proposal *change, int file, int against)
{
    char now[MOMENT_TEXT_MAX], days[8];
    char *args[] = {mem_strdup(PROCESS_SELF),
                    "forecast",
                    "-c",
                    change->dir,
                    "--playbook",
                    "/proc/self/fd/3",
                    "--totals",
                    "--json",
                    "--progress",
                    "--days",
                    days,
                    "--now",
                    now,
                    against >= 0 ? "--against" : NULL, /* or the end */
                    "/proc/self/fd/4",
                    NULL};
    uv_stdio_container_t streams[] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&c->output},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&c->words},
        {.flags = UV_INHERIT_FD, .data.fd = file},
        {.flags = UV_INHERIT_FD, .data.fd = against},
    };
    const uv_process_options_t options = {.exit_cb = exit_cb,
                                          .file = args[0],
                                          .args = args,
                                          .stdio_count = against >= 0 ? 5 : 4,
                                          .stdio = streams};

    moment_format_utc(change->began_ms, now);
    snprintf(days, sizeof(days), "%d", PROPOSAL_DAYS);
    int rc = uv_spawn(c->list->loop, &c->process, &options);
    free(args[0]);
    /* What people wait for comes behind what clients wait for; where that may not be said, it goes
     * on all the same. */
    if (rc == 0)
        setpriority(PRIO_PROCESS, (id_t)c->process.pid, NICENESS);
    return rc;
}

/* Under the mutex. */
static void start(struct proposals *l, struct proposal *change)
{
    struct count *c = mem_zalloc(sizeof(*c));
    uv_handle_t *handles[HANDLES] = {(uv_handle_t *)&c->process, (uv_handle_t *)&c->output,
                                     (uv_handle_t *)&c->words, (uv_handle_t *)&c->timer};
    int file = memory_file(change->file);
    int against = change->against != NULL ? memory_file(change->against) : -1;

    c->list = l;
    c->status = -1;
    memcpy(c->token, change->token, sizeof(c->token));
    buf_init(&c->said);
    buf_init(&c->told);
    uv_pipe_init(l->loop, &c->output, 0);
    uv_pipe_init(l->loop, &c->words, 0);
    uv_timer_init(l->loop, &c->timer);
    c->process.data = c->output.data = c->words.data = c->timer.data = c;
    c->open = HANDLES;
    change->state = COUNT_RUNS;
    l->running = c;
    int rc = spawn(c, change, file, against);
    if (file >= 0)
        close(file);
    if (against >= 0)
        close(against);
    if (rc != 0) {
        buf_printf(&c->told, "%s", uv_strerror(rc));
        for (int i = 0; i < HANDLES; i++)
            close_handle(handles[i]);
        return;
    }
    uv_timer_start(&c->timer, timer_cb, COUNT_WALL_MS, 0);
    uv_read_start((uv_stream_t *)&c->output, piece_cb, output_cb);
    uv_read_start((uv_stream_t *)&c->words, piece_cb, words_cb);
}

void proposals_pump(struct proposals *l)
{
    if (l->running != NULL || l->closing)
        return;
    pthread_mutex_lock(&l->mutex);
    for (size_t i = 0; l->running == NULL && i < l->count; i++)
        if (l->items[i]->state == COUNT_WAITS)
            start(l, l->items[i]);
    pthread_mutex_unlock(&l->mutex);
}

void proposals_close(struct proposals *l, void (*closed)(void *arg), void *arg)
{
    l->closing = true;
    l->closed = closed;
    l->closed_arg = arg;
    if (l->running != NULL)
        uv_process_kill(&l->running->process, SIGKILL);
    else
        end_all(l);
}
