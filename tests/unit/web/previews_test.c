/* web/previews: a mail is shown to whoever wrote it, and only the latest few are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "web/previews.h"

static void one_is_found_by_its_user_and_token_alone(void **state)
{
    struct previews *p = previews_create();
    char token[PREVIEW_TOKEN_MAX];

    assert_true(previews_add(p, 7, "<p>a", 4, token));
    assert_int_equal(strlen(token), PREVIEW_TOKEN_MAX - 1);
    assert_string_equal(previews_find(p, 7, token)->data, "<p>a");
    assert_null(previews_find(p, 8, token));
    assert_null(previews_find(p, 7, ""));
    assert_null(previews_find(p, 0, ""));
    previews_free(p);
}

static void the_latest_few_are_kept(void **state)
{
    struct previews *p = previews_create();
    char first[PREVIEW_TOKEN_MAX], token[PREVIEW_TOKEN_MAX];

    assert_true(previews_add(p, 1, "first", 5, first));
    for (int i = 1; i < PREVIEWS_MAX; i++)
        assert_true(previews_add(p, 1, "x", 1, token));
    assert_non_null(previews_find(p, 1, first));
    assert_true(previews_add(p, 1, "last", 4, token));
    assert_null(previews_find(p, 1, first));
    assert_string_equal(previews_find(p, 1, token)->data, "last");
    previews_free(p);
}

static void one_that_is_too_long_is_not_kept(void **state)
{
    struct previews *p = previews_create();
    char *page = calloc(1, PREVIEW_BYTES_MAX + 1), token[PREVIEW_TOKEN_MAX];

    assert_false(previews_add(p, 1, page, PREVIEW_BYTES_MAX + 1, token));
    assert_true(previews_add(p, 1, page, PREVIEW_BYTES_MAX, token));
    free(page);
    previews_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_is_found_by_its_user_and_token_alone),
        cmocka_unit_test(the_latest_few_are_kept),
        cmocka_unit_test(one_that_is_too_long_is_not_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
