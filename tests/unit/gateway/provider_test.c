/* gateway/provider and gateway/reply: what a provider file may say, and what its rules make of a
 * reply. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "gateway/provider.h"

static char file[64];

static int make_file(void **state)
{
    snprintf(file, sizeof(file), "/tmp/betimes-provider-XXXXXX");
    int fd = mkstemp(file);
    if (fd >= 0)
        close(fd);
    return fd >= 0 ? 0 : -1;
}

static int remove_file(void **state)
{
    return unlink(file);
}

#define HEAD "[provider]\nname = Local\nurl = https://sms.example/send\n"
#define NEED "[need]\nuser = the login\n"
#define REPLY "[reply]\nsent = 200\n"

static struct provider *read_text(const char *text, struct problems *problems)
{
    assert_int_equal(fs_write_atomic(file, text, strlen(text), 0600, NULL), 0);
    return provider_read(file, problems);
}

/* The file is refused, and `words` (with its line) is among what is told. */
static void refused(const char *text, int line, const char *words)
{
    struct problems problems = {0};
    bool found = false;

    assert_null(read_text(text, &problems));
    for (size_t i = 0; i < problems.count; i++)
        found = found ||
                (problems.items[i].line == line && strstr(problems.items[i].text, words) != NULL);
    if (!found) {
        for (size_t i = 0; i < problems.count; i++)
            print_message("%d: %s\n", problems.items[i].line, problems.items[i].text);
        fail_msg("line %d: %s", line, words);
    }
    problems_close(&problems);
}

static void mistakes_are_told_with_their_line(void **state)
{
    refused(HEAD "methud = GET\n" REPLY, 4, "did you mean `method`");
    refused(HEAD "method = PUT\n" REPLY, 4, "POST or GET");
    refused(HEAD "auth = magic\n" REPLY, 4, "basic");
    refused(HEAD, 0, "needs `sent`");
    refused(HEAD "[reply]\nretry = 429\n", 4, "needs `sent`");
    refused("[need]\nuser = the login\n" REPLY, 0, "no [provider]");
    refused("[provider]\nname = x\nurl = ftp://sms.example/\n" REPLY, 3, "https://");
    refused("[provider]\nname = x\nurl = https://{{to}}.example/\n" REPLY, 3, "host");
    refused("[provider]\nname = x\nurl = https://me:pw@sms.example/\n" REPLY, 3, "user name");
    refused(HEAD NEED "[form]\nTo = {{too}}\n" REPLY, 7, "too");
    refused(HEAD "[form]\nTo = {{to\n" REPLY, 5, "");
    refused(HEAD "[form]\nKey = {{user}}\n" REPLY, 5, "user");
    refused(HEAD "[need]\nTo! = x\n" REPLY, 5, "made of");
    refused(HEAD "[need]\ntoken = x\n" REPLY, 5, "already");
    refused(HEAD "[need]\nkey =\n" REPLY, 5, "help");
    refused(HEAD "[json]\nbody = {\"to\": {{to}}}\n" REPLY, 5, "no JSON");
    refused(HEAD "[json]\ntext = {}\n" REPLY, 4, "`body`");
    refused(HEAD "[json]\nbody = {}\n[form]\nTo = {{to}}\n" REPLY, 4, "already");
    refused(HEAD "method = GET\n[form]\nTo = {{to}}\n" REPLY, 0, "no body");
    refused(HEAD "[headers]\nA b = c\n" REPLY, 5, "header");
    refused(HEAD "[repply]\nsent = 200\n" REPLY, 4, "no section");
    refused(HEAD "[reply]\nsent = 200\nsend = 1\n", 6, "did you mean `sent`");
    refused(HEAD "[reply]\nsent =\n", 5, "no condition");
    refused(HEAD "[reply]\nsent = 600\n", 5, "conditions are");
    refused(HEAD "[reply]\nsent = 200 and\n", 5, "conditions are");
    refused(HEAD "[reply]\nsent = 200 or 201\n", 5, "conditions are");
    refused(HEAD "[reply]\nsent = $.a is\n", 5, "conditions are");
    refused(HEAD "[reply]\nsent = $.a is 1 2\n", 5, "conditions are");
    refused(HEAD "[reply]\nsent = $a\n", 5, "conditions are");
    refused(HEAD "[reply]\nsent = text begins\n", 5, "conditions are");
    refused(HEAD "[reply]\nsent = 200\nid = sid\n", 6, "$.path");
    refused(HEAD "[reply]\nsent = 200\nerror = sid\n", 6, "$.code");
    refused(HEAD "[reply]\nsent = text has \"a\n", 5, "quote");
}

