/* playbook/digest: what makes a rule another rule, so that it is looked at anew. */
#include "common.h"

#define WORKFLOW                                                                                   \
    "[workflow repair]\nstages = Received, Ready, Collected\ndone = Collected\n"                   \
    "[workflow sale]\nstages = Offer, Sold\ndone = Sold\n"
#define RULE "[rule r]\non = job enters Ready\n"

static uint64_t digest_of(const char *text)
{
    struct problems problems = {0};
    struct ini *ini = ini_parse("p", text, strlen(text), &problems);
    struct playbook *p = playbook_parse(ini, true, &problems);

    assert_said(&problems, "");
    assert_non_null(p);
    uint64_t digest = rule_digest(p, playbook_rule(p, "r"));
    playbook_free(p);
    ini_free(ini);
    return digest;
}

/* Every key of a rule: a value that is not its default, and whether it makes another rule of it. */
static void every_key_that_decides_whom_when_or_whether_makes_a_rule_new(void **state)
{
    static const struct {
        const char *key, *value;
        bool decides;
    } keys[] = {
        {"on", "job leaves Ready", true},
        {"when", "2 days after", true},
        {"every", "4 days, 3 times", true},
        {"if", "job.amount > 1", true},
        {"unless", "job.amount > 1", true},
        {"to", "staff", true},
        {"by", "sms", true},
        {"template", "other", false},
        {"purpose", "marketing", true},
        {"window", "09:00-17:00", true},
        {"outside", "skip", true},
        {"late", "3 days", true},
        {"settle", "5 minutes", true},
        {"cap", "no", true},
        {"require", "job.title", true},
        {"workflow", "repair", false}, /* it meant this one only anyway */
        {"merge", "10 minutes", true},
        {"unknown", "hold", false},
    };
    const struct directive_section *table = &rule_section;
    uint64_t plain = digest_of(WORKFLOW RULE);

    for (size_t i = 0; i < table->count; i++) {
        const char *key = table->directives[i].key;
        size_t k = 0, n = sizeof(keys) / sizeof(keys[0]);
        if (strcmp(key, "invite") == 0 || strcmp(key, "missed") == 0)
            continue; /* for visits only: below */
        while (k < n && strcmp(keys[k].key, key) != 0)
            k++;
        if (k == n)
            fail_msg("`%s` is new: does it decide whom, when or whether?", key);
        char *text = strcmp(key, "on") == 0
                         ? mem_printf(WORKFLOW "[rule r]\non = %s\n", keys[k].value)
                         : mem_printf(WORKFLOW RULE "%s = %s\n", key, keys[k].value);
        if ((digest_of(text) != plain) != keys[k].decides)
            fail_msg("`%s`: another rule or not?", key);
        free(text);
    }
#define VISIT "[rule r]\non = appointment starts\nwhen = 1 day before\nby = email\n"
    assert_true(digest_of(VISIT) != digest_of(VISIT "missed = skip\n"));
    assert_true(digest_of(VISIT) == digest_of(VISIT "invite = yes\n"));
}

static void how_and_where_a_rule_is_written_does_not_matter(void **state)
{
    assert_true(digest_of(WORKFLOW RULE "when = 1 hour after\n") ==
                digest_of("; words\n" WORKFLOW "[rule other]\non = job opens\n"
                          "[rule r]\nwhen  =  1  hour  after ; an hour\non = job enters \"Ready\"\n"
                          "by = preferred\n"));
}

static void the_workflow_that_a_rule_means_is_part_of_it_and_no_other(void **state)
{
    static const char other[] =
        "[workflow repair]\nstages = Received, Ready, Collected\ndone = Collected\n"
        "waiting = Received\n[workflow sale]\nstages = Offer, Sold\ndone = Sold\n" RULE;
    static const char elsewhere[] =
        "[workflow repair]\nstages = Received, Ready, Collected\ndone = Collected\n"
        "[workflow sale]\nstages = Offer, Sold, Paid\ndone = Sold\n" RULE;

    assert_true(digest_of(WORKFLOW RULE) != digest_of(other));
    assert_true(digest_of(WORKFLOW RULE) == digest_of(elsewhere));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_that_decides_whom_when_or_whether_makes_a_rule_new),
        cmocka_unit_test(how_and_where_a_rule_is_written_does_not_matter),
        cmocka_unit_test(the_workflow_that_a_rule_means_is_part_of_it_and_no_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
