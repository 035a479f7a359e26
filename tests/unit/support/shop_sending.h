/*
 * The last part of shop.h, which includes it: sending what a shop has planned, with gateways that
 * are the test itself, and letting time pass.
 */
#ifndef TESTS_SUPPORT_SHOP_SENDING_H
#define TESTS_SUPPORT_SHOP_SENDING_H

static inline void shop_template_problem(void *arg, const char *file, int line, int column,
                                         const char *text)
{
    fail_msg("%s:%d: %s", file, line, text);
}

/* Templates for every rule that has none yet. */
static inline void shop_templates(struct shop *s)
{
    char *folder = fs_join(s->dir, "templates");

    if (s->templates != NULL) {
        free(folder);
        return;
    }
    for (size_t i = 0; i < s->playbook->rule_count; i++) {
        const char *rule = s->playbook->rules[i].template;
        char *dir = mem_printf("%s/%s", folder, rule);
        if (!fs_is_dir(dir)) {
            char *sms = mem_printf("templates/%s/en.sms", rule);
            char *mail = mem_printf("templates/%s/en.email", rule);
            shop_file(s, sms, "{{rule.name}} for {{client.name}}");
            shop_file(s, mail, "Subject: {{rule.name}}\n\nFor {{client.name}}.\n");
            free(sms);
            free(mail);
        }
        free(dir);
    }
    s->templates = template_set_load(folder, compose_names(), shop_template_problem, NULL);
    assert_non_null(s->templates);
    free(folder);
}

static inline void shop_outlets(struct shop *s)
{
    if (s->outlets.count > 0)
        return;
    s->outlets.items = mem_array(s->settings->gateway_count, sizeof(*s->outlets.items));
    s->outlets.count = s->settings->gateway_count;
    for (size_t i = 0; i < s->outlets.count; i++) {
        s->outlets.items[i].settings = &s->settings->gateways[i];
        for (int c = 0; c < CHANNEL_COUNT; c++)
            if (s->settings->gateways[i].channels[c])
                s->outlets.order[c][s->outlets.order_count[c]++] = i;
    }
}

/* Claim one message within a transaction of its own. True: there is something on the wire. */
static inline bool shop_claim(struct shop *s, int64_t id, struct claim *claim)
{
    struct claim_context with = {
        .world = &s->world,
        .conditions = s->conditions,
        .outlets = &s->outlets,
        .brake = s->brake,
    };
    struct message m = {.id = id};
    struct outlet *o = NULL;

    shop_templates(s);
    shop_outlets(s);
    with.templates = s->templates;
    shop_ok(s, store_begin(s->store), "begin");
    if (s->brake != NULL)
        shop_ok(s, brake_begin(s->brake, &s->world, shop_now_ms), "begin to count");
    shop_ok(s, claim_message(&with, &m, shop_now_ms, claim, &o), "claim");
    if (s->brake != NULL)
        shop_ok(s, brake_end(s->brake), "write the count");
    shop_ok(s, store_commit(s->store), "commit");
    return o != NULL;
}

static inline void shop_settle(struct shop *s, int64_t id, const struct gateway_result *r)
{
    shop_ok(s, store_begin(s->store), "begin");
    shop_ok(s, settle_result(&s->world, id, "drawer", r, shop_now_ms), "settle");
    shop_ok(s, store_commit(s->store), "commit");
}

static inline bool shop_send_one(struct shop *s, const struct message *m)
{
    struct gateway_result r = {.outcome = OUTCOME_SENT};
    struct claim c;
    bool out = shop_claim(s, m->id, &c);

    if (out) {
        snprintf(s->last_text, sizeof(s->last_text), "%s", c.payload.text);
        snprintf(s->last_subject, sizeof(s->last_subject), "%s",
                 c.payload.subject != NULL ? c.payload.subject : "");
        snprintf(s->last_to, sizeof(s->last_to), "%s", c.to);
        s->last_channel = c.wire.channel;
        if (s->answer != NULL)
            s->answer(s, &c, &r);
        shop_settle(s, c.message.id, &r);
        s->sent += r.outcome == OUTCOME_SENT;
    }
    claim_close(&c);
    return out;
}

/* Bring near what has come so close, as each turn does; returns when to look next, for that or for
 * a message that is near. */
static inline int64_t shop_next(struct shop *s)
{
    int64_t next_ms, far_ms;
    bool done = false;

    for (int i = 0; !done && i < SHOP_TURNS_MAX; i++)
        shop_ok(s, store_bring_near(s->store, shop_now_ms, 3, &done, &far_ms), "bring near");
    assert_true(done);
    shop_ok(s, store_messages_next(s->store, &next_ms), "next");
    return next_ms < far_ms ? next_ms : far_ms;
}

/* Send what is due now; returns how many went over the wire. */
static inline int shop_send(struct shop *s)
{
    const bool closed[CHANNEL_COUNT] = {false};
    int out = 0;

    shop_next(s);

    for (int turn = 0; turn < SHOP_TURNS_MAX; turn++) {
        struct message *due;
        size_t count;
        shop_ok(s, store_messages_due(s->store, shop_now_ms, closed, 100, &due, &count), "due");
        for (size_t i = 0; i < count; i++)
            out += shop_send_one(s, &due[i]);
        messages_free(due, count);
        if (count == 0)
            return out;
    }
    fail_msg("there is always something due");
    return 0;
}

/* Let time pass, sending whatever comes due on the way; returns how many went. */
static inline int shop_until(struct shop *s, const char *time)
{
    int64_t end_ms = utc(time);
    int out = shop_send(s);

    for (int turn = 0; turn < SHOP_TURNS_MAX; turn++) {
        int64_t next_ms = shop_next(s);
        if (next_ms > end_ms) {
            shop_at(time);
            return out;
        }
        if (next_ms > shop_now_ms) {
            shop_mono_us += (next_ms - shop_now_ms) * 1000;
            shop_now_ms = next_ms;
        }
        out += shop_send(s);
    }
    fail_msg("there is always something next");
    return 0;
}

#endif
