/* plan: what was said and not said between a client and the house. */
#include "scene.h"

#define ASK FLOW "[rule ask]\non = job enters Quote sent\n"
#define AGAIN ASK "[rule again]\non = no answer to ask\nwhen = 2 days after\n"
#define SILENCE FLOW "[rule s]\non = client hears nothing\nwhen = 5 days after\nto = staff\n"

static void ask(struct scene *s, struct plan_asked *asked, size_t count)
{
    s->subject.asked = asked;
    s->subject.asked_count = count;
}

static void without_a_question_there_is_no_missing_answer(void **state)
{
    struct scene *s = job(PLAIN, AGAIN, "Quote sent", "2026-12-01T10:00");

    assert_plan(s, "ask email 2026-12-01T10:00");
    assert_non_null(strstr(s->said, "no message of ask has reached the client"));
    /* A message of another rule, and one of another occurrence, ask something else. */
    struct plan_asked others[] = {{.rule = 1, .occurrence = 2, .at_ms = utc("2026-12-01T11:00")},
                                  {.rule = 0, .occurrence = 7, .at_ms = utc("2026-12-01T11:00")}};
    ask(s, others, 2);
    assert_plan(s, "ask email 2026-12-01T10:00");
    end(s);
}

static void an_answer_counts_from_the_question_on(void **state)
{
    struct scene *s = job(PLAIN, AGAIN, "Quote sent", "2026-12-01T10:00");
    struct plan_asked asked = {.rule = 0, .occurrence = 2, .at_ms = utc("2026-12-02T11:00")};

    ask(s, &asked, 1);
    assert_plan(s, "ask email 2026-12-01T10:00; again email 2026-12-04T11:00");
    s->subject.answered_ms = utc("2026-12-02T10:59");
    assert_plan(s, "ask email 2026-12-01T10:00; again email 2026-12-04T11:00");
    s->subject.answered_ms = utc("2026-12-02T11:00");
    assert_plan(s, "ask email 2026-12-01T10:00");
    assert_string_equal(s->said, "the client answered");
    end(s);
}

static void a_question_from_before_the_switch_on_is_not_pressed(void **state)
{
    struct scene *s = job(PLAIN, AGAIN, "Quote sent", "2026-12-01T10:00");
    struct plan_asked asked = {.rule = 0, .occurrence = 2, .at_ms = utc("2026-12-02T11:00")};

    ask(s, &asked, 1);
    s->rules[1].since_ms = utc("2026-12-02T12:00");
    assert_plan(s, "ask email 2026-12-01T10:00");
    assert_non_null(strstr(s->said, "switched on"));
    end(s);
}

static void the_past_makes_no_answer_missing(void **state)
{
    struct scene *s = job(PLAIN, AGAIN, "Quote sent", "2026-12-01T10:00");
    struct plan_asked asked = {.rule = 0, .occurrence = 2, .at_ms = utc("2026-12-02T11:00")};

    ask(s, &asked, 1);
    event(s, EVENT_JOB_LEAVES, "Quote sent", "2026-12-03T10:00");
    event(s, EVENT_JOB_ENTERS, "In repair", "2026-12-03T10:00");
    s->job.stage = (char *)"In repair";
    assert_plan(s, "");
    assert_non_null(strstr(s->said, "left the stage"));
    end(s);
}

static void silence_begins_with_the_job_or_with_the_last_word(void **state)
{
    struct scene *s = job(PLAIN, SILENCE, "Received", "2026-12-01T10:00");

    s->subject.contact_ms = utc("2026-11-20T10:00"); /* about something else, before */
    assert_plan(s, "s task 2026-12-06T10:00");
    assert_int_equal(s->intents.items[0].occurrence, utc("2026-12-01T10:00"));
    s->subject.contact_ms = utc("2026-12-03T12:00");
    assert_plan(s, "s task 2026-12-08T12:00");
    assert_int_equal(s->intents.items[0].occurrence, utc("2026-12-03T12:00"));
    event(s, EVENT_JOB_LEAVES, "Received", "2026-12-04T10:00");
    event(s, EVENT_JOB_ENTERS, "Declined", "2026-12-04T10:00");
    s->job.stage = (char *)"Declined";
    assert_plan(s, "");
    event(s, EVENT_JOB_LEAVES, "Declined", "2026-12-20T10:00");
    event(s, EVENT_JOB_ENTERS, "Ready", "2026-12-20T10:00");
    s->job.stage = (char *)"Ready";
    assert_plan(s, "s task 2026-12-25T10:00");
    end(s);
}

static void a_score_has_to_be_there_and_below(void **state)
{
    struct scene *s = scene(PLAIN, "[rule a]\non = client answers\n"
                                   "[rule b]\non = survey below 4\nto = staff\n");
    struct answer answer = {.id = 1, .client_id = 1};
    struct appointment visit = {.id = 1, .staff_id = 2};

    s->staff[0] = (struct staff){.id = 2, .email = (char *)"j@example.com", .active = true};
    s->world.staff_count = 1;
    s->subject.answer = &answer;
    event(s, EVENT_CLIENT_ANSWERS, NULL, "2026-12-01T10:00");
    assert_plan(s, "a email 2026-12-01T10:00");
    assert_string_equal(s->said, "the answer has no score");
    answer.score = (char *)"4";
    assert_plan(s, "a email 2026-12-01T10:00");
    answer.score = (char *)"-3";
    assert_plan(s, "a email 2026-12-01T10:00; b task 2026-12-01T10:00");
    s->subject.of_appointment = &visit; /* it names one: then somebody is in charge */
    assert_plan(s, "a email 2026-12-01T10:00; b email 2026-12-01T10:00");
    end(s);
}

static void repeats_end_with_an_answer_only_for_the_client(void **state)
{
    struct scene *s = job(PLAIN,
                          FLOW "[rule c]\non = job enters Ready\nevery = 1 day, 2 times\n"
                               "[rule t]\non = job enters Ready\nevery = 1 day, 2 times\n"
                               "to = +371 20000009\n"
                               "[rule o]\non = job enters Ready\n",
                          "Ready", "2026-12-01T10:00");

    s->subject.answered_ms = utc("2026-12-01T10:00"); /* not after it */
    assert_plan(s, "c email 2026-12-01T10:00; c email 2026-12-02T10:00; "
                   "t sms 2026-12-01T10:00; t sms 2026-12-02T10:00; o email 2026-12-01T10:00");
    s->subject.answered_ms = utc("2026-12-01T10:01");
    assert_plan(s, "t sms 2026-12-01T10:00; t sms 2026-12-02T10:00; o email 2026-12-01T10:00");
    end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_question_there_is_no_missing_answer),
        cmocka_unit_test(an_answer_counts_from_the_question_on),
        cmocka_unit_test(a_question_from_before_the_switch_on_is_not_pressed),
        cmocka_unit_test(the_past_makes_no_answer_missing),
        cmocka_unit_test(silence_begins_with_the_job_or_with_the_last_word),
        cmocka_unit_test(a_score_has_to_be_there_and_below),
        cmocka_unit_test(repeats_end_with_an_answer_only_for_the_client),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
