/*
 * One's own account: the role, a new password, the end of sessions elsewhere; for managers, who
 * else there is. Wrong passwords cost a wait here as they do when signing in.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "store/users.h"
#include "web/backoff.h"
#include "web/deed.h"
#include "web/form.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/pages.h"
#include "web/parts.h"
#include "web/password.h"

static enum word role_word(enum role r)
{
    return r == ROLE_MANAGER ? W_ROLE_MANAGER : r == ROLE_STAFF ? W_ROLE_STAFF : W_ROLE_READER;
}

static int users(struct visit *v)
{
    struct buf *b = &v->response->body;
    struct user *list;
    size_t count;
    int rc = store_users(v->store, &list, &count);

    part_section(b, "users", W_USERS);
    part_quiet(b, W_USERS_HELP);
    buf_puts(b, "<ul class=\"list\">");
    for (size_t i = 0; i < count; i++) {
        buf_puts(b, "<li><span class=\"whom\">");
        html_name(b, list[i].name);
        buf_puts(b, "</span><p class=\"quiet\">");
        html_word(b, role_word(list[i].role));
        buf_puts(b, "</p></li>");
    }
    buf_puts(b, "</ul></section>");
    users_free(list, count);
    return rc;
}

static void password_form(struct visit *v, const struct form *f)
{
    static const struct form_field fields[] = {
        {"now", W_PASSWORD_NOW, WORD_COUNT, FORM_PASSWORD, NULL, PASSWORD_BYTES_MAX, true,
         "current-password"},
        {"new", W_PASSWORD_NEW, W_PASSWORD_NEW_HINT, FORM_PASSWORD, NULL, PASSWORD_BYTES_MAX, true,
         "new-password"},
        {"again", W_PASSWORD_AGAIN, WORD_COUNT, FORM_PASSWORD, NULL, PASSWORD_BYTES_MAX, true,
         "new-password"},
    };
    struct buf *b = &v->response->body;

    part_section(b, "password", W_PASSWORD_CHANGE);
    form_begin(v, f, "/account/password");
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        form_field(v, f, &fields[i]);
    buf_puts(b, "<button class=\"strong\">");
    html_word(b, W_PASSWORD_CHANGE);
    buf_puts(b, "</button></form></section>");
}

static int show(struct visit *v, const struct form *f)
{
    struct buf *b = &v->response->body;

    if (f->problem_count > 0)
        v->response->status = 400;
    frame_begin(v, word(W_ACCOUNT), PLACE_NONE);
    buf_puts(b, "<h1>");
    html_word(b, W_ACCOUNT);
    buf_puts(b, "</h1>");
    deed_said(v);
    buf_puts(b, "<div class=\"card\"><dl class=\"facts\">");
    part_fact(b, W_NAME, v->login.user.name, NULL);
    part_fact(b, W_ROLE, word(role_word(v->login.user.role)), NULL);
    buf_puts(b, "</dl></div>");
    password_form(v, f);
    part_section(b, "elsewhere", W_ELSEWHERE);
    part_quiet(b, W_ELSEWHERE_HELP);
    form_button(v, "/account/elsewhere", W_ELSEWHERE_END, NULL, false);
    buf_puts(b, "</section>");
    int rc = visit_may(v, ROLE_MANAGER) ? users(v) : 0;
    frame_end(v);
    return rc;
}

int page_account(struct visit *v)
{
    const struct form f = {0};

    return show(v, &f);
}

/* --- deeds --- */

static void check_new(struct form *f)
{
    const char *fresh = form_value(f, "new"), *again = form_value(f, "again");
    struct err err = {""};

    if (fresh == NULL || password_check(fresh, &err) != 0)
        form_problem(f, "new", "%s", fresh != NULL ? err.text : word(W_PASSWORD_NEW_HINT));
    else if (!str_eq(fresh, again))
        form_problem(f, "again", "%s", word(W_PASSWORD_DIFFERS));
}

/* Is it the visitor's password? Whoever sits at a browser that was left open does not know it. */
static int check_now(struct visit *v, struct form *f)
{
    const char *name = v->login.user.name, *now = form_value(f, "now");
    int64_t mono_ms = clock_mono_ms();
    struct user user = {0};
    int rc = store_user(v->store, name, &user);

    if (rc != 0)
        return rc;
    if (backoff_wait_s(v->backoff, BACKOFF_ACCOUNT, name, mono_ms) > 0) {
        form_problem(f, "now", "%s", word(W_PASSWORD_WAIT));
    } else if (now == NULL || strlen(now) > PASSWORD_BYTES_MAX ||
               !password_fits(now, user.password)) {
        backoff_wrong(v->backoff, BACKOFF_ACCOUNT, name, mono_ms);
        form_problem(f, "now", "%s", word(W_PASSWORD_WRONG));
    } else {
        backoff_right(v->backoff, BACKOFF_ACCOUNT, name);
    }
    user_close(&user);
    return 0;
}

int page_account_password(struct visit *v)
{
    struct form f = {.typed = &v->request->form};
    struct err err = {""};
    int rc;

    check_new(&f);
    rc = f.problem_count == 0 ? check_now(v, &f) : 0;
    if (rc != 0 || f.problem_count > 0)
        return rc != 0 ? rc : show(v, &f);
    char *hash = password_hash(form_value(&f, "new"), &err);
    if (hash == NULL) {
        form_problem(&f, "new", "%s", err.text);
        return show(v, &f);
    }
    rc = deed_begin(v);
    if (rc == 0)
        rc = store_user_change_password(v->store, v->login.user.id, hash, v->login.hash);
    rc = deed_end(v, rc, "change password", NULL, v->login.user.name, "/account", "password");
    free(hash);
    return rc;
}

int page_account_elsewhere(struct visit *v)
{
    int rc = deed_begin(v);

    if (rc == 0)
        rc = store_sessions_end_others(v->store, v->login.user.id, v->login.hash);
    return deed_end(v, rc, "sign out elsewhere", NULL, NULL, "/account", "signed-out");
}
