/* Versions of templates. See store/templates.h. */
#include "store/templates.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/internal.h"

void template_version_close(struct template_version *t)
{
    free(t->file);
    free(t->by);
    free(t->text);
    *t = (struct template_version){0};
}

void template_versions_free(struct template_version *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        template_version_close(&list[i]);
    free(list);
}

int store_template_is(struct store *s, const char *file, const char *text, bool *is)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT text = ?2 FROM template_version WHERE file = ?1 "
                                        "ORDER BY id DESC LIMIT 1");

    *is = false;
    if (st != NULL) {
        bind_text(st, 1, file);
        bind_text(st, 2, text);
    }
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    *is = column_int(st, 0) != 0;
    store_reset(st);
    return 0;
}

int store_template_add(struct store *s, const char *file, const char *text, const char *by,
                       bool same, int64_t now_ms)
{
    sqlite3_stmt *st =
        store_prepare(s, "INSERT INTO template_version (file, at_ms, by, same, text) "
                         "VALUES (?1, ?2, ?3, ?4, ?5)");

    if (st != NULL) {
        bind_text(st, 1, file);
        bind_int(st, 2, now_ms);
        bind_text(st, 3, by);
        bind_int(st, 4, same);
        bind_text(st, 5, text);
    }
    int rc = store_finish(s, st);
    if (rc != 0)
        return rc;
    st = store_prepare(s, "DELETE FROM template_version WHERE file = ?1 AND id <= (SELECT id FROM "
                          "template_version WHERE file = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)");
    if (st != NULL) {
        bind_text(st, 1, file);
        bind_int(st, 2, TEMPLATE_VERSIONS_MAX);
    }
    return store_finish(s, st);
}

static void read_version(sqlite3_stmt *st, struct template_version *out)
{
    *out = (struct template_version){
        .id = column_int(st, 0),
        .file = column_text(st, 1),
        .at_ms = column_int(st, 2),
        .by = column_text(st, 3),
        .same = column_int(st, 4) != 0,
        .text = column_text(st, 5),
    };
}

int store_template_version(struct store *s, int64_t id, struct template_version *out)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT id, file, at_ms, by, same, text FROM template_version WHERE id = ?1");

    *out = (struct template_version){0};
    if (st != NULL)
        bind_int(st, 1, id);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    read_version(st, out);
    store_reset(st);
    return 0;
}

int store_template_versions(struct store *s, const char *file, struct template_version **out,
                            size_t *count)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT id, file, at_ms, by, same, NULL FROM "
                                        "template_version WHERE file = ?1 ORDER BY id DESC");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    if (st != NULL)
        bind_text(st, 1, file);
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        read_version(st, &(*out)[(*count)++]);
    }
    return rc;
}

int store_template_ages(struct store *s, struct template_age **out, size_t *count)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT file, coalesce(max(CASE WHEN NOT same THEN at_ms END), min(at_ms)), max(at_ms) "
           "FROM template_version GROUP BY file");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] = (struct template_age){
            .file = column_text(st, 0),
            .meant_ms = column_int(st, 1),
            .at_ms = column_int(st, 2),
        };
    }
    return rc;
}

void template_ages_free(struct template_age *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i].file);
    free(list);
}

int store_client_languages(struct store *s, size_t max, struct client_language **out, size_t *count)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT language, count(*) FROM client WHERE language <> '' "
                         "GROUP BY language ORDER BY count(*) DESC, language LIMIT ?1");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    if (st != NULL)
        bind_int(st, 1, (int64_t)max);
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        (*out)[(*count)++] =
            (struct client_language){.language = column_text(st, 0), .count = column_int(st, 1)};
    }
    return rc;
}

void client_languages_free(struct client_language *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i].language);
    free(list);
}

#define LATELY "2000" /* messages that are looked at */
#define LATEST "200"  /* appointments that are, where there are no messages */

/* Is an appointment over? Those that are come last. */
#define OVER(status) "coalesce(" status " IN ('cancelled', 'missed', 'completed'), 0)"

static int latest_records(struct store *s, enum entity_kind kind, size_t max,
                          struct rule_subject *out, size_t *count)
{
    sqlite3_stmt *st =
        kind == ENTITY_APPOINTMENT
            ? store_prepare(s, "SELECT id FROM (SELECT id, status FROM appointment ORDER BY id "
                               "DESC LIMIT " LATEST ") ORDER BY " OVER("status") ", id DESC "
                                                                                 "LIMIT ?1")
            : store_prepare(s, "SELECT id FROM job ORDER BY id DESC LIMIT ?1");
    int rc;

    if (st != NULL)
        bind_int(st, 1, (int64_t)max);
    while ((rc = store_step(s, st)) == 1)
        out[(*count)++] = (struct rule_subject){kind, column_int(st, 0)};
    return rc;
}

int store_rule_subjects(struct store *s, const char *rule, enum entity_kind kind, size_t max,
                        struct rule_subject *out, size_t *count)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT e.kind, e.row_id FROM message m CROSS JOIN entity e ON e.id = m.subject_id "
           "WHERE m.id > (SELECT coalesce(max(id), 0) - " LATELY " FROM message) "
           "AND m.rule_id = (SELECT id FROM rule WHERE name = ?1) "
           "AND e.present AND e.kind IN (1, 3, 4) GROUP BY e.id ORDER BY coalesce((SELECT " OVER(
               "a.status") " FROM appointment a WHERE e.kind = 4 AND a.id = e.row_id), 0), "
                           "max(m.id) DESC LIMIT ?2");
    int rc;

    *count = 0;
    if (st != NULL) {
        bind_text(st, 1, rule);
        bind_int(st, 2, (int64_t)max);
    }
    while ((rc = store_step(s, st)) == 1)
        out[(*count)++] =
            (struct rule_subject){(enum entity_kind)column_int(st, 0), column_int(st, 1)};
    return rc == 0 && *count == 0 ? latest_records(s, kind, max, out, count) : rc;
}

int store_staff_addresses(struct store *s, enum channel c, size_t max, struct str_list *out)
{
    sqlite3_stmt *st =
        c == CHANNEL_SMS ? store_prepare(s, "SELECT phone FROM staff WHERE active AND phone <> '' "
                                            "ORDER BY name LIMIT ?1")
                         : store_prepare(s, "SELECT email FROM staff WHERE active AND email <> '' "
                                            "ORDER BY name LIMIT ?1");
    int rc;

    if (st != NULL)
        bind_int(st, 1, (int64_t)max);
    while ((rc = store_step(s, st)) == 1) {
        char *address = column_text(st, 0);
        str_list_add(out, address, strlen(address));
        free(address);
    }
    return rc;
}
