/*
 * Who may use the page, who is signed in, and what they did.
 *
 * A session is known by the hash of its cookie. When the cookie is changed for a new one, the old
 * one stays good for a moment: a page's requests overlap.
 */
#ifndef STORE_USERS_H
#define STORE_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

#define USER_NAME_MAX 64 /* bytes */

/* Each may do what the one before may. The numbers are in the database. */
enum role { ROLE_READER = 1, ROLE_STAFF = 2, ROLE_MANAGER = 3 };
const char *role_name(enum role r); /* "reader", "staff", "manager" */
bool role_from(const char *name, enum role *out);

/* May somebody be called so? One to USER_NAME_MAX bytes of valid UTF-8, no white space at its ends,
 * no controls. ERR_INVALID with a sentence. */
int user_name_check(const char *name, struct err *err);

struct user {
    int64_t id;
    char *name;
    enum role role;
    char *password; /* hashed, as crypt(5) writes it */
    int64_t created_ms;
};
void user_close(struct user *u);
void users_free(struct user *list, size_t count); /* NULL with 0 is fine */

/* Names are compared without regard to the case of ASCII letters. ERR_NOTFOUND. */
int store_user(struct store *s, const char *name, struct user *out);

/* All of them by name; free with users_free. */
int store_users(struct store *s, struct user **out, size_t *count);

/* ERR_EXISTS when there is somebody of the name. */
int store_user_add(struct store *s, const char *name, enum role role, const char *password,
                   int64_t now_ms);

/* A new password, or the end of a user, ends all sessions of theirs. */
int store_user_set_password(struct store *s, int64_t id, const char *password);
int store_user_set_role(struct store *s, int64_t id, enum role role);
int store_user_remove(struct store *s, int64_t id);

/* Where a user's own tests of texts go; to be freed, NULL: nowhere. ERR_NOTFOUND. */
int store_user_addresses(struct store *s, int64_t id, char **email, char **phone);
int store_user_set_addresses(struct store *s, int64_t id, const char *email, const char *phone);

/* A new password by themselves, in the session with this hash: that one alone goes on. */
int store_user_change_password(struct store *s, int64_t id, const char *password, const char *hash);

/* End the sessions of a user, but for the one with this hash. */
int store_sessions_end_others(struct store *s, int64_t user_id, const char *hash);

/* A session, with its user. */
struct login {
    char *hash; /* of the present cookie */
    struct user user;
    char *form; /* what forms carry to show that they are ours */
    int64_t created_ms, changed_ms, seen_ms;
    bool by_previous; /* it was found by the cookie before the present one */
};
void login_close(struct login *l);

/* The session of a cookie's hash, with its user (all but the password); ERR_NOTFOUND. */
int store_session(struct store *s, const char *hash, struct login *out);
int store_session_add(struct store *s, const char *hash, const char *form, int64_t user_id,
                      int64_t now_ms);

/* The cookie was changed: `hash` is known as `fresh` from now on. */
int store_session_change(struct store *s, const char *hash, const char *fresh, int64_t now_ms);
int store_session_seen(struct store *s, const char *hash, int64_t now_ms);
int store_session_remove(struct store *s, const char *hash);

/* Remove those that began before `created_ms` or were last used before `seen_ms`. */
int store_sessions_expire(struct store *s, int64_t created_ms, int64_t seen_ms);

/* Write down that `user` did `action` ("sign in", "change job") to what `about` names ("job 7",
 * "rule ready"); `detail`: how, with what it was before where that is told. Both may be NULL. */
int store_audit(struct store *s, int64_t now_ms, const char *user, const char *action,
                const char *about, const char *detail);

/* The number of the audit's last line: it grows with whatever people do. 0: there is none. */
int store_audit_last(struct store *s, int64_t *id);

/* When `user` did `action` the last time but `nth` - 1 (1: the last time); 0: so often they never
 * did. */
int store_audit_when(struct store *s, const char *user, const char *action, int64_t nth,
                     int64_t *at_ms);

#endif
