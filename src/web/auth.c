/*
 * Sessions, signing in, forms. See web/auth.h.
 *
 * Before anybody is signed in, the form for it carries the hash of a random cookie: so nobody can
 * sign somebody else's browser in. Behind https the cookies' names begin with __Host-, which no
 * other site of the same domain can set.
 */
#include "web/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/token.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/lane.h"
#include "web/lost.h"
#include "web/password.h"

#define SESSION_IDLE_MS (12 * 3600 * INT64_C(1000))
#define SESSION_LONGEST_MS (7 * 24 * 3600 * INT64_C(1000))
#define COOKIE_EVERY_MS (3600 * INT64_C(1000))
#define PREVIOUS_MS (60 * INT64_C(1000)) /* the cookie before stays good for requests under way */
#define SEEN_EVERY_MS (60 * INT64_C(1000))
#define TO_MAX 500 /* bytes of the page to go to after signing in */

/* --- cookies and tokens --- */

static const char *session_cookie(const struct visit *v)
{
    return v->site->secure ? "__Host-betimes" : "betimes";
}

static const char *form_cookie(const struct visit *v)
{
    return v->site->secure ? "__Host-betimes-form" : "betimes-form";
}

/* The cookie's value if it is one of ours by its looks. */
static bool token_cookie(const struct visit *v, const char *name, char out[TOKEN_HEX + 1])
{
    return request_cookie(v->request, name, out, TOKEN_HEX + 1) &&
           strspn(out, "0123456789abcdef") == TOKEN_HEX;
}

/* --- who is it --- */

/* Under a clock that runs a thousand times as fast nobody could stay signed in: there, sessions do
 * not end by themselves. */
static bool is_over(const struct login *l, int64_t now_ms)
{
    if (clock_is_virtual())
        return false;
    return now_ms - l->created_ms > SESSION_LONGEST_MS || now_ms - l->seen_ms > SESSION_IDLE_MS ||
           (l->by_previous && now_ms - l->changed_ms > PREVIOUS_MS);
}

/* Give the browser a new cookie. If the database is busy, the next visit will do. */
static void renew(struct visit *v)
{
    char token[TOKEN_HEX + 1], hash[TOKEN_HASH_HEX + 1];

    rng_hex(token, TOKEN_HEX * 4);
    token_hash(token, hash);
    if (store_session_change(v->store, v->login.hash, hash, v->now_ms) != 0)
        return;
    free(v->login.hash);
    v->login.hash = mem_strdup(hash);
    response_cookie(v->response, session_cookie(v), token, v->site->secure);
}

int auth_recognize(struct visit *v)
{
    char token[TOKEN_HEX + 1], hash[TOKEN_HASH_HEX + 1];

    if (!token_cookie(v, session_cookie(v), token))
        return 0;
    token_hash(token, hash);
    int rc = store_session(v->store, hash, &v->login);
    if (rc == ERR_NOTFOUND)
        return 0;
    if (rc != 0)
        return rc;
    if (is_over(&v->login, v->now_ms)) {
        login_close(&v->login);
        return 0;
    }
    store_set_patience(v->store, 0); /* none of this is worth a wait */
    if (!v->login.by_previous && v->now_ms - v->login.changed_ms > COOKIE_EVERY_MS)
        renew(v);
    else if (v->now_ms - v->login.seen_ms > SEEN_EVERY_MS)
        store_session_seen(v->store, v->login.hash, v->now_ms);
    store_set_patience(v->store, LANE_PATIENCE_MS);
    return 0;
}

/* What browsers say of where a request comes from; those that say nothing may be anybody's. */
static bool is_foreign(const struct visit *v)
{
    const struct request *r = v->request;

    return (r->site != NULL && strcmp(r->site, "same-origin") != 0 &&
            strcmp(r->site, "none") != 0) ||
           (r->origin != NULL && !site_is_origin(v->site, r->origin, r->host));
}

bool auth_form_is_from_here(const struct visit *v)
{
    return v->request->origin != NULL && !is_foreign(v);
}

