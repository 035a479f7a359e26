/* Users, their sessions, the audit. See store/users.h. */
#include "store/users.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/internal.h"

static const char *const role_names[] = {
    [ROLE_READER] = "reader",
    [ROLE_STAFF] = "staff",
    [ROLE_MANAGER] = "manager",
};

const char *role_name(enum role r)
{
    return r >= ROLE_READER && r <= ROLE_MANAGER ? role_names[r] : NULL;
}

bool role_from(const char *name, enum role *out)
{
    for (int r = ROLE_READER; r <= ROLE_MANAGER; r++)
        if (strcmp(name, role_names[r]) == 0) {
            *out = (enum role)r;
            return true;
        }
    return false;
}

int user_name_check(const char *name, struct err *err)
{
    size_t len = strlen(name);

    if (len == 0 || len > USER_NAME_MAX)
        err_set(err, "a name has 1 to %d bytes", USER_NAME_MAX);
    else if (str_utf8_valid(name, len) != len || !str_one_line(name, len))
        err_set(err, "a name is one line of text in UTF-8");
    else if (name[0] == ' ' || name[len - 1] == ' ')
        err_set(err, "a name neither begins nor ends with a space");
    else
        return 0;
    return ERR_INVALID;
}

void user_close(struct user *u)
{
    free(u->name);
    free(u->password);
    *u = (struct user){0};
}

void users_free(struct user *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        user_close(&list[i]);
    free(list);
}

void login_close(struct login *l)
{
    free(l->hash);
    free(l->form);
    user_close(&l->user);
    *l = (struct login){0};
}

/* --- users --- */

static void read_user(sqlite3_stmt *st, struct user *out)
{
    *out = (struct user){
        .id = column_int(st, 0),
        .name = column_text(st, 1),
        .role = (enum role)column_int(st, 2),
        .password = column_text(st, 3),
        .created_ms = column_int(st, 4),
    };
}

int store_user(struct store *s, const char *name, struct user *out)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT id, name, role, password, created_ms FROM user "
                                        "WHERE name = ?1");

    *out = (struct user){0};
    if (st != NULL)
        bind_text(st, 1, name);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    read_user(st, out);
    store_reset(st);
    return 0;
}

int store_user_addresses(struct store *s, int64_t id, char **email, char **phone)
{
    sqlite3_stmt *st =
        store_prepare(s, "SELECT nullif(email, ''), nullif(phone, '') FROM user WHERE id = ?1");

    *email = *phone = NULL;
    if (st != NULL)
        bind_int(st, 1, id);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    *email = column_text(st, 0);
    *phone = column_text(st, 1);
    return store_finish(s, st);
}

int store_user_set_addresses(struct store *s, int64_t id, const char *email, const char *phone)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE user SET email = ?2, phone = ?3 WHERE id = ?1");

    if (st != NULL) {
        bind_int(st, 1, id);
        bind_text(st, 2, email);
        bind_text(st, 3, phone);
    }
    return store_finish(s, st);
}

int store_users(struct store *s, struct user **out, size_t *count)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT id, name, role, password, created_ms FROM user "
                                        "ORDER BY name");
    size_t cap = 0;
    int rc;

    *out = NULL;
    *count = 0;
    while ((rc = store_step(s, st)) == 1) {
        mem_grow(out, &cap, *count + 1, sizeof(**out));
        read_user(st, &(*out)[(*count)++]);
    }
    return rc;
}

int store_user_add(struct store *s, const char *name, enum role role, const char *password,
                   int64_t now_ms)
{
    sqlite3_stmt *st =
        store_prepare(s, "INSERT INTO user (name, role, password, created_ms) "
                         "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) DO NOTHING RETURNING id");

    if (st != NULL) {
        bind_text(st, 1, name);
        bind_int(st, 2, role);
        bind_text(st, 3, password);
        bind_int(st, 4, now_ms);
    }
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_EXISTS : rc;
    return store_finish(s, st);
}

static int end_sessions(struct store *s, int64_t user_id)
{
    sqlite3_stmt *st = store_prepare(s, "DELETE FROM session WHERE user_id = ?1");

    if (st != NULL)
        bind_int(st, 1, user_id);
    return store_finish(s, st);
}

int store_user_set_password(struct store *s, int64_t id, const char *password)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE user SET password = ?2 WHERE id = ?1");

    if (st != NULL) {
        bind_int(st, 1, id);
        bind_text(st, 2, password);
    }
    int rc = store_finish(s, st);
    return rc == 0 ? end_sessions(s, id) : rc;
}

int store_user_change_password(struct store *s, int64_t id, const char *password, const char *hash)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE user SET password = ?2 WHERE id = ?1 RETURNING id");

    if (st != NULL) {
        bind_int(st, 1, id);
        bind_text(st, 2, password);
    }
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    rc = store_finish(s, st);
    return rc == 0 ? store_sessions_end_others(s, id, hash) : rc;
}

int store_sessions_end_others(struct store *s, int64_t user_id, const char *hash)
{
    sqlite3_stmt *st = store_prepare(s, "DELETE FROM session WHERE user_id = ?1 AND hash <> ?2");

    if (st != NULL) {
        bind_int(st, 1, user_id);
        bind_text(st, 2, hash);
    }
    return store_finish(s, st);
}

