/*
 * One's own account: the role, a new password, where one's own tests go, the end of sessions
 * elsewhere; for managers, who else there is. Wrong passwords cost a wait here as they do when
 * signing in.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/users.h"
#include "text/address.h"
#include "text/phone.h"
#include "web/backoff.h"
#include "web/changes.h"
#include "web/deed.h"
#include "web/form.h"
#include "web/frame.h"
#include "web/html.h"
#include "web/pages.h"
#include "web/parts.h"
#include "web/password.h"

/* Before the ids of the fields of the addresses: both forms ask for the password. */
#define OWN "own-"

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
    buf_puts(b, "<p><a href=\"/staff\">");
    html_word(b, W_USERS_STAFF);
    buf_puts(b, "</a></p>");
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

/* Asked for the password, too: who sits at somebody else's browser has no messages sent to an
 * address of their own choice. */
static int addresses_form(struct visit *v, const struct form *f)
{
    struct buf *b = &v->response->body;
    char *email, *phone;
    int rc = store_user_addresses(v->store, v->login.user.id, &email, &phone);
    const struct form_field fields[] = {
        {"email", W_EMAIL_ADDRESS, WORD_COUNT, FORM_EMAIL, email, ADDRESS_MAX - 1, false, "email"},
        {"phone", W_PHONE, WORD_COUNT, FORM_PHONE, phone, PHONE_WRITTEN_MAX, false, "tel"},
        {"now", W_PASSWORD_NOW, W_OWN_PASSWORD_HINT, FORM_PASSWORD, NULL, PASSWORD_BYTES_MAX, true,
         "current-password"},
    };

    part_section(b, "addresses", W_OWN_ADDRESSES);
    part_quiet(b, W_OWN_ADDRESSES_HELP);
    form_begin(v, f, "/account/addresses");
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        form_field(v, f, &fields[i]);
    buf_puts(b, "<button>");
    html_word(b, W_OWN_ADDRESSES_SAVE);
    buf_puts(b, "</button></form></section>");
    free(email);
    free(phone);
    return rc;
}

/* `f`: what was typed into the form `prefix` names; the others are as nobody has touched them. */
static int show(struct visit *v, const struct form *f)
{
    static const struct form untouched = {0}, addresses = {.prefix = OWN};
    struct buf *b = &v->response->body;
    bool own = str_eq(f->prefix, OWN);
    int rc = 0;

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
    password_form(v, own ? &untouched : f);
    if (visit_may(v, ROLE_STAFF)) /* readers send no tests */
        rc = addresses_form(v, own ? f : &addresses);
    part_section(b, "elsewhere", W_ELSEWHERE);
    part_quiet(b, W_ELSEWHERE_HELP);
    form_button(v, "/account/elsewhere", W_ELSEWHERE_END, NULL, false);
    buf_puts(b, "</section>");
    if (rc == 0 && visit_may(v, ROLE_MANAGER))
        rc = users(v);
    if (rc == 0 && visit_may(v, ROLE_MANAGER))
        rc = changes_house(v);
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
        form_wrong(f, "again", W_PASSWORD_DIFFERS, NULL);
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
        form_wrong(f, "now", W_PASSWORD_WAIT, NULL);
    } else if (now == NULL || strlen(now) > PASSWORD_BYTES_MAX ||
               !password_fits(now, user.password)) {
        backoff_wrong(v->backoff, BACKOFF_ACCOUNT, name, mono_ms);
        form_wrong(f, "now", W_PASSWORD_WRONG, NULL);
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
    char *about = mem_printf("user %s", v->login.user.name);
    rc = deed_end(v, rc, "change password", about, NULL, "/account", "password");
    free(about);
    free(hash);
    return rc;
}

/* Trimmed; in `out` as it will be written to, "" for none. */
static void read_addresses(struct visit *v, struct form *f, char email[ADDRESS_MAX],
                           char phone[PHONE_MAX])
{
    const char *typed_email = form_value(f, "email"), *typed_phone = form_value(f, "phone");
    struct err err = {""};

    email[0] = phone[0] = '\0';
    if (!str_blank(typed_email) && address_check(typed_email, email, &err) != 0)
        form_problem(f, "email", "%s", err.text);
    if (!str_blank(typed_phone) && phone_e164(typed_phone, v->site->country, phone, &err) != 0)
        form_problem(f, "phone", "%s", err.text);
}

int page_account_addresses(struct visit *v)
{
    struct form f = {.typed = &v->request->form, .prefix = OWN};
    char email[ADDRESS_MAX], phone[PHONE_MAX];
    int rc;

    read_addresses(v, &f, email, phone);
    rc = f.problem_count == 0 ? check_now(v, &f) : 0;
    if (rc != 0 || f.problem_count > 0)
        return rc != 0 ? rc : show(v, &f);
    rc = deed_begin(v);
    if (rc == 0)
        rc = store_user_set_addresses(v->store, v->login.user.id, email, phone);
    char *about = mem_printf("user %s", v->login.user.name);
    rc = deed_end(v, rc, "change own addresses", about, NULL, "/account", "addresses");
    free(about);
    return rc;
}

int page_account_elsewhere(struct visit *v)
{
    int rc = deed_begin(v);

    if (rc == 0)
        rc = store_sessions_end_others(v->store, v->login.user.id, v->login.hash);
    return deed_end(v, rc, "sign out elsewhere", NULL, NULL, "/account", "signed-out");
}
