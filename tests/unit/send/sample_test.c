/* send/sample: which of a client's records a rule speaks of, and what stands in for none. */
#include "../support/shop.h"

#include "send/sample.h"

#define NOW "2026-12-01T09:00"
#define REMIND "[rule r]\non = appointment starts\nwhen = 1 day before\n"

/* The ref of the record that the rule speaks of, for client 1; "none". */
static void assert_subject_of(struct shop *s, const struct record_set *of, const char *expected)
{
    const struct rule *rule = &s->playbook->rules[0];
    struct record_set found = {0};
    enum entity_kind kind;
    int64_t id;
    int rc =
        record_set_subject(s->store, rule, &s->settings->business, shop_now_ms, of, &kind, &id);

    if (rc != ERR_NOTFOUND)
        shop_ok(s, rc, "find");
    if (rc == 0)
        shop_ok(s, record_set_load(s->store, kind, id, &found), "load");
    assert_string_equal(rc != 0                      ? "none"
                        : kind == ENTITY_APPOINTMENT ? found.appointment.ref
                        : kind == ENTITY_ANSWER      ? found.answer.ref
                                                     : found.job.ref,
                        expected);
    if (rc == 0)
        assert_string_equal(found.client.name, "Ilze");
    record_set_close(&found);
}

static void assert_subject(struct shop *s, const char *expected)
{
    const struct record_set ilze = {.client = {.id = 1}};

    assert_subject_of(s, &ilze, expected);
}

static struct shop *with_ilze(const char *playbook)
{
    struct shop *s = shop_open(playbook, NOW);

    shop_ilze(s);
    shop_sql(s, "INSERT INTO client (id, ref, name) VALUES (2, 'c2', 'Bob')");
    return s;
}

static void visit(struct shop *s, const char *ref, const char *starts, const char *status)
{
    shop_sql(s,
             "INSERT INTO appointment (ref, client_id, starts, status) VALUES "
             "('%s', 1, '%s', '%s')",
             ref, starts, status);
}

static void the_next_visit_is_taken_and_else_the_last_one(void **state)
{
    struct shop *s = with_ilze(REMIND);

    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts) VALUES "
                "('bobs', 2, '2026-12-01T12:00')");
    assert_subject(s, "none");
    visit(s, "long ago", "2025-12-08T15:00", "completed");
    visit(s, "last", "2026-11-08T15:00", "completed");
    assert_subject(s, "last");
    visit(s, "later", "2027-01-08T15:00", "booked");
    visit(s, "next", "2026-12-02T15:00", "booked");
    assert_subject(s, "next");
    visit(s, "off", "2026-12-01T15:00", "cancelled");
    assert_subject(s, "next");
    shop_at("2026-12-02T13:01"); /* 15:01 in Riga: it has begun */
    assert_subject(s, "later");
    shop_close(s);
}

static void a_visit_that_was_cancelled_is_for_what_tells_of_that(void **state)
{
    struct shop *s = with_ilze("[rule r]\non = appointment cancelled\n");

    visit(s, "next", "2026-12-02T15:00", "booked");
    assert_subject(s, "next");
    visit(s, "off", "2026-11-03T15:00", "cancelled");
    assert_subject(s, "off");
    shop_edit(s, REMIND);
    assert_subject(s, "next");
    shop_close(s);
}

static void the_latest_job_in_the_rules_stage_is_taken(void **state)
{
    struct shop *s = with_ilze(SHOP_WORKFLOW "[rule r]\non = no answer to q\nwhen = 2 days after\n"
                                             "[rule q]\non = job enters Ready\n");

    assert_subject(s, "none");
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j1', 1, 'Ready'), "
                "('j2', 1, 'Received'), ('j3', 2, 'Ready')");
    assert_subject(s, "j1");
    shop_sql(s, "UPDATE job SET stage = 'Collected' WHERE ref = 'j1'");
    assert_subject(s, "j2");
    shop_close(s);
}

static void the_latest_answer_is_taken_with_what_it_is_about(void **state)
{
    struct shop *s = with_ilze("[rule r]\non = survey below 4\nto = staff\n");
    struct record_set found = {0};

    assert_subject(s, "none");
    shop_sql(s, "INSERT INTO staff (id, name) VALUES (1, 'Anna'); "
                "INSERT INTO job (id, ref, client_id, staff_id, stage) VALUES "
                "(7, 'j7', 1, 1, 'Ready'); "
                "INSERT INTO answer (id, ref, client_id, job_id, at) VALUES "
                "(1, 'n1', 1, NULL, '2026-11-20T10:00:00Z'), "
                "(2, 'n2', 1, 7, '2026-11-21T10:00:00Z'), "
                "(3, 'n3', 2, NULL, '2026-11-22T10:00:00Z')");
    assert_subject(s, "n2");
    shop_ok(s, record_set_load(s->store, ENTITY_ANSWER, 2, &found), "load");
    assert_string_equal(found.job.ref, "j7");
    assert_string_equal(found.staff.name, "Anna");
    record_set_close(&found);
    shop_close(s);
}

