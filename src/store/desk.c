/* What people do to clients' records. See store/desk.h. */
#include "store/desk.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/entities.h"
#include "store/internal.h"

/* --- a client's row --- */

void client_row_close(struct client_row *c)
{
    char *texts[] = {c->name,     c->ref,     c->email, c->phone, c->language,
                     c->timezone, c->channel, c->tags,  c->notes};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        free(texts[i]);
    *c = (struct client_row){0};
}

/* With its end: where one begins counts. */
uint64_t texts_version(uint64_t before, const char *text)
{
    const char *t = text != NULL ? text : "";

    return str_hash(t, strlen(t) + 1, before);
}

static uint64_t version_of(const struct client_row *c)
{
    const char *texts[] = {c->name,     c->ref,     c->email, c->phone, c->language,
                           c->timezone, c->channel, c->tags,  c->notes};
    uint64_t h = 0;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        h = texts_version(h, texts[i]);
    return h;
}

int store_client_row(struct store *s, int64_t id, struct client_row *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT name, ref, email, phone, language, timezone, "
                                        "channel, tags, notes FROM client WHERE id = ?1");

    *out = (struct client_row){0};
    if (st != NULL)
        bind_int(st, 1, id);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    out->name = column_text(st, 0);
    out->ref = column_text(st, 1);
    out->email = column_text(st, 2);
    out->phone = column_text(st, 3);
    out->language = column_text(st, 4);
    out->timezone = column_text(st, 5);
    out->channel = column_text(st, 6);
    out->tags = column_text(st, 7);
    out->notes = column_text(st, 8);
    out->version = version_of(out);
    store_reset(st);
    return 0;
}

static const char *or_null(const char *text)
{
    return str_blank(text) ? NULL : text;
}

static int ref_is_free(struct store *s, const char *ref, int64_t id)
{
    int64_t row;
    int rc = or_null(ref) != NULL ? store_row_of_key(s, ENTITY_CLIENT, ref, &row) : ERR_NOTFOUND;

    if (rc == 0)
        return row == id ? 0 : ERR_EXISTS;
    return rc == ERR_NOTFOUND ? 0 : rc;
}

int store_client_write(struct store *s, int64_t *id, const struct client_row *c, int64_t now_ms)
{
    int rc = ref_is_free(s, c->ref, *id);

    if (rc != 0)
        return rc;
    sqlite3_stmt *st =
        *id != 0
            ? store_prepare(s,
                            "UPDATE client SET name = ?2, ref = ?3, email = ?4, phone = ?5, "
                            "language = ?6, timezone = ?7, channel = ?8, tags = ?9, notes = ?10, "
                            "updated_at = strftime('%Y-%m-%dT%H:%M:%SZ', ?11 / 1000, "
                            "'unixepoch') WHERE id = ?1 RETURNING id")
            : store_prepare(s,
                            "INSERT INTO client (name, ref, email, phone, language, timezone, "
                            "channel, tags, notes, created_at, updated_at) SELECT ?2, ?3, ?4, "
                            "?5, ?6, ?7, ?8, ?9, ?10, t.at, t.at FROM (SELECT "
                            "strftime('%Y-%m-%dT%H:%M:%SZ', ?11 / 1000, 'unixepoch') AS at) AS t "
                            "WHERE ?1 = 0 RETURNING id");
    if (st != NULL) {
        bind_int(st, 1, *id);
        bind_text(st, 2, c->name);
        bind_text(st, 3, or_null(c->ref));
        bind_text(st, 4, or_null(c->email));
        bind_text(st, 5, or_null(c->phone));
        bind_text(st, 6, or_null(c->language));
        bind_text(st, 7, or_null(c->timezone));
        bind_text(st, 8, or_null(c->channel));
        bind_text(st, 9, or_null(c->tags));
        bind_text(st, 10, or_null(c->notes));
        bind_int(st, 11, now_ms);
    }
    rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    *id = column_int(st, 0);
    return store_finish(s, st);
}

/* --- the ledger of consent --- */

void consent_lines_free(struct consent_line *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].at);
        free(list[i].source);
        free(list[i].wording);
    }
    free(list);
}

int store_consent_ledger(struct store *s, int64_t client_id, size_t max, struct consent_line **out,
                         size_t *count, int64_t *total)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT channel, purpose, state = 'in', at, source, wording, "
           "coalesce(CAST(round((julianday(at) - 2440587.5) * 86400000) AS INTEGER), 0), "
           "count(*) OVER () FROM consent WHERE client_id = ?1 ORDER BY id DESC LIMIT ?2");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    *total = 0;
    if (st != NULL) {
        bind_int(st, 1, client_id);
        bind_int(st, 2, (int64_t)max);
    }
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        struct consent_line *c = &(*out)[(*count)++];
        *c = (struct consent_line){.in = column_int(st, 2) != 0,
                                   .at = column_text(st, 3),
                                   .source = column_text(st, 4),
                                   .wording = column_text(st, 5),
                                   .at_ms = column_int(st, 6)};
        channel_from((const char *)sqlite3_column_text(st, 0), &c->channel);
        purpose_from((const char *)sqlite3_column_text(st, 1), &c->purpose);
        *total = column_int(st, 7);
    }
    return rc;
}

