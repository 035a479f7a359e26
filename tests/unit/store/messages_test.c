/* store/messages: the rows, their moves, the queue, the payloads. */
#include "../support/shop.h"

static struct message a_message(int64_t next_ms, enum channel channel)
{
    static int64_t occurrence;

    return (struct message){.rule_id = 1,
                            .subject_id = 1,
                            .recipient_id = 2,
                            .occurrence = ++occurrence,
                            .channel = channel,
                            .nominal_ms = next_ms,
                            .due_ms = next_ms,
                            .expires_ms = next_ms + 1000000,
                            .next_ms = next_ms};
}

static void add(struct shop *s, struct message *m)
{
    shop_ok(s, store_messages_add(s->store, m, 1), "add");
}

/* The allowed moves as design.md and the table tell them, each from, to. */
static void no_move_but_these_is_allowed(void **state)
{
    static const struct {
        enum message_state from;
        const char *to;
    } allowed[MESSAGE_STATES] = {
        {MESSAGE_PLANNED, "planned held retry cancelled skipped expired sending failed"},
        {MESSAGE_HELD, "planned held retry cancelled skipped expired sending failed"},
        {MESSAGE_RETRY, "planned held retry cancelled skipped expired sending failed"},
        {MESSAGE_SENDING, "retry failed unknown sent delivered bounced expired"},
        {MESSAGE_UNKNOWN, "retry sent delivered bounced failed cancelled"},
        {MESSAGE_SENT, "delivered bounced"},
        {MESSAGE_DELIVERED, "bounced"},
        {MESSAGE_BOUNCED, ""},
        {MESSAGE_FAILED, "planned cancelled skipped expired failed"},
        {MESSAGE_CANCELLED, "planned cancelled skipped expired failed"},
        {MESSAGE_SKIPPED, "planned cancelled skipped expired failed"},
        {MESSAGE_EXPIRED, "planned cancelled skipped expired failed"},
    };

    for (int from = 0; from < MESSAGE_STATES; from++) {
        struct str_list list = {0};
        str_split(&list, allowed[from].to, ' ');
        for (int to = 0; to < MESSAGE_STATES; to++) {
            bool expected = str_list_has(&list, message_state_name((enum message_state)to));
            if (message_may_move((enum message_state)from, (enum message_state)to) != expected)
                fail_msg("%s -> %s", message_state_name((enum message_state)from),
                         message_state_name((enum message_state)to));
        }
        str_list_close(&list);
    }
    assert_false(message_may_move((enum message_state) - 1, MESSAGE_SENT));
    assert_false(message_may_move(MESSAGE_PLANNED, MESSAGE_STATES));
}

static void a_forbidden_move_changes_nothing(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct message m = a_message(1000, CHANNEL_EMAIL);

    add(s, &m);
    assert_int_equal(store_message_move(s->store, &m, MESSAGE_SENT, 5, 5, NULL), ERR_INVALID);
    assert_answer(s, "SELECT state, state_ms FROM message", "0 0");
    shop_ok(s, store_message_move(s->store, &m, MESSAGE_HELD, 5, 6, "why"), "hold");
    assert_answer(s, "SELECT state, state_ms, next_ms, reason FROM message", "1 5 6 why");
    shop_close(s);
}

static void names_of_states_go_there_and_back(void **state)
{
    enum message_state s;

    for (int i = 0; i < MESSAGE_STATES; i++) {
        assert_true(message_state_from(message_state_name((enum message_state)i), &s));
        assert_int_equal(s, i);
    }
    assert_false(message_state_from("gone", &s));
    assert_true(message_is_pending(MESSAGE_HELD) && message_is_pending(MESSAGE_RETRY));
    assert_false(message_is_pending(MESSAGE_SENDING) || message_is_pending(MESSAGE_FAILED));
}

static void the_same_message_is_never_there_twice(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct message m = a_message(1000, CHANNEL_EMAIL), twin = m;

    add(s, &m);
    assert_int_equal(store_messages_add(s->store, &twin, 1), ERR_INVALID);
    twin.channel = CHANNEL_SMS; /* `sms and email` */
    add(s, &twin);
    twin.repeat = 1;
    add(s, &twin);
    twin.recipient_id = 3;
    add(s, &twin);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message"), 4);
    shop_close(s);
}

