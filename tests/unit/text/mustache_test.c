/*
 * text/template: what the Mustache specification asks of variables, sections, inverted sections,
 * partials, comments, delimiters and white space, in cases of our own. One table; each line is a
 * template, its data, a partial named "p", and what must come out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "text/template.h"

struct mustache_case {
    const char *says, *template, *data, *partial, *expected;
};

static const struct mustache_case variables[] = {
    {"text without tags stays", "a {b} c\n", "{}", NULL, "a {b} c\n"},
    {"a value is put in", "Hi {{name}}!", "{\"name\":\"Ilze\"}", NULL, "Hi Ilze!"},
    {"white space in a tag does not matter", "{{  name\t}}", "{\"name\":\"Ilze\"}", NULL, "Ilze"},
    {"HTML is escaped", "{{x}}", "{\"x\":\"<a href=\\\"b\\\">&\"}", NULL,
     "&lt;a href=&quot;b&quot;&gt;&amp;"},
    {"three braces do not escape", "{{{x}}}", "{\"x\":\"<b>&\"}", NULL, "<b>&"},
    {"an ampersand does not escape", "{{& x }}", "{\"x\":\"<b>&\"}", NULL, "<b>&"},
    {"an integer", "{{x}}", "{\"x\":85}", NULL, "85"},
    {"a decimal keeps its shortest form", "{{x}} {{y}}", "{\"x\":1.21,\"y\":0.1}", NULL,
     "1.21 0.1"},
    {"null is empty", "[{{x}}]", "{\"x\":null}", NULL, "[]"},
    {"a missing name is empty", "[{{y}}]", "{\"x\":1}", NULL, "[]"},
    {"dots go into records", "{{a.b.c}}", "{\"a\":{\"b\":{\"c\":\"deep\"}}}", NULL, "deep"},
    {"a broken path is empty", "[{{a.b.c}}]", "{\"a\":{\"x\":1},\"c\":\"no\"}", NULL, "[]"},
    {"the first part decides where the rest is looked for", "{{#a}}[{{b.c}}]{{/a}}",
     "{\"a\":{\"b\":{}},\"b\":{\"c\":\"no\"}}", NULL, "[]"},
    {"a value is never expanded again", "{{a}} {{{a}}}", "{\"a\":\"{{b}}\",\"b\":\"no\"}", NULL,
     "{{b}} {{b}}"},
    {"a value alone on its line keeps its line", "  {{x}}\n", "{\"x\":1}", NULL, "  1\n"},
    {"the dot is the value itself", "{{#list}}({{.}}){{/list}}", "{\"list\":[1,\"b\",2.5]}", NULL,
     "(1)(b)(2.5)"},
    {"the dot is escaped, too", "{{#list}}{{.}}{{{.}}}{{/list}}", "{\"list\":[\"<\"]}", NULL,
     "&lt;<"},
};

static const struct mustache_case sections[] = {
    {"a true one is written", "{{#a}}x{{/a}}", "{\"a\":true}", NULL, "x"},
    {"a false one is not", "[{{#a}}x{{/a}}]", "{\"a\":false}", NULL, "[]"},
    {"null, missing, empty text, empty list and zero are false",
     "[{{#a}}1{{/a}}{{#b}}2{{/b}}{{#c}}3{{/c}}{{#d}}4{{/d}}{{#e}}5{{/e}}]",
     "{\"a\":null,\"c\":\"\",\"d\":[],\"e\":0}", NULL, "[]"},
    {"a record becomes the context", "{{#a}}{{b}}{{/a}}", "{\"a\":{\"b\":\"in\"},\"b\":\"out\"}",
     NULL, "in"},
    {"what the context lacks is found outside", "{{#a}}{{c}}{{/a}}",
     "{\"a\":{\"b\":1},\"c\":\"out\"}", NULL, "out"},
    {"a text becomes the context", "{{#a}}{{.}}{{/a}}", "{\"a\":\"x\"}", NULL, "x"},
    {"a list is written once for each", "{{#l}}{{n}};{{/l}}", "{\"l\":[{\"n\":1},{\"n\":2}]}", NULL,
     "1;2;"},
    {"lists of lists", "{{#l}}({{#.}}{{.}}{{/.}}){{/l}}", "{\"l\":[[1,2],[3]]}", NULL, "(12)(3)"},
    {"sections of one name within one another", "{{#a}}A{{#a}}B{{/a}}C{{/a}}", "{\"a\":true}", NULL,
     "ABC"},
    {"dotted names", "{{#a.b}}x{{/a.b}}", "{\"a\":{\"b\":true}}", NULL, "x"},
    {"a doubled section", "{{#a}}1{{/a}}-{{#a}}2{{/a}}", "{\"a\":true}", NULL, "1-2"},
    {"inverted: written when false", "{{^a}}x{{/a}}{{^l}}y{{/l}}{{^z}}z{{/z}}",
     "{\"a\":false,\"l\":[]}", NULL, "xyz"},
    {"inverted: not written when true", "[{{^a}}x{{/a}}{{^l}}y{{/l}}]",
     "{\"a\":{\"b\":1},\"l\":[1]}", NULL, "[]"},
    {"standing alone a section leaves no line", "a\n{{#b}}\nx\n{{/b}}\nc\n", "{\"b\":true}", NULL,
     "a\nx\nc\n"},
    {"standing alone, indented", "a\n  {{#b}}\nx\n\t{{/b}}\nc\n", "{\"b\":true}", NULL,
     "a\nx\nc\n"},
    {"standing alone with CR LF", "a\r\n{{#b}}\r\n{{/b}}\r\nc", "{\"b\":true}", NULL, "a\r\nc"},
    {"standing alone on the last line", "{{#b}}\nx\n  {{/b}}", "{\"b\":true}", NULL, "x\n"},
    {"two tags on a line stand not alone", "{{#b}}{{/b}}\n", "{\"b\":true}", NULL, "\n"},
    {"within a line nothing is taken", " | {{#b}} \t| {{/b}} | \n", "{\"b\":true}", NULL,
     " |  \t|  | \n"},
};

static const struct mustache_case partials[] = {
    {"is put in", "[{{>p}}]", "{}", "x", "[x]"},
    {"blanks in the tag", "[{{> p }}]", "{}", "x", "[x]"},
    {"a missing one is empty", "[{{>q}}]", "{}", "x", "[]"},
    {"sees the context", "{{#a}}{{>p}}{{/a}}", "{\"a\":{\"n\":1}}", "({{n}})", "(1)"},
    {"may include itself", "{{>p}}", "{\"n\":1,\"k\":[{\"n\":2,\"k\":[]}]}",
     "{{n}}({{#k}}{{>p}}{{/k}})", "1(2())"},
    {"in a line no white space is touched", "| {{>p}} |", "{}", "\t|\t", "| \t|\t |"},
    {"in a line it is not indented", "  {{x}}  {{> p}}\n", "{\"x\":\"|\"}", ">\n>", "  |  >\n>\n"},
    {"standing alone each line of it is indented", "\\\n  {{>p}}\n/\n", "{}", "a\nb\n",
     "\\\n  a\n  b\n/\n"},
    {"line feeds in values are not indented", " {{>p}}\n", "{\"x\":\"<\\n-\"}", "|\n{{{x}}}\n|\n",
     " |\n <\n-\n |\n"},
    {"standing alone with no line before", "  {{>p}}\n>", "{}", ">\n>", "  >\n  >>"},
    {"standing alone with no line after", ">\n  {{>p}}", "{}", ">\n>", ">\n  >\n  >"},
    {"indented within an indented one", " {{>outer}}\n", "{}", "x\n", "  x\n"},
    {"delimiters do not go into it", "{{= | | =}}|>p|", "{\"x\":1}", "{{x}}|x|", "1|x|"},
};

static const struct mustache_case others[] = {
    {"a comment", "12{{! no {{ }}34", "{}", NULL, "1234"},
    {"a comment of several lines, alone", "a\n{{! x\ny }}\nb\n", "{}", NULL, "a\nb\n"},
    {"a comment in a line leaves the blanks", " 1 {{! x }}\n", "{}", NULL, " 1 \n"},
    {"delimiters are changed", "{{=<% %>=}}(<%x%>)", "{\"x\":1}", NULL, "(1)"},
    {"and changed back", "{{=| |=}}|x||={{ }}=|{{x}}", "{\"x\":1}", NULL, "11"},
    {"and stay changed behind a section", "{{= | | =}}|#a||x||/a| {{x}}", "{\"a\":true,\"x\":1}",
     NULL, "1 {{x}}"},
    {"a delimiter tag alone leaves no line", "a\n{{=@ @=}}\nb\n", "{}", NULL, "a\nb\n"},
    {"a delimiter tag at the end", "{{=@ @=}}", "{}", NULL, ""},
};

static void fail_on(void *arg, const char *file, int line, int column, const char *text)
{
    fail_msg("%s: %d:%d: %s", (const char *)arg, line, column, text);
}

static struct template *compile(const char *text, const char *says)
{
    struct template_source source = {
        .text = text, .len = strlen(text), .place = TEMPLATE_HTML, .file = says};

    return template_compile(&source, fail_on, (void *)says);
}

struct two {
    struct template *p, *outer;
};

static const struct template *find(void *arg, const char *name)
{
    struct two *t = arg;

    if (strcmp(name, "outer") == 0)
        return t->outer;
    return strcmp(name, "p") == 0 ? t->p : NULL;
}

static void run(const struct mustache_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct mustache_case *c = &cases[i];
        struct template *t = compile(c->template, c->says);
        struct two two = {NULL, compile(" {{>p}}\n", c->says)};
        json_t *data = json_loads(c->data, 0, NULL);
        struct template_env env = {.partials = {find, &two}};
        struct template_report report = {0};
        struct buf out;

        if (c->partial != NULL)
            two.p = compile(c->partial, c->says);
        assert_non_null(data);
        buf_init(&out);
        template_render(t, data, &env, &out, &report);
        if (strcmp(out.data, c->expected) != 0)
            fail_msg("%s: \"%s\" instead of \"%s\"", c->says, out.data, c->expected);
        buf_close(&out);
        template_report_close(&report);
        json_decref(data);
        template_free(two.outer);
        template_free(two.p);
        template_free(t);
    }
}

#define RUN(table) run(table, sizeof(table) / sizeof(*(table)))

static void variables_are_those_of_the_specification(void **state)
{
    RUN(variables);
}

static void sections_are_those_of_the_specification(void **state)
{
    RUN(sections);
}

static void partials_are_those_of_the_specification(void **state)
{
    RUN(partials);
}

static void comments_and_delimiters_are_those_of_the_specification(void **state)
{
    RUN(others);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_are_those_of_the_specification),
        cmocka_unit_test(sections_are_those_of_the_specification),
        cmocka_unit_test(partials_are_those_of_the_specification),
        cmocka_unit_test(comments_and_delimiters_are_those_of_the_specification),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