int store_consent_add(struct store *s, int64_t client_id, const struct consent_line *c,
                      int64_t now_ms)
{
    sqlite3_stmt *st = store_prepare(
        s, "INSERT INTO consent (client_id, channel, purpose, state, at, source, wording) "
           "VALUES (?1, ?2, ?3, ?4, strftime('%Y-%m-%dT%H:%M:%SZ', ?5 / 1000, 'unixepoch'), ?6, "
           "?7)");

    if (st != NULL) {
        bind_int(st, 1, client_id);
        bind_text(st, 2, channel_name(c->channel));
        bind_text(st, 3, purpose_name(c->purpose));
        bind_text(st, 4, c->in ? "in" : "out");
        bind_int(st, 5, now_ms);
        bind_text(st, 6, or_null(c->source));
        bind_text(st, 7, or_null(c->wording));
    }
    return store_finish(s, st);
}

/* --- notes --- */

int store_note_add(struct store *s, int64_t client_id, const char *by, const char *text,
                   int64_t now_ms)
{
    sqlite3_stmt *st = store_prepare(s, "INSERT INTO note (client_id, at_ms, user, text) "
                                        "VALUES (?1, ?2, ?3, ?4)");

    if (st != NULL) {
        bind_int(st, 1, client_id);
        bind_int(st, 2, now_ms);
        bind_text(st, 3, by);
        bind_text(st, 4, text);
    }
    return store_finish(s, st);
}

int store_notes(struct store *s, int64_t client_id, int64_t since_ms, size_t max, struct note **out,
                size_t *count)
{
#define NOTES(which)                                                                               \
    "SELECT n.id, n.client_id, n.at_ms, n.user, n.text, c.name FROM note n LEFT JOIN client c "    \
    "ON c.id = n.client_id WHERE " which "n.at_ms >= ?2 ORDER BY n.at_ms DESC, n.id DESC LIMIT ?3"
    sqlite3_stmt *st =
        store_prepare(s, client_id != 0 ? NOTES("n.client_id = ?1 AND ") : NOTES("?1 = 0 AND "));
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    if (st != NULL) {
        bind_int(st, 1, client_id);
        bind_int(st, 2, since_ms);
        bind_int(st, 3, max != 0 ? (int64_t)max : -1);
    }
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = (struct note){
            .id = column_int(st, 0),
            .client_id = column_int(st, 1),
            .at_ms = column_int(st, 2),
            .by = column_text(st, 3),
            .text = column_text(st, 4),
            .client_name = column_text(st, 5),
        };
    }
    return rc;
}

void notes_free(struct note *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].by);
        free(list[i].text);
        free(list[i].client_name);
    }
    free(list);
}

/* --- what was done --- */

/* Takes the statement's rows: at_ms, user, action, detail, about. */
static int read_audit(struct store *s, sqlite3_stmt *st, struct audit_line **out, size_t *count)
{
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = (struct audit_line){.at_ms = column_int(st, 0),
                                                 .user = column_text(st, 1),
                                                 .action = column_text(st, 2),
                                                 .detail = column_text(st, 3),
                                                 .about = column_text(st, 4)};
    }
    return rc;
}

int store_audited(struct store *s, const char *about, int64_t since_ms, size_t max,
                  struct audit_line **out, size_t *count)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT at_ms, user, action, detail, about FROM audit "
                                        "WHERE about = ?1 AND at_ms >= ?2 ORDER BY id DESC "
                                        "LIMIT ?3");

    if (st != NULL) {
        bind_text(st, 1, about);
        bind_int(st, 2, since_ms);
        bind_int(st, 3, (int64_t)max);
    }
    return read_audit(s, st, out, count);
}

/* Of a long audit the latest part is looked at. */
int store_audited_house(struct store *s, size_t max, struct audit_line **out, size_t *count)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT at_ms, user, action, detail, about FROM audit "
           "WHERE id > (SELECT coalesce(max(id), 0) - 50000 FROM audit) AND action IN ('pause', "
           "'resume', 'add user', 'remove user', 'change role', 'change password', "
           "'change own addresses', 'publish calendar', 'revoke calendar') "
           "ORDER BY id DESC LIMIT ?1");

    if (st != NULL)
        bind_int(st, 1, (int64_t)max);
    return read_audit(s, st, out, count);
}

void audit_lines_free(struct audit_line *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].user);
        free(list[i].action);
        free(list[i].about);
        free(list[i].detail);
    }
    free(list);
}