static void what_is_due_comes_earliest_first_and_nothing_else_does(void **state)
{
    const bool none[CHANNEL_COUNT] = {false}, no_mail[CHANNEL_COUNT] = {[CHANNEL_EMAIL] = true};
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct message *due, m[5];
    size_t count;
    int64_t next_ms;

    shop_ok(s, store_messages_next(s->store, &next_ms), "next");
    assert_true(next_ms == INT64_MAX);
    for (int i = 0; i < 5; i++) {
        m[i] = a_message(5000 - i * 1000, CHANNEL_EMAIL); /* 5, 4, 3, 2, 1 s */
        add(s, &m[i]);
    }
    struct message text = a_message(2500, CHANNEL_SMS);
    add(s, &text);
    shop_ok(s, store_message_move(s->store, &m[4], MESSAGE_CANCELLED, 1, 1000, NULL), "void");
    shop_ok(s, store_messages_next(s->store, &next_ms), "next");
    assert_int_equal(next_ms, 2000);
    shop_ok(s, store_messages_due(s->store, 4000, none, 10, &due, &count), "due");
    assert_int_equal(count, 4);
    for (size_t i = 1; i < count; i++)
        if (due[i].channel == due[i - 1].channel)
            assert_true(due[i].next_ms >= due[i - 1].next_ms);
    messages_free(due, count);
    shop_ok(s, store_messages_due(s->store, 4000, no_mail, 10, &due, &count), "due");
    assert_int_equal(count, 1);
    assert_int_equal(due[0].id, text.id);
    messages_free(due, count);
    shop_ok(s, store_messages_due(s->store, 4000, none, 1, &due, &count), "due");
    assert_true(count >= 1);
    assert_int_equal(due[0].channel == CHANNEL_EMAIL ? due[0].id : text.id,
                     due[0].channel == CHANNEL_EMAIL ? m[3].id : text.id);
    messages_free(due, count);
    shop_close(s);
}

static void a_full_channel_never_hides_the_others(void **state)
{
    const bool none[CHANNEL_COUNT] = {false};
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct message *due;
    size_t count, texts = 0;

    for (int i = 0; i < 300; i++) {
        struct message m = a_message(1000 + i, CHANNEL_EMAIL);
        add(s, &m);
    }
    struct message text = a_message(2000, CHANNEL_SMS);
    add(s, &text);
    shop_ok(s, store_messages_due(s->store, 4000, none, 20, &due, &count), "due");
    for (size_t i = 0; i < count; i++)
        texts += due[i].channel == CHANNEL_SMS;
    assert_int_equal(texts, 1);
    messages_free(due, count);
    shop_close(s);
}

static void several_are_added_as_if_one_by_one(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct message list[12];

    for (size_t i = 0; i < 12; i++)
        list[i] = a_message((int64_t)i, CHANNEL_SMS);
    list[2].reason = "its own";
    list[11].state = MESSAGE_SKIPPED;
    shop_ok(s, store_messages_add(s->store, list, 0), "none");
    shop_ok(s, store_messages_add(s->store, list, 12), "add");
    for (size_t i = 0; i < 12; i++) {
        struct message m;
        shop_ok(s, store_message(s->store, list[i].id, &m), "read");
        assert_int_equal(m.occurrence, list[i].occurrence);
        assert_int_equal(m.next_ms, i);
        assert_int_equal(m.reason != NULL, i == 2);
        message_close(&m);
    }
    assert_int_equal(store_messages_add(s->store, list + 10, 2), ERR_INVALID);
    assert_int_equal(shop_count(s, "SELECT count(*) FROM message"), 12);
    shop_close(s);
}