static void all_mistakes_are_told_at_once(void **state)
{
    struct problems problems = {0};

    assert_null(read_text("[provider]\nurl = x\nmethod = PUT\n[form]\na = {{b}}\n[reply]\nx = 1\n",
                          &problems));
    assert_true(problems.errors >= 6);
    problems_close(&problems);
    assert_null(provider_read("/nonexistent/file.conf", &problems));
    assert_int_equal(problems.errors, 1);
    problems_close(&problems);
}

static void the_packages_own_files_have_no_mistake(void **state)
{
    static const char *const names[] = {"twilio", "vonage", "plivo", "messagebird", "kannel"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct problems problems = {0};
        char path[64];
        snprintf(path, sizeof(path), "conf/providers/%s.conf", names[i]);
        struct provider *p = provider_read(path, &problems);
        for (size_t k = 0; k < problems.count; k++)
            print_message("%s:%d: %s\n", path, problems.items[k].line, problems.items[k].text);
        assert_non_null(p);
        assert_int_equal(problems.count, 0);
        provider_free(p);
        problems_close(&problems);
    }
}

static void values_are_escaped_for_their_place(void **state)
{
    static const char text[] = "[provider]\nname = L\nauth = bearer\n"
                               "url = https://sms.example/{{user}}?to={{to}}\n"
                               "[need]\nuser = u\npassword = p\nfrom = f\n[may]\nroute = r\n"
                               "[headers]\nX-Ref = a{{token}}\nX-From = {{from}}\n"
                               "[form]\ntext = 1 & {{text}}\nflash = {{#unicode}}yes{{/unicode}}\n"
                               "route = {{route}}\n" REPLY;
    struct gateway_param params[] = {{"route", "fast", 3}};
    struct gateway_settings settings = {.name = "x",
                                        .user = "a/b",
                                        .password = "s3cret",
                                        .from = "G",
                                        .params = params,
                                        .param_count = 1};
    struct gateway_message m = {.id = 1,
                                .channel = CHANNEL_SMS,
                                .from = "Me & co",
                                .to = "+371 &",
                                .data = "ā=\"b\"&c\n{{to}}",
                                .token = "t0"};
    struct problems problems = {0};
    struct provider_request r;
    struct err err = {0};
    struct provider *p = read_text(text, &problems);

    assert_non_null(p);
    assert_true(provider_fit(p, &settings, "betimes.conf", &problems));
    m.len = strlen(m.data);
    assert_int_equal(provider_build(p, &settings, &m, &r, &err), 0);
    assert_string_equal(r.url, "https://sms.example/a%2Fb?to=%2B371%20%26");
    assert_string_equal(r.body.data, "text=1+%26+%C4%81%3D%22b%22%26c%0A%7B%7Bto%7D%7D&route=fast");
    assert_true(str_list_has(&r.headers, "X-Ref: at0"));
    assert_true(str_list_has(&r.headers, "X-From: Me & co"));
    assert_true(str_list_has(&r.headers, "Authorization: Bearer s3cret"));
    assert_true(str_list_has(&r.headers, "Content-Type: application/x-www-form-urlencoded"));
    assert_null(r.user);
    provider_request_close(&r);
    provider_free(p);
    problems_close(&problems);
}

static struct gateway_result judge(const char *rules, int status, const char *body)
{
    struct problems problems = {0};
    struct gateway_result out;
    char text[2048];

    snprintf(text, sizeof(text), HEAD "[reply]\n%s", rules);
    struct provider *p = read_text(text, &problems);
    if (p == NULL)
        fail_msg("%s", problems.items[0].text);
    reply_judge(p->reply, status, body, strlen(body), &out);
    provider_free(p);
    problems_close(&problems);
    return out;
}