bool auth_form_is_ours(const struct visit *v)
{
    const char *token = fields_get(&v->request->form, "token");

    if (is_foreign(v))
        return false;
    if (v->login.user.id != 0 && v->route->access >= ACCESS_READER)
        return token_same(token, v->login.form);
    char cookie[TOKEN_HEX + 1], expected[TOKEN_HASH_HEX + 1];
    if (!token_cookie(v, form_cookie(v), cookie))
        return false;
    token_hash(cookie, expected);
    return token_same(token, expected);
}

void auth_form_token(struct visit *v)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<input type=\"hidden\" name=\"token\" value=\"");
    html_attr(b, v->login.form);
    buf_puts(b, "\">");
}

/* --- signing in --- */

/* Where to go afterwards: a page of ours, or the first one. */
static const char *where_to(const char *to)
{
    struct request r = {0};
    bool fine = to != NULL && strlen(to) <= TO_MAX && request_parse_target(&r, to) == 0;

    request_close(&r);
    return fine ? to : "/";
}

static void input(struct buf *b, enum word label, const char *name, const char *type,
                  const char *complete, const char *value)
{
    buf_printf(b, "<label for=\"%s\">", name);
    html_word(b, label);
    buf_printf(b,
               "</label><input id=\"%s\" name=\"%s\" type=\"%s\" autocomplete=\"%s\" "
               "autocapitalize=\"none\" spellcheck=\"false\" required maxlength=\"200\" value=\"",
               name, name, type, complete);
    html_attr(b, value);
    buf_puts(b, "\">");
}

static int form(struct visit *v, const char *to, const char *name, const char *problem)
{
    struct buf *b = &v->response->body;
    char cookie[TOKEN_HEX + 1], token[TOKEN_HASH_HEX + 1];

    if (!token_cookie(v, form_cookie(v), cookie)) {
        rng_hex(cookie, TOKEN_HEX * 4);
        response_cookie(v->response, form_cookie(v), cookie, v->site->secure);
    }
    token_hash(cookie, token);
    frame_begin(v, word(W_SIGN_IN), PLACE_NONE);
    buf_puts(b, "<h1>");
    html_word(b, W_SIGN_IN);
    buf_puts(b, "</h1>");
    if (v->route->access >= ACCESS_READER)
        lost_show(v); /* it stands in the place of a page that wanted more */
    if (problem != NULL) {
        buf_puts(b, "<p class=\"notice bad\" role=\"alert\">");
        html_text(b, problem);
        buf_puts(b, "</p>");
    }
    buf_puts(b, "<form class=\"stack\" method=\"post\" action=\"/sign-in\">"
                "<input type=\"hidden\" name=\"token\" value=\"");
    html_attr(b, token);
    buf_puts(b, "\"><input type=\"hidden\" name=\"to\" value=\"");
    html_attr(b, where_to(to));
    buf_puts(b, "\">");
    input(b, W_NAME, "name", "text", "username", name);
    input(b, W_PASSWORD, "password", "password", "current-password", NULL);
    buf_puts(b, "<button class=\"strong\">");
    html_word(b, W_SIGN_IN);
    buf_puts(b, "</button></form><p class=\"quiet\">");
    html_word(b, W_SIGN_IN_HELP);
    buf_puts(b, "</p>");
    frame_end(v);
    return 0;
}

void auth_ask(struct visit *v)
{
    struct buf to;

    buf_init(&to);
    if (v->request->method == METHOD_POST && strcmp(v->request->path, "/sign-out") != 0) {
        lost_way_back(v, &to);
        v->response->status = 401;
        form(v, to.data, NULL, NULL);
    } else {
        buf_puts(&to, "/sign-in");
        if (v->request->method == METHOD_GET && strcmp(v->request->path, "/") != 0) {
            buf_puts(&to, "?to=");
            html_query(&to, v->request->path);
        }
        response_go(v->response, to.data);
    }
    buf_close(&to);
}

int auth_sign_in_page(struct visit *v)
{
    return form(v, fields_get(&v->request->query, "to"), NULL, NULL);
}

static int wait_page(struct visit *v, int wait_s, const char *name)
{
    char seconds[16], *problem;
    struct buf text;

    buf_init(&text);
    snprintf(seconds, sizeof(seconds), "%d", wait_s);
    const char *words = word(W_SIGN_IN_WAIT), *hole = strstr(words, "{}");
    buf_append(&text, words, (size_t)(hole - words));
    buf_puts(&text, seconds);
    buf_puts(&text, hole + 2);
    problem = buf_steal(&text);
    v->response->status = 429;
    v->response->retry_after_s = wait_s;
    form(v, fields_get(&v->request->form, "to"), name, problem);
    free(problem);
    return 0;
}

