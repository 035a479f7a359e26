/*
 * What changes a text: saving it, putting an earlier version back, and the test message.
 *
 * A text is saved only when nothing in it is wrong, and only over the file that the editor began
 * with. The version is written into the database first and committed when the file is in its place:
 * a file that cannot be written leaves nothing behind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/rng.h"
#include "send/by_hand.h"
#include "store/records.h"
#include "store/users.h"
#include "text/address.h"
#include "text/phone.h"
#include "web/allowance.h"
#include "web/editing.h"
#include "web/pages.h"
#include "web/template_parts.h"

#define STAFF_MAX 200 /* whom a test may go to */
#define TOKEN_BITS 128

/* Who did it: the versions tell how it was before. */
static int write_audit(struct editing *e, const char *action, const char *detail)
{
    struct visit *v = e->v;
    char *about = mem_printf("text %s", e->path);
    int rc = store_audit(v->store, v->now_ms, v->login.user.name, action, about, detail);

    free(about);
    return rc;
}

/* --- saving --- */

/* The versions, and who did it; then the file. Within a transaction. */
static int write_down(struct editing *e, bool same, const char *action, struct err *err)
{
    struct visit *v = e->v;
    const char *who = v->login.user.name;
    bool is = true;
    int rc = 0;

    if (e->saved != NULL)
        rc = store_template_is(v->store, e->path, e->saved, &is);
    if (rc == 0 && !is) /* what nobody has noted yet can be had back as well */
        rc = store_template_add(v->store, e->path, e->saved, NULL, false, v->now_ms);
    if (rc == 0)
        rc = store_template_add(v->store, e->path, e->text, who, same, v->now_ms);
    if (rc == 0)
        rc = write_audit(e, action, same ? "says the same" : NULL);
    if (rc == 0 && (e->saved == NULL || strcmp(e->saved, e->text) != 0)) {
        rc = fs_replace_if_same(e->texts.settings->templates, e->path, e->seen, e->text,
                                strlen(e->text), err);
    } else if (rc == 0 && e->seen != e->digest) {
        err_set(err, "somebody else has changed it");
        rc = ERR_BUSY;
    }
    return rc;
}

static int save(struct editing *e, bool same, const char *action, struct err *err)
{
    int rc = store_begin(e->v->store);

    if (rc == 0)
        rc = write_down(e, same, action, err);
    if (rc == 0)
        rc = store_commit(e->v->store);
    if (rc != 0)
        store_rollback(e->v->store);
    return rc;
}

/* The page again, with the text as it was written and the reason why it is not saved. */
static int not_saved(struct editing *e, int status, enum word notice, const char *words,
                     const char *differs)
{
    struct editing_notice n = {.notice = notice, .words = words, .differs = differs};

    e->v->response->status = status;
    return editing_page(e, &n);
}

static int go_back(struct editing *e, const char *more)
{
    struct buf address;

    buf_init(&address);
    template_address(&address, &e->file, more);
    response_go(e->v->response, address.data);
    buf_close(&address);
    return 0;
}

/* Save what is in the editor and say how it went. */
static int save_and_tell(struct editing *e, bool same, const char *action)
{
    struct err err = {""};

    if (strlen(e->text) > TEXT_BYTES_MAX)
        return not_saved(e, 413, W_TEXT_TOO_LONG, NULL, NULL);
    if (e->problems.errors > 0)
        return not_saved(e, 422, W_NOT_SAVED_WRONG, NULL, NULL);
    if (str_blank(e->text) && !e->file.shared)
        return not_saved(e, 422, W_NOT_SAVED_EMPTY, NULL, NULL);
    int rc = save(e, same, action, &err);
    if (rc == 0)
        return go_back(e, "?saved=1");
    if (err.text[0] == '\0')
        return rc; /* the database */
    if (rc == ERR_BUSY) {
        e->seen = e->digest; /* whoever saves now, has seen it */
        return not_saved(e, 409, W_NOT_SAVED_CHANGED, NULL, e->saved != NULL ? e->saved : "");
    }
    return not_saved(e, 500, W_NOT_SAVED_FILE, err.text, NULL);
}

int page_template_save(struct visit *v)
{
    bool same = fields_get(&v->request->form, "same") != NULL;
    struct editing e;
    int rc = editing_open(v, &e);

    if (rc == 0 && (e.texts.settings == NULL || !e.changed))
        rc = ERR_NOTFOUND;
    if (rc == 0)
        rc = save_and_tell(&e, same, e.saved != NULL ? "change text" : "new text");
    editing_close(&e);
    return rc;
}

