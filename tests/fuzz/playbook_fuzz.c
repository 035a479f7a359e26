/*
 * Any bytes as a playbook and as a betimes.conf: no crash, no leak, no endless work, and every
 * refusal comes with an error. What is accepted has to be fit for a sentence.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../src/playbook/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_playbook(const struct ini *ini, bool all)
{
    struct problems problems = {0};
    struct playbook *p = playbook_parse(ini, all, &problems);

    assert((p == NULL) == (problems.errors > 0));
    for (size_t i = 0; p != NULL && i < p->rule_count; i++) {
        char *sentence = rule_sentence(&p->rules[i]);

        assert(*sentence != '\0' && value_is_name(p->rules[i].template));
        free(sentence);
    }
    for (size_t i = 0; i < problems.count; i++)
        free(problem_format(&problems.items[i]));
    playbook_free(p);
    problems_close(&problems);
}

static void read_settings(const struct ini *ini)
{
    struct problems problems = {0};
    struct settings *s = settings_parse("/nowhere", ini, true, &problems);

    assert((s == NULL) == (problems.errors > 0));
    settings_free(s);
    problems_close(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problems problems = {0};
    struct ini *ini = ini_parse("fuzz", (const char *)data, size, &problems);

    read_playbook(ini, true);
    read_playbook(ini, false);
    read_settings(ini);
    ini_free(ini);
    problems_sort(&problems, 0);
    problems_close(&problems);
    return 0;
}
