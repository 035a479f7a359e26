/* Notices that a file of the configuration was saved. See service/files.h. */
#include "service/files.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"

#define TEMPLATES "templates"
#define PROVIDERS "providers"

#define QUIET_MS 150     /* an editor saves in several steps */
#define FOLDERS_MAX 1000 /* rules with templates, and their partials */

struct folder {
    uv_fs_event_t event;
    struct files *owner;
    char *path;
    struct fs_stamp stamp; /* of the folder when its watch began */
    bool conf_only;        /* the database lives here as well: only *.conf matters */
    bool gone;             /* removed or renamed itself */
};

struct files {
    uv_loop_t *loop;
    char *dir;
    uv_timer_t quiet;
    struct folder **folders;
    size_t count, cap;
    void (*saved)(void *arg);
    void *arg;
    int open;
    void (*closed)(void *arg);
    void *closed_arg;
};

static void quiet_cb(uv_timer_t *t)
{
    struct files *f = t->data;

    f->saved(f->arg);
}

static const char *own_name(const struct folder *d)
{
    const char *slash = strrchr(d->path, '/');

    return slash != NULL ? slash + 1 : d->path;
}

/* In the folder of the database. */
static bool concerns_us(const char *name)
{
    return str_ends(name, ".conf") || str_ends(name, ".ics") || strcmp(name, TEMPLATES) == 0 ||
           strcmp(name, PROVIDERS) == 0;
}

static void folder_cb(uv_fs_event_t *e, const char *name, int events, int status)
{
    struct folder *d = e->data;

    if (status != 0)
        return;
    /* What happens to a folder itself comes with its own name; so may a file's of that name, and
     * then the folder is but watched anew. */
    d->gone =
        d->gone || (name != NULL && (events & UV_RENAME) != 0 && strcmp(name, own_name(d)) == 0);
    if (name != NULL && d->conf_only && !concerns_us(name))
        return;
    if (name != NULL && (name[0] == '.' || str_ends(name, "~")))
        return;
    uv_timer_start(&d->owner->quiet, quiet_cb, QUIET_MS, 0);
}

static void part_closed(struct files *f)
{
    if (--f->open > 0)
        return;
    if (f->closed != NULL)
        f->closed(f->closed_arg);
    free(f->folders);
    free(f->dir);
    free(f);
}

static void folder_closed(uv_handle_t *h)
{
    struct folder *d = h->data;
    struct files *f = d->owner;

    free(d->path);
    free(d);
    part_closed(f);
}

static void quiet_closed(uv_handle_t *h)
{
    part_closed(h->data);
}

static void add(struct files *f, const char *path, bool conf_only)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->folders[i]->path, path) == 0)
            return;
    if (!fs_is_dir(path) || f->count == FOLDERS_MAX)
        return;
    struct folder *d = mem_zalloc(sizeof(*d));
    d->owner = f;
    d->path = mem_strdup(path);
    d->conf_only = conf_only;
    d->event.data = d;
    fs_stamp(path, &d->stamp);
    uv_fs_event_init(f->loop, &d->event);
    f->open++;
    int rc = uv_fs_event_start(&d->event, folder_cb, path, 0);
    if (rc != 0) {
        log_warning("folder not watched: changes there need a SIGHUP", "reason=\"%s\"",
                    uv_strerror(rc));
        uv_close((uv_handle_t *)&d->event, folder_closed);
        return;
    }
    mem_grow(&f->folders, &f->cap, f->count + 1, sizeof(*f->folders));
    f->folders[f->count++] = d;
}

static void add_below(struct files *f, const char *path, int depth)
{
    struct str_list names = {0};

    add(f, path, false);
    if (depth > 0 && fs_list(path, &names, NULL) == 0)
        for (size_t i = 0; i < names.count; i++) {
            char *below = fs_join(path, names.items[i]);
            if (fs_is_dir(below))
                add_below(f, below, depth - 1);
            free(below);
        }
    str_list_close(&names);
}

/* Folders that were removed, or have given their names to others, are watched no more. */
static void let_go(struct files *f)
{
    size_t kept = 0;

    for (size_t i = 0; i < f->count; i++) {
        struct folder *d = f->folders[i];
        struct fs_stamp now;
        if (!d->gone && fs_stamp(d->path, &now) && now.device == d->stamp.device &&
            now.inode == d->stamp.inode)
            f->folders[kept++] = d;
        else
            uv_close((uv_handle_t *)&d->event, folder_closed);
    }
    f->count = kept;
}

void files_refresh(struct files *f)
{
    char *templates = fs_join(f->dir, TEMPLATES), *providers = fs_join(f->dir, PROVIDERS);

    let_go(f);
    add(f, f->dir, true);
    add(f, providers, false);
    add_below(f, templates, 2);
    free(templates);
    free(providers);
}

struct files *files_watch(uv_loop_t *loop, const char *dir, void (*saved)(void *arg), void *arg)
{
    struct files *f = mem_zalloc(sizeof(*f));

    f->loop = loop;
    f->dir = mem_strdup(dir);
    f->saved = saved;
    f->arg = arg;
    f->quiet.data = f;
    uv_timer_init(loop, &f->quiet);
    f->open = 1;
    files_refresh(f);
    return f;
}

void files_close(struct files *f, void (*closed)(void *arg), void *arg)
{
    f->closed = closed;
    f->closed_arg = arg;
    for (size_t i = 0; i < f->count; i++)
        uv_close((uv_handle_t *)&f->folders[i]->event, folder_closed);
    uv_close((uv_handle_t *)&f->quiet, quiet_closed);
}
