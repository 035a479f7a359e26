/*
 * What is asked of the process that looks ahead, and what it answers, arrives on the other end as
 * it was; and what is none is told apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "send/foresee_wire.h"

static void ask(const struct foresee_question *q, struct foresee_question *out, bool fine)
{
    struct buf b;

    buf_init(&b);
    foresee_put_question(q, &b);
    assert_int_equal(foresee_take_question(b.data, b.len, out), fine);
    buf_close(&b);
}

static void a_question_about_what_waits_arrives(void **state)
{
    int64_t ids[] = {7, 9};
    struct foresee_question q = {
        .dir = "/etc/betimes", .now_ms = 5, .waiting = ids, .waiting_count = 2};
    struct foresee_question out;

    ask(&q, &out, true);
    assert_string_equal(out.dir, "/etc/betimes");
    assert_int_equal(out.now_ms, 5);
    assert_int_equal(out.waiting_count, 2);
    assert_int_equal(out.waiting[1], 9);
    assert_int_equal(out.consent_count, 0);
    foresee_question_close(&out);
}

static void a_question_about_consent_arrives(void **state)
{
    struct consent_line lines[] = {
        {.channel = CHANNEL_SMS, .purpose = PURPOSE_SURVEY, .in = true},
        {.channel = CHANNEL_EMAIL, .purpose = PURPOSE_SERVICE},
    };
    struct foresee_question q = {
        .dir = "/etc/betimes", .client_id = 3, .consents = lines, .consent_count = 2};
    struct foresee_question out;

    ask(&q, &out, true);
    assert_int_equal(out.client_id, 3);
    assert_int_equal(out.waiting_count, 0);
    assert_int_equal(out.consent_count, 2);
    assert_int_equal(out.consents[0].channel, CHANNEL_SMS);
    assert_int_equal(out.consents[0].purpose, PURPOSE_SURVEY);
    assert_true(out.consents[0].in);
    assert_false(out.consents[1].in);
    foresee_question_close(&out);
}

static void a_question_without_a_folder_or_a_row_is_none(void **state)
{
    struct foresee_question no_row = {.dir = "/etc/betimes", .client_id = 3};
    int64_t id = 7;
    struct foresee_question no_dir = {.waiting = &id, .waiting_count = 1};
    struct foresee_question out;

    ask(&no_row, &out, false);
    foresee_question_close(&out);
    ask(&no_dir, &out, false);
    foresee_question_close(&out);
    assert_false(foresee_take_question("[", 1, &out));
    foresee_question_close(&out);
}

static void an_answer_about_what_waits_arrives(void **state)
{
    struct foretold items[] = {
        {.message_id = 4, .fate = FATE_GOES, .channel = CHANNEL_SMS, .at_ms = 99},
        {.message_id = 5, .fate = FATE_SKIPPED, .reason = "the rule says: unless vip"},
    };
    struct foretelling told = {items, 2}, out;
    struct err err = {""};
    struct buf b;

    buf_init(&b);
    foretell_put_answer(&told, &b);
    assert_int_equal(foretell_take_answer(b.data, b.len, &out, &err), 0);
    assert_int_equal(out.count, 2);
    assert_int_equal(foretelling_of(&out, 4)->at_ms, 99);
    assert_int_equal(foretelling_of(&out, 4)->channel, CHANNEL_SMS);
    assert_null(foretelling_of(&out, 4)->reason);
    assert_int_equal(foretelling_of(&out, 5)->fate, FATE_SKIPPED);
    assert_string_equal(foretelling_of(&out, 5)->reason, "the rule says: unless vip");
    assert_null(foretelling_of(&out, 6));
    foretelling_close(&out);
    buf_close(&b);
}

static void trouble_is_told_in_its_words_and_nonsense_is_no_answer(void **state)
{
    struct foretelling out;
    struct err err = {""};
    struct buf b;

    buf_init(&b);
    foresee_put_trouble("the disk is gone", &b);
    assert_int_equal(foretell_take_answer(b.data, b.len, &out, &err), ERR_INVALID);
    assert_string_equal(err.text, "the disk is gone");
    assert_int_equal(foretell_take_answer("{}", 2, &out, &err), ERR_CORRUPT);
    buf_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_about_what_waits_arrives),
        cmocka_unit_test(a_question_about_consent_arrives),
        cmocka_unit_test(a_question_without_a_folder_or_a_row_is_none),
        cmocka_unit_test(an_answer_about_what_waits_arrives),
        cmocka_unit_test(trouble_is_told_in_its_words_and_nonsense_is_no_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
