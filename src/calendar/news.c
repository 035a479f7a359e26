/*
 * What a look at a collection brings. See calendar/news.h.
 *
 * An event is gone when the object that had it is gone, and no other has it: an object may have
 * been moved to another address, or an event to another object. What is in an object that cannot be
 * read nobody knows, so the event that was in it is not gone, and neither is the one whose UID can
 * still be made out.
 */
#include "calendar/news.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "calendar/look.h"
#include "calendar/words.h"
#include "ical/read.h"
#include "store/tasks.h"

void news_init(struct news *n)
{
    *n = (struct news){0};
    buf_init(&n->bytes);
}

void news_close(struct news *n)
{
    for (size_t i = 0; i < n->count; i++)
        free(n->parts[i].trouble);
    calendar_objects_free(n->known, n->known_count);
    calendar_objects_free(n->objects, n->count);
    free(n->parts);
    free(n->listed);
    str_list_close(&n->gone);
    buf_close(&n->bytes);
    news_init(n);
}

int news_load(struct news *n, struct store *s, int64_t calendar_id)
{
    int rc = store_calendar_objects(s, calendar_id, &n->known, &n->known_count);

    n->listed = mem_array(n->known_count, sizeof(*n->listed));
    n->loaded = true;
    return rc;
}

static int compare_objects(const void *a, const void *b)
{
    const struct calendar_object *x = a, *y = b;

    return strcmp(x->href, y->href);
}

/* Which of those known it is; known_count: none. */
static size_t find(const struct news *n, const char *href)
{
    struct calendar_object key = {.href = (char *)href};
    const struct calendar_object *k =
        n->known_count == 0
            ? NULL
            : bsearch(&key, n->known, n->known_count, sizeof(*n->known), compare_objects);

    return k != NULL ? (size_t)(k - n->known) : n->known_count;
}

bool news_listed(struct news *n, const char *href, const char *etag)
{
    size_t i = find(n, href);

    if (i == n->known_count)
        return true;
    n->listed[i] = true;
    return strcmp(n->known[i].etag, etag) != 0;
}

/* The next line of the object, unfolded; moves *at behind it. */
static void next_line(const char **at, const char *end, struct buf *line)
{
    buf_clear(line);
    for (; *at < end; (*at)++) {
        if (**at == '\n' && (*at + 1 == end || ((*at)[1] != ' ' && (*at)[1] != '\t'))) {
            (*at)++;
            return;
        }
        if (**at == '\n')
            (*at)++; /* and the blank that goes with it */
        else if (**at != '\r')
            buf_putc(line, **at);
    }
}

/* The value of a property, or NULL when the line is another's. */
static const char *value_in(const char *line, const char *name)
{
    size_t len = strlen(name);
    bool quoted = false;

    if (strncasecmp(line, name, len) != 0 || (line[len] != ':' && line[len] != ';'))
        return NULL;
    for (const char *p = line + len; *p != '\0'; p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (*p == ':' && !quoted)
            return p + 1;
    }
    return NULL;
}

/* What the first event of an object has by this name, as it is written; "" for nothing. It looks at
 * lines alone, and so finds it in an object that cannot be read. */
static char *find_value(const char *bytes, size_t len, const char *name)
{
    const char *at = bytes, *end = bytes + len, *value;
    struct buf line;
    int depth = 0; /* in a VEVENT: 1; in an alarm within: 2 */
    char *found = NULL;

    buf_init(&line);
    while (at < end && found == NULL) {
        next_line(&at, end, &line);
        if (strncasecmp(line.data, "BEGIN:", 6) == 0)
            depth += depth > 0 || strcasecmp(line.data + 6, "VEVENT") == 0;
        else if (strncasecmp(line.data, "END:", 4) == 0)
            depth -= depth > 0;
        else if (depth == 1 && (value = value_in(line.data, name)) != NULL)
            found = mem_strdup(value);
    }
    buf_close(&line);
    return found != NULL ? found : mem_strdup("");
}

char *news_uid(const char *bytes, size_t len)
{
    char *value = find_value(bytes, len, "UID"), *uid = look_uid(value);

    free(value);
    return uid;
}

/* Its bytes, behind those of the others. */
static struct sync_object add_bytes(struct news *n, const struct caldav_object *o)
{
    if (n->bytes.len > 0)
        buf_puts(&n->bytes, ICAL_NEXT);
    size_t at = n->bytes.len;
    buf_append(&n->bytes, o->bytes, o->len);
    if (o->len > 0 && o->bytes[o->len - 1] != '\n')
        buf_putc(&n->bytes, '\n');
    return (struct sync_object){.at = at, .len = n->bytes.len - at};
}

bool news_object(struct news *n, const struct caldav_object *o)
{
    size_t i = find(n, o->href);

    if (i < n->known_count)
        n->listed[i] = true;
    if (n->bytes.len + o->len + sizeof(ICAL_NEXT) > NEWS_BYTES_MAX) {
        n->full = true;
        return false;
    }
    mem_grow(&n->objects, &n->cap, n->count + 1, sizeof(*n->objects));
    mem_grow(&n->parts, &n->part_cap, n->count + 1, sizeof(*n->parts));
    n->parts[n->count] =
        o->bytes != NULL ? add_bytes(n, o) : (struct sync_object){.trouble = mem_strdup(o->why)};
    n->objects[n->count++] = (struct calendar_object){
        .href = mem_strdup(o->href),
        .etag = mem_strdup(o->etag),
        .uid = o->bytes != NULL ? news_uid(o->bytes, o->len) : mem_strdup(""),
    };
    return true;
}