/* An earlier version becomes the text, if the file is still the one that the list showed. */
int page_template_restore(struct visit *v)
{
    const char *which = fields_get(&v->request->form, "version");
    struct template_version version = {0};
    struct editing e;
    int64_t id;
    int rc = editing_open(v, &e);

    if (rc == 0 &&
        (e.texts.settings == NULL || which == NULL || !str_to_int(which, 1, INT64_MAX, &id)))
        rc = ERR_NOTFOUND;
    if (rc == 0)
        rc = store_template_version(v->store, id, &version);
    if (rc == 0 && strcmp(version.file, e.path) != 0)
        rc = ERR_NOTFOUND;
    if (rc == 0) {
        editing_set(&e, version.text);
        rc = save_and_tell(&e, false, "restore text");
    }
    template_version_close(&version);
    editing_close(&e);
    return rc;
}

/* --- a test --- */

/* The bare address, if it is one for the channel. */
static bool fits(const struct editing *e, const char *written, char out[ADDRESS_MAX])
{
    const char *country = e->texts.settings->business.country;
    struct address named;

    if (str_blank(written))
        return false;
    if (e->channel == CHANNEL_SMS)
        return strchr(written, '@') == NULL && phone_e164(written, country, out, NULL) == 0;
    if (strchr(written, '@') == NULL || address_parse(written, &named, NULL) != 0)
        return false;
    memcpy(out, named.mailbox, ADDRESS_MAX);
    return true;
}

int template_test_addresses(struct editing *e, struct str_list *out)
{
    const struct str_list *alarms = &e->texts.settings->alert_to;
    char address[ADDRESS_MAX], *email, *phone;
    struct str_list staff = {0};
    int rc = store_user_addresses(e->v->store, e->v->login.user.id, &email, &phone);

    if (fits(e, e->channel == CHANNEL_SMS ? phone : email, address)) /* one's own is the first */
        str_list_add(out, address, strlen(address));
    free(email);
    free(phone);
    if (rc == 0)
        rc = store_staff_addresses(e->v->store, e->channel, STAFF_MAX, &staff);
    for (size_t i = 0; i < staff.count; i++)
        if (fits(e, staff.items[i], address) && !str_list_has(out, address))
            str_list_add(out, address, strlen(address));
    for (size_t i = 0; i < alarms->count; i++)
        if (fits(e, alarms->items[i], address) && !str_list_has(out, address))
            str_list_add(out, address, strlen(address));
    str_list_close(&staff);
    return rc;
}

/* Into the queue: the engine sends it. */
static int queue(struct editing *e, const struct gateway_settings *g, const char *to,
                 struct payload *words)
{
    struct store *s = e->v->store;
    int64_t id;
    int rc = store_begin(s);

    if (rc == 0)
        rc = by_hand_test(s, g, e->channel, to, e->v->now_ms, words, &id);
    if (rc == 0)
        rc = write_audit(e, allowance_action(ALLOWANCE_TESTS), to);
    if (rc == 0)
        rc = store_commit(s);
    if (rc != 0)
        store_rollback(s);
    return rc;
}

static int test(struct editing *e, const char *to)
{
    const struct settings *s = e->texts.settings;
    const struct str_list *gateways = &s->channels[e->channel].gateways;
    const struct gateway_settings *g =
        gateways->count > 0 ? settings_gateway(s, gateways->items[0]) : NULL;
    struct editing_notice sent = {.notice = W_TEST_SENT, .words = to, .good = true};
    char reason[COMPOSE_REASON_MAX], token[TOKEN_BITS / 4 + 1], clock[ALLOWANCE_CLOCK_MAX];
    struct payload words;
    bool may;

    if (g == NULL)
        return not_saved(e, 422, W_TEST_NO_GATEWAY, NULL, NULL);
    if (e->texts.set == NULL)
        return not_saved(e, 422, W_TEST_WRONG, NULL, NULL);
    int rc = allowance_ask(e->v, ALLOWANCE_TESTS, &may, clock);
    if (rc != 0)
        return rc;
    if (!may)
        return not_saved(e, 429, W_TEST_ENOUGH, clock, NULL);
    rng_hex(token, TOKEN_BITS);
    rc = template_compose(e, to, g, token, &words, NULL, reason);
    if (reason[0] != '\0') {
        rc = not_saved(e, 422, W_NOT_FIT, reason, NULL);
    } else if (rc == 0) {
        rc = queue(e, g, to, &words);
        if (rc == 0)
            rc = editing_page(e, &sent);
    }
    payload_close(&words);
    return rc;
}

int page_template_test(struct visit *v)
{
    const char *to = fields_get(&v->request->form, "to");
    struct str_list addresses = {0};
    struct editing e;
    int rc = editing_open(v, &e);

    if (rc == 0 && (e.texts.settings == NULL || e.rule == NULL))
        rc = ERR_NOTFOUND;
    if (rc == 0)
        rc = template_test_addresses(&e, &addresses);
    /* Whatever a form says: never to a client. */
    if (rc == 0 && (to == NULL || !str_list_has(&addresses, to)))
        rc = not_saved(&e, 422, W_TEST_NOT_THERE, NULL, NULL);
    else if (rc == 0)
        rc = test(&e, to);
    str_list_close(&addresses);
    editing_close(&e);
    return rc;
}
