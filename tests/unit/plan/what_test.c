/* plan: which events still stand, who is told of them, and by which channel. */
#include "scene.h"

/* --- stages --- */

static void only_the_stage_the_job_is_in_is_told(void **state)
{
    struct scene *s = job(PLAIN,
                          FLOW "[rule e]\non = job enters Ready\n[rule l]\non = job leaves Ready\n"
                               "[rule c]\non = job completes\n[rule x]\non = job is lost\n"
                               "[rule o]\non = job opens\n",
                          "Ready", "2026-12-01T10:00");

    assert_plan(s, "e email 2026-12-01T10:00; o email 2026-12-01T10:00");
    event(s, EVENT_JOB_LEAVES, "Ready", "2026-12-02T10:00");
    event(s, EVENT_JOB_ENTERS, "Collected", "2026-12-02T10:00");
    s->job.stage = (char *)"Collected";
    assert_plan(s, "l email 2026-12-02T10:00; c email 2026-12-02T10:00; o email 2026-12-01T10:00");
    end(s);
    s = job(PLAIN, FLOW "[rule e]\non = job enters Ready\n", "ready", "2026-12-01T10:00");
    assert_plan(s, ""); /* names match exactly */
    end(s);
}

static void a_job_that_went_on_within_settle_is_not_told_complete(void **state)
{
    struct scene *s = job(PLAIN, FLOW "[rule c]\non = job completes\nsettle = 10 minutes\n",
                          "Collected", "2026-12-01T10:00");

    assert_plan(s, "c email 2026-12-01T10:10");
    event(s, EVENT_JOB_LEAVES, "Collected", "2026-12-01T10:05");
    event(s, EVENT_JOB_ENTERS, "In repair", "2026-12-01T10:05");
    s->job.stage = (char *)"In repair";
    assert_plan(s, "");
    end(s);
}

/* --- channels --- */

static void the_channel_is_hers_then_the_houses_then_what_there_is(void **state)
{
    const char *flow = FLOW "[rule r]\non = job enters Ready\n";
    struct scene *s = job(PLAIN, flow, "Ready", "2026-12-01T10:00");

    assert_plan(s, "r email 2026-12-01T10:00");
    s->client.preferred_set = true;
    s->client.preferred = CHANNEL_SMS;
    assert_plan(s, "r sms 2026-12-01T10:00");
    s->client.opted_out[CHANNEL_SMS][PURPOSE_SERVICE] = true;
    assert_plan(s, "r email 2026-12-01T10:00");
    s->client.email = NULL;
    assert_plan(s, "r skip");
    assert_reason(s, 0, "opted out of service messages by sms; no e-mail address is known");
    s->client.opted_out[CHANNEL_SMS][PURPOSE_SERVICE] = false;
    s->client.phone = NULL;
    s->client.phone_problem = "is too short";
    assert_plan(s, "r fail");
    assert_reason(s, 0, "the phone number cannot be used: is too short");
    end(s);
    s = job(PLAIN "\nprefer = sms, email", flow, "Ready", "2026-12-01T10:00");
    assert_plan(s, "r sms 2026-12-01T10:00");
    s->client.phone = NULL;
    assert_plan(s, "r email 2026-12-01T10:00");
    end(s);
}

static void one_channel_then_or_and_another(void **state)
{
    struct scene *s = job(PLAIN,
                          FLOW "[rule t]\non = job enters Ready\nby = sms then email\n"
                               "[rule a]\non = job enters Ready\nby = sms and email\n"
                               "[rule s]\non = job enters Ready\nby = sms\n",
                          "Ready", "2026-12-01T10:00");

    assert_plan(s, "t sms 2026-12-01T10:00; a sms 2026-12-01T10:00; a email 2026-12-01T10:00; "
                   "s sms 2026-12-01T10:00");
    s->client.phone = NULL;
    assert_plan(s, "t email 2026-12-01T10:00; a email 2026-12-01T10:00; s skip");
    end(s);
}

static void marketing_never_goes_without_consent(void **state)
{
    struct scene *s = job(PLAIN, FLOW "[rule m]\non = job enters Ready\npurpose = marketing\n",
                          "Ready", "2026-12-01T10:00");

    assert_plan(s, "m skip");
    assert_reason(s, 0, "has not agreed to marketing");
    s->client.opted_out[CHANNEL_SMS][PURPOSE_MARKETING] = false;
    assert_plan(s, "m sms 2026-12-01T10:00");
    end(s);
}

/* --- who --- */

static void nobody_in_charge_is_a_task_for_the_office(void **state)
{
    struct scene *s = job(PLAIN,
                          FLOW "[rule s]\non = job enters Ready\nto = staff\nby = email\n"
                               "[rule m]\non = job enters Ready\nto = manager\nby = email\n"
                               "[rule d]\non = job enters Ready\nto = department Desk\nby = email\n"
                               "[rule a]\non = job enters Ready\nto = desk@example.com\n",
                          "Ready", "2026-12-01T10:00");
    char email[] = "a@example.com", desk[] = "Desk";

    assert_plan(s, "s task 2026-12-01T10:00; m task 2026-12-01T10:00; d task 2026-12-01T10:00; "
                   "a email 2026-12-01T10:00");
    s->staff[0] = (struct staff){.id = 1, .email = email, .manager_id = 9};
    s->staff[1] = (struct staff){.id = 2, .email = email, .department = desk};
    s->staff[2] = (struct staff){.id = 3, .email = email, .department = desk};
    s->world.staff_count = 3;
    s->job.staff_id = 1; /* her manager has left */
    assert_plan(s, "s email 2026-12-01T10:00; m task 2026-12-01T10:00; d email 2026-12-01T10:00; "
                   "d email 2026-12-01T10:00; a email 2026-12-01T10:00");
    end(s);
}

static void a_visit_without_staff_is_in_the_hands_of_its_jobs(void **state)
{
    struct scene *s = visit(PLAIN, "[rule s]\non = appointment booked\nto = staff\nby = email\n",
                            "2026-12-08T15:00", "2026-12-01T10:00");
    struct job of = {.id = 7, .staff_id = 1, .stage = (char *)"Ready"};
    char email[] = "a@example.com";

    s->staff[0] = (struct staff){.id = 1, .email = email};
    s->world.staff_count = 1;
    s->subject.of_job = &of;
    assert_plan(s, "s email 2026-12-01T10:00");
    assert_int_equal(s->intents.items[0].recipient_row, 1);
    end(s);
}

static void without_a_client_nobody_is_written_to(void **state)
{
    struct scene *s =
        job(PLAIN, FLOW "[rule r]\non = job enters Ready\n", "Ready", "2026-12-01T10:00");

    s->subject.client = NULL;
    assert_plan(s, "");
    assert_non_null(strstr(s->said, "client is not in the database"));
    end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_stage_the_job_is_in_is_told),
        cmocka_unit_test(a_job_that_went_on_within_settle_is_not_told_complete),
        cmocka_unit_test(the_channel_is_hers_then_the_houses_then_what_there_is),
        cmocka_unit_test(one_channel_then_or_and_another),
        cmocka_unit_test(marketing_never_goes_without_consent),
        cmocka_unit_test(nobody_in_charge_is_a_task_for_the_office),
        cmocka_unit_test(a_visit_without_staff_is_in_the_hands_of_its_jobs),
        cmocka_unit_test(without_a_client_nobody_is_written_to),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