int store_user_set_role(struct store *s, int64_t id, enum role role)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE user SET role = ?2 WHERE id = ?1");

    if (st != NULL) {
        bind_int(st, 1, id);
        bind_int(st, 2, role);
    }
    return store_finish(s, st);
}

int store_user_remove(struct store *s, int64_t id)
{
    sqlite3_stmt *st = store_prepare(s, "DELETE FROM user WHERE id = ?1");
    int rc = end_sessions(s, id);

    if (st != NULL)
        bind_int(st, 1, id);
    return rc == 0 ? store_finish(s, st) : rc;
}

/* --- sessions --- */

int store_session(struct store *s, const char *hash, struct login *out)
{
    sqlite3_stmt *st = store_prepare(
        s, "SELECT s.hash, s.form, s.created_ms, s.changed_ms, s.seen_ms, s.hash <> ?1, "
           "u.id, u.name, u.role, u.created_ms FROM session s JOIN user u ON u.id = s.user_id "
           "WHERE s.hash = ?1 OR s.previous = ?1 LIMIT 1");

    *out = (struct login){0};
    if (st != NULL)
        bind_text(st, 1, hash);
    int rc = store_step(s, st);
    if (rc != 1)
        return rc == 0 ? ERR_NOTFOUND : rc;
    *out = (struct login){
        .hash = column_text(st, 0),
        .form = column_text(st, 1),
        .created_ms = column_int(st, 2),
        .changed_ms = column_int(st, 3),
        .seen_ms = column_int(st, 4),
        .by_previous = column_int(st, 5) != 0,
        .user = {.id = column_int(st, 6),
                 .name = column_text(st, 7),
                 .role = (enum role)column_int(st, 8),
                 .created_ms = column_int(st, 9)},
    };
    store_reset(st);
    return 0;
}

int store_session_add(struct store *s, const char *hash, const char *form, int64_t user_id,
                      int64_t now_ms)
{
    sqlite3_stmt *st = store_prepare(
        s, "INSERT INTO session (hash, form, user_id, created_ms, changed_ms, seen_ms) "
           "VALUES (?1, ?2, ?3, ?4, ?4, ?4)");

    if (st != NULL) {
        bind_text(st, 1, hash);
        bind_text(st, 2, form);
        bind_int(st, 3, user_id);
        bind_int(st, 4, now_ms);
    }
    return store_finish(s, st);
}

int store_session_change(struct store *s, const char *hash, const char *fresh, int64_t now_ms)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE session SET previous = hash, hash = ?2, "
                                        "changed_ms = ?3, seen_ms = ?3 WHERE hash = ?1");

    if (st != NULL) {
        bind_text(st, 1, hash);
        bind_text(st, 2, fresh);
        bind_int(st, 3, now_ms);
    }
    return store_finish(s, st);
}

int store_session_seen(struct store *s, const char *hash, int64_t now_ms)
{
    sqlite3_stmt *st = store_prepare(s, "UPDATE session SET seen_ms = ?2 WHERE hash = ?1");

    if (st != NULL) {
        bind_text(st, 1, hash);
        bind_int(st, 2, now_ms);
    }
    return store_finish(s, st);
}

int store_session_remove(struct store *s, const char *hash)
{
    sqlite3_stmt *st = store_prepare(s, "DELETE FROM session WHERE hash = ?1");

    if (st != NULL)
        bind_text(st, 1, hash);
    return store_finish(s, st);
}

int store_sessions_expire(struct store *s, int64_t created_ms, int64_t seen_ms)
{
    sqlite3_stmt *st =
        store_prepare(s, "DELETE FROM session WHERE created_ms < ?1 OR seen_ms < ?2");

    if (st != NULL) {
        bind_int(st, 1, created_ms);
        bind_int(st, 2, seen_ms);
    }
    return store_finish(s, st);
}

int store_audit(struct store *s, int64_t now_ms, const char *user, const char *action,
                const char *about, const char *detail)
{
    sqlite3_stmt *st = store_prepare(s, "INSERT INTO audit (at_ms, user, action, about, detail) "
                                        "VALUES (?1, ?2, ?3, ?4, ?5)");

    if (st != NULL) {
        bind_int(st, 1, now_ms);
        bind_text(st, 2, user);
        bind_text(st, 3, action);
        bind_text(st, 4, about);
        bind_text(st, 5, detail);
    }
    return store_finish(s, st);
}

int store_audit_last(struct store *s, int64_t *id)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT coalesce(max(id), 0) FROM audit");
    int rc = store_step(s, st);

    if (rc != 1)
        return rc;
    *id = column_int(st, 0);
    return store_finish(s, st);
}

int store_audit_when(struct store *s, const char *user, const char *action, int64_t nth,
                     int64_t *at_ms)
{
    sqlite3_stmt *st = store_prepare(s, "SELECT at_ms FROM audit WHERE user = ?1 AND action = ?2 "
                                        "ORDER BY at_ms DESC LIMIT 1 OFFSET ?3 - 1");

    *at_ms = 0;
    if (st != NULL) {
        bind_text(st, 1, user);
        bind_text(st, 2, action);
        bind_int(st, 3, nth);
    }
    int rc = store_step(s, st);
    if (rc != 1)
        return rc;
    *at_ms = column_int(st, 0);
    return store_finish(s, st);
}
