/* store/audit_fields: changed fields in the detail of an audit's line. */
#include "../support/shop.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/audit_fields.h"

static void what_was_added_is_read_again(void **state)
{
    struct audit_field f;
    struct buf b;

    buf_init(&b);
    audit_fields_add(&b, "stage", "New", "Ready; late: 1 -> 2");
    audit_fields_add(&b, "due", NULL, "2026-12-08");
    audit_fields_add(&b, "note", "two\r\nlines,\ta tab", "");
    char *rest = b.data;
    assert_true(audit_fields_next(&rest, &f));
    assert_string_equal(f.name, "stage");
    assert_string_equal(f.before, "New");
    assert_string_equal(f.after, "Ready; late: 1 -> 2");
    assert_true(audit_fields_next(&rest, &f));
    assert_string_equal(f.name, "due");
    assert_string_equal(f.before, "");
    assert_string_equal(f.after, "2026-12-08");
    assert_true(audit_fields_next(&rest, &f));
    assert_string_equal(f.name, "note");
    assert_string_equal(f.before, "two  lines, a tab");
    assert_string_equal(f.after, "");
    assert_false(audit_fields_next(&rest, &f));
    buf_close(&b);
}

static void what_is_no_field_is_left_alone(void **state)
{
    static const char *const texts[] = {"", "stage: New -> Ready", "a\tb", "a\tb\nc\td\te", "\n"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char *copy = mem_strdup(texts[i]), *rest = copy;
        struct audit_field f;
        assert_false(audit_fields_next(&rest, &f));
        assert_string_equal(copy, texts[i]);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_is_read_again),
        cmocka_unit_test(what_is_no_field_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
