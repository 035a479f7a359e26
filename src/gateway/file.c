/*
 * The file gateway: mail into a Maildir (tmp, new, cur beneath `path`), texts into files beneath
 * `path`/sms, one for each, with To and From lines, an empty line and the text. For the demo, for
 * trials, and for whoever wants to carry messages on by a program of their own.
 *
 * The happy path: file_start queues the exchange and starts the idle handle, whose callback asks
 * for leave; on go the file is written and synced in libuv's worker pool, for a sync may take long;
 * back on the loop the exchange is done. A reader never sees half a file: it is written under
 * another name (Maildir's tmp) and moved.
 *
 * When things fail: nothing of the message is left behind and the outcome is RETRY, trouble of the
 * gateway; only if the file is in its place but may not survive a power cut is it UNKNOWN.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/rng.h"
#include "gateway/backend.h"

#define FILE_MODE 0640
#define FOLDER_MODE 0750

struct work {
    uv_work_t request;
    struct exchange *exchange; /* NULL: none under way */
    struct file *file;
    bool asked; /* the idle callback has asked */
    bool ended; /* the idle callback has to report `result` */
    bool writing;
    struct gateway_result result;
};

struct file {
    struct gateway *gateway;
    char *path;
    struct work *works; /* by the exchange's index */
    int count;
    uv_idle_t idle; /* runs while a work waits for its next step on the loop */
};

static int sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd >= 0 ? fsync(fd) : -1;

    if (fd >= 0)
        close(fd);
    return rc;
}

/* The time of day in UTC with milliseconds: 20261208T100000.123Z. */
static void stamp(int64_t now_ms, char out[32])
{
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm tm;
    char whole[20];

    gmtime_r(&seconds, &tm);
    strftime(whole, sizeof(whole), "%Y%m%dT%H%M%S", &tm);
    snprintf(out, 32, "%s.%03dZ", whole, (int)(now_ms % 1000));
}

static void trouble(struct gateway_result *r, const char *what, int errnum)
{
    char words[128];

    result_set(r, OUTCOME_RETRY, 0, "%s: %s", what, strerror_r(errnum, words, sizeof(words)));
    r->gateway_trouble = true;
}

/* Write to `tmp`, sync, move to `final`, sync its folder. */
static void deliver(const char *tmp, const char *final, const char *folder, const void *data,
                    size_t len, struct gateway_result *r)
{
    struct err err = {0};

    if (fs_create(tmp, data, len, FILE_MODE, &err) != 0) {
        const char *why = strrchr(err.text, ':');
        result_set(r, OUTCOME_RETRY, 0, "write the file%s", why != NULL ? why : "");
        r->gateway_trouble = true;
        return;
    }
    /* link, not rename: it never replaces what is there */
    if (link(tmp, final) < 0) {
        trouble(r, "move the file to its place", errno);
        unlink(tmp);
        return;
    }
    unlink(tmp);
    if (sync_folder(folder) < 0)
        result_set(r, OUTCOME_UNKNOWN, 0, "written, but the folder cannot be synced");
    else
        result_set(r, OUTCOME_SENT, 0, "written to the folder");
}

static void set_id(struct gateway_result *r, const char *name)
{
    if (r->outcome == OUTCOME_SENT)
        snprintf(r->provider_id, sizeof(r->provider_id), "%s", name);
}

/* Maildir's names: seconds, a part that is unique, the host; none of them with a slash or colon. */
static void write_mail(const struct file *f, const struct gateway_message *m,
                       struct gateway_result *r)
{
    int64_t now_ms = clock_wall_ms();
    char unique[17], host[65] = "localhost";

    rng_hex(unique, 64);
    gethostname(host, sizeof(host) - 1);
    for (char *c = host; *c != '\0'; c++)
        if (*c == '/' || *c == ':')
            *c = '_';
    char *name = mem_printf("%lld.M%03dP%dI%lldR%s.%s", (long long)(now_ms / 1000),
                            (int)(now_ms % 1000), (int)getpid(), (long long)m->id, unique, host);
    char *tmp = mem_printf("%s/tmp/%s", f->path, name);
    char *folder = mem_printf("%s/new", f->path);
    char *final = mem_printf("%s/%s", folder, name);
    deliver(tmp, final, folder, m->data, m->len, r);
    set_id(r, name);
    free(final);
    free(folder);
    free(tmp);
    free(name);
}

static void write_text(const struct file *f, const struct gateway_message *m,
                       struct gateway_result *r)
{
    char at[32];
    struct buf b;

