/* base/pool: texts stand until all of them are given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/pool.h"

#define MANY 5000

static void texts_stand_whatever_comes_after_them(void **state)
{
    static char *texts[MANY];
    struct pool p = {0};
    char text[32], large[20000];

    memset(large, 'x', sizeof(large));
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++) {
            int len = snprintf(text, sizeof(text), "%*d", i % 30, i);
            texts[i] = pool_text(&p, text, (size_t)len);
            if (i % 1000 == 999)
                assert_int_equal(strlen(pool_text(&p, large, sizeof(large) - 1)),
                                 sizeof(large) - 1);
        }
        for (int i = 0; i < MANY; i++) {
            snprintf(text, sizeof(text), "%*d", i % 30, i);
            assert_string_equal(texts[i], text);
        }
        pool_clear(&p);
    }
    pool_close(&p);
    pool_close(&p);
}

static void the_largest_of_a_block_and_the_smallest_fit(void **state)
{
    struct pool p = {0};
    char text[8200];

    memset(text, 'y', sizeof(text));
    for (size_t len = 8150; len < 8170; len++) {
        assert_int_equal(strnlen(pool_text(&p, text, len), sizeof(text)), len);
        assert_string_equal(pool_text(&p, "", 0), "");
    }
    pool_clear(&p);
    pool_clear(&p);
    assert_string_equal(pool_text(&p, "again", 5), "again");
    pool_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_stand_whatever_comes_after_them),
        cmocka_unit_test(the_largest_of_a_block_and_the_smallest_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