/* In a transaction: the session begins, those that are over go. */
static int begin_session(struct visit *v, const struct user *u, const char *hash, const char *token)
{
    char old[TOKEN_HEX + 1], old_hash[TOKEN_HASH_HEX + 1];
    int rc = store_begin(v->store);

    if (rc == 0 && !clock_is_virtual())
        rc = store_sessions_expire(v->store, v->now_ms - SESSION_LONGEST_MS,
                                   v->now_ms - SESSION_IDLE_MS);
    if (rc == 0 && token_cookie(v, session_cookie(v), old)) {
        token_hash(old, old_hash);
        rc = store_session_remove(v->store, old_hash);
    }
    if (rc == 0)
        rc = store_session_add(v->store, hash, token, u->id, v->now_ms);
    if (rc == 0)
        rc = store_audit(v->store, v->now_ms, u->name, "sign in", NULL, NULL);
    if (rc == 0)
        return store_commit(v->store);
    store_rollback(v->store);
    return rc;
}

static int welcome(struct visit *v, const struct user *u)
{
    char cookie[TOKEN_HEX + 1], hash[TOKEN_HASH_HEX + 1], token[TOKEN_HEX + 1];

    rng_hex(cookie, TOKEN_HEX * 4);
    rng_hex(token, TOKEN_HEX * 4);
    token_hash(cookie, hash);
    int rc = begin_session(v, u, hash, token);
    if (rc != 0)
        return rc;
    log_info("signed in", "user=%lld", (long long)u->id);
    response_go(v->response, where_to(fields_get(&v->request->form, "to")));
    response_cookie(v->response, session_cookie(v), cookie, v->site->secure);
    response_cookie(v->response, form_cookie(v), "", v->site->secure);
    return 0;
}

int auth_sign_in(struct visit *v)
{
    const char *name = fields_get(&v->request->form, "name");
    const char *password = fields_get(&v->request->form, "password");
    int64_t mono_ms = clock_mono_ms();
    struct user user = {0};

    if (name == NULL || password == NULL || strlen(name) > USER_NAME_MAX ||
        strlen(password) > PASSWORD_BYTES_MAX)
        name = password = "";
    int rc = store_user(v->store, name, &user);
    if (rc != 0 && rc != ERR_NOTFOUND)
        return rc;
    const char *account = user.name != NULL ? user.name : name; /* however its letters were typed */
    int wait_s = backoff_wait_s(v->backoff, BACKOFF_ADDRESS, v->request->from, mono_ms);
    int account_s = backoff_wait_s(v->backoff, BACKOFF_ACCOUNT, account, mono_ms);
    if (wait_s > 0 || account_s > 0) {
        rc = wait_page(v, wait_s > account_s ? wait_s : account_s, name);
    } else if (password_fits(password, user.password)) {
        backoff_right(v->backoff, BACKOFF_ACCOUNT, account);
        backoff_right(v->backoff, BACKOFF_ADDRESS, v->request->from);
        rc = welcome(v, &user);
    } else {
        backoff_wrong(v->backoff, BACKOFF_ACCOUNT, account, mono_ms);
        backoff_wrong(v->backoff, BACKOFF_ADDRESS, v->request->from, mono_ms);
        log_warning("sign-in refused", "user=%lld", (long long)user.id);
        v->response->status = 401;
        rc = form(v, fields_get(&v->request->form, "to"), name, word(W_SIGN_IN_WRONG));
    }
    user_close(&user);
    return rc;
}

int auth_sign_out(struct visit *v)
{
    int rc = store_begin(v->store);

    if (rc == 0)
        rc = store_session_remove(v->store, v->login.hash);
    if (rc == 0)
        rc = store_audit(v->store, v->now_ms, v->login.user.name, "sign out", NULL, NULL);
    if (rc == 0)
        rc = store_commit(v->store);
    if (rc != 0) {
        store_rollback(v->store);
        return rc;
    }
    response_go(v->response, "/sign-in");
    response_cookie(v->response, session_cookie(v), "", v->site->secure);
    return 0;
}