static void only_what_belongs_to_a_given_record_is_found(void **state)
{
    struct shop *s = with_ilze(REMIND);
    const struct record_set job = {.client = {.id = 1}, .job = {.id = 7}};
    const struct record_set visit_of = {.client = {.id = 1}, .appointment = {.id = 1}};

    shop_sql(s, "INSERT INTO job (id, ref, client_id, stage) VALUES (7, 'j7', 1, 'Ready')");
    visit(s, "a1", "2026-12-02T15:00", "booked");
    assert_subject_of(s, &job, "none");
    shop_sql(s, "INSERT INTO appointment (ref, client_id, job_id, starts) VALUES "
                "('a2', 1, 7, '2026-12-09T15:00')");
    assert_subject_of(s, &job, "a2");
    shop_edit(s, SHOP_WORKFLOW "[rule r]\non = job enters Ready\n");
    assert_subject_of(s, &visit_of, "none");
    shop_edit(s, "[rule r]\non = survey below 4\nto = staff\n");
    shop_sql(s, "INSERT INTO answer (ref, client_id, job_id, appointment_id) VALUES "
                "('n1', 1, 7, 1), ('n2', 1, NULL, NULL)");
    assert_subject_of(s, &visit_of, "n1");
    assert_subject_of(s, &job, "n1");
    shop_close(s);
}

static void what_is_made_up_stands_in_only_for_what_is_not_there(void **state)
{
    struct shop *s = with_ilze(REMIND);
    struct record_set r = {0};

    shop_ok(s, record_set_load(s->store, ENTITY_CLIENT, 1, &r), "load");
    assert_int_equal(r.made_up, 0);
    sample_fill(&s->playbook->rules[0], &s->settings->business, shop_now_ms, &r);
    assert_string_equal(r.client.name, "Ilze");
    assert_non_null(r.appointment.starts);
    assert_int_equal(r.job.id, 0);
    assert_int_equal(r.made_up, MADE_UP(ENTITY_APPOINTMENT) | MADE_UP(ENTITY_STAFF));
    record_set_close(&r);

    r = (struct record_set){0};
    visit(s, "a1", "2026-12-02T15:00", "booked");
    shop_ok(s, record_set_load(s->store, ENTITY_APPOINTMENT, 1, &r), "load");
    sample_fill(&s->playbook->rules[0], &s->settings->business, shop_now_ms, &r);
    assert_string_equal(r.appointment.ref, "a1");
    assert_int_equal(r.made_up, 0);
    record_set_close(&r);
    shop_close(s);
}

static void assert_goes_to(struct shop *s, const char *to, const char *expected, size_t besides)
{
    struct record_set r = {0};
    struct compose_input in;
    char *playbook = mem_printf("[rule r]\non = job opens\nto = %s\n", to);

    shop_edit(s, playbook);
    const struct rule *rule = &s->playbook->rules[0];
    shop_ok(s, record_set_load(s->store, ENTITY_JOB, 7, &r), "load");
    shop_ok(s, record_set_address(s->store, rule, &r), "address");
    record_set_input(&r, rule, CHANNEL_EMAIL, shop_now_ms, &in);
    assert_non_null(in.recipient);
    assert_string_equal(in.recipient->name != NULL ? in.recipient->name : "nobody", expected);
    assert_int_equal(r.besides, besides);
    assert_false(r.recipient_made_up);
    record_set_close(&r);
    free(playbook);
}

static void it_goes_to_whom_the_planner_would_write(void **state)
{
    struct shop *s = with_ilze("");

    shop_sql(s, "INSERT INTO staff (id, name, department, manager_id) VALUES "
                "(1, 'Marta', NULL, NULL), (2, 'Janis', 'Paint', 1), (3, 'Zane', 'Paint', 1); "
                "INSERT INTO job (id, client_id, staff_id, stage) VALUES (7, 1, 2, 'Ready')");
    assert_goes_to(s, "staff", "Janis", 0);
    assert_goes_to(s, "manager", "Marta", 0);
    assert_goes_to(s, "department Paint", "Janis", 1);
    assert_goes_to(s, "office@example.com", "nobody", 0);
    shop_sql(s, "UPDATE staff SET active = 0 WHERE id = 2");
    assert_goes_to(s, "staff", "nobody", 0); /* who has left is in charge of nothing */
    assert_goes_to(s, "manager", "nobody", 0);
    assert_goes_to(s, "department Paint", "Zane", 0);
    shop_sql(s, "UPDATE staff SET active = id <> 1");
    assert_goes_to(s, "manager", "nobody", 0);
    shop_sql(s, "UPDATE job SET staff_id = NULL");
    assert_goes_to(s, "staff", "nobody", 0);
    shop_close(s);
}

static void the_manager_of_whoever_is_made_up_is_another_person(void **state)
{
    struct shop *s = with_ilze("[rule r]\non = job opens\nto = manager\n");
    struct record_set r = {0};

    sample_make(&s->playbook->rules[0], &s->settings->business, shop_now_ms, &r);
    assert_true(r.recipient_made_up);
    assert_string_not_equal(r.recipient.name, r.staff.name);
    record_set_close(&r);
    shop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_visit_is_taken_and_else_the_last_one),
        cmocka_unit_test(a_visit_that_was_cancelled_is_for_what_tells_of_that),
        cmocka_unit_test(the_latest_job_in_the_rules_stage_is_taken),
        cmocka_unit_test(the_latest_answer_is_taken_with_what_it_is_about),
        cmocka_unit_test(only_what_belongs_to_a_given_record_is_found),
        cmocka_unit_test(what_is_made_up_stands_in_only_for_what_is_not_there),
        cmocka_unit_test(it_goes_to_whom_the_planner_would_write),
        cmocka_unit_test(the_manager_of_whoever_is_made_up_is_another_person),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
