/* playbook/secrets: who may read the file of a secret, besides its owner. */
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"

#define SERVICE ((gid_t)4321) /* the group of the service; nobody here is in it */
#define OTHER ((gid_t)4322)

/* Is DIR/secret, with this owner, group and mode, taken in a folder of root's and `folder`'s? */
static bool is_taken(const char *dir, gid_t folder, uid_t owner, gid_t group, mode_t mode)
{
    struct problems problems = {0};
    struct directive_place at = {.file = "b", .line = 1, .key = "password-file"};
    char *path = fs_join(dir, "secret");

    at.problems = &problems;
    assert_int_equal(chown(dir, 0, folder), 0);
    assert_int_equal(chown(path, owner, group), 0);
    assert_int_equal(chmod(path, mode), 0);
    char *secret = secret_read(&at, dir, "secret");
    bool taken = secret != NULL;
    if (taken)
        assert_string_equal(secret, "s3cret");
    else
        assert_said_among(&problems, "others can read ");
    secret_free(secret);
    problems_close(&problems);
    free(path);
    return taken;
}

/* As in /etc/betimes, which belongs to root and to the group of the service. */
static void a_secret_for_the_group_of_the_service_is_accepted(void **state)
{
    char dir[] = "/tmp/betimes-secrets-XXXXXX";

    if (geteuid() != 0)
        skip(); /* only root may give files away */
    assert_non_null(mkdtemp(dir));
    write_file(dir, "secret", "s3cret\n", 0600);
    assert_true(is_taken(dir, SERVICE, 0, SERVICE, 0640));
    assert_true(is_taken(dir, SERVICE, 0, SERVICE, 0600));
    assert_false(is_taken(dir, SERVICE, 0, OTHER, 0640));
    assert_false(is_taken(dir, OTHER, 0, SERVICE, 0640));
    assert_false(is_taken(dir, 0, 0, 0, 0640));
    assert_false(is_taken(dir, SERVICE, 77, SERVICE, 0640)); /* its owner can have it alone */
    assert_false(is_taken(dir, SERVICE, 0, SERVICE, 0644));
    assert_false(is_taken(dir, SERVICE, 0, SERVICE, 0660));
    assert_false(is_taken(dir, SERVICE, 0, SERVICE, 0641));
    char *command = mem_printf("rm -r %s", dir);
    assert_int_equal(system(command), 0);
    free(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_for_the_group_of_the_service_is_accepted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
