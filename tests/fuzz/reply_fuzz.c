/*
 * Any bytes as a provider's rules and as a provider's answer: no crash, no leak, and of a
 * stranger's words nothing reaches a person but what fits on one line.
 *
 * The input: a provider file or only its [reply] section, an HTTP status, the body.
 */
#include <assert.h>

#include "fuzz.h"
#include "gateway/reply.h"
#include "playbook/ini.h"

static struct reply_rules *read_rules(const char *text, size_t len)
{
    struct problems problems = {0};
    struct reply_rules *rules = reply_rules_create();
    struct ini *ini = ini_parse("fuzz", text, len, &problems);
    const struct ini_section *section = ini_section(ini, "reply", "");

    for (size_t i = 0; section != NULL && i < section->count; i++) {
        const struct ini_entry *e = &section->entries[i];
        reply_rules_add(rules, e->key, e->value, "fuzz", e->line, &problems);
    }
    ini_free(ini);
    problems_close(&problems);
    return rules;
}

static void judge(const struct reply_rules *rules, int status, const char *body, size_t len)
{
    struct gateway_result result = {0};

    reply_judge(rules, status, body, len, &result);
    assert(result.outcome >= OUTCOME_SENT && result.outcome <= OUTCOME_UNKNOWN);
    assert(str_one_line(result.detail, strlen(result.detail)));
    assert(str_one_line(result.provider_id, strlen(result.provider_id)));
    assert(str_utf8_valid(result.provider_id, strlen(result.provider_id)) ==
           strlen(result.provider_id));
    assert(result.outcome != OUTCOME_SENT || status == 0 || reply_rules_complete(rules));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parts p = parts_of(data, size, 3);
    struct reply_rules *rules = read_rules(p.text[0], p.len[0]);
    int status = p.len[1] > 0 && p.len[1] < 5 ? atoi(p.text[1]) : 200;

    judge(rules, status, p.text[2], p.len[2]);
    judge(rules, 429, p.text[2], p.len[2]);
    reply_rules_free(rules);
    parts_close(&p);
    return 0;
}
