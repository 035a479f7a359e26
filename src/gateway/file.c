/*
 * The file gateway: mail into a Maildir (tmp, new, cur beneath `path`), texts into files beneath
 * `path`/sms, one for each, with To and From lines, an empty line and the text. For the demo, for
 * trials, and for whoever wants to carry messages on by a program of their own.
 *
 * The happy path: file_start has the file written and synced in libuv's worker pool, for a sync may
 * take long; back on the loop the exchange is done. A reader never sees half a file: it is written
 * under another name (Maildir's tmp) and moved.
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
    struct gateway_result result;
};

struct file {
    struct gateway *gateway;
    char *path;
    struct work *works; /* by the exchange's index */
    uv_loop_t *loop;
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

    if (!exchange_pass(w->exchange))
        result_set(&w->result, OUTCOME_RETRY, 0, "broken off before anything was written");
    else if (m->channel == CHANNEL_EMAIL)
        write_mail(w->file, m, &w->result);
    else
        write_text(w->file, m, &w->result);
}

static void written_cb(uv_work_t *request, int status)
{
    struct work *w = request->data;
    struct exchange *x = w->exchange;
    struct gateway_result result = w->result;

    if (status != 0) /* taken out of the pool's queue */
        result_set(&result, OUTCOME_RETRY, 0, "broken off before anything was written");
    w->exchange = NULL;
    exchange_done(x, &result);
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
    f->works = mem_array((size_t)gateway_places(settings), sizeof(*f->works));
    f->loop = loop;
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
    struct work *w = &f->works[x->index];

    *w = (struct work){.exchange = x, .file = f};
    w->request.data = w;
    uv_queue_work(f->loop, &w->request, write_cb, written_cb);
}

/* A file under way is written in a moment, and its outcome is certain; the others never begin. */
static void file_abort(void *backend, struct exchange *x)
{
    struct file *f = backend;

    uv_cancel((uv_req_t *)&f->works[x->index].request);
}

static void file_close(void *backend)
{
    struct file *f = backend;
    struct gateway *g = f->gateway;

    free(f->works);
    free(f->path);
    free(f);
    backend_closed(g);
}

const struct backend_ops file_backend = {
    .create = file_create,
    .check = file_check,
    .start = file_start,
    .abort = file_abort,
    .close = file_close,
};