void news_gone(struct news *n, const char *href)
{
    str_list_add(&n->gone, href, strlen(href));
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has(const struct str_list *sorted, const char *text)
{
    return sorted->count > 0 &&
           bsearch(&text, sorted->items, sorted->count, sizeof(char *), compare_texts) != NULL;
}

static void sort(struct str_list *l)
{
    size_t kept = 0;

    if (l->count > 1)
        qsort(l->items, l->count, sizeof(char *), compare_texts);
    for (size_t i = 0; i < l->count; i++) {
        if (kept > 0 && strcmp(l->items[kept - 1], l->items[i]) == 0)
            free(l->items[i]);
        else
            l->items[kept++] = l->items[i];
    }
    l->count = kept;
}

/* Everything was listed: what was known and was not, is gone. */
static void find_gone(struct news *n)
{
    for (size_t i = 0; i < n->known_count; i++)
        if (!n->listed[i])
            news_gone(n, n->known[i].href);
}

static int load_late(struct news *n, struct store *s, int64_t calendar_id)
{
    int rc = news_load(n, s, calendar_id);

    for (size_t i = 0; rc == 0 && i < n->count; i++) {
        size_t k = find(n, n->objects[i].href);
        if (k < n->known_count)
            n->listed[k] = true;
    }
    return rc;
}

/* The events that are somewhere else now. */
static void add_elsewhere(const struct news *n, struct str_list *uids)
{
    for (size_t i = 0; i < n->count; i++)
        str_list_add(uids, n->objects[i].uid, strlen(n->objects[i].uid));
}

/* The UID that was known of what is at an address; "": none. */
static const char *uid_before(const struct news *n, const char *href)
{
    size_t i = find(n, href);

    return i < n->known_count ? n->known[i].uid : "";
}

/* What cannot be read goes on having what it had. */
static void settle_troubles(struct news *n, struct str_list *elsewhere)
{
    for (size_t i = 0; i < n->count; i++) {
        struct calendar_object *o = &n->objects[i];
        const char *before = uid_before(n, o->href);
        o->trouble = n->parts[i].trouble;
        n->parts[i].trouble = NULL;
        if (o->trouble == NULL || *before == '\0')
            continue;
        str_list_add(elsewhere, before, strlen(before));
        free(o->uid);
        o->uid = mem_strdup(before);
    }
    sort(elsewhere);
}

/* Add the event that was in an object, unless it is somewhere else now. */
static void add_gone(const struct news *n, const char *href, const struct str_list *elsewhere,
                     struct str_list *uids)
{
    const char *uid = uid_before(n, href);

    if (*uid != '\0' && !has(elsewhere, uid))
        str_list_add(uids, uid, strlen(uid));
}

int news_settle(struct news *n, struct store *s, int64_t calendar_id, bool complete,
                struct str_list *uids)
{
    struct str_list elsewhere = {0};
    int rc = n->loaded ? 0 : load_late(n, s, calendar_id);

    if (rc != 0)
        return rc;
    if (complete)
        find_gone(n);
    sort(&n->gone);
    add_elsewhere(n, &elsewhere);
    settle_troubles(n, &elsewhere);
    for (size_t i = 0; i < n->gone.count; i++)
        add_gone(n, n->gone.items[i], &elsewhere, uids);
    for (size_t i = 0; i < n->count; i++)
        add_gone(n, n->objects[i].href, &elsewhere, uids);
    sort(uids);
    str_list_close(&elsewhere);
    return 0;
}

/* ---- what is kept */

static int raise_task(const struct news *n, size_t i, struct store *s, const char *name,
                      int64_t now_ms)
{
    const struct calendar_object *o = &n->objects[i];
    char *title = find_value(n->bytes.data + n->parts[i].at, n->parts[i].len, "SUMMARY");
    char *text = words_object(name, o->href, title, o->trouble);
    char *key = store_calendar_object_task(name, o->href);
    struct task t = {.key = key, .text = text, .once = true};
    int rc = store_task_raise(s, &t, now_ms);

    free(key);
    free(text);
    free(title);
    return rc;
}

/* The tasks about objects that can be read now, or are gone. */
static int end_tasks(const struct news *n, struct store *s, int64_t calendar_id, const char *name,
                     int64_t now_ms)
{
    int rc = 0;

    for (size_t i = 0; i < n->known_count && rc == 0; i++) {
        struct calendar_object now;
        if (n->known[i].trouble == NULL)
            continue;
        rc = store_calendar_object(s, calendar_id, n->known[i].href, &now);
        if (rc == ERR_NOTFOUND || (rc == 0 && now.trouble == NULL)) {
            char *key = store_calendar_object_task(name, n->known[i].href);
            rc = store_task_end(s, key, "it can be read, or is gone", now_ms);
            free(key);
        }
        calendar_object_close(&now);
    }
    return rc;
}

int news_save(struct news *n, struct store *s, int64_t calendar_id, const char *name,
              int64_t now_ms, bool *more)
{
    size_t all = n->gone.count + n->count, end = n->saved + NEWS_SAVED_MAX;
    int rc = 0;

    for (; n->saved < all && n->saved < end && rc == 0; n->saved++) {
        size_t i = n->saved - n->gone.count;
        if (n->saved < n->gone.count) {
            rc = store_calendar_object_delete(s, calendar_id, n->gone.items[n->saved]);
            continue;
        }
        rc = store_calendar_object_save(s, calendar_id, &n->objects[i]);
        if (rc == 0 && n->objects[i].trouble != NULL && n->told++ < NEWS_TASKS_MAX)
            rc = raise_task(n, i, s, name, now_ms);
    }
    *more = n->saved < all;
    return rc == 0 && !*more ? end_tasks(n, s, calendar_id, name, now_ms) : rc;
}