static void the_first_rule_that_holds_decides(void **state)
{
    static const char rules[] = "id = $.id\n"
                                "error = $.error.code\n"
                                "refused-number = 4xx and $.error.code in 7 \"8\"\n"
                                "sent = 200 201 and $.ok is true and $.parts[*].s is 0\n"
                                "       202 and $.list[1].x\n"
                                "retry = 503 and text begins \"busy now\"\n"
                                "trouble = 401\n"
                                "refused = 4xx\n"
                                "unknown = 5xx\n";
    static const char fine[] = "{\"id\": 5, \"ok\": true, \"parts\": [{\"s\": \"0\"}, {\"s\": 0}]}";
    struct gateway_result r = judge(rules, 200, fine);

    assert_int_equal(r.outcome, OUTCOME_SENT);
    assert_string_equal(r.provider_id, "5");
    assert_int_equal(judge(rules, 201, fine).outcome, OUTCOME_SENT);
    assert_int_equal(judge(rules, 204, fine).outcome, OUTCOME_UNKNOWN);
    /* one part of several failed; no parts at all; not just true */
    assert_int_equal(
        judge(rules, 200, "{\"id\":5,\"ok\":true,\"parts\":[{\"s\":0},{\"s\":1}]}").outcome,
        OUTCOME_UNKNOWN);
    assert_int_equal(judge(rules, 200, "{\"id\":5,\"ok\":true,\"parts\":[]}").outcome,
                     OUTCOME_UNKNOWN);
    assert_int_equal(judge(rules, 200, "{\"id\":5,\"ok\":1,\"parts\":[{\"s\":0}]}").outcome,
                     OUTCOME_UNKNOWN);
    /* success without its id */
    assert_int_equal(judge(rules, 200, "{\"id\":null,\"ok\":true,\"parts\":[{\"s\":0}]}").outcome,
                     OUTCOME_UNKNOWN);
    assert_int_equal(judge(rules, 200, "{\"id\":\"\",\"ok\":true,\"parts\":[{\"s\":0}]}").outcome,
                     OUTCOME_UNKNOWN);
    assert_int_equal(judge(rules, 202, "{\"id\":\"a\",\"list\":[0,{\"x\":[1]}]}").outcome,
                     OUTCOME_SENT);
    assert_int_equal(judge(rules, 202, "{\"id\":\"a\",\"list\":[0,{\"x\":[]}]}").outcome,
                     OUTCOME_UNKNOWN);

    r = judge(rules, 422, "{\"error\":{\"code\":8}}");
    assert_int_equal(r.outcome, OUTCOME_REJECTED);
    assert_true(r.address_refused);
    assert_non_null(strstr(r.detail, "422, error 8"));
    r = judge(rules, 401, "");
    assert_int_equal(r.outcome, OUTCOME_RETRY);
    assert_true(r.gateway_trouble);
    r = judge(rules, 400, "{\"error\":{\"code\":9}}");
    assert_int_equal(r.outcome, OUTCOME_REJECTED);
    assert_false(r.address_refused);
    assert_int_equal(judge(rules, 503, "busy now, later").outcome, OUTCOME_RETRY);
    assert_int_equal(judge(rules, 503, "I am busy now").outcome, OUTCOME_UNKNOWN);
    assert_true(judge(rules, 500, "").gateway_trouble);
}

static void without_a_rule_only_429_is_clear(void **state)
{
    assert_int_equal(judge("sent = 200\n", 429, "").outcome, OUTCOME_RETRY);
    for (int status = 100; status < 600; status++)
        if (status != 200 && status != 429)
            assert_int_equal(judge("sent = 200\n", status, "").outcome, OUTCOME_UNKNOWN);
}

static void an_id_may_stand_in_a_text(void **state)
{
    static const char rules[] = "id = text after \"ID: \"\nsent = 200 and text has \"ok\"\n";
    struct gateway_result r = judge(rules, 200, "ok ID: abc-1\nbye");

    assert_int_equal(r.outcome, OUTCOME_SENT);
    assert_string_equal(r.provider_id, "abc-1");
    assert_int_equal(judge(rules, 200, "ok ID: ").outcome, OUTCOME_UNKNOWN);
    assert_int_equal(judge(rules, 200, "ok").outcome, OUTCOME_UNKNOWN);
}

static void a_reply_cannot_put_words_into_our_mouth(void **state)
{
    static const char rules[] = "error = $.e\nsent = 200\nrefused = 400\n";
    static const char *const bad[] = {"{\"e\":\"number +37121111111\"}", "{\"e\":\"37121111111\"}",
                                      "{\"e\":\"a\\nb\"}", "{\"e\":{}}",
                                      "{\"e\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}"};
    char deep[4096];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_string_equal(judge(rules, 400, bad[i]).detail, "refused: 400");
    assert_string_equal(judge(rules, 400, "{\"e\":\"E_21\"}").detail, "refused: 400, error E_21");
    memset(deep, '[', sizeof(deep));
    deep[sizeof(deep) - 1] = '\0';
    assert_int_equal(judge("id = $[0]\nsent = 200\n", 200, deep).outcome, OUTCOME_UNKNOWN);
    assert_int_equal(
        judge("id = $.id\nsent = 200\n", 200, "{\"id\": \"a\", \"id\": \"b\"}").outcome,
        OUTCOME_UNKNOWN);
    assert_int_equal(judge("id = $.id\nsent = 200\n", 200, "{\"id\": \"a b\"}").outcome,
                     OUTCOME_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_told_with_their_line),
        cmocka_unit_test(all_mistakes_are_told_at_once),
        cmocka_unit_test(the_packages_own_files_have_no_mistake),
        cmocka_unit_test(values_are_escaped_for_their_place),
        cmocka_unit_test(the_first_rule_that_holds_decides),
        cmocka_unit_test(without_a_rule_only_429_is_clear),
        cmocka_unit_test(an_id_may_stand_in_a_text),
        cmocka_unit_test(a_reply_cannot_put_words_into_our_mouth),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
