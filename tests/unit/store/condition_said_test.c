/* store/condition and playbook/said: what is said of a condition is what SQLite makes of it, down
 * to values that are not there, empty, or written in other letters. */
#include "condition_common.h"

#include "playbook/said.h"

#define VALUES_MAX 6

struct said {
    const char *expression, *words; /* without "only if " */
    const char *truth;              /* what the words say of each value: 1 or 0 */
};

static void assert_truth(struct world *w, const char *update, const char *const values[],
                         const struct said *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *words = condition_said(list[i].expression, false);
        if (words == NULL)
            fail_msg("no words for %s", list[i].expression);
        assert_string_equal(words + strlen("only if "), list[i].words);
        free(words);
        for (size_t k = 0; list[i].truth[k] != '\0'; k++) {
            char *sql = mem_printf(update, values[k]);
            run(w, sql);
            free(sql);
            if (eval(w, list[i].expression, &ilze) != (list[i].truth[k] == '1'))
                fail_msg("%s, where it is %s", list[i].words, values[k]);
        }
    }
}

static void words_about_text_are_true_of_it(void **state)
{
    static const char *const values[VALUES_MAX] = {"NULL",  "''",           "'vip'",
                                                   "'VIP'", "'fleet,Vip2'", "'v'"};
    static const struct said list[] = {
        {"client.tags = 'vip'", "the client's tags are “vip”", "001000"},
        {"client.tags <> ''", "the client's tags are not empty", "001111"},
        {"client.tags LIKE '%vip%'", "the client's tags contain “vip” (in capitals or not)",
         "001110"},
        {"client.tags LIKE 'VIP%'", "the client's tags begin with “VIP” (in capitals or not)",
         "001100"},
        {"client.tags LIKE '%vip'", "the client's tags end with “vip” (in capitals or not)",
         "001100"},
        {"client.tags LIKE '%2%'", "the client's tags contain “2”", "000010"},
    };

    assert_truth(*state, "UPDATE client SET tags = %s", values, list,
                 sizeof(list) / sizeof(list[0]));
}

static void words_about_numbers_are_true_of_them(void **state)
{
    static const char *const values[VALUES_MAX] = {"NULL", "0", "'9'", "100", "100.5", "1000"};
    static const struct said list[] = {
        {"job.amount > 100", "the job's amount is over 100", "000011"},
        {"job.amount >= 100", "the job's amount is at least 100", "000111"},
        {"job.amount < 100", "the job's amount is given and under 100", "011000"},
        {"job.amount <= 100", "the job's amount is given and at most 100", "011100"},
        {"job.amount = 100.50", "the job's amount is 100.50", "000010"},
        {"job.amount <> 100", "the job's amount is given and is not 100", "011011"},
        {"job.amount IS NULL", "the job's amount is not given", "100000"},
        {"job.amount IS NOT NULL", "the job's amount is given", "011111"},
    };

    assert_truth(*state, "UPDATE job SET amount = %s", values, list,
                 sizeof(list) / sizeof(list[0]));
}

static void words_about_what_is_never_empty_are_true_of_it(void **state)
{
    static const char *const values[VALUES_MAX] = {"'Ready'", "'ready'", "'New'"};
    static const struct said list[] = {
        {"stage = 'Ready'", "the job's stage is “Ready”", "100"},
        {"stage <> 'Ready'", "the job's stage is given and is not “Ready”", "011"},
        {"stage <> 'Ready' AND stage LIKE 'r%'",
         "the job's stage is given and is not “Ready”, and the job's stage begins with “r” (in "
         "capitals or not)",
         "010"},
    };

    assert_truth(*state, "UPDATE job SET stage = %s", values, list, sizeof(list) / sizeof(list[0]));
}

/* There is no job: nothing of it is given. */
static void words_are_true_where_there_is_no_record(void **state)
{
    struct condition_ids alone = {.client_id = 1};

    assert_false(eval(*state, "stage <> 'Ready'", &alone));
    assert_false(eval(*state, "job.amount < 100", &alone));
    assert_true(eval(*state, "job.amount IS NULL", &alone));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(words_about_text_are_true_of_it),
        TEST(words_about_numbers_are_true_of_them),
        TEST(words_about_what_is_never_empty_are_true_of_it),
        TEST(words_are_true_where_there_is_no_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