static void a_new_plan_moves_what_waits_but_not_a_retrys_pause(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct message m = a_message(1000, CHANNEL_EMAIL);

    add(s, &m);
    const struct message first = m;
    m.due_ms = m.next_ms = 7000;
    m.nominal_ms = 6000;
    m.expires_ms = 9000;
    m.channel = CHANNEL_SMS;
    shop_ok(s, store_message_replan(s->store, &first, &m), "replan");
    assert_answer(s, "SELECT nominal_ms, due_ms, expires_ms, next_ms, channel FROM message",
                  "6000 7000 9000 7000 1");
    shop_ok(s, store_message_claim(s->store, &m, "g", "a", 0, 7000), "claim");
    m.state = MESSAGE_SENDING;
    shop_ok(s, store_message_move(s->store, &m, MESSAGE_RETRY, 7100, 8000, "x"), "retry");
    m.next_ms = m.due_ms = 7500;
    shop_ok(s, store_message_replan(s->store, &m, &m), "replan");
    assert_answer(s, "SELECT due_ms, next_ms FROM message", "7500 8000");
    shop_close(s);
}

static void a_payload_comes_back_byte_for_byte(void **state)
{
    struct shop *s = shop_open("", "2026-12-01T09:00");
    struct message m = a_message(1000, CHANNEL_EMAIL);
    struct payload p, q;
    static const char bytes[] = "a\0b\r\n.\r\n\xff";

    add(s, &m);
    assert_int_equal(store_payload(s->store, m.id, &q), ERR_NOTFOUND);
    payload_close(&q);
    payload_init(&p);
    p.token = mem_strdup("0123");
    p.text = mem_strdup("Sveiki, Ilze!");
    p.language = mem_strdup("lv");
    buf_append(&p.data, bytes, sizeof(bytes) - 1);
    shop_ok(s, store_payload_save(s->store, m.id, &p), "save");
    shop_ok(s, store_message_committing(s->store, m.id, true), "point");
    shop_ok(s, store_payload(s->store, m.id, &q), "load");
    assert_true(q.committing);
    assert_string_equal(q.token, "0123");
    assert_string_equal(q.text, "Sveiki, Ilze!");
    assert_null(q.subject);
    assert_int_equal(q.data.len, sizeof(bytes) - 1);
    assert_memory_equal(q.data.data, bytes, q.data.len);
    payload_close(&q);
    payload_close(&p);
    shop_close(s);
}

static void what_a_person_cancelled_stays_cancelled_and_what_she_retried_goes(void **state)
{
    struct shop *s =
        shop_open(SHOP_WORKFLOW "[rule ready]\non = job enters Ready\n", "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j1', 1, 'Ready')");
    shop_look(s);
    shop_ok(s, store_message_cancel(s->store, 1, shop_now_ms, "by Zane"), "cancel");
    shop_sql(s, "UPDATE client SET phone = '+37120000009'");
    shop_look(s);
    assert_rows(s, "ready", "cancelled email 2026-12-01T09:00 c1");
    assert_int_equal(shop_send(s), 0);
    shop_ok(s, store_message_again(s->store, 1, shop_now_ms, shop_now_ms + 60000), "again");
    assert_int_equal(shop_send(s), 1);
    assert_int_equal(store_message_again(s->store, 1, shop_now_ms, shop_now_ms + 60000),
                     ERR_INVALID); /* it has left the house */
    assert_int_equal(store_message_cancel(s->store, 1, shop_now_ms, "too late"), ERR_INVALID);
    assert_int_equal(store_message_cancel(s->store, 99, shop_now_ms, "none"), ERR_NOTFOUND);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_move_but_these_is_allowed),
        cmocka_unit_test(a_forbidden_move_changes_nothing),
        cmocka_unit_test(names_of_states_go_there_and_back),
        cmocka_unit_test(the_same_message_is_never_there_twice),
        cmocka_unit_test(what_is_due_comes_earliest_first_and_nothing_else_does),
        cmocka_unit_test(a_full_channel_never_hides_the_others),
        cmocka_unit_test(a_new_plan_moves_what_waits_but_not_a_retrys_pause),
        cmocka_unit_test(several_are_added_as_if_one_by_one),
        cmocka_unit_test(a_payload_comes_back_byte_for_byte),
        cmocka_unit_test(what_a_person_cancelled_stays_cancelled_and_what_she_retried_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
