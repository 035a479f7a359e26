/* playbook/said: conditions in words, or none at all. */
#include "common.h"

#include "playbook/said.h"

static void assert_words(const char *expression, bool unless, const char *expected)
{
    char *words = condition_said(expression, unless);

    if (words == NULL)
        fail_msg("no words for %s", expression);
    assert_string_equal(words, expected);
    free(words);
}

static void simple_conditions_have_words(void **state)
{
    static const struct {
        const char *expression, *words;
    } all[] = {
        {"job.amount > 500", "only if the job's amount is over 500"},
        {" JOB . Amount>=-0.5\n", "only if the job's amount is at least -0.5"},
        {"job.amount < 500", "only if the job's amount is given and under 500"},
        {"answer.score <= 3", "only if the answer's score is given and at most 3"},
        {"amount == 120.50", "only if the job's amount is 120.50"},
        {"amount != 0", "only if the job's amount is given and is not 0"},
        {"job.amount IS NULL", "only if the job's amount is not given"},
        {"job.due is not null", "only if the time at which the job is due is given"},
        {"status = 'confirmed'", "only if the appointment's status is “confirmed”"},
        {"job.stage <> 'New'", "only if the job's stage is given and is not “New”"},
        {"client.name = 'O''Brien, \"Bob\"'", "only if the client's name is “O'Brien, \"Bob\"”"},
        {"client.name = 'Jānis'", "only if the client's name is “Jānis”"},
        {"client.email <> ''", "only if the client's e-mail address is not empty"},
        {"tags <> ''", "only if the client's tags are not empty"},
        {"client.tags = 'vip'", "only if the client's tags are “vip”"},
        {"client.tags LIKE '%vip%'",
         "only if the client's tags contain “vip” (in capitals or not)"},
        {"client.phone like '+371%'", "only if the client's telephone number begins with “+371”"},
        {"job.title LIKE '%van'", "only if the job's title ends with “van” (in capitals or not)"},
        {"job.amount > 1000 AND client.tags LIKE '%7%'",
         "only if the job's amount is over 1000, and the client's tags contain “7”"},
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        assert_words(all[i].expression, false, all[i].words);
    assert_words("status = 'confirmed'", true, "unless the appointment's status is “confirmed”");
    assert_words("job.amount > 1 and stage = 'New'", true,
                 "unless all of this holds: the job's amount is over 1; the job's stage is “New”");
}

/* Each of them means something that these words would not say, or not to everybody. */
static const char *const unsaid[] = {
    "",
    "1",
    "x",
    "client.tags",
    "job.amount",
    "job.amount >",
    "job.amount > 500 OR 1",
    "NOT job.amount > 500",
    "(job.amount > 500)",
    "job.amount > 500 -- at least",
    "job.amount > 500 /* at least */",
    "job.amount > (SELECT 5)",
    "job.amount > 500 AND",
    "job.amount > 500 COLLATE NOCASE",
    "job.amount BETWEEN 1 AND 5",
    "job.amount IN (1, 5)",
    "job.amount > 5 > 3",
    "job.amount > 5 + 3",
    "job.amount << 5",
    "job.amount = > 5",
    "job.amount > --5",
    "job.amount > 1e3",
    "job.amount > 0x10",
    "job.amount > 1_000",
    "job.amount > 007",
    "job.amount > .5",
    "job.amount > 5.",
    "job.amount > 5.5.5",
    "job.amount > 1234567890123456",
    "job.amount > '1000'", /* text as a number */
    "job.amount LIKE '%5%'",
    "job.amount IS 5",
    "job.amount IS NOT 5",
    "job.amount ISNULL",
    "job.due > '2026-12-08'", /* text, no times */
    "job.due LIKE '2026%'",
    "job.id = 2",
    "job.fields ->> 'warranty' = 'yes'",
    "job.surname = 'x'",
    "title = 'x'", /* whose? */
    "staff.name = 'Anna'",
    "appointment.amount > 5",
    "'vip' = client.tags",
    "client.tags = 5", /* a number as text */
    "client.tags = \"vip\"",
    "client.tags = x'00'",
    "client.tags > 'a'",
    "client.tags = 'vip",
    "client.tags = 'a' || 'b'",
    "client.tags = ''",
    "client.tags <> 'vip'", /* what of those who have none? */
    "client.tags IS NULL",  /* and if they are empty? */
    "client.tags IS NOT NULL",
    "client.tags NOT LIKE '%vip%'",
    "client.tags LIKE '%v%p%'",
    "client.tags LIKE '%v_p%'",
    "client.tags LIKE 'vip'",
    "client.tags LIKE '%'",
    "client.tags LIKE '%%'",
    "client.tags LIKE '%%vip%'",
    "client.tags LIKE '%ā%'", /* capitals count */
    "client.tags LIKE '% vip%'",
    "client.tags LIKE '%vip %'",
    "client.tags LIKE '%vip%' ESCAPE 'i'",
    "client.tags = ' vip'",
    "client.tags = 'v  p'",
    "client.tags = 'v\np'",
    "client.tags = 'v” or “p'",
    "\"job\".\"amount\" > 5",
    "main.job.amount > 5",
    "lower(client.tags) = 'vip'",
    "jób.amount > 5",
    "job.amount > 1 AND job.amount > 2 AND job.amount > 3 AND job.amount > 4 AND "
    "job.amount > 5",
};

static void what_words_might_say_wrongly_has_none(void **state)
{
    for (size_t i = 0; i < sizeof(unsaid) / sizeof(unsaid[0]); i++)
        for (int unless = 0; unless < 2; unless++) {
            char *words = condition_said(unsaid[i], unless == 1);
            if (words != NULL)
                fail_msg("%s is said: %s", unsaid[i], words);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simple_conditions_have_words),
        cmocka_unit_test(what_words_might_say_wrongly_has_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
