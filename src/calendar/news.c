/*
 * What a look at a collection brings. See calendar/news.h.
 *
 * An event is gone when the object that had it is gone, and no other has it: an object may have
 * been moved to another address, or an event to another object.
 */
#include "calendar/news.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "calendar/look.h"
#include "ical/read.h"

void news_init(struct news *n)
{
    *n = (struct news){0};
    buf_init(&n->bytes);
}

void news_close(struct news *n)
{
    calendar_objects_free(n->known, n->known_count);
    calendar_objects_free(n->objects, n->count);
    free(n->listed);
    str_list_close(&n->gone);
    str_list_close(&n->left_out);
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

char *news_uid(const char *bytes, size_t len)
{
    const char *at = bytes, *end = bytes + len, *colon;
    struct buf line;
    int depth = 0; /* in a VEVENT: 1; in an alarm within: 2 */
    char *uid = NULL;

    buf_init(&line);
    while (at < end && uid == NULL) {
        next_line(&at, end, &line);
        if (strncasecmp(line.data, "BEGIN:", 6) == 0)
            depth += depth > 0 || strcasecmp(line.data + 6, "VEVENT") == 0;
        else if (strncasecmp(line.data, "END:", 4) == 0)
            depth -= depth > 0;
        else if (depth == 1 && strncasecmp(line.data, "UID", 3) == 0 &&
                 (line.data[3] == ':' || line.data[3] == ';') &&
                 (colon = strchr(line.data, ':')) != NULL)
            uid = look_uid(colon + 1);
    }
    buf_close(&line);
    return uid != NULL ? uid : mem_strdup("");
}

bool news_object(struct news *n, const char *href, const char *etag, const char *bytes, size_t len)
{
    size_t i = find(n, href);

    if (i < n->known_count)
        n->listed[i] = true;
    if (bytes == NULL) {
        str_list_add(&n->left_out, href, strlen(href));
        return true;
    }
    if (n->bytes.len + len + 1 > ICAL_BYTES_MAX) {
        n->full = true;
        return false;
    }
    buf_append(&n->bytes, bytes, len);
    if (len > 0 && bytes[len - 1] != '\n')
        buf_putc(&n->bytes, '\n');
    mem_grow(&n->objects, &n->cap, n->count + 1, sizeof(*n->objects));
    n->objects[n->count++] =
        (struct calendar_object){mem_strdup(href), mem_strdup(etag), news_uid(bytes, len)};
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

    for (size_t i = 0; rc == 0 && i < n->count + n->left_out.count; i++) {
        size_t k = find(n, i < n->count ? n->objects[i].href : n->left_out.items[i - n->count]);
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
    sort(uids);
}

/* Add the event that was in an object, unless it is somewhere else now. */
static int add_gone(struct store *s, int64_t calendar_id, const char *href,
                    const struct str_list *elsewhere, struct str_list *uids)
{
    struct calendar_object o;
    int rc = store_calendar_object(s, calendar_id, href, &o);

    if (rc == 0 && !has(elsewhere, o.uid))
        str_list_add(uids, o.uid, strlen(o.uid));
    calendar_object_close(&o);
    return rc == ERR_NOTFOUND ? 0 : rc;
}

int news_gone_uids(struct news *n, struct store *s, int64_t calendar_id, bool complete,
                   struct str_list *uids)
{
    struct str_list elsewhere = {0};
    int rc = complete && !n->loaded ? load_late(n, s, calendar_id) : 0;

    if (rc == 0 && complete)
        find_gone(n);
    sort(&n->gone);
    add_elsewhere(n, &elsewhere);
    for (size_t i = 0; i < n->gone.count && rc == 0; i++)
        rc = add_gone(s, calendar_id, n->gone.items[i], &elsewhere, uids);
    for (size_t i = 0; i < n->count && rc == 0; i++)
        rc = add_gone(s, calendar_id, n->objects[i].href, &elsewhere, uids);
    sort(uids);
    str_list_close(&elsewhere);
    return rc;
}

int news_save(const struct news *n, struct store *s, int64_t calendar_id)
{
    int rc = 0;

    for (size_t i = 0; i < n->gone.count && rc == 0; i++)
        rc = store_calendar_object_delete(s, calendar_id, n->gone.items[i]);
    for (size_t i = 0; i < n->count && rc == 0; i++)
        rc = store_calendar_object_save(s, calendar_id, &n->objects[i]);
    return rc;
}