    stamp(clock_wall_ms(), at);
    char *name = mem_printf("%s-%lld.txt", at, (long long)m->id);
    char *folder = mem_printf("%s/sms", f->path);
    char *tmp = mem_printf("%s/.%s.tmp", folder, name);
    char *final = mem_printf("%s/%s", folder, name);
    buf_init(&b);
    buf_printf(&b, "To: %s\nFrom: %s\n\n", m->to, m->from);
    buf_append(&b, m->data, m->len);
    buf_putc(&b, '\n');
    deliver(tmp, final, folder, b.data, b.len, r);
    set_id(r, name);
    buf_close(&b);
    free(final);
    free(tmp);
    free(folder);
    free(name);
}

/* In the worker pool. */
static void write_cb(uv_work_t *request)
{
    struct work *w = request->data;
    const struct gateway_message *m = w->exchange->message;

    if (m->channel == CHANNEL_EMAIL)
        write_mail(w->file, m, &w->result);
    else
        write_text(w->file, m, &w->result);
}

static void work_done(struct work *w)
{
    struct exchange *x = w->exchange;
    struct gateway_result result = w->result;

    w->exchange = NULL;
    exchange_done(x, &result);
}

static void written_cb(uv_work_t *request, int status)
{
    work_done(request->data); /* never cancelled: status is 0 */
}

static void idle_cb(uv_idle_t *idle)
{
    struct file *f = idle->data;

    uv_idle_stop(idle); /* what the hooks begin from here starts it again */
    for (int i = 0; i < f->count; i++) {
        struct work *w = &f->works[i];
        if (w->exchange == NULL)
            continue;
        if (w->ended) {
            work_done(w);
        } else if (!w->asked) {
            w->asked = true;
            exchange_ask(w->exchange);
        }
    }
}

static void wake(struct file *f)
{
    uv_idle_start(&f->idle, idle_cb);
}

static void *file_create(struct gateway *g, uv_loop_t *loop, const char *providers, struct err *err)
{
    static const char *const folders[] = {"tmp", "new", "cur", "sms"};
    const struct gateway_settings *settings = gateway_settings(g);

    if (settings->path == NULL) {
        err_set(err, "path is missing: the folder that the messages go to");
        return NULL;
    }
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        char *folder = fs_join(settings->path, folders[i]);
        int rc = fs_mkdirs(folder, FOLDER_MODE, err);
        free(folder);
        if (rc != 0)
            return NULL;
    }
    struct file *f = mem_zalloc(sizeof(*f));
    f->gateway = g;
    f->path = mem_strdup(settings->path);
    f->count = settings->connections > 0 ? settings->connections : 1;
    f->works = mem_array((size_t)f->count, sizeof(*f->works));
    uv_idle_init(loop, &f->idle);
    f->idle.data = f;
    return f;
}

/* The addresses become header lines of a text, so they must each be one line. */
static int file_check(const struct gateway_message *m)
{
    bool fine = (m->channel == CHANNEL_EMAIL || m->channel == CHANNEL_SMS) && m->to != NULL &&
                m->from != NULL && m->to[0] != '\0' && str_one_line(m->to, strlen(m->to)) &&
                str_one_line(m->from, strlen(m->from));

    return fine ? 0 : ERR_INVALID;
}

static void file_start(void *backend, struct exchange *x)
{
    struct file *f = backend;

    f->works[x->index] = (struct work){.exchange = x, .file = f};
    wake(f);
}

static void end_later(struct work *w, const char *why)
{
    result_set(&w->result, OUTCOME_RETRY, 0, "%s", why);
    w->ended = true;
    wake(w->file);
}

static void file_proceed(void *backend, struct exchange *x, bool go)
{
    struct file *f = backend;
    struct work *w = &f->works[x->index];

    if (!go) {
        end_later(w, "broken off before anything was written");
        return;
    }
    w->writing = true;
    w->request.data = w;
    uv_queue_work(f->idle.loop, &w->request, write_cb, written_cb);
}

static void file_abort(void *backend, struct exchange *x)
{
    struct file *f = backend;
    struct work *w = &f->works[x->index];

    if (!w->writing) /* a file under way is written in a moment, and its outcome is certain */
        end_later(w, "broken off before anything was written");
}

static void idle_closed_cb(uv_handle_t *handle)
{
    struct file *f = handle->data;
    struct gateway *g = f->gateway;

    free(f->works);
    free(f->path);
    free(f);
    backend_closed(g);
}

static void file_close(void *backend)
{
    struct file *f = backend;

    uv_close((uv_handle_t *)&f->idle, idle_closed_cb);
}

const struct backend_ops file_backend = {
    .create = file_create,
    .check = file_check,
    .start = file_start,
    .proceed = file_proceed,
    .abort = file_abort,
    .close = file_close,
};
